"""Alerts: what a person should look at, as one open row that counts, and one e-mail to each administrator when it opens.

Transactions that count under one key wait for each other (an advisory lock), so that a count is never that of a moment before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from crm_db import seed
from crm_db.actions import messages
from crm_db.errors import BadValue, RecordNotFound
from crm_db.models import Alert, Template, User
from crm_db.queries import submissions
from crm_db.rules import keys
from crm_db.session import Identity

DEAD_LETTERS = "dead-letters"
TEMPLATE = "alert"
_PRIORITY = 3
_LOCK = text("select pg_advisory_xact_lock(:key)")
_NOW = text("select now()")


@dataclass(frozen=True)
class Cause:
    """What an alert is about. `key` tells causes of one org apart; title, action and detail hold no personal data.

    action: what a person is to do about it, a line each.
    """

    kind: str
    key: str
    title: str
    action: str
    severity: str = "warning"
    detail: Mapping[str, Any] = field(default_factory=dict)
    entity: str | None = None
    entity_id: UUID | None = None


def raise_or_count(session: Session, org_id: UUID, cause: Cause, *, count: int | None = None) -> UUID:
    """Open an alert, or count one case more on the open one of this key (`count`: how many there are in all); returns its id.

    Only an alert that opens is mailed, once to each active administrator of the org.
    """
    _wait_in_turn(session, org_id, cause.key)
    open_id = _open(session, org_id, cause.key)
    if open_id is None:
        return _begin(session, org_id, cause, 1 if count is None else count)
    grown = Alert.count + 1 if count is None else count
    session.execute(
        update(Alert)
        .where(Alert.org_id == org_id, Alert.id == open_id)
        .values(count=grown, detail=dict(cause.detail), title=cause.title, last_at=_now(session))
    )
    return open_id


def settle(session: Session, org_id: UUID, key: str) -> bool:
    """Resolve the open alert of a key, as its cause is gone; whether there was one."""
    _wait_in_turn(session, org_id, key)
    open_id = _open(session, org_id, key)
    if open_id is not None:
        _close(session, org_id, open_id)
    return open_id is not None


def resolve(session: Session, identity: Identity, alert_id: UUID) -> None:
    """A person says that it is dealt with; what happens later opens a new alert. Twice is harmless. Raises RecordNotFound."""
    if identity.org_id is None:
        raise BadValue("org", "an alert belongs to one org")
    known = select(Alert.id).where(Alert.org_id == identity.org_id, Alert.id == alert_id)
    if session.scalar(known) is None:
        raise RecordNotFound("alert", alert_id)
    _close(session, identity.org_id, alert_id)


def count_dead_letters(session: Session, sources: Iterable[tuple[UUID, UUID]]) -> None:
    """Make the alerts of these (org, source) pairs true: as many as there are dead letters, none where there are none.

    Robots that filled in a hidden field are not counted: nobody has to look at them. Call it after the rows were changed.
    """
    for org_id, source_id in sorted(sources):
        key = f"dead:{source_id}"
        _wait_in_turn(session, org_id, key)
        left = submissions.dead_of_source(session, org_id, source_id)
        if left.count:
            raise_or_count(session, org_id, _dead_letters(key, source_id, left), count=left.count)
        else:
            settle(session, org_id, key)


def _dead_letters(key: str, source_id: UUID, left: submissions.DeadOfSource) -> Cause:
    return Cause(
        kind=DEAD_LETTERS,
        key=key,
        title=f"Submissions of {left.source} could not be understood",
        action="crm dead list --group shows how many there are and why.\n"
        "crm dead show ID shows what was sent, and suggests how to read it.\n"
        "crm dead replay takes them up again.",
        detail={"source": left.source, "reasons": dict(left.reasons)},
        entity="source",
        entity_id=source_id,
    )


def _wait_in_turn(session: Session, org_id: UUID, key: str) -> None:
    session.execute(_LOCK, {"key": keys.identity_lock(org_id, "alert", key)})


def _open(session: Session, org_id: UUID, key: str) -> UUID | None:
    return session.scalar(
        select(Alert.id).where(Alert.org_id == org_id, Alert.key == key, Alert.state == "open")
    )


def _begin(session: Session, org_id: UUID, cause: Cause, count: int) -> UUID:
    values = {
        "org_id": org_id,
        "kind": cause.kind,
        "key": cause.key,
        "severity": cause.severity,
        "title": cause.title,
        "detail": dict(cause.detail),
        "entity": cause.entity,
        "entity_id": cause.entity_id,
        "count": count,
    }
    alert_id = session.execute(insert(Alert).values(values).returning(Alert.id)).scalar_one()
    _tell_administrators(session, org_id, alert_id, cause)
    return alert_id


def _close(session: Session, org_id: UUID, alert_id: UUID) -> None:
    session.execute(
        update(Alert)
        .where(Alert.org_id == org_id, Alert.id == alert_id, Alert.state == "open")
        .values(state="resolved", resolved_at=_now(session))
    )


def _tell_administrators(session: Session, org_id: UUID, alert_id: UUID, cause: Cause) -> None:
    """Through the ledger like everything else; the words come into an org that was made before there were alerts."""
    admins = session.scalars(select(User.id).where(User.org_id == org_id, User.role == "admin", User.active))
    words = next(template for template in seed.TEMPLATES if template["name"] == TEMPLATE)
    there = upsert(Template).on_conflict_do_nothing(index_elements=["org_id", "name"])
    session.execute(there, [{"org_id": org_id, **words}])
    mails = [_mail(org_id, alert_id, user_id, cause, _now(session)) for user_id in admins]
    messages.schedule(session, mails)


def _mail(org_id: UUID, alert_id: UUID, user_id: UUID, cause: Cause, now: datetime) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "key": keys.alert_mail(alert_id, user_id),
        "channel": "email",
        "recipient": "user",
        "purpose": "alert",
        "lead_id": None,
        "user_id": user_id,
        "template": TEMPLATE,
        "config": {"alert": cause.title, "alert_action": cause.action},
        "priority": _PRIORITY,
        "due_at": now,
    }


def _now(session: Session) -> datetime:
    moment: datetime = session.execute(_NOW).scalar_one()
    return moment
