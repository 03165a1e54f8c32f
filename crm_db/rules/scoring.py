"""The base score of a lead, with its reasons.

The lead's probability; +10 when the value is above 50,000, else +5 when it is above 25,000; +5 when the last
contact is less than 7 days ago. Comparisons are strict, what is unknown counts 0. The raw score can be 115
(the SQL function `calculate_lead_score` gives the same); the score shown is clamped to 0..100.

An org may weigh the bonuses otherwise. That changes the score shown, never what the SQL function gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class LeadFacts:
    """What the base score looks at: probability in per cent, deal value, time of the last contact."""

    probability: int | None
    value: Decimal | None
    last_contact: datetime | None


@dataclass(frozen=True)
class Bands:
    """The lowest score of each band; what is below `warm` is cold."""

    hot: int = 75
    warm: int = 40


@dataclass(frozen=True)
class Weights:
    """The points of each bonus, and from where on it is given: a value above, a last contact within so many days."""

    high_value: int = 10
    good_value: int = 5
    recent_contact: int = 5
    high_value_above: Decimal = Decimal(50_000)
    good_value_above: Decimal = Decimal(25_000)
    recent_days: int = 7

    @property
    def recent(self) -> timedelta:
        """How long a contact stays recent."""
        return timedelta(days=self.recent_days)


@dataclass(frozen=True)
class Reason:
    """One part of a score: `code` for machines, `points` it adds, `words` for the rep."""

    code: str
    points: int
    words: str


@dataclass(frozen=True)
class LeadScore:
    """A score and its reasons; the points of the reasons add up to `raw`, `score` is `raw` within 0..100."""

    raw: int
    score: int
    band: str
    reasons: tuple[Reason, ...]


DEFAULT_BANDS = Bands()
DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True)
class Scale:
    """How an org scores its leads."""

    bands: Bands = DEFAULT_BANDS
    weights: Weights = DEFAULT_WEIGHTS


def scale_from(decided: Mapping[str, Mapping[str, Any]]) -> Scale:
    """The scale that an org's settings describe; what they leave out is as it is given."""
    weights: dict[str, Any] = {
        name: Decimal(str(value)) if name.endswith("_above") else value
        for name, value in decided["scoring_weights"].items()
    }
    return Scale(Bands(**decided["score_bands"]), Weights(**weights))


def score_lead(
    facts: LeadFacts, now: datetime, bands: Bands = DEFAULT_BANDS, weights: Weights = DEFAULT_WEIGHTS
) -> LeadScore:
    """The base score of a lead at `now`."""
    parts = (_probability(facts), _value(facts, weights), _recent_contact(facts, now, weights))
    reasons = tuple(reason for reason in parts if reason is not None)
    raw = sum(reason.points for reason in reasons)
    score = min(100, max(0, raw))
    return LeadScore(raw, score, band_of(score, bands), reasons)


def band_of(score: int, bands: Bands = DEFAULT_BANDS) -> str:
    """ "hot", "warm" or "cold"."""
    if score >= bands.hot:
        return "hot"
    return "warm" if score >= bands.warm else "cold"


def rescore_at(facts: LeadFacts, now: datetime, weights: Weights = DEFAULT_WEIGHTS) -> datetime | None:
    """When the score changes by itself as the last contact stops being recent, else None."""
    if _recent_contact(facts, now, weights) is None or facts.last_contact is None:
        return None
    return facts.last_contact + weights.recent


def _probability(facts: LeadFacts) -> Reason:
    if facts.probability is None:
        return Reason("probability", 0, "Probability not known: +0")
    return Reason(
        "probability", facts.probability, f"Probability {facts.probability}%: {facts.probability:+d}"
    )


def _value(facts: LeadFacts, weights: Weights) -> Reason | None:
    value = facts.value or Decimal(0)
    if value > weights.high_value_above:
        return _bonus("high_value", weights.high_value, f"Deal value above {weights.high_value_above:,}")
    if value > weights.good_value_above:
        return _bonus("good_value", weights.good_value, f"Deal value above {weights.good_value_above:,}")
    return None


def _recent_contact(facts: LeadFacts, now: datetime, weights: Weights) -> Reason | None:
    if facts.last_contact is None or facts.last_contact <= now - weights.recent:
        return None
    days = "1 day" if weights.recent_days == 1 else f"{weights.recent_days} days"
    return _bonus("recent_contact", weights.recent_contact, f"Last contact within {days}")


def _bonus(code: str, points: int, words: str) -> Reason | None:
    """A bonus that an org weighs with nothing is none."""
    return Reason(code, points, f"{words}: {points:+d}") if points else None
