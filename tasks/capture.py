"""Capturing: raw submissions become leads with score, owner and first step; leads that came otherwise get theirs."""

from collections import Counter
from dataclasses import asdict
from datetime import timedelta

from crm_db import clock
from crm_db.actions import preparation, submissions
from tasks import stopping
from tasks.fetching import Beside
from tasks.guard import crm_task
from tasks.linger import LOOK_AGAIN_SECONDS, is_tenth_turn, rounds
from tasks.tally import Tally, Window, sum_of
from tasks.work import UnitOfWork, unit_of_work, units_of_work

SUBMISSIONS_PER_TRANSACTION = 250
LEADS_PER_TRANSACTION = 250
LEASE = timedelta(seconds=30)


@crm_task("capture-and-prepare")
def capture_and_prepare(window: Window) -> Tally:
    """Make leads of waiting submissions and prepare them, a batch of each in turn, so that no lead waits for the whole inbox."""
    if window.dry_run:
        return sum_of([_count_waiting(window), prepare_all(window)])
    total: Tally = Counter(
        submissions=0, new=0, merged=0, dead=0, scored=0, assigned=0, enrolled=0, planned=0
    )
    with Beside() as beside:
        for turn in rounds():
            worked = _one_round(window, beside, total)
            turn.worked(worked or beside.has_news())  # news are captured by the round after
        beside.end()
        while beside.busy() and not stopping.asked():
            _one_round(window, beside, total)
        total.update(beside.tally())
    return total


def _one_round(window: Window, beside: Beside, total: Tally) -> bool:
    """A batch of submissions and one of leads; whether there was anything. While answers are awaited, a short rest follows."""
    done = sum_of([capture_batch(window, beside, again_first=is_tenth_turn()), prepare_batch(window)])
    total.update(done)
    anything = done["submissions"] + done["scored"] > 0
    if not anything and beside.busy():
        stopping.wait(LOOK_AGAIN_SECONDS)
    return anything


@crm_task("reopen-ownerless-leads")
def reopen_ownerless(window: Window) -> Tally:
    """Leads that nobody could take are looked at again when somebody has room."""
    with units_of_work(dry_run=window.dry_run) as begin, begin() as session:
        return Counter(reopened=preparation.reopen_ownerless(session, limit=LEADS_PER_TRANSACTION))


@crm_task("prepare-leads")
def prepare_leads(window: Window) -> Tally:
    """Score, assign and enrol leads that wait for it, oldest first, and plan their first steps."""
    return prepare_all(window)


def prepare_all(window: Window) -> Tally:
    """All leads that wait for it, a batch a transaction; a dry run counts those too that nobody could take until now."""
    total: Tally = Counter(scored=0, assigned=0, enrolled=0, planned=0)
    with units_of_work(dry_run=window.dry_run) as begin:
        if window.dry_run:
            with begin() as session:
                preparation.reopen_ownerless(session, limit=LEADS_PER_TRANSACTION)
        while not stopping.asked():
            batch = prepare_batch(window, begin)
            total.update(batch)
            if batch["scored"] < LEADS_PER_TRANSACTION:
                break
    return total


def capture_batch(window: Window, beside: Beside | None = None, *, again_first: bool = False) -> Tally:
    """One batch of submissions: claimed in one transaction, captured in the next.

    What must be fetched first is asked for `beside`; without that it stays under its claim until somebody else asks.
    """
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
        captured = submissions.capture(session, claim.token, now=clock.now_of(session))
    if beside is not None:
        beside.ask_for(claim.token, captured.fetches)
    verdicts = captured.verdicts
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    return sum_of([Counter(submissions=len(verdicts)), outcomes, Counter(asdict(captured.prepared))])


def prepare_batch(window: Window, begin: UnitOfWork = unit_of_work) -> Tally:
    """One batch of leads, in one transaction."""
    with begin() as session:
        done = preparation.prepare(
            session,
            limit=LEADS_PER_TRANSACTION,
            now=clock.now_of(session),
            since=window.since,
            until=window.until,
        )
    return Counter(asdict(done))


def _count_waiting(window: Window) -> Tally:
    with unit_of_work() as session:
        return Counter(submissions=submissions.count_waiting(session, since=window.since, until=window.until))
