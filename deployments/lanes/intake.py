"""An intake: a process that turns waiting rows into flow runs inside itself, in micro-batches.

`python -m deployments.lanes.intake capture` watches the inbox and leads that wait to be prepared; `… delivery` watches
due messages and runs the frequent sweeps. Both find work by state, so what one run missed the next makes good.
While Prefect is away, work waits.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import UUID, uuid4

import httpx
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectException
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from crm_db import clock
from crm_db.queries import backlog
from deployments.lanes import pace, sweeps
from deployments.lanes.in_process import Runner, no_heartbeats
from deployments.lanes.pace import Pace
from deployments.lanes.watch import is_off
from flows.lead_capture import lead_capture
from flows.message_delivery import message_delivery
from tasks import linger, senders, stopping
from tasks.work import unit_of_work

POLL_SECONDS = 0.25
STAY_SECONDS = 1.0
LOOK_AT_DEPLOYMENT_SECONDS = 5.0
MOST_BACK_OFF_SECONDS = 5.0
OUTAGES = (httpx.HTTPError, PrefectException, SQLAlchemyError, OSError)

log = logging.getLogger("crm.intake")


@dataclass(frozen=True)
class Lane:
    """What one intake does: the flow it runs, and whether there is work for it."""

    name: str
    flow: Flow[..., Any]
    waiting: Callable[[Session], bool]
    spacing: float
    runs_sweeps: bool


LANES = {
    "capture": Lane("capture", lead_capture, backlog.capture_waits, pace.CAPTURE_SPACING, runs_sweeps=False),
    "delivery": Lane(
        "delivery", message_delivery, backlog.delivery_waits, pace.DELIVERY_SPACING, runs_sweeps=True
    ),
}


def main(lane_name: str) -> None:
    """Run the lane until SIGTERM; in-flight work is finished first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if not os.environ.get("PREFECT_API_URL"):
        sys.exit("an intake needs PREFECT_API_URL; `crm up` sets it")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    senders.check()
    linger.stay(STAY_SECONDS)
    lane, instance = LANES[lane_name], uuid4().hex[:12]
    threads = [_thread(lane.name, lambda: _keep_running(lane, instance))]
    if lane.runs_sweeps:
        threads.append(_thread("sweeps", lambda: sweeps.run_until_stopped(instance)))
    # Not in the main thread: there Prefect's engine replaces our SIGTERM handler by one that kills the run in hand.
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.info("stopped")


def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread whose end, foreseen or not, is the end of the process: the supervisor then starts it anew."""

    def until_the_end() -> None:
        try:
            work()
        finally:
            stopping.ask()

    return threading.Thread(target=until_the_end, name=name)


def _keep_running(lane: Lane, instance: str) -> None:
    """Serve the lane, and start over after an outage of Prefect or the database, a little later each time."""
    back_off = 0.5
    while not stopping.asked():
        served = time.monotonic()
        try:
            with no_heartbeats(), get_client(sync_client=True) as client:
                _serve(lane, client, instance)
        except ObjectNotFound:
            log.info("waiting for the flows to be registered")
            stopping.wait(1.0)
        except OUTAGES as outage:
            back_off = 0.5 if time.monotonic() - served > 30 else min(back_off * 2, MOST_BACK_OFF_SECONDS)
            log.warning("%s is away, trying again in %.1f s", type(outage).__name__, back_off)
            _beat(lane, prefect=False)
            stopping.wait(back_off)


def _serve(lane: Lane, client: SyncPrefectClient, instance: str) -> None:
    runner = Runner(client, lane.name, instance)
    deployment_id, paused = _deployment(client, lane)
    runner.crash_leftovers()
    looked = time.monotonic()
    rhythm = Pace(lane.spacing)
    _beat(lane, prefect=True)
    log.info("serving lane %s", lane.name)
    while not stopping.asked():
        now = time.monotonic()
        if now - looked > LOOK_AT_DEPLOYMENT_SECONDS:
            deployment_id, paused = _deployment(client, lane)
            _beat(lane, prefect=True)
            looked = now
        if not paused and rhythm.may_start(now) and _work_waits(lane):
            rhythm.started(now)
            if runner.run_now(lane.flow, deployment_id):
                looked = float("-inf")  # ops ended it: see at once whether they paused its deployment
        else:
            stopping.wait(POLL_SECONDS)


def _deployment(client: SyncPrefectClient, lane: Lane) -> tuple[UUID, bool]:
    """The lane's deployment: its id, and whether ops paused it."""
    found = client.read_deployment_by_name(f"{lane.flow.name}/{lane.flow.name}")
    return found.id, is_off(found)


def _work_waits(lane: Lane) -> bool:
    with unit_of_work() as session:
        return lane.waiting(session)


def _beat(lane: Lane, *, prefect: bool) -> None:
    """Leave a sign of life for `crm status`, whole at every moment."""
    path = Path(os.environ.get("CRM_HOME", ".crm")) / "run" / f"intake-{lane.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    beat = {
        "pid": os.getpid(),
        "at": clock.utc_now().isoformat(),
        "instance": os.environ.get("CRM_INSTANCE", ""),
        "prefect": prefect,
    }
    draft.write_text(json.dumps(beat), encoding="utf-8")
    draft.replace(path)


def _stop(_number: int, _frame: FrameType | None) -> None:
    stopping.ask()


if __name__ == "__main__":
    main(sys.argv[1])
