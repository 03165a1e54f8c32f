"""Delivery, message by message: no transaction is open while a provider is called, and a kill leaves one message in doubt."""

import random
from collections import Counter
from datetime import timedelta
from uuid import UUID

from crm_db import clock
from crm_db.actions import activities, attempts, messages
from crm_db.actions.attempts import OpenAttempt
from crm_db.rules.outcomes import Outcome, Sent
from tasks import senders, stopping
from tasks.guard import crm_task
from tasks.linger import rounds
from tasks.tally import Tally, Window
from tasks.work import lead_url, unit_of_work

MESSAGES_PER_CLAIM = 10  # few, so that a first answer does not wait behind fifty notes to owners
CLAIM_LEASE = timedelta(seconds=30)  # opening an attempt renews it for that message alone
EVIDENCE_LEASE = timedelta(seconds=60)


@crm_task("deliver-due")
def deliver_due(window: Window) -> Tally:
    """Send what is due, the urgent first, until nothing is left or the run has done its share."""
    if window.dry_run:
        with unit_of_work() as session:
            return Counter(
                due=messages.count_due(session, now=clock.utc_now(), since=window.since, until=window.until)
            )
    total: Tally = Counter(sent=0, retried=0, failed=0, unknown=0, skipped=0)
    for number, turn in enumerate(rounds()):
        claim = _claim(window, again_first=number % 10 == 9)
        _deliver_claim(claim, total)
        turn.worked(bool(claim.messages))
    return total


@crm_task("settle-doubtful")
def settle_doubtful(window: Window) -> Tally:
    """Attempts whose worker vanished: ask the provider for evidence; without any, a person decides."""
    if window.dry_run:
        return Counter()
    with unit_of_work() as session:
        doubts = attempts.take_doubtful(session, limit=MESSAGES_PER_CLAIM, lease=EVIDENCE_LEASE)
    total: Tally = Counter()
    for doubt in doubts:
        outcome = senders.evidence(doubt.channel, doubt.provider, str(doubt.message_id))
        with unit_of_work() as session:
            attempts.record(session, doubt, outcome, now=clock.utc_now(), jitter=random.random())  # noqa: S311 - spreads retries
        total["settled"] += 1
    return total


def deliver_one(ref: messages.Ref, token: UUID) -> str:
    """One message: open an attempt, send outside any transaction, record. Returns one word for the tally."""
    with unit_of_work() as session:
        attempt = attempts.open_attempt(
            session,
            ref,
            token,
            carrier=senders.carrier_of(ref.channel),
            lead_url=lead_url(),
            now=clock.utc_now(),
        )
    if attempt is None:
        return "skipped"
    status = _do_task(attempt) if attempt.channel == "task" else _record(attempt, senders.send(attempt))
    return {"sent": "sent", "scheduled": "retried", "failed": "failed", "unknown": "unknown"}.get(
        status or "", "skipped"
    )


def _claim(window: Window, *, again_first: bool) -> messages.Claim:
    with unit_of_work() as session:
        return messages.claim(
            session,
            limit=MESSAGES_PER_CLAIM,
            lease=CLAIM_LEASE,
            now=clock.utc_now(),
            since=window.since,
            until=window.until,
            again_first=again_first,
        )


def _deliver_claim(claim: messages.Claim, total: Tally) -> None:
    """Deliver a claim's messages one after the other; what is not begun when it must end is given back.

    One that raises is left to its lease and counts towards poison; its mates do not.
    """
    for ref in claim.messages:
        if stopping.asked():
            _give_back(claim, but=None)
            return
        try:
            total[deliver_one(ref, claim.token)] += 1
        except Exception:
            _give_back(claim, but=ref.message_id)
            raise


def _give_back(claim: messages.Claim, *, but: UUID | None) -> None:
    with unit_of_work() as session:
        messages.release(session, claim.token, but=but)


def _record(attempt: OpenAttempt, outcome: Outcome) -> str | None:
    with unit_of_work() as session:
        return attempts.record(session, attempt, outcome, now=clock.utc_now(), jitter=random.random())  # noqa: S311


def _do_task(attempt: OpenAttempt) -> str | None:
    """A task for a person is a row of ours: made and recorded in one transaction, so it is never in doubt."""
    with unit_of_work() as session:
        done = Sent(senders.INSIDE, str(attempt.message_id))
        status = attempts.record(session, attempt, done, now=clock.utc_now(), jitter=0.0)
        if status is not None:
            activities.add_task(session, attempt)
    return status
