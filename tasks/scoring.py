"""Scoring again what may have changed."""

from collections import Counter

from crm_db import clock
from crm_db.actions import rescoring
from tasks import stopping
from tasks.guard import crm_task
from tasks.tally import Tally, Window
from tasks.work import units_of_work

LEADS_PER_TRANSACTION = 500


@crm_task("rescore-leads")
def rescore_leads(window: Window) -> Tally:
    """Score again the leads whose facts changed or whose bonus ran out; with a period, every lead made in it."""
    total: Tally = Counter(rescored=0, changed=0)
    mark = rescoring.START
    with units_of_work(dry_run=window.dry_run and not window.limited) as begin:
        while not stopping.asked():
            with begin() as session:
                batch = rescoring.rescore(
                    session,
                    limit=LEADS_PER_TRANSACTION,
                    now=clock.now_of(session),
                    since=window.since,
                    until=window.until,
                    after=mark,
                    dry_run=window.dry_run
                    and window.limited,  # a long period is only looked at, a batch a transaction
                )
            total.update(rescored=batch.rescored, changed=batch.changed)
            mark = batch.mark
            if batch.rescored < LEADS_PER_TRANSACTION:
                break
    return total
