"""One spelling for what people change by hand."""

from datetime import UTC, datetime

import pytest

from crm_db.rules.editing import Spelling, spelling
from crm_db.rules.normalise import Unusable

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def spelt(given: dict[str, str | None], *, region: str | None = "GB", country: str | None = None) -> Spelling:
    return spelling(given, region=region, country=country, now=NOW)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"email": "Ada@B.Example"}, {"email": "ada@b.example"}),
        ({"phone": "020 7946 0958"}, {"phone": "+442079460958"}),
        ({"phone": "030 123456", "country": "de"}, {"phone": "+4930123456", "country": "DE"}),
        ({"first_name": "  ada "}, {"first_name": "Ada"}),
        ({"email": " ", "phone": None}, {"email": None, "phone": None}),
        ({"company": " not spelt "}, {}),
        ({}, {}),
    ],
)
def test_what_is_given_is_kept_in_one_spelling(given, kept):
    assert spelt(given).values == kept


def test_a_number_is_read_in_the_country_of_its_owner():
    assert spelt({"phone": "030 123456"}, region="US", country="DE").values == {"phone": "+4930123456"}


def test_an_extension_is_told_apart():
    assert spelt({"phone": "+44 20 7946 0958 ext. 12"}) == Spelling({"phone": "+442079460958"}, "12")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"email": "pigeon"}, "not an address"), ({"phone": "pigeon"}, "not a valid number"),
        ({"country": "Narnia"}, "not a country"), ({"currency": "shells"}, "not a currency"),
        ({"timezone": "Mars"}, "not a time zone"), ({"language": "Elvish!"}, "not a language code"),
        ({"last_name": "x" * 201}, "too long"), ({"first_name": "https://x"}, "holds a link"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_its_field(given, words):
    with pytest.raises(Unusable) as refusal:
        spelt(given)
    assert (refusal.value.field, refusal.value.words) == (*given, words)


def test_a_country_that_was_kept_otherwise_is_not_the_fault_of_what_is_given():
    assert spelt({"phone": "020 7946 0958"}, country="Utopia").values == {"phone": "+442079460958"}
