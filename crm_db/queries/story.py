"""What became of all that some sources posted: counts that must add up, times to first answers, examples."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_TALLY = text(
    """
    with events as (
        select status, outcome from crm_inbox where org_id = :org and source_id = any (:sources)
    ), leads as (
        select l.id, l.scored_at, l.owner_id, l.automation,
               exists (select from crm_assignments a
                       where a.org_id = l.org_id and a.lead_id = l.id) as decided
        from crm_leads l where l.org_id = :org and l.source_id = any (:sources)
    ), enrolments as (
        select e.lead_id, e.state, e.plan_at from crm_enrolments e
        where e.org_id = :org and e.lead_id in (select id from leads)
    ), messages as (
        select m.channel, m.status, m.due_at, m.provider, m.attempts, m.check_at from crm_messages m
        where m.org_id = :org and m.lead_id in (select id from leads)
    )
    select (select count(*) from events) as events,
           (select count(*) from events where status = 'pending') as pending,
           (select count(*) from events where outcome = 'new') as new,
           (select count(*) from events where outcome = 'merged') as merged,
           (select count(*) from events where outcome = 'dead') as dead,
           (select count(*) from leads) as leads,
           (select count(*) from leads where scored_at is not null) as scored,
           (select count(*) from leads where owner_id is not null) as assigned,
           (select count(*) from leads where owner_id is null and decided) as nobody_free,
           (select count(distinct lead_id) from enrolments) as enrolled,
           (select count(*) from messages where channel = 'email' and status = 'sent') as emails_sent,
           (select count(*) from messages
            where channel = 'email' and status = 'sent' and provider = 'local') as emails_local,
           (select count(*) from leads where automation = 'pending')
           + (select count(*) from enrolments where state = 'active' and plan_at <= now())
           + (select count(*) from messages
              where status in ('claimed', 'sending') or (status = 'unknown' and check_at is not null)
                 or (status = 'scheduled' and (due_at <= now() or attempts > 0))) as unsettled
    """
)
_MESSAGES = text(
    """
    select m.channel, m.status, count(*) as count
    from crm_messages m join crm_leads l on l.org_id = m.org_id and l.id = m.lead_id
    where m.org_id = :org and l.source_id = any (:sources)
    group by m.channel, m.status order by m.channel, m.status
    """
)
_DEAD = text(
    """
    select split_part(reason, ':', 1) as reason, count(*) as count_
    from crm_inbox where org_id = :org and source_id = any (:sources) and status = 'dead'
    group by 1 order by 1
    """
)
_EMAILS = text(
    """
    select m.id from crm_messages m join crm_leads l on l.org_id = m.org_id and l.id = m.lead_id
    where m.org_id = :org and l.source_id = any (:sources) and m.channel = 'email'
    """
)
_CARRIED = text(
    """
    select m.id, m.channel, m.status, m.provider, coalesce(m.rendered ->> 'to', '') as to
    from crm_messages m join crm_leads l on l.org_id = m.org_id and l.id = m.lead_id
    where m.org_id = :org and l.source_id = any (:sources) and m.provider = any (:providers)
    """
)
_REACHED_BY_PHONE = text(
    """
    select l.id from crm_leads l
    where l.org_id = :org and l.source_id = any (:sources) and l.phone is not null and l.deleted_at is null
    order by l.id limit :limit
    """
)
_FIRST_ANSWERS = text(
    """
    with answered as (
        select extract(epoch from min(m.sent_at) - i.received_at)::float as seconds
        from crm_inbox i
        join crm_messages m on m.org_id = i.org_id and m.lead_id = i.lead_id
             and m.recipient = 'lead' and m.status = 'sent'
        where i.org_id = :org and i.source_id = any (:sources) and i.outcome = 'new'
        group by i.id, i.received_at
    )
    select count(*) as leads,
           percentile_cont(0.5) within group (order by seconds) as p50,
           percentile_cont(0.95) within group (order by seconds) as p95,
           percentile_cont(0.99) within group (order by seconds) as p99
    from answered
    """
)
_EXAMPLES = text(
    """
    select concat_ws(' ', l.first_name, l.last_name) as name, l.company, l.country,
           l.score, l.score_band as band,
           array(select r ->> 'words' from jsonb_array_elements(l.score_reasons) as r) as reasons,
           u.name as owner, t.name as team, coalesce(a.template, '') as action, a.due_at as action_at
    from crm_leads l
    left join crm_users u on u.org_id = l.org_id and u.id = l.owner_id
    left join crm_teams t on t.org_id = l.org_id and t.id = l.team_id
    left join lateral (
        select m.template, m.due_at from crm_messages m
        where m.org_id = l.org_id and m.lead_id = l.id and m.status = 'scheduled'
        order by m.due_at, m.id limit 1
    ) as a on true
    where l.org_id = :org and l.source_id = any (:sources)
    order by row_number() over (partition by l.score_band order by l.score desc, l.id), l.score desc
    limit :limit
    """
)
_SOURCES_NAMED = text("select count(*) from crm_sources where org_id = :org and starts_with(name, :start)")
_PHONES = text(
    """
    select distinct l.phone from crm_leads l
    where l.org_id = :org and l.phone is not null and starts_with(l.source, :start)
    """
)


@dataclass(frozen=True)
class Tally:
    """Counts over what some sources posted and the leads they made.

    events = new + merged + dead + pending. nobody_free: looked at, but no rep could take it. emails_local:
    those of emails_sent that became files of this machine. unsettled: leads to prepare, steps to plan and
    messages due, under way, to be tried again or to be looked up, all of which time alone must settle.
    """

    events: int
    pending: int
    new: int
    merged: int
    dead: int
    leads: int
    scored: int
    assigned: int
    nobody_free: int
    enrolled: int
    emails_sent: int
    emails_local: int
    unsettled: int

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do now."""
        return self.pending == 0 and self.unsettled == 0


