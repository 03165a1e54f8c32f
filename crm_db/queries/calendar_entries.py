"""A meeting or a hold as a message is to put it into calendars: which version, when, and for whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.queries import settings
from crm_db.queries.people import Person, owner, recipient
from crm_db.rules.due import due

HOLD_MINUTES = 15
MEETING_MINUTES = 30
MOST_SLOTS = 200
"""So many times are looked at for a free one."""

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('crm_slots:' || :owner, 0))")
_PROPOSED = text(
    """
    select cast(rendered -> 'slot' ->> 'starts' as timestamptz) as starts,
           cast(rendered -> 'slot' ->> 'ends' as timestamptz) as ends
    from crm_messages
    where org_id = :org and owner_id = :owner and id <> :id and channel = 'invite' and status in ('sending', 'sent', 'unknown')
      and rendered -> 'slot' ->> 'ends' > :now and not config ? 'task'
    """
)

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]


@dataclass(frozen=True)
class Slot:
    """The time that a calendar entry takes, and the zone in which its reader sees it."""

    starts: datetime
    ends: datetime
    zone: str


@dataclass(frozen=True)
class Entry:
    """One version of a calendar entry, as it is to leave.

    uid stays through all versions and `sequence` counts them. people: the first is asked, the others take part already.
    whole: a CANCEL is of the entry, not only of these people's part in it.
    """

    uid: str
    sequence: int
    method: Method
    slot: Slot
    people: tuple[Person, ...]
    whole: bool


def entry_of(session: Session, row: RowMapping, now: datetime) -> Entry:
    """The version of a calendar entry that a message is."""
    config = row["config"]
    is_hold = "task" in config
    method: Method = config.get("method") or ("PUBLISH" if is_hold else "REQUEST")
    also = owner(row) if row["recipient"] == "lead" else None
    return Entry(
        uid=config.get("uid") or str(row["id"]),
        sequence=config.get("sequence", 0),
        method=method,
        slot=slot_of(session, row, now),
        people=(recipient(row), also) if also else (recipient(row),),
        whole=config.get("whole", True),
    )


def slot_of(session: Session, row: RowMapping, now: datetime) -> Slot:
    """When a calendar entry is: a hold when its task is due, a meeting as told or as once proposed, else the next free time.

    A time that was proposed stays through retries, unless it has gone by meanwhile and surely nobody was asked.
    """
    config = row["config"]
    decided = settings.of_org(session, row["org_id"])
    zone = row["timezone"] or decided.zone_of(row["team_id"]).key
    if row["task_at"] is not None:
        return Slot(
            row["task_at"], row["task_at"] + minutes_of(config, HOLD_MINUTES), _team_zone(decided, row)
        )
    if "starts" in config:
        starts = datetime.fromisoformat(config["starts"])
        return Slot(starts, starts + minutes_of(config, MEETING_MINUTES), config.get("zone") or zone)
    kept = (row["kept"] or {}).get("slot")
    if kept and datetime.fromisoformat(kept["starts"]) > now:
        return Slot(
            datetime.fromisoformat(kept["starts"]), datetime.fromisoformat(kept["ends"]), kept["zone"]
        )
    return _first_free_slot(decided, row, zone, now, _proposed(session, row, now))


def _proposed(session: Session, row: RowMapping, now: datetime) -> list[tuple[datetime, datetime]]:
    """The times that other invitations propose with the same colleague; whoever asks next waits until this one stands."""
    values = {"org": row["org_id"], "owner": row["person_id"], "id": row["id"], "now": as_text(now)}
    session.execute(_ONE_AT_A_TIME, {"owner": str(row["person_id"])})
    return [(found.starts, found.ends) for found in session.execute(_PROPOSED, values)]


def _first_free_slot(
    decided: settings.OrgSettings,
    row: RowMapping,
    zone: str,
    now: datetime,
    taken: Sequence[tuple[datetime, datetime]],
) -> Slot:
    """The first free business time some days ahead at which it is day for the lead too; the first at all when none is free."""
    contact, length = ZoneInfo(zone), minutes_of(row["config"], MEETING_MINUTES)
    hours, quiet = decided.business_of(row["team_id"]), decided.quiet_of("call")
    wanted = now + timedelta(days=row["config"].get("days_ahead", 2))
    starts = due(wanted, zone=contact, business=hours, quiet=quiet).at.replace(
        minute=0, second=0, microsecond=0
    )
    first = starts = due(starts + timedelta(hours=1), zone=contact, business=hours, quiet=quiet).at
    for _ in range(MOST_SLOTS):
        if all(starts + length <= begins or starts >= ends for begins, ends in taken):
            return Slot(starts, starts + length, zone)
        starts = due(starts + length, zone=contact, business=hours, quiet=quiet).at
    return Slot(first, first + length, zone)


def _team_zone(decided: settings.OrgSettings, row: RowMapping) -> str:
    return decided.zone_of(row["team_id"]).key


def minutes_of(config: Mapping[str, Any], usual: int) -> timedelta:
    """How long an entry takes, as its settings say."""
    return timedelta(minutes=config.get("minutes", usual))


def as_text(moment: datetime) -> str:
    """A moment in UTC, written so that its texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def is_past(row: RowMapping, now: datetime) -> bool:
    """Whether the entry's time, where it is told, is over: no calendar needs to hear of it any more."""
    config = row["config"]
    starts = row["task_at"] or ("starts" in config and datetime.fromisoformat(config["starts"]))
    if row["channel"] != "invite" or not starts:
        return False
    usual = MEETING_MINUTES if row["task_at"] is None else HOLD_MINUTES
    return bool(starts + minutes_of(config, usual) <= now)
