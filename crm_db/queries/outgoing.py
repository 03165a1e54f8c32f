"""The look at a message before it goes: may it go, is this its hour, what does it say, and to whom?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.queries import settings
from crm_db.queries.calendar_entries import Entry, as_text, entry_of, is_past
from crm_db.queries.people import callee, lead_name, recipient
from crm_db.rules.call_sheet import call_sheet
from crm_db.rules.due import QuietHours, due
from crm_db.rules.rendering import Rendered, Template, render, written

LATE = timedelta(minutes=15)
WAIT_FOR_EARLIER = timedelta(seconds=30)
NO_ADDRESS = "no address"
NO_PHONE = "no telephone number"

_NEEDS_PHONE = ("sms", "call")
_OVER = ("cancelled", "failed")

_LOOK_AGAIN = text(
    """
    select m.org_id, m.id, m.channel, m.recipient, m.purpose, m.due_at, m.created_at, m.attempts, m.config,
           m.lead_id, m.team_id, m.enrolment_id, m.rendered as kept, o.name as org_name,
           (select a.started_at from crm_message_attempts a where a.org_id = m.org_id and a.message_id = m.id
            and a.number = 1) as first_tried,
           coalesce(t.subject, m.config ->> 'subject') as subject, coalesce(t.body, m.config ->> 'text') as body,
           t.id is not null as from_template, coalesce(s.timing, m.config ->> 'timing') as timing,
           l.first_name, l.last_name, l.email as lead_email, l.phone, l.company, l.title, l.country, l.source,
           l.value, l.currency, l.score, l.score_band,
           l.score_reasons, l.consent, l.timezone, l.deleted_at, l.next_action_at, l.status as lead_status,
           e.state as enrolment_state,
           u.id as person_id, u.active as person_active, u.name as owner_name, u.email as owner_email, u.phone as owner_phone,
           g.name as team_name,
           exists (select from crm_suppressions x where x.org_id = m.org_id and (
                       x.channel = 'all' and x.address = any (person.addresses)
                       or x.channel in (m.channel, ways.means) and x.address = person.addresses[ways.which])) as suppressed,
           task.status as task_status, task.at as task_at, task.done_at as task_done_at,
           coalesce(versions.waiting, false) as earlier_open, coalesce(versions.gone, false) as earlier_left
    from crm_messages m
    join crm_orgs o on o.id = m.org_id
    left join crm_templates t on t.org_id = m.org_id and t.name = m.template
    left join crm_steps s on s.org_id = m.org_id and s.id = m.step_id
    left join crm_leads l on l.org_id = m.org_id and l.id = m.lead_id
    left join crm_teams g on g.org_id = m.org_id and g.id = m.team_id
    left join crm_enrolments e on e.org_id = m.org_id and e.id = m.enrolment_id
    left join crm_users u on u.org_id = m.org_id and u.id = coalesce(m.user_id, l.owner_id)
    cross join lateral (select m.config ->> 'kind' is not distinct from 'call') as rep(calls)
    cross join lateral (select case when m.recipient = 'lead' or rep.calls then array[l.email, l.phone]
                                    else array[u.email, u.phone] end) as person(addresses)
    cross join lateral (select case when m.channel in ('sms', 'call') or rep.calls then 2 else 1 end,
                               case when m.channel = 'call' or rep.calls then 'phone' when m.channel = 'invite' then 'email'
                                    else m.channel end) as ways(which, means)
    left join lateral (  -- limited, so that it is looked up and not joined: fresh tables have no statistics yet
        select k.status, coalesce(act.due_at, k.due_at) as at, act.done_at
        from crm_messages k
        left join lateral (select a.due_at, a.done_at from crm_activities a
                           where a.org_id = k.org_id and a.lead_id = k.lead_id and a.message_id = k.id limit 1) as act on true
        where m.config ? 'task' and k.org_id = m.org_id and k.id = cast(m.config ->> 'task' as uuid)
        limit 1
    ) as task on true
    left join lateral (
        select bool_or(v.status in ('scheduled', 'claimed', 'sending')), bool_or(v.status in ('sent', 'unknown'))
        from crm_messages v
        where m.config ? 'entry' and v.org_id = m.org_id and v.lead_id = m.lead_id and v.channel = 'invite'
          and m.config ->> 'entry' in (cast(v.id as text), v.config ->> 'entry')
          and coalesce(cast(v.config ->> 'sequence' as int), 0) < cast(m.config ->> 'sequence' as int)
    ) as versions(waiting, gone) on true
    where m.org_id = :org and m.id = :id and m.status = 'claimed' and m.lease_token = :token
      and m.lease_until > now()
    for update of m
    """
)
_NEXT_TASK = text(
    """
    select e.enrolled_at + s.delay as wanted, s.timing, s.config
    from crm_enrolments e
    join crm_steps s on s.org_id = e.org_id and s.version_id = e.version_id
    where e.org_id = :org and e.lead_id = :lead and e.state = 'active' and s.channel = 'task'
    order by s.position limit 1
    """
)


@dataclass(frozen=True)
class Composed:
    """What leaves, and what the ledger keeps of it: a retry or a later version says the same at the same time.

    spoken: of a call, the words for the lead alone, without the sheet around them, which is for a colleague's eyes.
    """

    rendered: Rendered
    entry: Entry | None
    kept: Mapping[str, Any]
    spoken: str = ""


def look_again(session: Session, org_id: UUID, message_id: UUID, token: UUID) -> RowMapping | None:
    """Lock the message and read all that decides about it; None when it is no longer under this lease."""
    values = {"org": org_id, "id": message_id, "token": token}
    return session.execute(_LOOK_AGAIN, values).mappings().one_or_none()


def reason_against(row: RowMapping, now: datetime) -> str | None:
    """Why this message must not go, judged by the facts of this moment; None: it may.

    A cancellation goes even where the lead is lost, deleted or consents no more: it takes back what stands in a calendar.
    """
    takes_back = row["config"].get("method") == "CANCEL"
    checks = (
        (row["suppressed"], "do not contact"),
        (not takes_back and _without_consent(row), "no consent"),
        (not takes_back and row["deleted_at"] is not None, "the lead was deleted"),
        (not takes_back and _lead_is_closed(row), "the lead is closed"),
        (row["recipient"] == "user" and row["person_active"] is False, "the person has left"),
        (row["enrolment_state"] in ("stopped", "paused"), "the sequence was stopped"),
        (row["config"].get("cancelled", False), "cancelled by a person"),
        (row["task_status"] in _OVER or row["task_done_at"] is not None, "the task is over"),
        (is_past(row, now), "its time has passed"),
        (
            takes_back and not (row["earlier_left"] or row["earlier_open"]),
            "nothing was sent that it could take back",
        ),
        (row["subject"] is None or row["body"] is None, "its template is gone"),
        (_lacks_number(row), NO_PHONE),
        (_lacks_address(row), NO_ADDRESS),
    )
    return next((reason for applies, reason in checks if applies), None)


def _without_consent(row: RowMapping) -> bool:
    """Whether the lead refused this channel; a colleague is not to telephone who does not want calls."""
    consent: Mapping[str, bool] = row["consent"] or {}
    if row["recipient"] == "user":
        return consent.get("phone") is False and row["config"].get("kind") == "call"
    channel = {"invite": "email", "call": "phone"}.get(row["channel"], row["channel"])
    return consent.get(channel) is False


def _lead_is_closed(row: RowMapping) -> bool:
    return row["lead_status"] in ("lost", "unqualified", "converted") and row["purpose"] in (
        "sequence",
        "hold",
        "update",
    )


def _lacks_number(row: RowMapping) -> bool:
    return row["channel"] in _NEEDS_PHONE and not recipient(row).phone


def _lacks_address(row: RowMapping) -> bool:
    return row["channel"] not in (*_NEEDS_PHONE, "task") and not recipient(row).email


def better_moment(session: Session, row: RowMapping, now: datetime) -> datetime | None:
    """When to come back to a message that may go but not now; None when this moment will do.

    A version of a calendar entry waits for the versions before it. What comes late or is tried again keeps to its hours; a text
    or a call keeps to quiet hours even when it is hardly late.
    """
    if row["earlier_open"]:
        return now + WAIT_FOR_EARLIER
    decided_late = now - row["due_at"] >= LATE or row["attempts"] > 0
    if row["timing"] is None or not (decided_late or row["channel"] in _NEEDS_PHONE):
        return None
    decided = settings.of_org(session, row["org_id"])
    in_hours = decided_late and row["timing"] == "business-hours"
    hours = decided.business_of(row["team_id"]) if in_hours else None
    zone = ZoneInfo(row["timezone"]) if row["timezone"] else decided.zone_of(row["team_id"])
    when = due(now, zone=zone, business=hours, quiet=_quiet(decided, row))
    return when.at if when.at > now else None


def _quiet(decided: settings.OrgSettings, row: RowMapping) -> QuietHours | None:
    return decided.quiet_of(row["channel"], row["config"].get("kind"))


def compose(session: Session, row: RowMapping, lead_url: str, now: datetime) -> Composed:
    """The message as it leaves now. lead_url: address of a lead's record, with {id} in it. Raises TemplateError."""
    words = _words(session, row, lead_url, now)
    rendered = _on_a_sheet(row, words, now) if _is_about_a_call(row) else words
    kept: dict[str, Any] = {"subject": rendered.subject, "text": rendered.text}
    if row["channel"] != "invite":
        return Composed(rendered, None, kept, spoken=words.text if row["channel"] == "call" else "")
    entry = entry_of(session, row, now)
    slot = entry.slot
    kept["slot"] = {"starts": as_text(slot.starts), "ends": as_text(slot.ends), "zone": slot.zone}
    kept["owner"] = str(row["person_id"]) if row["person_id"] else None
    return Composed(rendered, entry, kept)


