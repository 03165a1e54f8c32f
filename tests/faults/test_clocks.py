"""Clocks that jump: nothing is lost, nothing leaves twice or before its time, and the tables say when it truly was."""

from tests.databases import Server
from tests.faults.clocks import step_about


def test_workers_whose_clocks_jump_by_hours_and_days_do_everything_once_and_in_time(server: Server) -> None:
    found = step_about(server, people=8, workers=2, steps=20, seed=2)
    assert (found.breaches, found.wanting) == ((), ())
