"""Delivery, message by message: no transaction is open while a provider is called, and a kill leaves one message in doubt."""

import random
import time
from collections import Counter
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import OperationalError

from crm_db import clock
from crm_db.actions import activities, attempts, messages
from crm_db.actions.attempts import Doubt, OpenAttempt
from crm_db.rules.outcomes import Outcome, Sent
from tasks import senders, stopping
from tasks.guard import crm_task
from tasks.linger import is_tenth_turn, rounds
from tasks.tally import Tally, Window
from tasks.work import lead_url, unit_of_work

MESSAGES_PER_CLAIM = 10  # few, so that a first answer does not wait behind fifty notes to owners
CLAIM_LEASE = timedelta(seconds=30)  # opening an attempt renews it for that message alone
EVIDENCE_LEASE = timedelta(minutes=5)  # for all questions of one claim, each as slow as its carrier
EVIDENCE_SECONDS = 8.0
RECORD_PAUSES = (0.5, 1, 2, 4, 8)
"""Seconds between the tries to write an outcome down: together less than an attempt's lease."""
SETTLED = ("sent", "scheduled", "failed")


@crm_task("deliver-due")
def deliver_due(window: Window) -> Tally:
    """Send what is due, the urgent first, until nothing is left or the run has done its share."""
    if window.dry_run:
        with unit_of_work() as session:
            return Counter(
                due=messages.count_due(
                    session, now=clock.now_of(session), since=window.since, until=window.until
                )
            )
    total: Tally = Counter(sent=0, retried=0, failed=0, unknown=0, skipped=0)
    for turn in rounds():
        claim = _claim(window, again_first=is_tenth_turn())
        _deliver_claim(claim, total)
        turn.worked(bool(claim.messages))
    return total


@crm_task("settle-doubtful")
def settle_doubtful(window: Window) -> Tally:
    """Messages that may have been sent: ask their carriers for evidence; where there can be none, a person decides."""
    total: Tally = Counter()
    until = time.monotonic() + EVIDENCE_SECONDS
    while not window.dry_run and not stopping.asked() and time.monotonic() < until:
        doubts = _take_doubtful()
        for doubt in doubts:
            total["settled" if _record(doubt, senders.evidence(doubt)) in SETTLED else "still_unknown"] += 1
        if not doubts:
            break
    return total


def deliver_one(ref: messages.Ref, token: UUID) -> str:
    """One message: open an attempt, send outside any transaction, record. Returns one word for the tally."""
    began = clock.seconds()
    with unit_of_work() as session:
        attempt = attempts.open_attempt(
            session,
            ref,
            token,
            carrier=senders.carrier_of(ref.channel),
            lead_url=lead_url(),
            now=clock.now_of(session),
        )
    if attempt is None:
        return "skipped"
    status = (
        _do_task(attempt) if attempt.channel == "task" else _record(attempt, senders.send(attempt, began))
    )
    return {"sent": "sent", "scheduled": "retried", "failed": "failed", "unknown": "unknown"}.get(
        status or "", "skipped"
    )


def _claim(window: Window, *, again_first: bool) -> messages.Claim:
    with unit_of_work() as session:
        return messages.claim(
            session,
            limit=MESSAGES_PER_CLAIM,
            lease=CLAIM_LEASE,
            now=clock.now_of(session),
            since=window.since,
            until=window.until,
            again_first=again_first,
        )


def _deliver_claim(claim: messages.Claim, total: Tally) -> None:
    """Deliver a claim's messages one after the other; what is not begun when it must end is given back.

    One that raises is left to its lease and counts towards poison; its mates do not.
    """
    good_until = time.monotonic() + CLAIM_LEASE.total_seconds() / 3
    for ref in claim.messages:
        if stopping.asked():
            _give_back(claim, but=None)
            return
        if time.monotonic() > good_until:  # the messages before this one were slow
            with unit_of_work() as session:
                messages.renew(session, claim.token, lease=CLAIM_LEASE)
            good_until = time.monotonic() + CLAIM_LEASE.total_seconds() / 3
        try:
            total[deliver_one(ref, claim.token)] += 1
        except Exception:
            _give_back(claim, but=ref.message_id)
            raise


def _give_back(claim: messages.Claim, *, but: UUID | None) -> None:
    with unit_of_work() as session:
        messages.release(session, claim.token, but=but)


def _take_doubtful() -> list[Doubt]:
    with unit_of_work() as session:
        return attempts.take_doubtful(
            session, limit=MESSAGES_PER_CLAIM, lease=EVIDENCE_LEASE, now=clock.now_of(session)
        )


def _record(attempt: OpenAttempt | Doubt, outcome: Outcome) -> str | None:
    """Write down how it ended. What is known must not be lost to a database that is away for a moment: without a lookup it
    would be in doubt for ever.
    """
    for pause in RECORD_PAUSES:
        try:
            return _record_once(attempt, outcome)
        except OperationalError:
            time.sleep(pause)
    return _record_once(attempt, outcome)


def _record_once(attempt: OpenAttempt | Doubt, outcome: Outcome) -> str | None:
    with unit_of_work() as session:
        return attempts.record(session, attempt, outcome, now=clock.now_of(session), jitter=random.random())  # noqa: S311


def _do_task(attempt: OpenAttempt) -> str | None:
    """A task for a person is a row of ours: made and recorded in one transaction, so it is never in doubt."""
    with unit_of_work() as session:
        done = Sent(senders.INSIDE, str(attempt.message_id))
        status = attempts.record(session, attempt, done, now=clock.now_of(session), jitter=0.0)
        if status is not None:
            activities.add_task(session, attempt)
    return status
