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
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Cancelled, Crashed, Pending

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
        return [f"intake:{self.lane}", f"{INSTANCE_TAG}{self.instance}"]

    def run_now(self, flow: Flow[..., Any], deployment_id: UUID) -> None:
        """Run `flow` once, as a run of its deployment."""
        run = self.client.create_flow_run_from_deployment(deployment_id, state=Pending(), tags=self.tags)
        run_flow(flow, flow_run=run, return_type="state")

    def take(self, run: FlowRun) -> bool:
        """Claim a scheduled run; False when somebody else has it or the server refuses."""
        answer: OrchestrationResult[Any] = self.client.set_flow_run_state(run.id, Pending())
        if answer.status != SetStateStatus.ACCEPT:
            return False
        self.client.update_flow_run(run.id, tags=sorted({*run.tags, *self.tags}))
        return True

    def supersede(self, runs: Iterable[FlowRun]) -> None:
        """Cancel scheduled runs that a later one makes needless, as after an outage."""
        for run in runs:
            self.client.set_flow_run_state(run.id, Cancelled(message="superseded by a later run"), force=True)

    def crash_leftovers(self) -> int:
        """Mark the unfinished runs of former instances of this lane as crashed; their work is found again by state."""
        unfinished = self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=[f"intake:{self.lane}"]),
                state=FlowRunFilterState(
                    type=FlowRunFilterStateType(
                        any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
                    )
                ),
            )
        )
        leftovers = [run for run in unfinished if f"{INSTANCE_TAG}{self.instance}" not in run.tags]
        for run in leftovers:
            self.client.set_flow_run_state(run.id, Crashed(message="its process ended"), force=True)
        return len(leftovers)

    def scheduled(self, pool: str, queue: str, *, before: datetime) -> list[FlowRun]:
        """Runs of a work queue that are due."""
        due = self.client.get_scheduled_flow_runs_for_work_pool(pool, [queue], scheduled_before=before)
        return [one.flow_run for one in due]
