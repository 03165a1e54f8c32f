"""Messages that a person or program writes by itself, and second thoughts about messages: cancel, move.

What was not sent is changed in the ledger; what stands in somebody's calendar is taken back or moved by a later version.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.actions import calendar_entries, enrolments, events, messages
from crm_db.errors import BadValue, NotAllowed, RecordNotFound
from crm_db.queries import settings
from crm_db.queries.calendar_entries import MEETING_MINUTES, as_text
from crm_db.rules import keys
from crm_db.rules.due import due
from crm_db.rules.rendering import MAX_BODY_TEMPLATE_CHARS, MAX_SUBJECT_CHARS
from crm_db.rules.text import many_lines, one_line
from crm_db.session import Identity, rows_changed

CHANNELS = ("email", "sms", "call", "invite", "task")
MAX_SMS_CHARS = 1_600
FARTHEST = timedelta(days=100 * 365)
LEAST_MINUTES, MOST_MINUTES = 5, 24 * 60

_PRIORITY = 3
_UNSENT = ("scheduled", "claimed")
_FOR_A_REP = ("call", "task")
_ENTRIES_OF_A_LEAD = 100
BY_A_PERSON = "cancelled by a person"

_LEAD = text(
    "select team_id, timezone from crm_leads where org_id = :org and id = :lead and deleted_at is null"
)
_MESSAGE = (
    "select org_id, id, lead_id, channel, status, config from crm_messages where org_id = :org and id = :id"
)
_READ = text(_MESSAGE)
_LOCK = text(f"{_MESSAGE} for update")
_CANCEL = text(
    """
    with gone as (
        update crm_messages set status = 'cancelled', reason = :reason, lease_token = null, lease_until = null
        where org_id = :org and id = :id and status in ('scheduled', 'claimed')
        returning org_id, enrolment_id, step_id
    )
    update crm_enrolments e set plan_at = :now from gone g
    where e.org_id = g.org_id and e.id = g.enrolment_id
      and not exists (select from crm_steps s
                      where s.org_id = g.org_id and s.id = g.step_id and s.position < e.position)
    """
)
_MARK_CANCELLED = text(
    "update crm_messages set config = config || '{\"cancelled\": true}' where org_id = :org and id = :id"
)
_TELL_TIME = text(
    """
    update crm_messages set
        config = config || jsonb_build_object('starts', cast(:starts as text), 'minutes', cast(:minutes as int))
    where org_id = :org and id = :id
    """
)
_MOVE_TASK = text(
    """
    update crm_messages set due_at = :at, due_reasons = '[]'
    where org_id = :org and id = :id and status in ('scheduled', 'claimed')
    """
)
_MOVE_ACTIVITY = text(
    """
    update crm_activities set due_at = :at
    where org_id = :org and lead_id = :lead and message_id = :id and due_at is not null and done_at is null
    """
)
_CLOSE_ACTIVITY = text(
    """
    update crm_activities set done_at = :now, outcome = 'cancelled'
    where org_id = :org and lead_id = :lead and message_id = :id and due_at is not null and done_at is null
    """
)
_NEXT_ACTION = text("update crm_leads set next_action_at = :at where org_id = :org and id = :lead")


def write(
    session: Session,
    identity: Identity,
    *,
    lead_id: UUID,
    channel: str,
    subject: str,
    text: str,
    key: str,
    due_at: datetime | None = None,
    starts_at: datetime | None = None,
    minutes: int = MEETING_MINUTES,
    now: datetime,
) -> UUID:
    """Plan a message in somebody's own words; returns its id, the same for the same key.

    channel: one of CHANNELS. A call or task is done in business hours, a text or call outside quiet hours; the rest goes when
    it is due. starts_at, minutes: the time of a meeting; without it one is proposed. Raises BadValue, RecordNotFound, NotAllowed.
    """
    org_id = _org_of(identity)
    words = _words(channel, subject, text)
    time = _time_of_meeting(channel, starts_at, minutes, now)
    _within_reach("due_at", due_at, now)
    lead = session.execute(_LEAD, {"org": org_id, "lead": lead_id}).one_or_none()
    if lead is None:
        raise RecordNotFound("lead", lead_id)
    timing = "business-hours" if channel in _FOR_A_REP else "at-once"
    decided = settings.of_org(session, org_id)
    when = due(
        max(due_at or now, now),
        zone=ZoneInfo(lead.timezone) if lead.timezone else decided.zone_of(lead.team_id),
        business=decided.business_of(lead.team_id) if timing == "business-hours" else None,
        quiet=decided.quiet_of(channel),
    )
    row = {
        "org_id": org_id,
        "key": keys.one_off(key),
        "channel": channel,
        "recipient": "user" if channel == "task" else "lead",
        "purpose": "one-off",
        "lead_id": lead_id,
        "template": "",
        "config": {**words, **time, "timing": timing},
        "priority": _PRIORITY,
        "due_at": when.at,
        "due_reasons": enrolments.shown(when),
    }
    message_id = messages.schedule_one(session, row)
    events.record(session, org_id, "message.written", "message", [message_id])
    return message_id


def cancel(session: Session, identity: Identity, message_id: UUID, *, now: datetime) -> UUID:
    """See to it that a message does not go, or is taken back; doing it twice is doing it once.

    Returns the message's id, or that of the cancellation that leaves for a meeting that was sent. Raises RecordNotFound, and
    BadValue for what cannot be taken back.
    """
    message = _locked(session, _org_of(identity), message_id)
    if message["channel"] == "invite":
        done = _cancel_entry(session, message, now)
    elif message["status"] in _UNSENT:
        done = _cancel_unsent(session, message, now)
    elif message["channel"] == "task" and message["status"] == "sent":
        done = _cancel_task(session, message, now)
    elif message["status"] == "cancelled":
        return message_id
    else:
        raise BadValue("message_id", f"it is {message['status']} and cannot be taken back")
    calendar_entries.mend(session, limit=_ENTRIES_OF_A_LEAD, now=now, lead_id=message["lead_id"])
    events.record(session, message["org_id"], "message.cancelled", "message", [message_id])
    return done


def move(
    session: Session,
    identity: Identity,
    message_id: UUID,
    *,
    starts_at: datetime,
    minutes: int | None = None,
    now: datetime,
) -> UUID:
    """Give a meeting or a task another time; moving it to where it is changes nothing.

    Returns the message's id, or that of the new version that leaves for a meeting that was sent. Raises RecordNotFound, and
    BadValue for another kind of message, a time that is no time to come, or what is over or was cancelled.
    """
    message = _locked(session, _org_of(identity), message_id)
    _to_come("starts_at", starts_at, now)
    if message["channel"] == "invite":
        if minutes is not None:
            _check_minutes(minutes)
        done = _move_entry(session, message, starts_at, minutes, now)
    elif message["channel"] == "task":
        done = _move_task(session, message, starts_at)
    else:
        raise BadValue("message_id", "only meetings and tasks can be moved")
    calendar_entries.mend(session, limit=_ENTRIES_OF_A_LEAD, now=now, lead_id=message["lead_id"])
    events.record(session, message["org_id"], "message.moved", "message", [message_id])
    return done


def _cancel_unsent(session: Session, message: RowMapping, now: datetime) -> UUID:
    values = {"org": message["org_id"], "id": message["id"], "reason": BY_A_PERSON, "now": now}
    session.execute(_CANCEL, values)
    return _id(message)


def _cancel_task(session: Session, message: RowMapping, now: datetime) -> UUID:
    """A task that is on somebody's list already is closed there."""
    session.execute(_CLOSE_ACTIVITY, {**_of(message), "lead": message["lead_id"], "now": now})
    return _id(message)


