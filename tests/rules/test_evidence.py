"""What follows from a look at a carrier's log, one row a boundary."""

from datetime import timedelta

import pytest

from crm_db.rules.evidence import LOOKS, NOT_FOUND, SOONEST, not_told, nothing_found
from crm_db.rules.outcomes import Ambiguous, NotSent

SETTLE = timedelta(minutes=15)
NO_LAG = timedelta(0)


@pytest.mark.parametrize(
    ("before", "settle", "outcome"),
    [
        (0, SETTLE, Ambiguous("cut", look_after=2 * SETTLE, looks=1)),
        (1, SETTLE, Ambiguous("cut", look_after=4 * SETTLE, looks=2)),
        (2, SETTLE, NotSent(NOT_FOUND)),
        (3, SETTLE, NotSent(NOT_FOUND)),
        (0, NO_LAG, NotSent(NOT_FOUND)),
    ],
)
def test_three_looks_with_growing_waits_prove_that_nothing_was_sent(
    before: int, settle: timedelta, outcome: Ambiguous | NotSent
) -> None:
    assert nothing_found("cut", before=before, settle=settle) == outcome


@pytest.mark.parametrize(
    ("settle", "asked", "wait"),
    [
        (SETTLE, NO_LAG, SETTLE),
        (SETTLE, 2 * SETTLE, 2 * SETTLE),
        (NO_LAG, NO_LAG, SOONEST),
        (timedelta(seconds=1), timedelta(seconds=30), SOONEST),
    ],
)
def test_a_look_without_an_answer_does_not_count_and_comes_again(
    settle: timedelta, asked: timedelta, wait: timedelta
) -> None:
    for before in range(LOOKS):
        outcome = not_told("cut", before=before, settle=settle, asked_to_wait=asked)
        assert outcome == Ambiguous("cut", look_after=wait, looks=before)
