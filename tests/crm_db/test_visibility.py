"""Who sees and writes what inside an org and across orgs, asked of the database itself: by its policies, and by crm_find_ids."""

import pytest

from tests.databases import Database, Server
from tests.walls import world as worlds
from tests.walls.copies import copy_of
from tests.walls.probes import PROBES, Probe
from tests.walls.world import World


@pytest.fixture(scope="module")
def walled(server: Server):
    """A database with the world in it, for all that leave it as it is."""
    with copy_of(server) as database:
        yield database, worlds.build(database)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.__name__)
def test_the_walls_hold(walled: tuple[Database, World], probe: Probe) -> None:
    assert probe(*walled) == []
