"""Amounts as people write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.money import Unreadable, read_amount, read_currency


@pytest.mark.parametrize(
    ("written", "value", "currency"),
    [
        ("50,000", "50000.00", None),
        ("50.000", "50000.00", None),
        ("50.000,00 €", "50000.00", "EUR"),
        ("$1.5k", "1500.00", "USD"),
        ("US$ 2m", "2000000.00", "USD"),
        ("2 Mio. EUR", "2000000.00", "EUR"),
        ("CHF 1’500.50", "1500.50", "CHF"),
        ("1 000 000 kr", None, None),
        ("1 000 000", "1000000.00", None),
        ("1.234.567,89", "1234567.89", None),
        ("1,234,567.89", "1234567.89", None),
        ("1,00,000", "100000.00", None),
        ("1.500,- €", "1500.00", "EUR"),
        ("1,5", "1.50", None),
        ("0.500", "0.50", None),
        (".5", "0.50", None),
        ("0", "0.00", None),
        ("9" * 15, "9" * 15 + ".00", None),
        (12, "12.00", None),
        (12.345, "12.35", None),
        (Decimal("7"), "7.00", None),
    ],
)
def test_an_amount_is_read_with_its_currency(
    written: object, value: str | None, currency: str | None
) -> None:
    if value is None:
        with pytest.raises(Unreadable):
            read_amount(written)
    else:
        amount = read_amount(written)
        assert (str(amount.value), amount.currency) == (value, currency)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("-5", "negative"),
        ("$-5", "negative"),
        (-1, "negative"),
        ("9" * 16, "too large"),
        (10**15, "too large"),
        (10**400, "too large"),
        (1e300, "too large"),
        ("999999999999999k", "too large"),
        (float("nan"), "not a number"),
        (float("inf"), "not a number"),
        (Decimal("sNaN"), "not a number"),
        ("NaN", "not one amount"),
        ("1e400", "not one amount"),
        ("10k-50k", "not one amount"),
        ("12.34.56", "not one amount"),
        ("1" + " " * 70 + "2", "not one amount"),
        ("", "not one amount"),
        ("5 apples", "not an amount"),
        (True, "not an amount"),
        (None, "not an amount"),
    ],
)
def test_what_is_no_usable_amount_is_refused_in_words(written: object, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_amount(written)
    assert refused.value.words == words


@pytest.mark.parametrize(
    ("given_currency", "code"), [("eur", "EUR"), ("€", "EUR"), ("$", "USD"), ("XXX", None)]
)
def test_a_currency_is_a_code_or_a_symbol(given_currency: str, code: str | None) -> None:
    assert read_currency(given_currency) == code


@given(st.text(alphabet="0123456789.,' -+kKmM€$EUR", max_size=70) | st.text() | st.floats() | st.integers())
def test_an_amount_is_between_zero_and_the_limit_or_refused(written: object) -> None:
    try:
        amount = read_amount(written)
    except Unreadable:
        return
    assert 0 <= amount.value <= 10**15


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_both_ways_of_writing_thousands_mean_the_same(value: Decimal) -> None:
    english = f"{value:,.2f}"
    german = english.replace(",", " ").replace(".", ",").replace(" ", ".")
    assert read_amount(english).value == read_amount(german).value == value
