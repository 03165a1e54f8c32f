"""Clocks that jump: nothing is lost, nothing leaves twice or before its time, and the tables say when it truly was."""

import pytest

from tests.databases import Server
from tests.faults.clocks import faketime, step_about


def test_workers_whose_clocks_jump_by_hours_and_days_do_everything_once_and_in_time(server: Server) -> None:
    found = step_about(server, people=8, workers=2, steps=20, seed=2)
    assert (found.breaches, found.wanting) == ((), ())


def test_a_worker_whose_whole_process_has_a_jumping_clock_does_too(server: Server) -> None:
    library = faketime()
    if library is None:
        pytest.skip("libfaketime is not installed")
    found = step_about(server, people=6, workers=1, steps=10, seed=3, faked=library)
    assert (found.breaches, found.wanting) == ((), ())
