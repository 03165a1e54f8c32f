"""The look at a message before it goes: may it go, is this its hour, what does it say, and to whom?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.queries import settings
from crm_db.rules.due import due

LATE = timedelta(minutes=15)

_LOOK_AGAIN = text(
    """
    select m.org_id, m.id, m.channel, m.recipient, m.purpose, m.due_at, m.created_at, m.attempts, m.config,
           m.lead_id, m.team_id, m.enrolment_id, o.name as org_name,
           (select a.started_at from crm_message_attempts a where a.org_id = m.org_id and a.message_id = m.id
            and a.number = 1) as first_tried,
           t.subject, t.body, s.timing,
           l.first_name, l.last_name, l.email as lead_email, l.phone, l.company, l.title, l.country, l.source,
           l.value, l.currency, l.score, l.score_band,
           l.score_reasons, l.consent, l.timezone, l.deleted_at, l.next_action_at, l.status as lead_status,
           e.state as enrolment_state,
           u.name as owner_name, u.email as owner_email, g.name as team_name,
           exists (select from crm_suppressions x where x.org_id = m.org_id and x.channel in (m.channel, 'all')
                   and x.address = case m.recipient when 'lead' then l.email else u.email end) as suppressed
    from crm_messages m
    join crm_orgs o on o.id = m.org_id
    left join crm_templates t on t.org_id = m.org_id and t.name = m.template
    left join crm_steps s on s.org_id = m.org_id and s.id = m.step_id
    left join crm_leads l on l.org_id = m.org_id and l.id = m.lead_id
    left join crm_teams g on g.org_id = m.org_id and g.id = m.team_id
    left join crm_enrolments e on e.org_id = m.org_id and e.id = m.enrolment_id
    left join crm_users u on u.org_id = m.org_id and u.id = coalesce(m.user_id, l.owner_id)
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
class Person:
    """Somebody with an address; `name` may be empty."""

    name: str
    email: str


@dataclass(frozen=True)
class Slot:
    """The time that an invitation proposes, and the zone in which its reader sees it."""

    starts: datetime
    ends: datetime
    zone: str


def look_again(session: Session, org_id: UUID, message_id: UUID, token: UUID) -> RowMapping | None:
    """Lock the message and read all that decides about it; None when it is no longer under this lease."""
    values = {"org": org_id, "id": message_id, "token": token}
    return session.execute(_LOOK_AGAIN, values).mappings().one_or_none()


def reason_against(row: RowMapping) -> str | None:
    """Why this message must not go, judged by the facts of this moment; None: it may."""
    consent: Mapping[str, bool] = row["consent"] or {}
    consent_channel = {"invite": "email", "call": "phone"}.get(row["channel"], row["channel"])
    checks = (
        (row["suppressed"], "do not contact"),
        (row["recipient"] == "lead" and consent.get(consent_channel) is False, "no consent"),
        (row["deleted_at"] is not None, "the lead was deleted"),
        (
            row["lead_status"] in ("lost", "unqualified", "converted") and row["purpose"] == "sequence",
            "the lead is closed",
        ),
        (row["enrolment_state"] in ("stopped", "paused"), "the sequence was stopped"),
        (row["subject"] is None, "its template is gone"),
        (not recipient(row).email and row["channel"] != "task", "no address"),
    )
    return next((reason for applies, reason in checks if applies), None)


def better_moment(session: Session, row: RowMapping, now: datetime) -> datetime | None:
    """For a message that comes late: the next moment in its hours, or None when this one will do."""
    if row["timing"] is None or now - row["due_at"] < LATE:
        return None
    decided = settings.of_org(session, row["org_id"])
    hours = decided.business_of(row["team_id"]) if row["timing"] == "business-hours" else None
    zone = ZoneInfo(row["timezone"]) if row["timezone"] else decided.zone_of(row["team_id"])
    when = due(now, zone=zone, business=hours, quiet=decided.quiet_of(row["channel"]))
    return when.at if when.at > now else None


def slot_of(session: Session, row: RowMapping, now: datetime) -> Slot:
    """The first business moment some days ahead, as the step's settings say."""
    decided = settings.of_org(session, row["org_id"])
    zone = row["timezone"] or decided.zone_of(row["team_id"]).key
    wanted = now + timedelta(days=row["config"].get("days_ahead", 2))
    hours = decided.business_of(row["team_id"])
    starts = due(wanted, zone=ZoneInfo(zone), business=hours).at.replace(minute=0, second=0, microsecond=0)
    starts = due(starts + timedelta(hours=1), zone=ZoneInfo(zone), business=hours).at
    return Slot(starts, starts + timedelta(minutes=row["config"].get("minutes", 30)), zone)


def next_action_of(session: Session, row: RowMapping, now: datetime) -> str:
    """What the owner is to do next and when, in the owner's zone; empty when the lead's sequence asks nothing of a person."""
    task = session.execute(_NEXT_TASK, {"org": row["org_id"], "lead": row["lead_id"]}).one_or_none()
    if task is None:
        return ""
    decided = settings.of_org(session, row["org_id"])
    zone = decided.zone_of(row["team_id"])
    hours = decided.business_of(row["team_id"]) if task.timing == "business-hours" else None
    at = due(max(task.wanted, now), zone=zone, business=hours).at.astimezone(zone)
    return f"{task.config.get('kind', 'task')}, {at:%a %d %b %H:%M} ({zone.key})"


def recipient(row: RowMapping) -> Person:
    """To whom the message goes; the address is empty when there is none."""
    if row["recipient"] == "user":
        return Person(row["owner_name"] or "", row["owner_email"] or "")
    return Person(" ".join(filter(None, (row["first_name"], row["last_name"]))), row["lead_email"] or "")


def owner(row: RowMapping) -> Person | None:
    """Whom an answer reaches: the lead's owner."""
    return Person(row["owner_name"], row["owner_email"]) if row["owner_email"] else None


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
        "name": " ".join(filter(None, (row["first_name"], row["last_name"]))),
        "email": row["lead_email"],
        "owner_first_name": (row["owner_name"] or "").partition(" ")[0],
        "reasons": reasons,
        "next_action": next_action,
        "lead_url": lead_url.format(id=row["lead_id"]),
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}
