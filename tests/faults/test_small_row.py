"""One small row on a whole stack: the delivery intake dies in the middle of a load and nothing is lost or sent twice."""

from dataclasses import replace

import pytest

from tests.faults.stack_kills import KILLINGS, run


@pytest.mark.timeout(900)
def test_a_killed_delivery_intake_loses_nothing_and_sends_nothing_twice() -> None:
    killing = next(one for one in KILLINGS if one.name == "kill-intake-delivery")
    found = run(replace(killing, leads=60, kills=1), seed=7, hurry=True)
    assert (found.breaches, found.wanting) == ((), ())
    assert (found.figures["posts"], found.figures["leads"], found.figures["in_hand"]) == (60, 60, 1)
