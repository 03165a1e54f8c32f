"""Which flow runs a living process of this machine has in hand.

A run inside an intake is named in a file of its lane, CRM_HOME/run/runs-LANE.json, for as long as it lasts; a run of the
worker is a process that carries the run's id in its environment. What neither has, nobody works on.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psutil

RUN_ID = "PREFECT__FLOW_RUN_ID"
WORKER = "crm-worker"
"""The name of this machine's worker, which Prefect notes on the runs that it takes."""
SAME_START_SECONDS = 2.0


@contextmanager
def in_hand(lane: str, run_id: UUID) -> Iterator[None]:
    """Say, while the block lasts, that this process has this run in hand. One run of a lane at a time."""
    path = _folder() / f"runs-{lane}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    me = {"pid": os.getpid(), "began": psutil.Process().create_time(), "runs": [str(run_id)]}
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(me), encoding="utf-8")
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def runs() -> set[UUID]:
    """The runs that living processes have in hand."""
    return {*_in_intakes(), *_in_processes()}


def _in_intakes() -> Iterator[UUID]:
    for path in _folder().glob("runs-*.json"):
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            if _lives(said["pid"], said["began"]):
                yield from map(UUID, said["runs"])
        except (OSError, ValueError, KeyError, TypeError):
            continue


def _in_processes() -> Iterator[UUID]:
    for process in psutil.process_iter():
        try:
            run_id = process.environ().get(RUN_ID)
        except (psutil.Error, OSError):
            continue
        if run_id:
            yield UUID(run_id)


def _lives(pid: int, began: float) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - began) < SAME_START_SECONDS
    except psutil.Error:
        return False


def _folder() -> Path:
    return Path(os.environ.get("CRM_HOME", ".crm")) / "run"
