"""What we put into calendars, kept true: holds for calls, and later versions of holds and meetings.

An entry is the message that made it (its root) and its later versions, each a message of its own with the next number of
the sequence. Whoever adds a version holds the root's row, so that no number is given twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.actions import messages
from crm_db.queries.calendar_entries import HOLD_MINUTES, MEETING_MINUTES, Method, as_text
from crm_db.rules import keys

_HOLD_PRIORITY = 9
_VERSION_PRIORITY = 1
_UNSENT = ("scheduled", "claimed")
_LEFT = ("sending", "sent", "unknown")
_SUPERSEDED = "a later version goes instead"

_CALLS = text(
    """
    select m.org_id, m.id, m.lead_id, m.template, m.config from crm_messages m
    join unnest(cast(:orgs as uuid[]), cast(:keys as text[])) as k(org_id, key) on k.org_id = m.org_id and k.key = m.key
    where m.channel = 'task' and m.config ->> 'kind' = 'call' and m.status = 'scheduled'
    """
)
_LOCK = text(
    "select id from crm_messages where org_id = :org and id = :root and channel = 'invite' for update"
)
_VERSIONS = text(
    """
    select v.org_id, v.id, v.lead_id, v.recipient, v.status, v.reason, v.template, v.config, v.rendered,
           coalesce(cast(v.config ->> 'sequence' as int), 0) as sequence
    from crm_messages v join crm_messages root on root.org_id = v.org_id and root.lead_id = v.lead_id
    where root.org_id = :org and root.id = :root and v.channel = 'invite'
      and (v.id = root.id or v.config ->> 'entry' = cast(root.id as text))
    order by sequence desc, v.id desc
    """
)
_SUPERSEDE = text(
    """
    with gone as (
        update crm_messages set status = 'cancelled', reason = :reason, lease_token = null, lease_until = null
        where org_id = :org and id = any (:ids) and status in ('scheduled', 'claimed')
        returning org_id, enrolment_id, step_id
    )
    update crm_enrolments e set plan_at = :now from gone g
    where e.org_id = g.org_id and e.id = g.enrolment_id
      and not exists (select from crm_steps s
                      where s.org_id = g.org_id and s.id = g.step_id and s.position < e.position)
    """
)
# Entries that stand in somebody's calendar (their end is still to come) otherwise than the facts want it.
_UNTRUE = text(
    """
    with standing as (
        select distinct org_id, lead_id, coalesce(cast(config ->> 'entry' as uuid), id) as root_id
        from crm_messages
        where channel = 'invite' and status in ('sent', 'unknown') and rendered -> 'slot' ->> 'ends' > :now_text
          and (cast(:lead as uuid) is null or lead_id = :lead)
    ), known as (
        select s.org_id, s.root_id, last.status, last.config ->> 'method' as method,
               last.rendered ->> 'owner' as had, last.rendered -> 'slot' ->> 'starts' as stands_at,
               cast(l.owner_id as text) as owner_id, k.id is not null as is_hold,
               l.deleted_at is not null or l.status in ('lost', 'unqualified') as lost, l.status = 'converted' as won,
               coalesce(k.status in ('cancelled', 'failed'), false) or a.done_at is not null as over,
               to_char(coalesce(a.due_at, k.due_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '+00:00' as wanted_at
        from standing s
        join crm_leads l on l.org_id = s.org_id and l.id = s.lead_id
        join crm_messages root on root.org_id = s.org_id and root.id = s.root_id
        cross join lateral (
            select v.status, v.config, v.rendered from crm_messages v
            where v.org_id = s.org_id and v.lead_id = s.lead_id and v.channel = 'invite'
              and (v.id = s.root_id or v.config ->> 'entry' = cast(s.root_id as text))
              and v.reason is distinct from :superseded and not v.config ? 'released'
            order by coalesce(cast(v.config ->> 'sequence' as int), 0) desc limit 1
        ) as last
        left join crm_messages k on k.org_id = s.org_id and k.id = cast(root.config ->> 'task' as uuid)
        left join crm_activities a on a.org_id = k.org_id and a.lead_id = k.lead_id and a.message_id = k.id
    ), judged as (
        select org_id, root_id,
               case when lost or (is_hold and (won or over or owner_id is null)) then 'cancel'
                    when status not in ('sent', 'unknown') then null  -- it will be made of these facts, or nobody took it
                    when owner_id is distinct from had or (is_hold and wanted_at <> stands_at) then 'update'
               end as change
        from known where method is distinct from 'CANCEL'
    )
    select org_id, root_id, change from judged where change is not null order by org_id, root_id limit :limit
    """
)


@dataclass(frozen=True)
class Version:
    """One version of an entry, as the ledger has it."""

    org_id: UUID
    id: UUID
    lead_id: UUID
    recipient: str
    status: str
    reason: str | None
    template: str
    config: Mapping[str, Any]
    rendered: Mapping[str, Any] | None
    sequence: int

    @property
    def is_cancellation(self) -> bool:
        """Whether it takes the entry back."""
        return self.config.get("method") == "CANCEL"

    @property
    def starts(self) -> str | None:
        """When it says the entry starts, as text; None while nobody decided."""
        told = self.config.get("starts")
        return told or ((self.rendered or {}).get("slot") or {}).get("starts")


@dataclass(frozen=True)
class Entry:
    """An entry with all its versions, the newest first; its root is locked until the transaction ends."""

    root: Version
    versions: tuple[Version, ...]

    @property
    def last(self) -> Version:
        """The version that counts: the newest for everybody that no later one replaced."""
        counting = (
            one for one in self.versions if one.reason != _SUPERSEDED and not one.config.get("released")
        )
        return next(counting, self.root)

    @property
    def may_be_known(self) -> bool:
        """Whether anybody outside may have heard of it."""
        return any(one.status in _LEFT for one in self.versions)


@dataclass(frozen=True)
class Mended:
    """How many entries were updated and cancelled (or would be)."""

    updated: int = 0
    cancelled: int = 0


def hold_calls(session: Session, tasks: Sequence[tuple[UUID, str]], *, now: datetime) -> None:
    """Block the owner's calendar for the call tasks among these messages, given as (org, key); once for each."""
    values = {"orgs": [org for org, _ in tasks], "keys": [key for _, key in tasks]}
    messages.schedule(
        session, [_hold(row, now) for row in session.execute(_CALLS, values).mappings()] if tasks else []
    )


def lock(session: Session, org_id: UUID, root_id: UUID) -> Entry | None:
    """An entry by the message that made it, for change; None when that message made none."""
    values = {"org": org_id, "root": root_id}
    if session.execute(_LOCK, values).one_or_none() is None:
        return None
    versions = tuple(Version(**row) for row in session.execute(_VERSIONS, values).mappings())
    return Entry(next(one for one in versions if one.id == root_id), versions)


def update(
    session: Session,
    entry: Entry,
    *,
    now: datetime,
    starts: datetime | None = None,
    minutes: int | None = None,
) -> UUID:
    """Send the next version: to whoever takes part now, and taken from whoever does no more. Returns the version's id.

    starts, minutes: the new time of a meeting; without them it stays. A hold is always when its task is due.
    """
    said = _words(entry) if entry.root.recipient == "lead" else _hold_words(entry)
    if entry.root.recipient == "lead":
        said |= _time(entry, starts, minutes)
    return _add(session, entry, "REQUEST" if entry.root.recipient == "lead" else "PUBLISH", said, now)


def cancel(session: Session, entry: Entry, *, now: datetime) -> UUID:
    """Take the entry back from everybody; returns the cancellation's id."""
    return _add(session, entry, "CANCEL", _words(entry) | _time(entry, None, None), now)


def mend(session: Session, *, limit: int, now: datetime, lead_id: UUID | None = None) -> Mended:
    """Cancel what stands in calendars and should not, and update what stands there at another time or for another owner.

    A meeting goes when its lead is lost, unqualified or deleted; a hold also when its task is over or the lead converted.
    lead_id: only this lead's entries. Safe to run at any time: what was mended is found no more.
    """
    values = {"now_text": as_text(now), "lead": lead_id, "limit": limit, "superseded": _SUPERSEDED}
    untrue = session.execute(_UNTRUE, values).all()
    for row in untrue:
        _mend_one(session, row.org_id, row.root_id, row.change, now)
    changes = [row.change for row in untrue]
    return Mended(updated=changes.count("update"), cancelled=changes.count("cancel"))


def _mend_one(session: Session, org_id: UUID, root_id: UUID, change: str, now: datetime) -> None:
    entry = lock(session, org_id, root_id)
    if entry is None or entry.last.is_cancellation:
        return
    if change == "cancel":
        cancel(session, entry, now=now)
    elif entry.last.status in ("sent", "unknown"):
        update(session, entry, now=now)


def _add(session: Session, entry: Entry, method: Method, said: Mapping[str, Any], now: datetime) -> UUID:
    """Write the next version, and give up what was still to leave of those before."""
    give_up(session, entry, now=now)
    root, sequence = entry.root, max(one.sequence for one in entry.versions) + 1
    config = {
        **said,
        "entry": str(root.id),
        "uid": root.config.get("uid", str(root.id)),
        "sequence": sequence,
        "method": method,
    }
    row = {
        "org_id": root.org_id,
        "key": keys.entry_version(root.id, sequence),
        "channel": "invite",
        "recipient": root.recipient,
        "purpose": "cancellation" if method == "CANCEL" else "update",
        "lead_id": root.lead_id,
        "user_id": None,
        "template": root.template if "task" in config else "",
        "config": config,
        "priority": _VERSION_PRIORITY,
        "due_at": now,
    }
    if root.recipient == "user" and method == "CANCEL":
        row["user_id"] = _had(entry)  # the block stands in that calendar, whoever has the lead now
    version_id = messages.schedule_one(session, row)
    if method != "CANCEL":
        _release_former_owner(session, entry, row, now)
    return version_id


def _release_former_owner(session: Session, entry: Entry, row: Mapping[str, Any], now: datetime) -> None:
    """Take an entry that went on to another owner out of the calendar of the one before."""
    had = _had(entry)
    if had is None or had == messages.owner_of(session, entry.root.org_id, entry.root.lead_id):
        return
    config = {
        **row["config"],
        **_words(entry),
        **_time(entry, None, None),
        "method": "CANCEL",
        "released": True,
    }
    if entry.root.recipient == "lead":
        config["whole"] = False  # the meeting takes place, without this owner
    gone = {"task", "kind"}
    key = keys.entry_version(entry.root.id, config["sequence"], had)
    released = {
        "key": key,
        "recipient": "user",
        "user_id": had,
        "purpose": "cancellation",
        "template": "",
        "config": {name: value for name, value in config.items() if name not in gone},
        "due_at": now,
    }
    messages.schedule(session, [{**row, **released}])


def give_up(session: Session, entry: Entry, *, now: datetime, reason: str = _SUPERSEDED) -> None:
    """Cancel what is still to leave of an entry, because something later says more."""
    ids = [one.id for one in entry.versions if one.status in _UNSENT]
    session.execute(_SUPERSEDE, {"org": entry.root.org_id, "ids": ids, "reason": reason, "now": now})


def _had(entry: Entry) -> UUID | None:
    """Whose calendar, of ours, the last version that left went into."""
    left = [one for one in entry.versions if one.status in _LEFT and not one.config.get("released")]
    owner = next((one.rendered.get("owner") for one in left if one.rendered), None)
    return UUID(owner) if owner else None


def _words(entry: Entry) -> dict[str, Any]:
    """Subject and text of the newest version that was put into words."""
    said = next((one.rendered for one in entry.versions if one.rendered), None)
    return {"subject": said["subject"], "text": said["text"]} if said else {"subject": "", "text": ""}


def _hold_words(entry: Entry) -> dict[str, Any]:
    """What a new version of a hold is made of: its task."""
    gone = {"entry", "sequence", "method"}
    return {name: value for name, value in entry.root.config.items() if name not in gone}


def _time(entry: Entry, starts: datetime | None, minutes: int | None) -> dict[str, Any]:
    """The time of the next version: the one that is told, else that of the last."""
    last = entry.last
    slot = (last.rendered or {}).get("slot") or {}
    usual = MEETING_MINUTES if entry.root.recipient == "lead" else HOLD_MINUTES
    told: dict[str, Any] = {"minutes": minutes or last.config.get("minutes", usual)}
    told["starts"] = as_text(starts) if starts else last.starts
    if slot.get("zone") or last.config.get("zone"):
        told["zone"] = slot.get("zone") or last.config["zone"]
    return told


def _hold(task: RowMapping, now: datetime) -> dict[str, Any]:
    own = {name: task["config"][name] for name in ("subject", "text", "minutes") if name in task["config"]}
    return {
        "org_id": task["org_id"],
        "key": keys.hold(task["id"]),
        "channel": "invite",
        "recipient": "user",
        "purpose": "hold",
        "lead_id": task["lead_id"],
        "template": task["template"],
        "config": {**own, "kind": "call", "task": str(task["id"]), "uid": f"hold-{task['id']}"},
        "priority": _HOLD_PRIORITY,
        "due_at": now,
    }
