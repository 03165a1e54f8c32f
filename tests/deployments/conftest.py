"""Folders for clusters: an unprivileged account must be able to pass them when the tests run as root."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments.embedded.postgres import Cluster, throwaway_cluster

PASSWORD = "a password with / and @"

MakeCluster = Callable[[], Cluster]


@pytest.fixture
def place() -> Iterator[Path]:
    """A short folder that every account may pass and only we may list."""
    folder = Path(tempfile.mkdtemp(prefix="crm-t-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_cluster(place: Path) -> Iterator[MakeCluster]:
    """Clusters of one CRM_HOME, as one start after the other sees it; stopped at the end."""
    made: list[Cluster] = []

    def make() -> Cluster:
        made.append(Cluster(place / "home", PASSWORD, data_dir=place / "pg", fast=True))
        return made[-1]

    yield make
    for cluster in made:
        cluster.stop("immediate")


@pytest.fixture(scope="session")
def running_cluster() -> Iterator[Cluster]:
    """One running cluster that tests only look at."""
    with throwaway_cluster() as cluster:
        yield cluster
