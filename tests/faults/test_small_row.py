"""One small row on a whole stack: the delivery intake dies in the middle of a load and nothing is lost or sent twice."""

import pytest

from tests.faults.rows import ROWS, run


@pytest.mark.timeout(900)
def test_a_killed_delivery_intake_loses_nothing_and_sends_nothing_twice() -> None:
    row = next(row for row in ROWS if row.name == "kill-intake-delivery")
    result = run(row, leads=60, kills=1, seed=7, cut_leases=True)
    assert result.breaches == []
    assert result.unsettled == {}
    assert (result.posts, result.leads, result.in_hand, result.unanswered) == (60, 60, 1, [])
