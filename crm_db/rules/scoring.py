"""The base score of a lead, with its reasons.

The lead's probability; +10 when the value is above 50,000, else +5 when it is above 25,000; +5 when the last
contact is less than 7 days ago. Comparisons are strict, what is unknown counts 0. The raw score can be 115
(the SQL function `calculate_lead_score` gives the same); the score shown is clamped to 0..100.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

HIGH_VALUE = Decimal(50_000)
GOOD_VALUE = Decimal(25_000)
RECENT = timedelta(days=7)


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


def score_lead(facts: LeadFacts, now: datetime, bands: Bands = DEFAULT_BANDS) -> LeadScore:
    """The base score of a lead at `now`."""
    parts = (_probability(facts), _value(facts), _recent_contact(facts, now))
    reasons = tuple(reason for reason in parts if reason is not None)
    raw = sum(reason.points for reason in reasons)
    score = min(100, max(0, raw))
    return LeadScore(raw, score, band_of(score, bands), reasons)


def band_of(score: int, bands: Bands = DEFAULT_BANDS) -> str:
    """ "hot", "warm" or "cold"."""
    if score >= bands.hot:
        return "hot"
    return "warm" if score >= bands.warm else "cold"


def rescore_at(facts: LeadFacts, now: datetime) -> datetime | None:
    """When the score changes by itself as the last contact stops being recent, else None."""
    if _recent_contact(facts, now) is None or facts.last_contact is None:
        return None
    return facts.last_contact + RECENT


def _probability(facts: LeadFacts) -> Reason:
    if facts.probability is None:
        return Reason("probability", 0, "Probability not known: +0")
    return Reason(
        "probability", facts.probability, f"Probability {facts.probability}%: {facts.probability:+d}"
    )


def _value(facts: LeadFacts) -> Reason | None:
    value = facts.value or Decimal(0)
    if value > HIGH_VALUE:
        return Reason("high_value", 10, f"Deal value above {HIGH_VALUE:,}: +10")
    if value > GOOD_VALUE:
        return Reason("good_value", 5, f"Deal value above {GOOD_VALUE:,}: +5")
    return None


def _recent_contact(facts: LeadFacts, now: datetime) -> Reason | None:
    if facts.last_contact is not None and facts.last_contact > now - RECENT:
        return Reason("recent_contact", 5, "Last contact within 7 days: +5")
    return None
