"""lead-capture: submissions become scored, assigned, enrolled leads. The capture intake runs it whenever some wait."""

from time import perf_counter

from prefect import flow

from tasks.capture import capture_and_prepare
from tasks.tally import DryRun, Since, Until, Window, report
from tasks.work import records_url


@flow(name="lead-capture")
def lead_capture(since: Since = None, until: Until = None, dry_run: DryRun = False) -> dict[str, int]:
    """Capture waiting submissions and prepare the leads they made; safe to run at any time, five at once, or late.

    since, until: limit the run to submissions received in that period. dry_run: count what waits, change nothing.
    """
    started, window = perf_counter(), Window(since, until, dry_run)
    tally = capture_and_prepare(window)
    return report(
        "lead-capture", tally, seconds=perf_counter() - started, window=window, link=records_url("leads")
    )