def next_action_of(session: Session, row: RowMapping, now: datetime) -> str:
    """What the owner is to do next and when, in the owner's zone; empty when the lead's sequence asks nothing of a person."""
    task = session.execute(_NEXT_TASK, {"org": row["org_id"], "lead": row["lead_id"]}).one_or_none()
    if task is None:
        return ""
    decided = settings.of_org(session, row["org_id"])
    zone = decided.zone_of(row["team_id"])
    hours = decided.business_of(row["team_id"]) if task.timing == "business-hours" else None
    quiet = decided.quiet_of("task", task.config.get("kind"))
    contact = ZoneInfo(row["timezone"]) if row["timezone"] else zone
    at = due(max(task.wanted, now), zone=contact, business=hours, quiet=quiet).at.astimezone(zone)
    return f"{task.config.get('kind', 'task')}, {at:%a %d %b %H:%M} ({zone.key})"


def _words(session: Session, row: RowMapping, lead_url: str, now: datetime) -> Rendered:
    """Subject and text: from the template, or as a person wrote them."""
    if not row["from_template"]:
        return written(row["subject"], row["body"])
    next_action = next_action_of(session, row, now) if "next_action" in row["body"] else ""
    return render(Template(row["subject"], row["body"]), values_of(row, lead_url, next_action))


