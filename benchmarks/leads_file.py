"""`python -m benchmarks.leads_file FILE [--rows N] [--seed N]`: made-up leads as another system would export them.

A tenth of the rows repeat an earlier person under another id: by the same e-mail in other letters, or by the same telephone
number written in another way. Numbers are of eight countries in the forms that people there write. Five columns are no field of
ours. The same seed and size give the same file, byte for byte; all addresses are under .example.
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

ROWS = 100_000
SEED = 20261122
REPEATING = 0.1
HEADER = (
    "Record ID", "First Name", "Last Name", "Email", "Phone", "Company", "Job Title", "Country", "Deal Value", "Created",
    "Plan", "Seats", "Campaign", "Page Views", "Comments from Fair",
)  # fmt: skip
MAPPING = """
source = "benchmark"
empty = ["-"]
decimal = "."
numbers = ["Seats", "Page Views"]

[columns]
external_id = "Record ID"
first_name = "First Name"
last_name = "Last Name"
email = "Email"
phone = "Phone"
company = "Company"
title = "Job Title"
country = "Country"
value = "Deal Value"
created_at = "Created"
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Ada Bo Carl Dina Emre Fatima Grace Hiro Ines Jan Kofi Lena Mei Noor Olu Priya Quentin Rosa Sven Uma Vera"
)
_LAST = _words(
    "Adeyemi Berg Costa Dubois Eriksen Fischer Garcia Haas Ito Jansen Kaya Lopez Müller Okafor Patel Rossi Silva"
)
_COMPANY = _words("Analytical Borealis Copper Delta Evergreen Foundry Granite Harbour Iris Juniper")
_KIND = _words("Engines Foods Logistics Partners Systems Works")
_TITLES = ("CTO", "Head of Sales", "Buyer", "Managing Director", "Engineer", "-", "")
_PLANS = ("free", "team", "business", "-")
_CAMPAIGNS = ("spring-2026", "fair-berlin", "referral", "search-brand", "")
_COMMENTS = (
    "",
    "",
    "call back in May",
    'said "maybe", ask again',
    "two sites,\nboth in town",
    "wants a quote; tax-free",
)
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Country:
    """Where a number is from: its name in the file, its prefix, the mobile numbers' beginning, how many digits follow."""

    name: str
    prefix: str
    trunk: str
    begins: tuple[str, ...]
    digits: int


COUNTRIES = (
    Country("Germany", "49", "0", ("151", "160", "171"), 8),
    Country("United Kingdom", "44", "0", ("7400", "7700", "7911"), 6),
    Country("France", "33", "0", ("612", "634", "698"), 6),
    Country("United States", "1", "", ("2125", "4155", "3125"), 6),
    Country("India", "91", "0", ("98100", "99200", "97300"), 5),
    Country("Spain", "34", "", ("612", "655", "699"), 6),
    Country("Netherlands", "31", "0", ("612", "620", "653"), 6),
    Country("Australia", "61", "0", ("412", "421", "438"), 6),
)


@dataclass(frozen=True)
class Person:
    """Somebody who may come again; `number` is the national number without its trunk prefix, and may never be given."""

    first: str
    last: str
    email: str
    country: Country
    number: str
    gave_number: bool


def write(path: Path, rows: int = ROWS, seed: int = SEED) -> None:
    """Write a file of so many rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(made_up(rows, seed))


def made_up(rows: int, seed: int) -> Iterator[tuple[str, ...]]:
    """The rows, one by one."""
    chance = Random(seed)
    people: list[Person] = []
    for number in range(rows):
        if people and chance.random() < REPEATING:
            person = chance.choice(people)
            by_phone = person.gave_number and chance.random() < 0.5
            yield _row(chance, number, person, "" if by_phone else person.email.upper(), by_phone)
        else:
            person = _person(chance, number)
            people.append(person)
            yield _row(chance, number, person, person.email, person.gave_number)


def _person(chance: Random, number: int) -> Person:
    first, last, country = chance.choice(_FIRST), chance.choice(_LAST), chance.choice(COUNTRIES)
    email = f"{first}.{last}{number}@{chance.choice(_COMPANY)}-{chance.choice(_KIND)}.example".lower()
    plain = email.replace("ü", "ue")
    return Person(first, last, plain, country, _number(country, number), chance.random() < 0.8)


def _number(country: Country, number: int) -> str:
    """A national number that nobody else of the file has, as far as there are enough."""
    room = 10**country.digits
    begin = country.begins[number // room % len(country.begins)]
    return f"{begin}{number % room:0{country.digits}d}"


def _row(chance: Random, number: int, person: Person, email: str, with_phone: bool) -> tuple[str, ...]:
    created = _BEGIN + timedelta(minutes=chance.randrange(60 * 24 * 900))
    return (
        f"R-{number:07d}",
        person.first,
        person.last.upper() if chance.random() < 0.1 else person.last,
        email,
        _written(chance, person) if with_phone else "",
        f"{chance.choice(_COMPANY)} {chance.choice(_KIND)}",
        chance.choice(_TITLES),
        person.country.name,
        f"{chance.randrange(500, 90_000):,}.{chance.randrange(100):02d}" if chance.random() < 0.7 else "-",
        created.isoformat(timespec="seconds"),
        chance.choice(_PLANS),
        str(chance.randrange(1, 500)),
        chance.choice(_CAMPAIGNS),
        str(chance.randrange(40)),
        chance.choice(_COMMENTS),
    )


def _written(chance: Random, person: Person) -> str:
    """The number as somebody would write it: with or without prefix, in groups or not."""
    country, number = person.country, person.number
    grouped = f"{number[:3]} {number[3:6]} {number[6:]}".strip()
    forms = (
        f"+{country.prefix}{number}",
        f"+{country.prefix} {grouped}",
        f"00{country.prefix} {grouped.replace(' ', '-')}",
        f"+{country.prefix} ({number[:3]}) {number[3:]}",
        f"{country.trunk}{grouped}",
        f"{country.trunk}{number[:3]}/{number[3:]}",
    )
    return str(chance.choice(forms))


def main() -> None:
    """Write the file that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leads_file", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    write(asked.file, asked.rows, asked.seed)


if __name__ == "__main__":
    main()
