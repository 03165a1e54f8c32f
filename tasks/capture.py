"""Capturing: raw submissions become leads, and leads get their score, owner and first step."""

from collections import Counter
from datetime import timedelta

from crm_db import clock
from crm_db.actions import preparation, submissions
from tasks import stopping
from tasks.guard import crm_task
from tasks.linger import rounds
from tasks.tally import Tally, Window, sum_of
from tasks.work import unit_of_work

SUBMISSIONS_PER_TRANSACTION = 250
LEADS_PER_TRANSACTION = 250
LEASE = timedelta(seconds=30)


@crm_task("capture-and-prepare")
def capture_and_prepare(window: Window) -> Tally:
    """Make leads of waiting submissions and prepare them, a batch of each in turn, so that no lead waits for the whole inbox."""
    if window.dry_run:
        return sum_of([_count_waiting(window), prepare_batch(window)])
    total: Tally = Counter(
        submissions=0, new=0, merged=0, dead=0, scored=0, assigned=0, enrolled=0, planned=0
    )
    for number, turn in enumerate(rounds()):
        done = sum_of([capture_batch(window, again_first=number % 10 == 9), prepare_batch(window)])
        total.update(done)
        turn.worked(done["submissions"] + done["scored"] > 0)
    return total


@crm_task("reopen-ownerless-leads")
def reopen_ownerless(window: Window) -> Tally:
    """Leads that nobody could take are looked at again when somebody has room."""
    if window.dry_run:
        return Counter()
    with unit_of_work() as session:
        return Counter(reopened=preparation.reopen_ownerless(session, limit=LEADS_PER_TRANSACTION))


@crm_task("prepare-leads")
def prepare_leads(window: Window) -> Tally:
    """Score, assign and enrol leads that wait for it, oldest first, and plan their first steps."""
    total: Tally = Counter(scored=0, assigned=0, enrolled=0, planned=0)
    while not stopping.asked():
        batch = prepare_batch(window)
        total.update(batch)
        if batch["scored"] < LEADS_PER_TRANSACTION or window.dry_run:
            break
    return total


def capture_batch(window: Window, *, again_first: bool = False) -> Tally:
    """One batch of submissions: claimed in one transaction, captured in the next."""
    with unit_of_work() as session:
        claim = submissions.claim(
            session,
            limit=SUBMISSIONS_PER_TRANSACTION,
            lease=LEASE,
            since=window.since,
            until=window.until,
            again_first=again_first,
        )
    if not claim.count:
        return Counter()
    with unit_of_work() as session:
        verdicts = submissions.capture(session, claim.token, now=clock.utc_now())
    return sum_of([Counter(submissions=len(verdicts)), Counter(verdict.outcome for verdict in verdicts)])


def prepare_batch(window: Window) -> Tally:
    """One batch of leads, in one transaction."""
    with unit_of_work() as session:
        done = preparation.prepare(
            session,
            limit=LEADS_PER_TRANSACTION,
            now=clock.utc_now(),
            since=window.since,
            until=window.until,
            dry_run=window.dry_run,
        )
    return Counter(scored=done.scored, assigned=done.assigned, enrolled=done.enrolled, planned=done.planned)


def _count_waiting(window: Window) -> Tally:
    with unit_of_work() as session:
        return Counter(submissions=submissions.count_waiting(session, since=window.since, until=window.until))