def _cancel_entry(session: Session, message: RowMapping, now: datetime) -> UUID:
    entry = _entry(session, message)
    last = entry.last
    if last.is_cancellation and last.status != "failed":
        return last.id
    if entry.may_be_known:
        session.execute(_MARK_CANCELLED, {"org": entry.root.org_id, "id": entry.root.id})
        return calendar_entries.cancel(session, entry, now=now)
    if last.status not in (*_UNSENT, "cancelled"):
        raise BadValue("message_id", f"it is {last.status} and cannot be taken back")
    calendar_entries.give_up(session, entry, now=now, reason=BY_A_PERSON)
    return entry.root.id


def _move_entry(
    session: Session, message: RowMapping, starts_at: datetime, minutes: int | None, now: datetime
) -> UUID:
    entry = _entry(session, message)
    if entry.root.recipient != "lead":
        raise BadValue("message_id", "a hold moves with its task")
    if entry.last.is_cancellation or entry.last.status == "cancelled":
        raise BadValue("message_id", "it was cancelled")
    length = minutes or entry.last.config.get("minutes", MEETING_MINUTES)
    if (entry.last.starts, entry.last.config.get("minutes", MEETING_MINUTES)) == (as_text(starts_at), length):
        return entry.last.id
    if not entry.may_be_known:
        values = {"org": entry.root.org_id, "id": entry.root.id}
        session.execute(_TELL_TIME, {**values, "starts": as_text(starts_at), "minutes": length})
        return entry.root.id
    return calendar_entries.update(session, entry, now=now, starts=starts_at, minutes=length)


