"""Reading prefect.yaml, the one list of what runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deployments.errors import DeploymentError
from deployments.lanes.setups import Setup, canonical

ROOT = Path(__file__).parent.parent.parent
REFUSED_STRATEGY = "CANCEL_NEW"


@dataclass(frozen=True)
class Entry:
    """One deployment: name (of the flow, too), the flow's place as package.module.function, and what ops may change."""

    name: str
    entrypoint: str
    setup: Setup


class BadEntry(DeploymentError):
    """prefect.yaml holds what must not be registered."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"prefect.yaml, {name}: {why}.")


def read_entries(path: Path = ROOT / "prefect.yaml") -> tuple[Entry, ...]:
    """All entries, in the order of the file; raises BadEntry."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(entry_of(item) for item in content["deployments"])


def entry_of(item: Mapping[str, Any]) -> Entry:
    """An entry as prefect.yaml writes it."""
    limit = item.get("concurrency_limit") or {}
    strategy = limit.get("collision_strategy", "ENQUEUE") if limit else None
    if strategy == REFUSED_STRATEGY:
        raise BadEntry(
            item["name"], "CANCEL_NEW would throw away runs while a dead one still holds its place"
        )
    setup = Setup(
        description=item["description"],
        tags=frozenset(item["tags"]),
        parameters=item.get("parameters", {}),
        paused=item.get("paused", False),
        concurrency_limit=limit.get("limit"),
        collision_strategy=strategy,
        work_pool=item["work_pool"]["name"],
        work_queue=item["work_pool"]["work_queue_name"],
        schedules={schedule["slug"]: _schedule(schedule) for schedule in item.get("schedules", ())},
    )
    return Entry(item["name"], item["entrypoint"], setup)


def _schedule(item: Mapping[str, Any]) -> dict[str, Any]:
    own = {"slug", "active", "parameters"}
    return {
        "schedule": canonical({key: value for key, value in item.items() if key not in own}),
        "active": item.get("active", True),
        "parameters": item.get("parameters", {}),
    }
