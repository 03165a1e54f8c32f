"""How long a failed send waits."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.backoff import MAX_AGE, next_try

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
JITTER = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(0, 15), (1, 30), (2, 60), (6, 960), (7, 1800), (8, 1800), (10_000, 1800)],
)
def test_the_wait_doubles_up_to_an_hour(attempt: int, seconds: int) -> None:
    assert next_try(attempt, now=NOW, jitter=0.5) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (timedelta(seconds=5), timedelta(seconds=15)),
        (timedelta(seconds=90), timedelta(seconds=90)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(seconds=-9), timedelta(seconds=15)),
        (timedelta.max, MAX_AGE),
    ],
)
def test_what_the_provider_asks_for_is_the_least_wait(asked: timedelta, waited: timedelta) -> None:
    assert next_try(0, now=NOW, jitter=0.5, retry_after=asked) == NOW + waited


@given(st.integers(0, 10_000), JITTER)
def test_the_wait_is_bounded(attempt: int, jitter: float) -> None:
    assert NOW <= next_try(attempt, now=NOW, jitter=jitter) <= NOW + HOUR


@given(st.integers(0, 10_000), JITTER)
def test_the_wait_never_shrinks_with_more_attempts(attempt: int, jitter: float) -> None:
    assert next_try(attempt, now=NOW, jitter=jitter) <= next_try(attempt + 1, now=NOW, jitter=jitter)


@given(st.integers(0, 10_000))
def test_jitter_spreads_the_herd_over_the_whole_wait(attempt: int) -> None:
    early, late = (next_try(attempt, now=NOW, jitter=jitter) for jitter in (0.0, 0.99))
    assert early == NOW
    assert late - early >= timedelta(seconds=29)


@pytest.mark.parametrize(("attempt", "jitter"), [(-1, 0.5), (0, 1.0), (0, -0.1), (0, float("nan"))])
def test_nonsense_is_refused(attempt: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        next_try(attempt, now=NOW, jitter=jitter)
