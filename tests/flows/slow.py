"""A flow that works until it is asked to end, as long tasks do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

from prefect import flow

from tasks import stopping
from tasks.guard import crm_task
from tasks.tally import DryRun, Since, Until

MOST_SECONDS = 60.0


@dataclass
class Seen:
    """What the runs of this flow saw; `working` is set while one works."""

    working: Event = field(default_factory=Event)
    since: list[datetime | None] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)


seen = Seen()


@contextmanager
def watching() -> Iterator[Seen]:
    """A clean slate."""
    seen.working.clear()
    seen.since.clear()
    seen.asked.clear()
    yield seen


@crm_task("work-until-asked")
def work() -> bool:
    """Whether it was asked to end within its time."""
    seen.working.set()
    return stopping.wait(MOST_SECONDS)


@flow(name="slow")
def slow(since: Since = None, until: Until = None, dry_run: DryRun = False) -> dict[str, int]:
    """Work until asked to end; a dry run ends at once."""
    seen.since.append(since)
    if not dry_run:
        seen.asked.append(work())
    return {"worked": 1}
