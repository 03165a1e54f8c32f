"""One attempt at one message: look again, write the attempt, and later record how it ended.

The provider is called between `open_attempt` and `record`, outside any transaction. Both carry the lease token, and `record`
the attempt's number too: a worker that was paused past its lease and replaced changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from crm_db.actions.messages import MOST_CLAIMS, Ref
from crm_db.queries import outgoing
from crm_db.queries.calendar_entries import Entry
from crm_db.queries.people import Person, owner, recipient
from crm_db.rules import backoff
from crm_db.rules.outcomes import Ambiguous, NotSent, Outcome, Refused, Sent
from crm_db.rules.rendering import Rendered, TemplateError

INTERRUPTED = "interrupted"
BY_PHONE = frozenset({"sms", "call"})

_OPEN = text(
    """
    with opened as (
        update crm_messages set status = 'sending', attempts = attempts + 1, rendered = :rendered, provider = :provider,
               lease_until = now() + :lease, check_at = null, checks = 0
        where org_id = :org and id = :id and lease_token = :token
        returning org_id, id, attempts
    )
    insert into crm_message_attempts (org_id, message_id, number, lease_token, provider, started_at)
    select org_id, id, attempts, :token, :provider, :now from opened
    returning number
    """
).bindparams(bindparam("rendered", type_=JSONB))
_DOUBTFUL = text(
    """
    with vanished as (
        select org_id, id from crm_messages
        where status = 'sending' and lease_until < now() order by lease_until limit :limit for update skip locked
    ), to_look_up as (
        select org_id, id from crm_messages
        where status = 'unknown' and check_at <= :now and (lease_until is null or lease_until < now())
        order by check_at limit :limit for update skip locked
    )
    update crm_messages m set lease_token = :token, lease_until = now() + :lease
    from (select * from vanished union all select * from to_look_up) d
    where m.org_id = d.org_id and m.id = d.id
    returning m.org_id, m.id, m.attempts, m.claims, m.channel, m.provider, m.status, m.checks, m.reason, m.rendered,
              (select a.started_at from crm_message_attempts a
               where a.org_id = m.org_id and a.message_id = m.id and a.number = 1) as first_tried,
              (select a.started_at from crm_message_attempts a
               where a.org_id = m.org_id and a.message_id = m.id and a.number = m.attempts) as started_at
    """
)
_CLOSE = text(
    """
    with closed as (
        update crm_messages set status = :status, reason = :reason, due_at = coalesce(:due_at, due_at), claims = :claims,
               lease_token = null, lease_until = null, check_at = :check_at, checks = :checks,
               sent_at = case when :status = 'sent' then cast(:now as timestamptz) end,
               provider = coalesce(:provider, provider), provider_id = :provider_id
        where org_id = :org and id = :id and lease_token = :token and status in ('claimed', 'sending', 'unknown')
          and (cast(:number as int) is null or attempts = :number)
        returning org_id, id, enrolment_id, step_id, lead_id, recipient, channel, purpose, rendered
    ), attempt as (
        update crm_message_attempts a set finished_at = now(), outcome = :outcome, code = :code
        from closed c where a.org_id = c.org_id and a.message_id = c.id and a.number = :number
    ), onward as (
        update crm_enrolments e set plan_at = :now
        from closed c
        where e.org_id = c.org_id and e.id = c.enrolment_id and :status in ('sent', 'failed', 'cancelled')
          and not exists (select from crm_steps s  -- a step that was reopened does not hurry the one under way
                          where s.org_id = c.org_id and s.id = c.step_id and s.position < e.position)
    ), contact as (
        update crm_leads l set last_contact = :now, rescore_at = :now,
               status = case when l.status = 'new' then 'contacted' else l.status end
        from closed c
        where :status = 'sent' and c.recipient = 'lead' and l.org_id = c.org_id and l.id = c.lead_id
    ), timeline as (
        insert into crm_activities (org_id, lead_id, kind, direction, subject, message_id, done_at)
        select c.org_id, c.lead_id, case c.channel when 'invite' then 'meeting' when 'webhook' then 'note' else c.channel end,
               'out', coalesce(c.rendered ->> 'subject', c.purpose), c.id, :now
        from closed c
        where :status = 'sent' and c.recipient = 'lead' and c.lead_id is not null
    )
    select count(*) from closed
    """
)


_NOTHING_TO_SAY: Mapping[str, Any] = {
    "reason": None,
    "due_at": None,
    "provider": None,
    "provider_id": None,
    "code": None,
    "claims": 0,
    "check_at": None,
    "checks": 0,
}


@dataclass(frozen=True)
class Carrier:
    """Who is about to carry a message, how long an attempt may last before others look for evidence of its end, and how long of
    that the handing over itself may take.
    """

    name: str
    lease: timedelta
    slowest: timedelta = timedelta(0)


@dataclass(frozen=True)
class Subject:
    """What the message is about: its lead, when it was due, and the settings of its step."""

    lead_id: UUID | None
    due_at: datetime
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Doubt:
    """An attempt of which only evidence can say how it ended, and what there is to look for.

    vanished: its worker did not come back to say anything; else that worker said that it does not know. code: why it is in doubt.
    address, text: where it went and its words. looks: how often its carrier was asked and knew nothing.
    """

    org_id: UUID
    message_id: UUID
    number: int
    lease_token: UUID
    channel: str
    provider: str
    claims: int
    vanished: bool
    code: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    started_at: datetime
    looks: int = 0
    first_tried: datetime | None = None


@dataclass(frozen=True)
class OpenAttempt:
    """An attempt that is written down and may now be made: what to send, to whom, under which lease.

    address: where it goes, as its channel writes it: an e-mail address or a number. spoken: of a call, the words for the lead.
    good_for: how long after it was begun it may still be handed over; later, others may look for its end.
    """

    org_id: UUID
    message_id: UUID
    number: int
    lease_token: UUID
    good_for: timedelta
    channel: str
    rendered: Rendered
    spoken: str = field(repr=False)
    address: str = field(repr=False)
    to: Person
    reply_to: Person | None
    entry: Entry | None
    subject_of: Subject
    first_tried: datetime | None


def open_attempt(
    session: Session, ref: Ref, token: UUID, *, carrier: Carrier, lead_url: str, now: datetime
) -> OpenAttempt | None:
    """Look again and write the attempt; None when the lease is lost or the message must not go (any more).

    lead_url: address of a lead's record, with {id} in it. What must not go is cancelled or failed with its reason; what comes
    too late for its hours is put off.
    """
    row = outgoing.look_again(session, ref.org_id, ref.message_id, token)
    if row is None:
        return None
    if reason := outgoing.reason_against(row, now):
        _close(session, row, token, None, now, status="cancelled", reason=reason)
        return None
    if later := outgoing.better_moment(session, row, now):
        _close(
            session,
            row,
            token,
            None,
            now,
            status="scheduled",
            reason="put off: outside its hours",
            due_at=later,
        )
        return None
    try:
        composed = outgoing.compose(session, row, lead_url, now)
    except TemplateError as error:
        _close(session, row, token, None, now, status="failed", reason=f"template: {error}")
        return None
    to = recipient(row)
    address = to.phone if row["channel"] in BY_PHONE else to.email
    number = _write_attempt(session, row, token, {**composed.kept, "to": address}, carrier, now)
    return OpenAttempt(
        org_id=ref.org_id,
        message_id=ref.message_id,
        number=number,
        lease_token=token,
        good_for=carrier.lease - carrier.slowest,
        channel=row["channel"],
        rendered=composed.rendered,
        spoken=composed.spoken,
        address=address,
        to=to,
        reply_to=owner(row) if row["recipient"] == "lead" else None,
        entry=composed.entry,
        subject_of=Subject(row["lead_id"], row["due_at"], row["config"]),
        first_tried=row["first_tried"],
    )


def record(
    session: Session, attempt: OpenAttempt | Doubt, outcome: Outcome, *, now: datetime, jitter: float
) -> str | None:
    """Write how the attempt ended; returns the message's new status, or None when this worker had been replaced.

    jitter: a random number in [0, 1) for the waiting time before another try.
    """
    values = _after(outcome, attempt, now, jitter)
    closed = session.execute(
        _CLOSE,
        {
            "org": attempt.org_id,
            "id": attempt.message_id,
            "token": attempt.lease_token,
            "number": attempt.number,
            "now": now,
            **values,
        },
    ).scalar_one()
    return values["status"] if closed else None


def take_doubtful(session: Session, *, limit: int, lease: timedelta, now: datetime) -> list[Doubt]:
    """Attempts to look for evidence of, under a new lease for whoever looks.

    They are those whose lease ran out before their end was recorded, and those in doubt whose carrier is to be asked by now;
    at most `limit` of each.
    """
    token = uuid4()
    taken = session.execute(_DOUBTFUL, {"token": token, "lease": lease, "limit": limit, "now": now})
    return [_doubt(row, token) for row in taken.mappings()]


def _doubt(row: RowMapping, token: UUID) -> Doubt:
    vanished = row["status"] == "sending"
    return Doubt(
        org_id=row["org_id"],
        message_id=row["id"],
        number=row["attempts"],
        lease_token=token,
        channel=row["channel"],
        provider=row["provider"],
        claims=row["claims"],
        vanished=vanished,
        code=INTERRUPTED if vanished else row["reason"],
        address=row["rendered"].get("to", ""),
        text=row["rendered"]["text"],
        started_at=row["started_at"],
        looks=row["checks"],
        first_tried=row["first_tried"],
    )


def _after(outcome: Outcome, attempt: OpenAttempt | Doubt, now: datetime, jitter: float) -> dict[str, Any]:
    """The columns that an outcome leads to."""
    match outcome:
        case Sent(provider, provider_id):
            done = {"status": "sent", "outcome": "sent", "provider": provider, "provider_id": provider_id}
            return {**_NOTHING_TO_SAY, **done}
        case NotSent(code, retry_after):
            another = _another_try(attempt, code, now, jitter, retry_after)
            return {**_NOTHING_TO_SAY, "outcome": "not_sent", "code": code, **another}
        case Refused(code):
            return {
                **_NOTHING_TO_SAY,
                "status": "failed",
                "outcome": "rejected",
                "code": code,
                "reason": code,
            }
        case Ambiguous(code, look_after, looks):
            return {
                **_NOTHING_TO_SAY,
                "status": "unknown",
                "outcome": "ambiguous",
                "code": code,
                "reason": code,
                "claims": _claims_of(attempt),
                "check_at": None if look_after is None else now + look_after,
                "checks": looks,
            }


def _another_try(
    attempt: OpenAttempt | Doubt, code: str, now: datetime, jitter: float, retry_after: timedelta | None
) -> dict[str, Any]:
    """When to try again, or why not. An attempt in doubt keeps its claims: what kills its worker each time is poison."""
    claims = _claims_of(attempt)
    if claims >= MOST_CLAIMS:
        return {"status": "failed", "reason": "poison: its worker died each time it was tried"}
    if attempt.first_tried and now - attempt.first_tried > backoff.MAX_AGE:
        return {"status": "failed", "reason": f"given up: {code}"}
    due_at = backoff.next_try(attempt.number - 1, now=now, jitter=jitter, retry_after=retry_after)
    return {"status": "scheduled", "reason": code, "due_at": due_at, "claims": claims}


def _claims_of(attempt: OpenAttempt | Doubt) -> int:
    return attempt.claims if isinstance(attempt, Doubt) else 0


def _write_attempt(
    session: Session,
    row: RowMapping,
    token: UUID,
    kept: Mapping[str, Any],
    carrier: Carrier,
    now: datetime,
) -> int:
    values = {
        "org": row["org_id"],
        "id": row["id"],
        "token": token,
        "rendered": kept,
        "provider": carrier.name,
        "lease": carrier.lease,
        "now": now,
    }
    number: int = session.execute(_OPEN, values).scalar_one()
    return number


def _close(
    session: Session,
    row: RowMapping,
    token: UUID,
    number: int | None,
    now: datetime,
    *,
    status: str,
    reason: str,
    due_at: datetime | None = None,
) -> None:
    """Settle a message without an attempt."""
    values = {**_NOTHING_TO_SAY, "status": status, "reason": reason, "due_at": due_at, "outcome": None}
    ids = {"org": row["org_id"], "id": row["id"], "token": token, "number": number, "now": now}
    session.execute(_CLOSE, {**ids, **values})