def _move_task(session: Session, message: RowMapping, at: datetime) -> UUID:
    lead = {**_of(message), "lead": message["lead_id"], "at": at}
    waiting = rows_changed(session.execute(_MOVE_TASK, {**_of(message), "at": at}))
    if not waiting and not rows_changed(session.execute(_MOVE_ACTIVITY, lead)):
        raise BadValue("message_id", "the task is over")
    session.execute(_NEXT_ACTION, {"org": message["org_id"], "lead": message["lead_id"], "at": at})
    return _id(message)


def _entry(session: Session, message: RowMapping) -> calendar_entries.Entry:
    """The entry that a message is a version of; its root is locked now."""
    root_id = UUID(message["config"].get("entry", str(message["id"])))
    entry = calendar_entries.lock(session, message["org_id"], root_id)
    if entry is None:
        raise RecordNotFound("message", root_id)
    return entry


def _locked(session: Session, org_id: UUID, message_id: UUID) -> RowMapping:
    """The message, for change; of a calendar entry it is the root that `_entry` locks, before any of its versions."""
    values = {"org": org_id, "id": message_id}
    found = session.execute(_READ, values).mappings().one_or_none()
    if found is None:
        raise RecordNotFound("message", message_id)
    return found if found["channel"] == "invite" else session.execute(_LOCK, values).mappings().one()


def _org_of(identity: Identity) -> UUID:
    if identity.org_id is None:
        raise NotAllowed("an identity within an org")
    return identity.org_id


def _id(message: RowMapping) -> UUID:
    found: UUID = message["id"]
    return found


def _of(message: RowMapping) -> dict[str, UUID]:
    return {"org": message["org_id"], "id": message["id"]}


def _words(channel: str, subject: str, body: str) -> Mapping[str, str]:
    """What is to be said, cleaned; raises BadValue for nothing, or too much."""
    if channel not in CHANNELS:
        raise BadValue("channel", f"it can be: {', '.join(CHANNELS)}")
    limit = MAX_SMS_CHARS if channel == "sms" else MAX_BODY_TEMPLATE_CHARS
    if len(subject) > MAX_SUBJECT_CHARS:
        raise BadValue("subject", f"it is longer than {MAX_SUBJECT_CHARS} characters")
    if len(body) > limit:
        raise BadValue("text", f"it is longer than {limit:,} characters")
    said = {"subject": one_line(subject, MAX_SUBJECT_CHARS), "text": many_lines(body, limit)}
    if not said["subject"] and channel != "sms":
        raise BadValue("subject", "it says nothing")
    if not said["text"] and channel in ("email", "sms"):
        raise BadValue("text", "it says nothing")
    return said


def _time_of_meeting(
    channel: str, starts_at: datetime | None, minutes: int, now: datetime
) -> Mapping[str, Any]:
    if channel != "invite":
        if starts_at is not None:
            raise BadValue("starts_at", "only a meeting starts at a time; a message is due at one (due_at)")
        return {}
    _check_minutes(minutes)
    if starts_at is None:
        return {"minutes": minutes}
    _to_come("starts_at", starts_at, now)
    return {"minutes": minutes, "starts": as_text(starts_at)}


def _check_minutes(minutes: int) -> None:
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise BadValue("minutes", f"a meeting takes {LEAST_MINUTES} to {MOST_MINUTES} minutes")


def _to_come(field: str, moment: datetime, now: datetime) -> None:
    _within_reach(field, moment, now)
    if moment <= now:
        raise BadValue(field, "it has gone by")


def _within_reach(field: str, moment: datetime | None, now: datetime) -> None:
    """Raises BadValue for a moment without a zone, or so far away that it can only be a slip."""
    _aware(field, moment)
    if moment is not None and moment.replace(tzinfo=None) > (now + FARTHEST).replace(tzinfo=None):
        raise BadValue(field, f"it is more than {FARTHEST.days // 365} years away")


def _aware(field: str, moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise BadValue(field, "a moment needs its time zone")
