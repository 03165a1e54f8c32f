"""People who do not exist: names, companies, addresses and wishes, the same for the same number of a run."""

import random
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count

from deployments.demo.phones import RANGES, Phone, phone_number


@dataclass(frozen=True)
class Country:
    """Where people come from: first and last names, languages, currency."""

    code: str
    spellings: tuple[str, ...]
    language: str
    currency: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


def _country(code: str, spellings: str, language: str, currency: str, first: str, last: str) -> Country:
    return Country(
        code, tuple(spellings.split(", ")), language, currency, tuple(first.split()), tuple(last.split())
    )


COUNTRIES = (
    _country(
        "US", "US, USA, United States", "en-US", "USD",
        "Maya Jordan Alicia Marcus Denise Tyler Renee Calvin Priya Mateo Brooke Andre",
        "Whitfield Okafor Ramirez Sandoval Pruitt Nakamura Delgado Hargrove Lindqvist O'Neill Beckett",
    ),
    _country(
        "GB", "GB, United Kingdom, England", "en-GB", "GBP",
        "Imogen Alasdair Nadia Gareth Philippa Kwame Rhiannon Callum Tamsin Yusuf Beatrix Hamish",
        "Ashworth Pemberton MacLeod Adeyemi Llewellyn Thackeray Rahman Fairbairn Holloway Kilbride Tate",
    ),
    _country(
        "DE", "DE, Deutschland, Germany", "de-DE", "EUR",
        "Jürgen Anneliese Björn Käthe Florian Mareike Sönke Ayşe Lennart Ulrike Götz Friederike",
        "Müller-Brandt Schröder Weiß Özdemir Köhler Brinkmann Jäger Vollmer Großmann Thielen Krämer Lüdtke",
    ),
    _country(
        "FR", "FR, France", "fr-FR", "EUR",
        "Élodie Thibault Maëlle Gaël Océane Bastien Zoé Rémi Solène Loïc Inès Benoît",
        "Lefèvre d'Aubigny Châtelain Benali Rousselot Garçonnet Mercier Kouassi Delaunay Perrin Noël Vasseur",
    ),
    _country(
        "AU", "AU, Australia", "en-AU", "AUD",
        "Lachlan Matilda Darcy Keira Hamilton Jarrah Sienna Brodie Anh Talia Mitchell Indi",
        "Cartwright Nguyen Papadopoulos Drummond Fitzgerald Yunupingu Sorensen Macquarie Tran Costa Reid",
    ),
)  # fmt: skip


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


_WEIGHTS = (28, 24, 20, 16, 12)
_COMPANIES = _listed(
    "Northwind Joinery|Brightpath Analytics|Kestrel Logistics|Alder & Finch|Mühlbach Maschinenbau|"
    "Atelier Belrive|Harbour Lane Dental|Saltmarsh Robotics|Copperfield Foods|Linden Software|"
    "Tidewater Energy|Fjordline Textiles|Oakmere Schools|Quillon Legal|Verdant Packaging|Pinecrest Hotels"
)
_TITLES = _listed(
    "Head of Operations|Owner|Office Manager|CTO|Einkaufsleiter|Directrice commerciale|Founder|"
    "Procurement Lead|Marketing Director|Practice Manager"
)
_WISHES = _listed(
    "We need this before the end of the quarter.|Please call after lunch.|Can you read our old data?|"
    "Wir brauchen ein Angebot für 40 Plätze.|Pouvez-vous nous rappeler ?|Only gathering information for now.|"
    "Saw you at the fair.\nCould you send prices?|Budget is approved."
)
_CAMPAIGNS = (("google", "cpc", "autumn-search"), ("newsletter", "email", "november"),
              ("linkedin", "social", "operations-leads"), ("partner", "referral", "brightpath"))  # fmt: skip
_VALUES = (None, 900, 4_800, 12_500, 25_000, 25_001, 38_000, 50_000, 50_001, 72_000, 140_000)
_PROBABILITIES = (None, None, 5, 10, 20, 35, 50, 65, 80, 95, 100)


@dataclass(frozen=True)
class Person:
    """Somebody who will become one lead, reached by e-mail, by phone, or both."""

    number: int
    first_name: str
    last_name: str
    email: str | None
    phone: Phone | None
    company: str
    title: str
    country: Country
    value: int | None
    probability: int | None
    utm: tuple[str, str, str] | None
    consent: bool | None
    wish: str | None
    seats: int


def people(run: int, how_many: int, taken: Collection[str]) -> list[Person]:
    """The people of a run; `taken` holds the telephone numbers (E.164) of those who came before."""
    chance = random.Random(f"people of run {run}")  # noqa: S311  # Repeatable on purpose.
    numbers = {country.code: _free_numbers(country.code, taken) for country in COUNTRIES}
    return [_person(chance, run, number, numbers) for number in range(1, how_many + 1)]


def _free_numbers(country: str, taken: Collection[str]) -> Iterator[Phone]:
    for slot in count():
        phone = phone_number(country, slot)
        if phone is None:
            return
        if f"+{phone.code}{phone.national}" not in taken:
            yield phone


def _person(chance: random.Random, run: int, number: int, numbers: dict[str, Iterator[Phone]]) -> Person:
    country = chance.choices(COUNTRIES, weights=_WEIGHTS)[0]
    first_name, last_name = chance.choice(country.first_names), chance.choice(country.last_names)
    company = chance.choice(_COMPANIES)
    reached_by = chance.choices(("both", "email", "phone"), weights=(80, 14, 6))[0]
    phone = next(numbers[country.code], None) if reached_by != "email" else None
    email = f"{_plain(first_name)}.{_plain(last_name)}{number}@{_plain(company)}-{run}.example"
    return Person(
        number=number,
        first_name=first_name,
        last_name=last_name,
        email=email if reached_by != "phone" or phone is None else None,
        phone=phone,
        company=company,
        title=chance.choice(_TITLES),
        country=country,
        value=chance.choice(_VALUES),
        probability=chance.choice(_PROBABILITIES),
        utm=chance.choice((None, *_CAMPAIGNS)),
        consent=chance.choices((None, True, False), weights=(40, 55, 5))[0],
        wish=chance.choice((None, *_WISHES)),
        seats=chance.randint(1, 400),
    )


def _plain(text: str) -> str:
    """Lower-case letters without accents, as addresses are usually made of names."""
    folded = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("ı", "i"))
    return "".join(char for char in folded if char.isascii() and char.isalnum())


assert {country.code for country in COUNTRIES} == set(RANGES)
