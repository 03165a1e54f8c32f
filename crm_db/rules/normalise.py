"""Making a lead of what was sent: one spelling for each value, or a remark why it could not be used.

Remarks and refusals name the field and the reason, never the value: they are shown, and a value may be personal.
The value itself is not lost: it is kept among the sender's own fields as `<field>_as_sent`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumber

from crm_db.rules import money, places
from crm_db.rules.mapping import Fields
from crm_db.rules.money import Unreadable
from crm_db.rules.names import capitalised, split_name
from crm_db.rules.text import many_lines, one_line, word_set

MAX_NAME_CHARS = 200
MAX_EMAIL_CHARS = 254
MAX_PHONE_CHARS = 60
MAX_NOTES_CHARS = 10_000
MAX_TAG_CHARS = 50
MAX_AS_SENT_CHARS = 1_000
MAX_TAGS = 20
AS_SENT = "_as_sent"
CHANNELS = ("email", "sms", "phone")

T = TypeVar("T")

_YES = word_set("yes y true on 1 ja oui si sí agree agreed accept accepted granted given checked subscribed")
_NO = word_set("no n false off 0 nein non denied declined refused withdrawn revoked unchecked unsubscribed")
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*", re.ASCII | re.IGNORECASE)
_LINK = re.compile(r"://|\bwww\.", re.IGNORECASE)
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}))?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class LeadDraft:
    """A lead as it is kept: e-mail in lower case, phone in E.164, country in ISO 3166, zone by IANA name.

    `utm` is keyed source, medium, campaign, term, content; `consent` by channel (email, sms, phone);
    `remarks` say what was sent but could not be used.
    """

    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    title: str | None = None
    value: Decimal | None = None
    currency: str | None = None
    probability: int | None = None
    country: str | None = None
    timezone: str | None = None
    language: str | None = None
    utm: Mapping[str, str] = field(default_factory=dict)
    consent: Mapping[str, bool] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


class Unusable(Exception):
    """No lead can be made of this: a `code`, the `field` at fault, `words` for people (without values)."""

    def __init__(self, code: str, field: str | None, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.field = field
        self.words = words


def normalise_lead(fields: Fields, *, region: str | None, now: datetime, reachable: bool = True) -> LeadDraft:
    """Make a lead of a payload's fields; `region` (ISO 3166) is where telephone numbers are read.

    Raises `Unusable` ("empty_payload", "no_contact") when neither an e-mail nor a phone can be used; with `reachable` False,
    as for the records of another system, nobody asks for either.
    """
    if not fields.known and not fields.custom:
        raise Unusable("empty_payload", None, "the payload holds no fields")
    reading = _Reading(fields.known)
    email = reading.use("email", _email)
    country = reading.use("country", _country)
    number = reading.use("phone", lambda value: _phone(value, region, country))
    if reachable and email is None and number is None:
        raise _no_contact(reading)
    first_name, last_name = _names(reading)
    amount = reading.use("value", money.read_amount)
    country = country or (places.phone_country(number) if number else None)
    return LeadDraft(
        external_id=reading.line("external_id"),
        first_name=first_name,
        last_name=last_name,
        email=email,
        phone=places.e164(number) if number else None,
        company=reading.line("company"),
        title=reading.line("title"),
        value=amount.value if amount else None,
        currency=reading.use("currency", _currency) or (amount.currency if amount else None),
        probability=reading.use("probability", _probability),
        country=country,
        timezone=reading.use("timezone", _zone) or places.zone_of(number, country),
        language=reading.use("language", _language),
        utm=_utm(reading),
        consent=_consent(reading),
        tags=_tags(fields.known.get("tags")),
        custom=_custom(fields, number.extension if number else None) | reading.as_sent(),
        remarks=tuple(reading.remarks),
    )


class _Reading:
    """Reads known fields one by one and collects a remark for each that could not be used."""

    def __init__(self, known: Mapping[str, object]) -> None:
        self.known = known
        self.remarks: list[str] = []
        self._unused: dict[str, str] = {}

    def use(self, name: str, read: Callable[[object], T]) -> T | None:
        """The field as `read` gives it; None when absent, or with a remark when it cannot be used."""
        given = self.known.get(name)
        if given is None:
            return None
        try:
            return read(given)
        except Unreadable as problem:
            self.remarks.append(f"{name}: {problem.words}")
            self._unused[f"{name}{AS_SENT}"] = many_lines(str(given), MAX_AS_SENT_CHARS)
            return None

    def as_sent(self) -> dict[str, str]:
        """What could not be used, in the sender's letters, so that a person can."""
        return {name: text for name, text in self._unused.items() if text}

    def line(self, name: str) -> str | None:
        """The field as one line of text, at most MAX_NAME_CHARS characters."""
        given = self.known.get(name)
        return None if given is None else one_line(str(given), MAX_NAME_CHARS) or None


