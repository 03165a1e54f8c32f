"""janitor: every five minutes, runs whose process is gone are set Crashed, so that "running" in the UI means running."""

from time import perf_counter

from prefect import flow

from tasks.janitor import end_dead_runs
from tasks.tally import DryRun, Since, Until, Window, report
from tasks.work import records_url


@flow(name="janitor")
def janitor(since: Since = None, until: Until = None, dry_run: DryRun = False) -> dict[str, int]:
    """End the runs that nobody works on, and count them; a run that lives is left alone, however long it takes.

    since, until: taken for uniformity, dead runs have no period. dry_run: count them only.
    """
    started, window = perf_counter(), Window(since, until, dry_run)
    tally = end_dead_runs(window)
    return report(
        "janitor", tally, seconds=perf_counter() - started, window=window, link=records_url("flows")
    )
