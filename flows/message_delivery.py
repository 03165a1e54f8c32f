"""message-delivery: due messages leave, each at most once. The delivery intake runs it whenever some are due."""

from time import perf_counter

from prefect import flow

from tasks.delivery import deliver_due, settle_doubtful
from tasks.followup import plan_follow_ups
from tasks.tally import DryRun, Since, Until, Window, report, sum_of
from tasks.work import records_url


@flow(name="message-delivery")
def message_delivery(since: Since = None, until: Until = None, dry_run: DryRun = False) -> dict[str, int]:
    """Send what is due, settle what a vanished worker left in doubt, and plan the steps that come next.

    since, until: limit the run to messages due in that period. dry_run: count what is due, send nothing.
    """
    started, window = perf_counter(), Window(since, until, dry_run)
    tally = sum_of([deliver_due(window), settle_doubtful(window)])
    if not window.limited:  # which leads' next steps a period of messages means, nobody could say
        tally += plan_follow_ups(window)
    return report(
        "message-delivery",
        tally,
        seconds=perf_counter() - started,
        window=window,
        link=records_url("messages"),
    )
