"""Amounts of money as people and systems write them."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from crm_db.rules.text import word_set

MAX_INTEGER_DIGITS = 15
_MAX_CHARS = 60
_CENT = Decimal("0.01")

_SYMBOLS = {
    "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD",
    "HK$": "HKD", "S$": "SGD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP",
    "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS",
    "₴": "UAH", "₫": "VND", "฿": "THB", "ZŁ": "PLN", "KČ": "CZK", "FR.": "CHF",
}  # fmt: skip
CURRENCIES = word_set(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF
    XPF YER ZAR ZMW ZWG
    """
)
_MULTIPLES = {"": 1, "K": 10**3, "M": 10**6, "MIO": 10**6, "MN": 10**6, "BN": 10**9, "B": 10**9}
_AMOUNT = re.compile(r"([^\d\-+.,]*)([-+]?)([^\d\-+.,]*)(\d[\d., ']*|[.,]\d+)([^\d\-+]*)", re.ASCII)
_NO_CENTS = re.compile(r"(?<=\d)[.,][-–—]{1,2}(?![\d-])")  # "1.500,- €"


class Unreadable(ValueError):
    """The amount cannot be used; `words` say why, without the amount."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


@dataclass(frozen=True)
class Amount:
    """An amount with two decimals, and its currency (ISO 4217) when it was written beside it."""

    value: Decimal
    currency: str | None


def read_amount(given: object) -> Amount:
    """Read "50,000", "50.000,00 €", "$1.5k" or a number; raises `Unreadable`."""
    if isinstance(given, str):
        return _from_text(unicodedata.normalize("NFKC", given[: _MAX_CHARS + 1]).replace("’", "'").upper())
    if isinstance(given, bool) or not isinstance(given, (int, float, Decimal)):
        raise Unreadable("not an amount")
    if isinstance(given, int) and abs(given) >= 10**MAX_INTEGER_DIGITS:
        raise Unreadable("too large")
    return Amount(_checked(Decimal(str(given))), None)


def read_currency(given: object) -> str | None:
    """The ISO 4217 code of a code or symbol, None when it is neither."""
    text = " ".join(str(given)[:20].upper().split())
    return text if text in CURRENCIES else _SYMBOLS.get(text)


def _from_text(text: str) -> Amount:
    match = _AMOUNT.fullmatch(_NO_CENTS.sub("", " ".join(text.split())))
    if match is None or len(text) > _MAX_CHARS:
        raise Unreadable("not one amount")
    before, sign, between, digits, after = (part.strip() for part in match.groups())
    multiple, currency = _unit(f"{before}{between}".strip(), after)
    if sign == "-":
        raise Unreadable("negative")
    return Amount(_checked(_plain_number(digits) * multiple), currency)


def _unit(before: str, after: str) -> tuple[int, str | None]:
    """The multiple and the currency that stand around the digits: "$" and "K", or "" and "MIO EUR"."""
    head, _, tail = after.partition(" ")
    first = next((word for word in (after, head) if word.rstrip(".") in _MULTIPLES), "")
    unit = (tail if first == head else "") if first else after
    currencies = [read_currency(text) for text in (before, unit.strip()) if text]
    if None in currencies:
        raise Unreadable("not an amount")
    return _MULTIPLES[first.rstrip(".")], currencies[0] if currencies else None


def _plain_number(digits: str) -> Decimal:
    """The number without its marks; a lone mark before just three digits marks thousands."""
    packed = re.sub(r"[ ']", "", digits).rstrip(".,")
    whole, mark, fraction = _parted(packed)
    thousands = mark in whole or (
        len(fraction) == 3 and not re.search(r"[.,]", whole) and whole not in {"", "0"}
    )
    if mark and thousands:
        whole, fraction = packed, ""
    groups = re.split(r"[.,]", whole)
    if len(groups) > 1 and (len(groups[-1]) != 3 or not all(groups)):
        raise Unreadable("not one amount")
    if sum(map(len, groups)) > MAX_INTEGER_DIGITS:
        raise Unreadable("too large")
    return Decimal(f"{''.join(groups) or 0}.{fraction or 0}")


def _parted(packed: str) -> tuple[str, str, str]:
    """The digits before the last mark, the mark, and those after it."""
    mark = max(".,", key=packed.rfind)
    return packed.rpartition(mark) if mark in packed else (packed, "", "")


def _checked(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise Unreadable("not a number")
    if value < 0:
        raise Unreadable("negative")
    if value >= 10**MAX_INTEGER_DIGITS:
        raise Unreadable("too large")
    return value.quantize(_CENT, ROUND_HALF_UP)
