"""Flow runs inside this process: each belongs to its deployment and shows in the UI, at a twentieth of a worker run's cost.

A run is made from its deployment in state Pending, so that no worker takes it, and then run here.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import SetStateStatus
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Cancelled, Crashed, Pending

from deployments.lanes.watch import watched
from tasks import alive, janitor

LANE_TAG = janitor.INTAKE_TAG
INSTANCE_TAG = "instance:"


def no_heartbeats() -> AbstractContextManager[object]:
    """Runs of a second need no heartbeat thread; joining it would cost each of them up to a second."""
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


@dataclass(frozen=True)
class Runner:
    """Makes and runs flow runs for one process: `lane` such as capture, `instance` one start of it."""

    client: SyncPrefectClient
    lane: str
    instance: str

    @property
    def tags(self) -> list[str]:
        """How this process's runs are found again: by lane and by instance."""
        return [f"{LANE_TAG}{self.lane}", f"{INSTANCE_TAG}{self.instance}"]

    def run_now(self, flow: Flow[..., Any], deployment_id: UUID) -> str:
        """Run `flow` once, as a run of its deployment; why it was ended early: cancelled, paused, or nothing."""
        run = self.client.create_flow_run_from_deployment(deployment_id, state=Pending(), tags=self.tags)
        return self.run(flow, run, pausable=True)

    def run(self, flow: Flow[..., Any], run: FlowRun, *, pausable: bool) -> str:
        """Run a run that is ours, Pending. `pausable`: a pause of its deployment ends it, as it does not for people's."""
        with (
            alive.in_hand(self.lane, run.id),
            watched(run.id, run.deployment_id if pausable else None) as watch,
        ):
            state = run_flow(flow, flow_run=run, return_type="state")
            if isinstance(state, State) and not state.is_final():
                self._settle_cancelling(run.id)
        return watch.why

    def take(self, run: FlowRun) -> bool:
        """Claim a scheduled run; False when somebody else has it or the server refuses."""
        answer: OrchestrationResult[Any] = self.client.set_flow_run_state(run.id, Pending())
        if answer.status != SetStateStatus.ACCEPT:
            return False
        former = {tag for tag in run.tags if tag.startswith((LANE_TAG, INSTANCE_TAG))}
        self.client.update_flow_run(run.id, tags=sorted({*run.tags, *self.tags} - (former - set(self.tags))))
        return True

    def cancel(self, runs: Iterable[FlowRun], why: str) -> None:
        """Cancel scheduled runs."""
        for run in runs:
            self.client.set_flow_run_state(run.id, Cancelled(message=why), force=True)

    def crash(self, runs: Iterable[FlowRun], why: str) -> None:
        """End runs as crashed."""
        for run in runs:
            self.client.set_flow_run_state(run.id, Crashed(message=why), force=True)

    def crash_leftovers(self) -> int:
        """Mark the unfinished runs that former instances of this lane left as crashed; their work is found again by state."""
        leftovers = janitor.dead_of(self.client, f"{LANE_TAG}{self.lane}")
        self.crash(leftovers, "its process ended")
        return len(leftovers)

    def scheduled(self, pool: str, queue: str, *, before: datetime) -> list[FlowRun]:
        """Runs of a work queue that are due."""
        due = self.client.get_scheduled_flow_runs_for_work_pool(pool, [queue], scheduled_before=before)
        return [one.flow_run for one in due]

    def _settle_cancelling(self, run_id: UUID) -> None:
        """Cancelled by ops, and ended by itself: Prefect's engine leaves it Cancelling, for a worker that is not there."""
        state = self.client.read_flow_run(run_id).state
        if state is not None and state.is_cancelling():
            self.client.set_flow_run_state(
                run_id, Cancelled(message="cancelled; it ended after the work in hand")
            )
