"""No room in the database: capture says so, loses nothing that it accepted, and goes on without a restart."""

import pytest

from tests.databases import Server
from tests.faults.exhaustion import Unmounted, connections_exhausted, disk_full


def test_a_full_disk_is_answered_with_503_and_forgotten_when_there_is_room(server: Server) -> None:
    try:
        found = disk_full(server, posts=10)
    except Unmounted as reason:
        pytest.skip(str(reason))
    assert (found.breaches, found.wanting) == ((), ())


def test_when_all_connections_are_taken_the_answer_is_503_until_some_are_free(server: Server) -> None:
    found = connections_exhausted(server, posts=10)
    assert (found.breaches, found.wanting) == ((), ())
