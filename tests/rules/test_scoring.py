"""The base score, one row a boundary."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db import seed
from crm_db.rules.scoring import Bands, LeadFacts, Scale, Weights, rescore_at, scale_from, score_lead

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("probability", "value", "last_contact", "raw", "score", "band"),
    [
        (None, None, None, 0, 0, "cold"),
        (60, None, None, 60, 60, "warm"),
        (60, "25000", None, 60, 60, "warm"),
        (60, "25000.01", None, 65, 65, "warm"),
        (60, "50000", None, 65, 65, "warm"),
        (60, "50000.01", None, 70, 70, "warm"),
        (60, "50001", NOW - WEEK, 70, 70, "warm"),
        (60, "50001", NOW - WEEK + TICK, 75, 75, "hot"),
        (60, None, NOW + WEEK, 65, 65, "warm"),
        (100, "50001", NOW, 115, 100, "hot"),
        (-20, None, None, -20, 0, "cold"),
        (74, None, None, 74, 74, "warm"),
        (75, None, None, 75, 75, "hot"),
        (40, None, None, 40, 40, "warm"),
        (39, None, None, 39, 39, "cold"),
    ],
)
def test_the_base_score_is_the_sum_of_its_parts(
    probability: int | None, value: str | None, last_contact: datetime | None, raw: int, score: int, band: str
) -> None:
    facts = LeadFacts(probability, Decimal(value) if value else None, last_contact)
    scored = score_lead(facts, NOW)
    assert (scored.raw, scored.score, scored.band) == (raw, score, band)
    assert sum(reason.points for reason in scored.reasons) == raw


def test_the_reasons_are_plain_english() -> None:
    scored = score_lead(LeadFacts(60, Decimal(60_000), NOW), NOW)
    assert [(reason.code, reason.words) for reason in scored.reasons] == [
        ("probability", "Probability 60%: +60"),
        ("high_value", "Deal value above 50,000: +10"),
        ("recent_contact", "Last contact within 7 days: +5"),
    ]


def test_the_bands_can_be_chosen() -> None:
    assert score_lead(LeadFacts(60, None, None), NOW, Bands(hot=60, warm=50)).band == "hot"
    assert score_lead(LeadFacts(55, None, None), NOW, Bands(hot=60, warm=50)).band == "warm"
    assert score_lead(LeadFacts(49, None, None), NOW, Bands(hot=60, warm=50)).band == "cold"


@pytest.mark.parametrize(
    ("last_contact", "expected"),
    [(None, None), (NOW, NOW + WEEK), (NOW - WEEK, None), (NOW - WEEK + TICK, NOW + TICK)],
)
def test_a_score_is_to_be_renewed_when_the_last_contact_stops_being_recent(
    last_contact: datetime | None, expected: datetime | None
) -> None:
    assert rescore_at(LeadFacts(60, None, last_contact), NOW) == expected


@given(st.timedeltas(min_value=timedelta(0), max_value=2 * WEEK))
def test_the_score_changes_exactly_at_the_moment_foretold(ago: timedelta) -> None:
    facts = LeadFacts(60, None, NOW - ago)
    moment = rescore_at(facts, NOW)
    if moment is None:
        assert score_lead(facts, NOW) == score_lead(facts, NOW + WEEK)
    else:
        assert score_lead(facts, moment - TICK) == score_lead(facts, NOW)
        assert score_lead(facts, moment).raw == 60


@pytest.mark.parametrize(
    ("value", "days_ago", "raw"),
    [
        ("100", 1, 60),
        ("100.01", 1, 57),
        ("900.01", 1, 70),
        (None, 0.9, 60),
        (None, 2, 60),
        ("900.01", 40, 70),
    ],
)
def test_the_bonuses_can_be_weighed(value: str | None, days_ago: float, raw: int) -> None:
    weights = Weights(10, -3, 0, high_value_above=Decimal(900), good_value_above=Decimal(100))
    facts = LeadFacts(60, Decimal(value) if value else None, NOW - timedelta(days=days_ago))
    scored = score_lead(facts, NOW, weights=weights)
    assert scored.raw == sum(reason.points for reason in scored.reasons) == raw
    assert rescore_at(facts, NOW, weights) is None


def test_an_org_says_how_long_a_contact_is_recent() -> None:
    facts, weights = LeadFacts(60, None, NOW - TICK), Weights(recent_contact=9, recent_days=1)
    assert score_lead(facts, NOW, weights=weights).reasons[1].words == "Last contact within 1 day: +9"
    assert rescore_at(facts, NOW, weights) == NOW - TICK + timedelta(days=1)


def test_settings_that_leave_something_out_leave_it_as_it_is_given() -> None:
    scale = scale_from({"score_bands": {"hot": 90}, "scoring_weights": {"good_value_above": 0.5}})
    assert scale == Scale(Bands(hot=90), Weights(good_value_above=Decimal("0.5")))
    assert scale_from({"score_bands": {}, "scoring_weights": seed.SETTINGS["scoring_weights"]}) == Scale()
