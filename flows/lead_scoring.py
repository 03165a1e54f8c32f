"""lead-scoring: every few minutes, scores follow the facts. It also prepares leads that an interruption left behind."""

from time import perf_counter

from prefect import flow

from tasks.capture import prepare_leads, reopen_ownerless
from tasks.scoring import rescore_leads
from tasks.tally import DryRun, Since, Until, Window, report, sum_of
from tasks.work import records_url


@flow(name="lead-scoring")
def lead_scoring(since: Since = None, until: Until = None, dry_run: DryRun = False) -> dict[str, int]:
    """Score the leads whose facts changed or whose bonus ran out; a missed run is made good by the next.

    since, until: score every lead made in that period again. dry_run: count the scores that would change.
    """
    started, window = perf_counter(), Window(since, until, dry_run)
    tally = sum_of([reopen_ownerless(window), prepare_leads(window), rescore_leads(window)])
    return report(
        "lead-scoring", tally, seconds=perf_counter() - started, window=window, link=records_url("leads")
    )