def _no_contact(reading: _Reading) -> Unusable:
    """Which of e-mail and phone was at fault, in the words of its remark."""
    remarks = [remark for remark in reading.remarks if remark.startswith(("email:", "phone:"))]
    if not remarks:
        return Unusable("no_contact", "email", "neither an e-mail nor a phone was given")
    at_fault = min(remarks).partition(":")[0]
    return Unusable("no_contact", at_fault, f"no usable e-mail or phone ({'; '.join(remarks)})")


def _email(given: object) -> str:
    """The address in lower case; domains under .test are addresses, as trials and demos use them."""
    text = str(given).strip().strip("<>").removeprefix("mailto:")
    if len(text) > MAX_EMAIL_CHARS:
        raise Unreadable("too long")
    local, _, domain = text.partition("@")
    if (
        _PLAIN_LOCAL.fullmatch(local) and domain.isascii()
    ):  # nothing of it depends on the domain, and domains come again
        address = f"{local}@{_address('a', domain).partition('@')[2]}"
    else:
        address = _address(local, domain)
    if len(address) > MAX_EMAIL_CHARS:
        raise Unreadable("not an address")
    return address.lower()


@lru_cache(maxsize=4096)
def _address(local: str, domain: str) -> str:
    """The address as it is written rightly."""
    try:
        found = validate_email(
            f"{local}@{domain}", check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        raise Unreadable("not an address") from None
    if "." not in found.domain:
        raise Unreadable("not an address")
    return found.normalized


def _phone(given: object, region: str | None, country: str | None) -> PhoneNumber:
    text = one_line(str(given), MAX_PHONE_CHARS + 1).removeprefix("tel:")
    if len(text) > MAX_PHONE_CHARS:
        raise Unreadable("too long")
    number = places.read_phone(text, (region.upper() if region else None, country))
    if number is None:
        unplaced = not (region or country or text.startswith(("+", "00")))
        raise Unreadable("no country to read it by" if unplaced else "not a valid number")
    return number


def _names(reading: _Reading) -> tuple[str | None, str | None]:
    """First and last name; a full name fills in for the one that is missing."""
    first, last, full = (reading.use(name, _person_name) for name in ("first_name", "last_name", "name"))
    if full and not (first and last):
        full_first, full_last = split_name(full)
        alone = full_first if first and full_first != first and not full_last else None
        first, last = first or full_first, last or full_last or alone
    return capitalised(first) if first else None, capitalised(last) if last else None


def _person_name(given: object) -> str | None:
    """One line without a link: names go into e-mails to the lead, and a public form must not mail links for others."""
    text = one_line(str(given), MAX_NAME_CHARS)
    if _LINK.search(text):
        raise Unreadable("holds a link")
    return text or None


def _country(given: object) -> str:
    code = places.country_code(one_line(str(given), MAX_NAME_CHARS))
    if code is None:
        raise Unreadable("not a country")
    return code


def _currency(given: object) -> str:
    code = money.read_currency(given)
    if code is None:
        raise Unreadable("not a currency")
    return code


def _zone(given: object) -> str:
    name = places.valid_zone(one_line(str(given), MAX_NAME_CHARS))
    if name is None:
        raise Unreadable("not a time zone")
    return name


def _probability(given: object) -> int:
    """A whole number of per cent, 0 to 100; 0.8 is refused, as nobody knows whether it means 80."""
    text = one_line(str(given), MAX_NAME_CHARS).removesuffix("%").strip().removesuffix(".0")
    if isinstance(given, bool) or not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Unreadable("not a whole number of per cent")
    if int(text) > 100:
        raise Unreadable("not between 0 and 100")
    return int(text)


def _language(given: object) -> str:
    """ "de" or "de-DE"; "en_us" is written "en-US"."""
    match = _LANGUAGE.fullmatch(one_line(str(given), MAX_NAME_CHARS))
    if match is None:
        raise Unreadable("not a language code")
    language, country = match.groups()
    return f"{language.lower()}-{country.upper()}" if country else language.lower()


def _utm(reading: _Reading) -> dict[str, str]:
    given = {
        name: reading.line(f"utm_{name}") for name in ("source", "medium", "campaign", "term", "content")
    }
    return {name: text for name, text in given.items() if text}


def _consent(reading: _Reading) -> dict[str, bool]:
    """Consent by channel: a general yes is a yes to e-mail only, a general no is a no to every channel.

    A channel's own answer wins over the general one; a refusal ("do not call") wins over everything.
    """
    general = reading.known.get("consent")
    by_channel = general if isinstance(general, Mapping) else {}
    overall = None if by_channel else reading.use("consent", _yes_or_no)
    wants_news = reading.use("newsletter", _yes_or_no)  # whoever wants no newsletter may still want an answer
    consent = {"email": True} if overall or wants_news else {}
    if overall is False:
        consent = dict.fromkeys(CHANNELS, False)
    everything_refused = reading.use("refuse", _yes_or_no)
    for channel in CHANNELS:
        answers = _Reading({"consent": by_channel.get(channel)})
        own = answers.use("consent", _yes_or_no)
        reading.remarks += answers.remarks
        own = _first_given(reading.use(f"consent_{channel}", _yes_or_no), own)
        if own is not None:
            consent[channel] = own
        if everything_refused or reading.use(f"refuse_{channel}", _yes_or_no):
            consent[channel] = False
    return consent


def _first_given(*answers: bool | None) -> bool | None:
    return next((answer for answer in answers if answer is not None), None)


def _yes_or_no(given: object) -> bool:
    word = one_line(str(given), MAX_NAME_CHARS).casefold().removesuffix(".0")
    if word in _YES or word in _NO:
        return word in _YES
    raise Unreadable("neither yes nor no")


def _tags(given: object) -> tuple[str, ...]:
    """Tags of a list or of text with commas: lower case, each once, at most MAX_TAGS."""
    items = given if isinstance(given, list) else re.split(r"[,;\n]", str(given or ""))
    tags = (one_line(str(item), MAX_TAG_CHARS).lower() for item in items)
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:MAX_TAGS]


def _custom(fields: Fields, extension: str | None) -> dict[str, object]:
    """The sender's own fields, with the notes and a phone's extension, which have no column of their own."""
    custom = dict(fields.custom)
    news = one_line(str(fields.known.get("newsletter", "")), MAX_NAME_CHARS)
    if news.casefold() in _NO:
        custom.setdefault("newsletter", news)
    notes = many_lines(str(fields.known.get("notes") or ""), MAX_NOTES_CHARS)
    if notes:
        custom["notes"] = notes
    if extension:
        custom.setdefault("phone_extension", extension)
    return custom


def email_address(given: str) -> str:
    """An e-mail address in its one spelling; raises Unreadable."""
    return _email(given)


def phone_number(given: str, region: str | None) -> str:
    """A telephone number in E.164, of this country where it has no prefix; raises Unreadable."""
    return places.e164(_phone(given, region, None))
