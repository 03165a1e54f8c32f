"""Submissions that brought only an id: what their sender answered when it was asked for the lead.

The sender is asked outside any transaction. Every write here carries the token of the claim, so that a worker that was replaced
changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import alerts
from crm_db.actions.submissions import Fetch
from crm_db.session import rows_changed

SourceId = tuple[UUID, UUID]

_KEYS = text(
    """
    select s.org_id, s.id, s.secret, s.access_token from crm_sources s
    where (s.org_id, s.id) in (select * from unnest(cast(:orgs as uuid[]), cast(:ids as uuid[])))
    """
)
_HOLD = text(
    """
    update crm_inbox set lease_until = now() + :lease
    where id = any (:ids) and lease_token = :token and status = 'pending'
    """
)
_RELEASE = text(
    """
    update crm_inbox set claims = greatest(claims - 1, 0), lease_token = null, lease_until = null
    where id = any (:ids) and lease_token = :token and status = 'pending'
    """
)
_KEEP = text(
    """
    update crm_inbox set fetched = :answer, fetches = fetches + 1, claims = 0, not_before = null,
           lease_token = null, lease_until = null
    where org_id = :org and id = :id and lease_token = :token and status = 'pending'
    """
)
_PUT_OFF = text(
    """
    update crm_inbox set fetches = fetches + :asked, claims = 0, not_before = :until, lease_token = null, lease_until = null
    where org_id = :org and id = :id and lease_token = :token and status = 'pending'
    """
)
_REFUSE = text(
    """
    update crm_inbox set status = 'dead', outcome = 'dead', reason = :reason, settled_at = now(), fetches = fetches + 1,
           lease_token = null, lease_until = null
    where org_id = :org and id = :id and lease_token = :token and status = 'pending'
    """
)


@dataclass(frozen=True)
class Keys:
    """What opens a sender's API for one source; either may be empty."""

    access_token: str = field(repr=False)
    app_secret: str = field(repr=False)


def keys_of(session: Session, fetches: Iterable[Fetch]) -> Mapping[SourceId, Keys]:
    """The keys of each source that these submissions came from."""
    sources = sorted({(fetch.org_id, fetch.source_id) for fetch in fetches})
    rows = session.execute(_KEYS, {"orgs": [org for org, _ in sources], "ids": [one for _, one in sources]})
    return {(row.org_id, row.id): Keys(row.access_token or "", row.secret or "") for row in rows}


def hold(session: Session, token: UUID, fetches: Iterable[Fetch], *, lease: timedelta) -> None:
    """Keep the submissions under their claim for as long as asking for them may take."""
    session.execute(_HOLD, {"ids": _ids(fetches), "token": token, "lease": lease})


def release(session: Session, token: UUID, fetches: Iterable[Fetch]) -> None:
    """Give back submissions that nobody was asked for."""
    session.execute(_RELEASE, {"ids": _ids(fetches), "token": token})


def keep(session: Session, token: UUID, fetch: Fetch, answer: bytes) -> bool:
    """Keep the lead as its sender tells it; the next claim reads it. False when this worker had been replaced."""
    return rows_changed(session.execute(_KEEP, {**_this(token, fetch), "answer": answer})) == 1


def put_off(session: Session, token: UUID, fetch: Fetch, *, until: datetime, asked: bool) -> bool:
    """Ask again, but not before `until`. asked: whether this submission's lead was asked for at all. False as in `keep`."""
    values = {**_this(token, fetch), "until": until, "asked": int(asked)}
    return rows_changed(session.execute(_PUT_OFF, values)) == 1


def refuse(session: Session, token: UUID, fetch: Fetch, *, reason: str) -> bool:
    """The sender will never tell this lead: a dead letter, which a person may replay. False as in `keep`."""
    changed = rows_changed(session.execute(_REFUSE, {**_this(token, fetch), "reason": reason})) == 1
    if changed:
        alerts.count_dead_letters(session, {(fetch.org_id, fetch.source_id)})
    return changed


def _ids(fetches: Iterable[Fetch]) -> list[UUID]:
    return [fetch.submission_id for fetch in fetches]


def _this(token: UUID, fetch: Fetch) -> dict[str, object]:
    return {"org": fetch.org_id, "id": fetch.submission_id, "token": token}
