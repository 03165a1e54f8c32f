"""follow-up-scheduling: every minute, each lead in a sequence whose last step is settled gets its next one planned."""

from datetime import datetime
from time import perf_counter

from prefect import flow

from tasks.followup import plan_follow_ups
from tasks.tally import Window, report
from tasks.work import records_url


@flow(name="follow-up-scheduling")
def follow_up_scheduling(
    since: datetime | None = None, until: datetime | None = None, dry_run: bool = False
) -> dict[str, int]:
    """Plan the next step of every enrolment that is ready for it; a missed run is made good by the next.

    since, until: limit the run to leads enrolled in that period. dry_run: count what would be planned.
    """
    started, window = perf_counter(), Window(since, until, dry_run)
    tally = plan_follow_ups(window)
    return report(
        "follow-up-scheduling",
        tally,
        seconds=perf_counter() - started,
        window=window,
        link=records_url("messages"),
    )
