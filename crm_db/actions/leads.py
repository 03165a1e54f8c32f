"""Leads that somebody enters by the API: kept by the same rules as captured ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.actions import arrivals, assignments, events, own_fields, ownership
from crm_db.errors import NotAllowed
from crm_db.queries import settings
from crm_db.rules.mapping import Fields, read_fields
from crm_db.rules.normalise import Unusable, normalise_lead
from crm_db.session import Identity


@dataclass(frozen=True)
class Submitted:
    """The lead that was made, or the existing one that was enriched."""

    lead_id: UUID
    created: bool


def submit(
    session: Session,
    identity: Identity,
    fields: Mapping[str, object],
    custom: Mapping[str, object],
    *,
    automation: bool,
    now: datetime,
) -> Submitted:
    """Keep one lead; scoring, assignment and follow-up start from its state unless `automation` is off.

    fields: what ours are given, by name. custom: fields of the caller's own, kept as they are.

    Raises crm_db.rules.normalise.Unusable, naming the field, when nobody could be reached by what was entered, or a field
    cannot be used as it stands: who enters a lead can mend it at once, a webhook's sender cannot.

    A lead that a rep enters is theirs, also where automation scores and follows it up: it looks for an owner only of those that
    have none. One that a manager enters goes to somebody of the manager's team, or is the manager's where automation is off.
    """
    if identity.org_id is None:
        raise NotAllowed("an identity within an org")
    own_fields.hold_against(session, identity.org_id, "lead", custom)
    region = settings.country_of(session, identity.org_id)
    source = str(fields.get("source") or "api")
    told = {name: value for name, value in fields.items() if name != "source"}
    draft = normalise_lead(Fields(read_fields(told, None).known, custom), region=region, now=now)
    if draft.remarks:
        field, _, words = draft.remarks[0].partition(": ")
        raise Unusable("unusable_field", field, words)
    owner_id, team_id = _whose(session, identity, identity.org_id, automation=automation)
    arrival = arrivals.Arrival(
        draft, source=source, automation=automation, at=now, owner_id=owner_id, team_id=team_id
    )
    kept = arrivals.keep(session, identity.org_id, [arrival])[0]
    if kept.created and owner_id is not None:
        assignments.remember_by_hand(
            session, identity.org_id, kept.lead_id, owner_id, by=identity.actor, now=now
        )
    kind = "lead.created" if kept.created else "lead.enriched"
    events.record(session, identity.org_id, kind, "lead", [kept.lead_id])
    return Submitted(kept.lead_id, kept.created)


def _whose(
    session: Session, identity: Identity, org_id: UUID, *, automation: bool
) -> tuple[UUID | None, UUID | None]:
    """The owner and team of a lead that somebody enters; (None, None) where automation may choose among all."""
    if identity.user_id is None or identity.role not in {"rep", "manager"}:
        return None, None
    team_id = ownership.team_of_person(session, org_id, identity.user_id)
    if identity.role == "manager" and automation and team_id is not None:
        return None, team_id
    return identity.user_id, team_id
