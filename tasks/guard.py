"""The `@crm_task` decorator: a Prefect task whose failures show no personal data.

A driver's error repeats the values at fault, and Prefect keeps the text of an exception in a run's state, for
everyone who may see the UI. So an unexpected failure leaves here as `TaskFailed` with its kind and place; our own
errors carry ids only and pass.
"""

import functools
import traceback
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task

from crm_db.errors import CrmError

P = ParamSpec("P")
R = TypeVar("R")


class TaskFailed(CrmError):
    """A task ended by something unforeseen; `place` is where, as file:line in function."""

    code = "task_failed"

    def __init__(self, kind: str, place: str) -> None:
        super().__init__(f"{kind} at {place}")
        self.kind, self.place = kind, place


def crm_task(name: str) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Make a function a Prefect task named `name`, without retries: what failed is found again by state."""

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except CrmError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, its text must not reach Prefect
                raise TaskFailed(type(error).__name__, _place(error)) from None

        return task(name=name, task_run_name=name, persist_result=False)(guarded)

    return decorate


def _place(error: BaseException) -> str:
    """The innermost frame of ours, else of anybody: file, line and function, which hold no data."""
    frames: list[Any] = traceback.extract_tb(error.__traceback__)
    ours = [
        frame
        for frame in frames
        if any(f"/{room}/" in frame.filename for room in ("crm_db", "tasks", "integrations"))
    ]
    frame = (ours or frames)[-1]
    return f"{'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno} in {frame.name}"