def _is_about_a_call(row: RowMapping) -> bool:
    channel: str = row["channel"]
    return channel == "call" or (channel == "invite" and bool(row["config"].get("kind") == "call"))


def _on_a_sheet(row: RowMapping, words: Rendered, now: datetime) -> Rendered:
    """The words on the sheet for a call that is made now, or when the task of a hold is due."""
    return written(words.subject, call_sheet(callee(row), words.text, now=row["task_at"] or now))


def values_of(row: RowMapping, lead_url: str, next_action: str) -> dict[str, str]:
    """What a template may name, as text; what is not known is empty and gives way to the template's fallback."""
    reasons = "\n".join(f"- {reason['words']}" for reason in row["score_reasons"] or ())
    same = (
        "first_name",
        "last_name",
        "phone",
        "company",
        "title",
        "country",
        "source",
        "value",
        "currency",
        "score",
    )
    values = {
        name: row[name]
        for name in (*same, "score_band", "owner_name", "owner_email", "team_name", "org_name")
    }
    values |= {
        "name": lead_name(row),
        "email": row["lead_email"],
        "owner_first_name": (row["owner_name"] or "").partition(" ")[0],
        "reasons": reasons,
        "next_action": next_action,
        "alert": row["config"].get("alert"),
        "alert_action": row["config"].get("alert_action"),
        "lead_url": lead_url.format(id=row["lead_id"]),
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}
