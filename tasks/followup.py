"""Follow-up: plan the next step of each lead that is ready for it, and mend what facts have overtaken."""

from collections import Counter

from crm_db import clock
from crm_db.actions import calendar_entries, enrolments, revivals
from tasks import stopping
from tasks.guard import crm_task
from tasks.tally import Tally, Window
from tasks.work import units_of_work

ENROLMENTS_PER_TRANSACTION = 500
MENDED_PER_TRANSACTION = 200


@crm_task("plan-follow-ups")
def plan_follow_ups(window: Window) -> Tally:
    """Turn the next step of every enrolment whose last step is settled into a message with its due time and reasons."""
    total: Tally = Counter(planned=0)
    with units_of_work(dry_run=window.dry_run) as begin:
        while not stopping.asked():
            with begin() as session:
                batch = enrolments.plan(
                    session,
                    limit=ENROLMENTS_PER_TRANSACTION,
                    now=clock.now_of(session),
                    since=window.since,
                    until=window.until,
                )
            total.update(planned=batch.planned)
            if batch.looked_at < ENROLMENTS_PER_TRANSACTION:
                break
    return total


@crm_task("mend-follow-ups")
def mend_follow_ups(window: Window) -> Tally:
    """Plan again what only lacked an address that has come, and make calendars say what is true by now.

    It is about the present state of every lead, so a run that is limited to a period leaves it to the next.
    """
    total: Tally = Counter(revived=0, updated=0, cancelled=0)
    with units_of_work(dry_run=window.dry_run) as begin:
        while not (window.limited or stopping.asked()):
            with begin() as session:
                now = clock.now_of(session)
                mended = calendar_entries.mend(session, limit=MENDED_PER_TRANSACTION, now=now)
                revived = revivals.revive(session, limit=MENDED_PER_TRANSACTION, now=now)
            total.update(revived=revived.count, updated=mended.updated, cancelled=mended.cancelled)
            if max(revived.count, mended.updated + mended.cancelled) < MENDED_PER_TRANSACTION:
                break
    return total
