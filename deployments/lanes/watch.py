"""Obeying ops while a run lasts: a run that they cancelled, or whose deployment they paused, is asked to end.

Looked at from a thread of its own, because the run has the process's hands full. Prefect being away ends no run.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import PrefectException

from deployments.lanes import setups
from tasks import stopping

LOOK_SECONDS = 1.5
GOES_ON = {StateType.PENDING, StateType.RUNNING}

log = logging.getLogger("crm.watch")


@dataclass
class Watched:
    """One watched run; `end` stops its tasks at their next batch, `why` is cancelled or paused, once it is one."""

    end: threading.Event
    why: str = ""
    over: threading.Event = field(default_factory=threading.Event)


def is_off(deployment: DeploymentResponse) -> bool:
    """Whether ops paused it, as a whole or by switching off every schedule it has."""
    return deployment.paused or setups.is_off(one.active for one in deployment.schedules)


@contextmanager
def watched(run_id: UUID, deployment_id: UUID | None) -> Iterator[Watched]:
    """Let ops end what runs inside. `deployment_id`: given where a pause shall end it too, not for runs that people started."""
    with stopping.one_run() as end:
        state = Watched(end)
        look = partial(copy_context().run, _watch, state, run_id, deployment_id)
        threading.Thread(target=look, daemon=True, name=f"watch-{run_id}").start()
        try:
            yield state
        finally:
            state.over.set()


def _watch(state: Watched, run_id: UUID, deployment_id: UUID | None) -> None:
    if state.over.wait(LOOK_SECONDS):
        return  # most runs are over before it is worth making a client
    with get_client(sync_client=True) as client:
        while not state.over.is_set() and not state.why:
            state.why = _asked(lambda: _reason(client, run_id, deployment_id))
            if state.why:
                log.info("run %s is to end: %s", run_id, state.why)
                state.end.set()
            state.over.wait(LOOK_SECONDS)


def _reason(client: SyncPrefectClient, run_id: UUID, deployment_id: UUID | None) -> str:
    if client.read_flow_run(run_id).state_type not in GOES_ON:
        return "cancelled"
    if deployment_id is not None and is_off(client.read_deployment(deployment_id)):
        return "paused"
    return ""


def _asked(question: Callable[[], str]) -> str:
    try:
        return question()
    except (httpx.HTTPError, PrefectException):
        return ""