@dataclass(frozen=True)
class FirstAnswers:
    """Seconds from the receipt of a lead's first submission to the first message sent to the lead.

    Over the `leads` that were sent one; the percentiles are None when there are none.
    """

    leads: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True)
class Carried:
    """A message that was handed to a provider; `to` is the address or number that it was last handed over for."""

    id: UUID
    channel: str
    status: str
    provider: str
    to: str = field(repr=False)


@dataclass(frozen=True)
class Example:
    """A lead as a person would want to see it; `action` is the template of the next planned message."""

    name: str
    company: str | None
    country: str | None
    score: int | None
    band: str | None
    reasons: list[str]
    owner: str | None
    team: str | None
    action: str
    action_at: datetime | None


def tally(session: Session, org_id: UUID, source_ids: Sequence[UUID]) -> Tally:
    """Where everything that these sources posted stands now."""
    return Tally(**session.execute(_TALLY, _of(org_id, source_ids)).mappings().one())


def messages_by_state(
    session: Session, org_id: UUID, source_ids: Sequence[UUID]
) -> dict[str, dict[str, int]]:
    """Channel to state to number, of the messages about these sources' leads."""
    found: dict[str, dict[str, int]] = {}
    for channel, status, count in session.execute(_MESSAGES, _of(org_id, source_ids)):
        found.setdefault(channel, {})[status] = count
    return found


def dead_by_reason(session: Session, org_id: UUID, source_ids: Sequence[UUID]) -> dict[str, int]:
    """Code of the reason to number, of these sources' dead letters."""
    rows = session.execute(_DEAD, _of(org_id, source_ids))
    return {row.reason: row.count_ for row in rows}


def email_ids(session: Session, org_id: UUID, source_ids: Sequence[UUID]) -> list[UUID]:
    """The e-mails about these sources' leads, whether sent or not."""
    return list(session.scalars(_EMAILS, _of(org_id, source_ids)))


def carried_by(
    session: Session, org_id: UUID, source_ids: Sequence[UUID], providers: Sequence[str]
) -> list[Carried]:
    """The messages about these sources' leads that were handed to one of these providers."""
    rows = session.execute(_CARRIED, {**_of(org_id, source_ids), "providers": list(providers)})
    return [Carried(**row) for row in rows.mappings()]


def reached_by_phone(session: Session, org_id: UUID, source_ids: Sequence[UUID], limit: int) -> list[UUID]:
    """Some of these sources' leads that have a telephone number, the first ones first."""
    return list(session.scalars(_REACHED_BY_PHONE, {**_of(org_id, source_ids), "limit": limit}))


def first_answers(session: Session, org_id: UUID, source_ids: Sequence[UUID]) -> FirstAnswers:
    """How long these sources' leads waited for their first message."""
    return FirstAnswers(**session.execute(_FIRST_ANSWERS, _of(org_id, source_ids)).mappings().one())


def examples(session: Session, org_id: UUID, source_ids: Sequence[UUID], limit: int = 6) -> list[Example]:
    """A few of these sources' leads, of every score band."""
    rows = session.execute(_EXAMPLES, {**_of(org_id, source_ids), "limit": limit})
    return [Example(**row) for row in rows.mappings()]


def sources_named(session: Session, org_id: UUID, start: str) -> int:
    """How many sources have a name that begins so, closed ones included."""
    return int(session.execute(_SOURCES_NAMED, {"org": org_id, "start": start}).scalar_one())


def phones_of(session: Session, org_id: UUID, start: str) -> frozenset[str]:
    """The telephone numbers of the leads whose source has a name that begins so."""
    return frozenset(session.scalars(_PHONES, {"org": org_id, "start": start}))


def _of(org_id: UUID, source_ids: Sequence[UUID]) -> dict[str, Any]:
    return {"org": org_id, "sources": list(source_ids)}
