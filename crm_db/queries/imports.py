"""What an import must know before it decides: which rows came before, whose they are, and who may own a lead."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.queries import settings
from crm_db.rules.imports.deciding import Known
from crm_db.rules.imports.rows import Identity
from crm_db.rules.matching import Candidate
from crm_db.rules.normalise import LeadDraft

_SAID = text(
    """
    select key, body_hash, ref_id from crm_keys
    where org_id = :org and scope = :scope and key = any (cast(:keys as text[]))
    """
)
_PEOPLE = text(
    """
    select id, email, phone, created_at, last_name, first_name, deleted_at,
           case when source = :source then external_id end as external_id
    from crm_leads
    where org_id = :org
      and (id = any (cast(:ids as uuid[])) or email = any (cast(:emails as text[])) or phone = any (cast(:phones as text[]))
           or source = :source and external_id = any (cast(:external_ids as text[])))
    """
)
_OWNERS = text(
    """
    select u.email, u.id, u.active,
           (select m.team_id from crm_memberships m where m.org_id = u.org_id and m.user_id = u.id
            order by m.id limit 1) as team_id
    from crm_users u
    where u.org_id = :org
    """
)
_SOURCE = text("select id, team_id, region from crm_sources where org_id = :org and name = :name and active")
_AGAIN = "\n"


@dataclass(frozen=True)
class Owner:
    """A user who may be named as a lead's owner, and the team they act in."""

    user_id: UUID
    team_id: UUID | None
    active: bool


@dataclass(frozen=True)
class Place:
    """Where an import's leads belong: the source of that name, if there is one, its team, and its country or else the org's."""

    source_id: UUID | None
    team_id: UUID | None
    region: str | None


def scope_of(source: str) -> str:
    """The scope of crm_keys in which the rows of a source are remembered."""
    return f"import:{source}"


def keys_of(identity: Identity) -> tuple[str, str]:
    """Under which keys a row is remembered: the first thing said under its key, and whatever else is said later."""
    return identity.key, f"{identity.key}{_AGAIN}{identity.digest.hex()}"


def known(
    session: Session,
    org_id: UUID,
    source: str,
    identities: Sequence[Identity],
    drafts: Sequence[LeadDraft] = (),
) -> Known:
    """What is known about a batch; without drafts only whether its rows came before."""
    keys = {key for identity in identities for key in keys_of(identity)}
    values = {"org": org_id, "scope": scope_of(source), "keys": sorted(keys)}
    found = session.execute(_SAID, values).all()
    said: defaultdict[str, set[bytes]] = defaultdict(set)
    leads: dict[str, UUID] = {}
    for key, digest, lead_id in found:
        base = key.partition(_AGAIN)[0]
        said[base].add(bytes(digest))
        leads[base] = lead_id
    remembered = {key: frozenset(digests) for key, digests in said.items()}
    return _with_people(session, org_id, source, drafts, leads, remembered) if drafts else Known(remembered)


def owners(session: Session, org_id: UUID) -> Mapping[str, Owner]:
    """The org's users by e-mail."""
    rows = session.execute(_OWNERS, {"org": org_id})
    return {row.email.lower(): Owner(row.id, row.team_id, row.active) for row in rows}


def place(session: Session, org_id: UUID, source: str) -> Place:
    """Where the leads of a source belong."""
    country = settings.country_of(session, org_id)
    row = session.execute(_SOURCE, {"org": org_id, "name": source}).one_or_none()
    return Place(None, None, country) if row is None else Place(row.id, row.team_id, row.region or country)


def _with_people(
    session: Session,
    org_id: UUID,
    source: str,
    drafts: Sequence[LeadDraft],
    leads: Mapping[str, UUID],
    said: Mapping[str, frozenset[bytes]],
) -> Known:
    values: dict[str, Any] = {
        "org": org_id,
        "source": source,
        "ids": sorted(set(leads.values())),
        "emails": _given(draft.email for draft in drafts),
        "phones": _given(draft.phone for draft in drafts),
        "external_ids": _given(draft.external_id for draft in drafts),
    }
    rows = session.execute(_PEOPLE, values).mappings().all()
    keys = _keys_by_lead(rows, leads)
    alive = [row for row in rows if row["deleted_at"] is None]
    here = {row["id"] for row in alive}
    return Known(
        said=said,
        people=[
            Candidate(
                row["id"],
                row["email"],
                row["phone"],
                row["created_at"],
                row["last_name"],
                tuple(keys[row["id"]]),
                row["first_name"],
            )
            for row in alive
        ],
        gone=frozenset(key for lead_id, named in keys.items() if lead_id not in here for key in named),
    )


def _keys_by_lead(rows: Sequence[RowMapping], leads: Mapping[str, UUID]) -> dict[UUID, list[str]]:
    """By which keys each lead is known: those it was imported under, and its own id of that source."""
    keys: defaultdict[UUID, list[str]] = defaultdict(list)
    for key, lead_id in leads.items():
        keys[lead_id].append(key)
    for row in rows:
        own = f"id:{row['external_id']}"
        if row["external_id"] is not None and own not in leads:
            keys[row["id"]].append(own)
    return keys


def _given(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})
