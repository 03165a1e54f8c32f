"""What has happened since a place in the log of events, and which of it somebody may know of.

A place is a transaction id with an id: a row's own id is taken before it can be seen, so that an id alone would leave out what a
slow transaction writes. Only what lies below the oldest transaction that still runs is read; nothing can come there any more.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Table, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Session

from crm_db.models import ApiKey, Base, Message
from crm_db.queries.kinds import KINDS
from crm_db.session import Identity

EVENTS_AT_ONCE = 500
IDS_AT_ONCE = 20_000
KEPT_FOR = timedelta(days=1)
"""How long one may stay away and still be told everything."""

_NO_ID = UUID(int=0)
_HORIZON = text("select cast(cast(pg_snapshot_xmin(pg_current_snapshot()) as text) as bigint), now()")
_EVENTS = text(
    """
    select cast(cast(xid as text) as bigint) as xid, id, entity, entity_ids, kind like '%.deleted' as is_end, data from crm_events
    where org_id = :org and (xid, id) > (cast(cast(:xid as text) as xid8), cast(:id as uuid))
      and xid < cast(cast(:horizon as text) as xid8)
    order by xid, id limit :most
    """
).bindparams(*(bindparam(name) for name in ("org", "xid", "id", "horizon", "most")))


@dataclass(frozen=True)
class Place:
    """How far the log was read, and when: everything up to (xid, id)."""

    xid: int
    id: UUID
    at: datetime


@dataclass(frozen=True)
class Whose:
    """To whom a record belonged that was deleted, as its event says; None: nobody, or the record can be looked up."""

    owner_id: str | None = None
    team_id: str | None = None


@dataclass(frozen=True)
class News:
    """What happened up to a place: ids by kind, in `ended` those that were deleted. `is_lost`: nobody knows any more."""

    place: Place
    changes: Mapping[str, set[UUID]] = field(default_factory=dict)
    ended: Mapping[str, Mapping[UUID, Whose]] = field(default_factory=dict)
    is_lost: bool = False


def since(session: Session, org_id: UUID, place: Place | None) -> News:
    """What happened in an org since a place, as much as is read at once; without a place nothing, from now on."""
    horizon, now = session.execute(_HORIZON).one()
    here = Place(horizon, _NO_ID, now)
    if place is None:
        return News(here)
    if place.xid > horizon or now - place.at > KEPT_FOR:
        return News(here, is_lost=True)
    values = {"org": org_id, "xid": place.xid, "id": place.id, "horizon": horizon, "most": EVENTS_AT_ONCE}
    changes: dict[str, set[UUID]] = {}
    ended: dict[str, dict[UUID, Whose]] = {}
    events = session.execute(_EVENTS, values).all()
    room = IDS_AT_ONCE
    for number, event in enumerate(events, start=1):
        changes.setdefault(event.entity, set()).update(event.entity_ids)
        if event.is_end:
            whose = Whose(event.data.get("owner_id"), event.data.get("team_id"))
            ended.setdefault(event.entity, {}).update(dict.fromkeys(event.entity_ids, whose))
        room -= len(event.entity_ids)
        if number == EVENTS_AT_ONCE or room <= 0:
            return News(Place(event.xid, event.id, now), changes, ended)
    return News(here, changes, ended)


def known_to(session: Session, identity: Identity, news: News, *, most: int) -> dict[str, set[UUID]]:
    """Which of the changed records the identity of this unit of work may see; of each kind one more than `most` at the most.

    Of a record that is gone for good there is nothing to be seen; who would have seen it anyway is told.
    """
    found: dict[str, set[UUID]] = {}
    for name, ids in news.changes.items():
        table = table_of(name)
        if table is None:
            continue
        seen = _seen(session, identity.org_id, table, ids, most + 1)
        for record_id, whose in news.ended.get(name, {}).items():
            if _sees_all_of(identity, table) or _saw(identity, whose):
                seen.add(record_id)
        if seen:
            found[name] = seen
    return found


def table_of(name: str) -> Table | None:
    """Where records of this kind are; None of a kind that nobody is told of."""
    if name == "message":
        return Base.metadata.tables[Message.__tablename__]
    kind = KINDS.get(name)
    return None if kind is None else kind.table


def _seen(
    session: Session, org_id: UUID | None, table: Table, ids: Collection[UUID], limit: int
) -> set[UUID]:
    given = bindparam("ids", list(ids), ARRAY(PG_UUID(as_uuid=True)))
    question = select(table.c.id).where(table.c.org_id == org_id, table.c.id == given.any_()).limit(limit)
    return set(session.scalars(question))


def _sees_all_of(identity: Identity, table: Table) -> bool:
    """Whether whoever this is sees every record of this kind in the org, and so might know one that is gone."""
    if identity.role in {"admin", "system"}:
        return True
    if table is Base.metadata.tables[ApiKey.__tablename__]:
        return False
    return identity.role == "viewer" or "owner_id" not in table.c


def _saw(identity: Identity, whose: Whose) -> bool:
    """Whether whoever this is saw what belonged to these, by the rule of the policies."""
    is_own = identity.user_id is not None and whose.owner_id == str(identity.user_id)
    return is_own or whose.team_id in {str(team) for team in identity.team_ids}
