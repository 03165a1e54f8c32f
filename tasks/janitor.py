"""Runs that nobody works on any more: Prefect would show them as pending or running for ever.

A run is dead when no process of this machine has it in hand (`tasks.alive`) and it was ours: begun by an intake or by
our worker; one that waits in PENDING may be anybody's. A run that lives is never touched, however long it takes.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Crashed

from crm_db import clock
from tasks import alive, stopping
from tasks.guard import crm_task
from tasks.tally import Tally, Window

INTAKE_TAG = "intake:"
WORKER_LABEL = "prefect.worker.name"
PENDING_PATIENCE = timedelta(minutes=5)
"""How long a run may be on its way to a process: a worker needs seconds, an intake none."""
BEGUN = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
RUNS_AT_ONCE = 200


@crm_task("end-dead-runs")
def end_dead_runs(window: Window) -> Tally:
    """Set the runs that nobody works on Crashed, with the reason; one that was being cancelled becomes Cancelled."""
    total: Tally = Counter(stuck_pending=0, dead_running=0, dead_cancelling=0)
    with get_client(sync_client=True) as client:
        suspects = [run for run in begun(client) if is_suspect(run, clock.utc_now())]
        in_hand = alive.runs()
        for run in suspects:
            if stopping.asked():
                break
            if run.id not in in_hand:
                total[end(client, run, dry_run=window.dry_run)] += 1
    total.pop("", None)
    return total


def begun(client: SyncPrefectClient, *, tag: str | None = None) -> list[FlowRun]:
    """Runs that have begun and not ended, those with a tag or all."""
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=BEGUN)),
        tags=FlowRunFilterTags(all_=[tag]) if tag else None,
    )
    found: list[FlowRun] = []
    while True:
        page = client.read_flow_runs(flow_run_filter=wanted, limit=RUNS_AT_ONCE, offset=len(found))
        found += page
        if len(page) < RUNS_AT_ONCE:
            return found


def is_suspect(run: FlowRun, now: datetime) -> bool:
    """Whether a run would be dead if no process had it in hand."""
    if run.state is None:
        return False
    if run.state.is_pending():
        return now - run.state.timestamp > PENDING_PATIENCE
    by_worker = (getattr(run, "labels", None) or {}).get(WORKER_LABEL) == alive.WORKER
    return by_worker or _by_intake(run.tags)


def end(client: SyncPrefectClient, run: FlowRun, *, dry_run: bool = False) -> str:
    """End one dead run, unless it moved on meanwhile; returns the word it is counted under, empty for none."""
    now_at = client.read_flow_run(run.id).state
    if now_at is None or run.state is None or now_at.id != run.state.id:
        return ""
    word, final = _verdict(now_at)
    if not dry_run:
        client.set_flow_run_state(run.id, final, force=True)
    return word


def _verdict(state: State[Any]) -> tuple[str, State[Any]]:
    if state.is_cancelling():
        return "dead_cancelling", Cancelled(message="cancelled; its process had ended")
    if state.is_pending():
        return "stuck_pending", Crashed(message="janitor: it waited for a process, and none has it")
    return "dead_running", Crashed(message="janitor: its process ended")


def _by_intake(tags: Iterable[str]) -> bool:
    return any(tag.startswith(INTAKE_TAG) for tag in tags)


def dead_of(client: SyncPrefectClient, tag: str, but: UUID | None = None) -> list[FlowRun]:
    """The unfinished runs with this tag that no process has in hand."""
    in_hand = alive.runs()
    return [run for run in begun(client, tag=tag) if run.id not in in_hand and run.id != but]
