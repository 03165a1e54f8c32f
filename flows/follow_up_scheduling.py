"""follow-up-scheduling: every minute, each lead in a sequence whose last step is settled gets its next one planned."""

from time import perf_counter

from prefect import flow

from tasks.followup import mend_follow_ups, plan_follow_ups
from tasks.tally import DryRun, Since, Until, Window, report, sum_of
from tasks.work import records_url


@flow(name="follow-up-scheduling")
def follow_up_scheduling(since: Since = None, until: Until = None, dry_run: DryRun = False) -> dict[str, int]:
    """Plan the next step of every enrolment that is ready for it, and mend what facts have overtaken: steps that lacked an
    address which has come, meetings and holds of leads that were lost or changed hands. A missed run is made good by the next.

    since, until: limit the run to leads enrolled in that period. dry_run: count what would be planned.
    """
    started, window = perf_counter(), Window(since, until, dry_run)
    tally = sum_of([plan_follow_ups(window), mend_follow_ups(window)])
    return report(
        "follow-up-scheduling",
        tally,
        seconds=perf_counter() - started,
        window=window,
        link=records_url("messages"),
    )
