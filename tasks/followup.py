"""Follow-up: plan the next step of each lead that is ready for it."""

from collections import Counter

from crm_db import clock
from crm_db.actions import enrolments
from tasks import stopping
from tasks.guard import crm_task
from tasks.tally import Tally, Window
from tasks.work import unit_of_work

ENROLMENTS_PER_TRANSACTION = 500


@crm_task("plan-follow-ups")
def plan_follow_ups(window: Window) -> Tally:
    """Turn the next step of every enrolment whose last step is settled into a message with its due time and reasons."""
    total: Tally = Counter(planned=0)
    while not stopping.asked():
        with unit_of_work() as session:
            batch = enrolments.plan(
                session,
                limit=ENROLMENTS_PER_TRANSACTION,
                now=clock.utc_now(),
                since=window.since,
                until=window.until,
                dry_run=window.dry_run,
            )
        total.update(planned=batch.planned)
        if batch.looked_at < ENROLMENTS_PER_TRANSACTION or window.dry_run:
            break
    return total
