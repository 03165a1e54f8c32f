"""Which tests go to which worker of `make test`, and when.

A worker gets a module at a time. What shares a running stack or a Prefect server is one piece of work: each costs half
a minute to start and uses the processor as long as it stands. The slow go first, so that no worker is left with one at the end.
"""

import gc
from collections.abc import Mapping
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

TESTS = Path(__file__).parent
SLOW_FIRST = ("e2e", "browser", "faults", "deployments", "flows", "crm_db", "api")
"""Folders whose tests start processes, then those with a database; what is not named is quick."""
TOGETHER: Mapping[str, str] = {
    "tests/e2e": "a stack",
    "tests/flows": "a Prefect server",
    "tests/api/test_flows.py": "a Prefect server",
}
"""What modules share, by the beginning of their path."""


class Pieces(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Modules, and those together that share something."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (what for path, what in TOGETHER.items() if nodeid.startswith(path))
        return next(shared, nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Pieces:
    """Called where tests are given out."""
    config.option.loadscopereorder = False  # else pieces of many tests go first, however quick these are
    return Pieces(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Called in each worker, which all have to come to the same order."""
    if hasattr(config, "workerinput"):
        items.sort(key=_how_quick)


def _how_quick(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return SLOW_FIRST.index(folder) if folder in SLOW_FIRST else len(SLOW_FIRST)


def pytest_collection_finish() -> None:
    """What was imported by now stays: the collector of garbage need not go through it again and again."""
    gc.collect()
    gc.freeze()
