"""A source's rate: a minute's worth at once, then as fast as it comes back."""

from uuid import UUID

import pytest

from api.limits import MOST_BUCKETS, RateLimits

A, B = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("then", "count", "wait"),
    [
        (0.0, 1, 1),
        (0.99, 1, 1),
        (1.0, 1, 0),
        (1.0, 2, 1),
        (30.0, 30, 0),
        (30.0, 31, 1),
        (3600.0, 60, 0),
        (3600.0, 61, 0),
    ],
)
def test_an_empty_bucket_fills_with_time_up_to_a_minutes_worth(then: float, count: int, wait: int) -> None:
    limits = RateLimits()
    assert limits.take(A, 60, per_minute=60, now=0.0) == 0
    assert limits.take(A, count, per_minute=60, now=then) == wait


def test_a_refused_take_takes_nothing() -> None:
    limits = RateLimits()
    assert limits.take(A, 50, per_minute=60, now=0.0) == 0
    assert limits.take(A, 20, per_minute=60, now=0.0) == 10
    assert limits.take(A, 10, per_minute=60, now=0.0) == 0


def test_sources_have_buckets_of_their_own() -> None:
    limits = RateLimits()
    assert limits.take(A, 60, per_minute=60, now=0.0) == 0
    assert limits.take(B, 60, per_minute=60, now=0.0) == 0


def test_of_too_many_buckets_the_least_recently_used_is_forgotten() -> None:
    limits = RateLimits()
    for number in range(MOST_BUCKETS + 1):
        assert limits.take(UUID(int=number), 1, per_minute=1, now=0.0) == 0
    assert limits.take(UUID(int=MOST_BUCKETS), 1, per_minute=1, now=0.0) == 60
    assert limits.take(UUID(int=0), 1, per_minute=1, now=0.0) == 0
