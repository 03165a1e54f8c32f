"""housekeeping: every hour, partitions are made ahead of time and keys whose time is over are deleted."""

from time import perf_counter

from prefect import flow

from tasks.housekeeping import drop_expired_keys, make_partitions
from tasks.tally import DryRun, Since, Until, Window, report, sum_of
from tasks.work import records_url


@flow(name="housekeeping")
def housekeeping(since: Since = None, until: Until = None, dry_run: DryRun = False) -> dict[str, int]:
    """Make the partitions of the coming months and forget expired keys; safe to run at any time.

    since, until: taken for uniformity, the work has no period. dry_run: change nothing.
    """
    started, window = perf_counter(), Window(since, until, dry_run)
    tally = sum_of([make_partitions(window), drop_expired_keys(window)])
    return report(
        "housekeeping", tally, seconds=perf_counter() - started, window=window, link=records_url("health")
    )
