"""What a mapping file says of a table's columns: which is which field of a lead, what counts as nothing, what became of the lead.

The file's shape, in words, is in docs/guides/import.md. Whatever is wrong with it is said at once and all together, before the
first row is looked at.
"""

import difflib
import hashlib
import json
import unicodedata
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from crm_db.rules.aliases import KNOWN_FIELDS
from crm_db.rules.imports.table import OWN_COLUMNS
from crm_db.rules.imports.wording import unfit_constant, unfit_format, unfit_parts
from crm_db.rules.mapping import MAX_CUSTOM, MAX_NAME_CHARS
from crm_db.rules.text import one_line

CUSTOM = "custom."
HISTORY = ("created_at", "last_contact", "owner")
"""Fields that only an import may give: when the lead was made and last spoken to, and whose it is (a user's e-mail)."""
STATUSES = ("new", "contacted", "qualified", "converted", "lost", "unqualified")
OPEN = frozenset(STATUSES[:3])
_PARTS = (
    "source", "region", "empty", "decimal", "others", "ignore", "numbers", "columns", "constants", "values", "dates",
    "outcome",
)  # fmt: skip


class BadMapping(Exception):
    """The mapping cannot be followed; `problems`: a sentence for each thing that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Outcomes:
    """Where a row says what became of the lead. `column` None: all rows became `otherwise`.

    words: what the column says (folded) to the status that it means; otherwise: the status of what it says else, None where
    that is a fault. at: the column that says when it was closed.
    """

    column: int | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    at: int | None = None


@dataclass(frozen=True)
class Plan:
    """How the rows of one table are read. Columns are places, counted from 0.

    known: place and field, `customs`: place and name; values: what is read instead of what a column says; decimal: the mark
    before a number's fraction, "" where each number tells by itself. mark: the same for the same columns read in the same way.
    """

    source: str
    header: tuple[str, ...]
    known: tuple[tuple[int, str], ...]
    customs: tuple[tuple[int, str], ...]
    history: Mapping[str, int]
    constants: Mapping[str, object]
    custom_constants: Mapping[str, object]
    values: Mapping[int, Mapping[str, str]]
    empty: frozenset[str]
    numbers: frozenset[int]
    decimal: str
    date_formats: tuple[str, ...]
    zone: ZoneInfo
    outcomes: Outcomes
    region: str | None
    mark: bytes

    @property
    def id_column(self) -> int | None:
        """The column with the sender's own id."""
        return next((place for place, name in self.known if name == "external_id"), None)


def word(text: str) -> str:
    """What a cell says, as it is compared: without blanks around it and without case."""
    return text.strip().casefold()


def read_plan(
    given: Mapping[str, Any], header: Sequence[str], *, source: str | None = None, region: str | None = None
) -> Plan:
    """Understand a mapping for a table with this header. source, region: instead of, or where lacking, what it says.

    Raises BadMapping.
    """
    if unfit := unfit_parts({**given, "--source": source} if source else given):
        raise BadMapping(unfit)
    reading = _Reading(given, tuple(header))
    plan = reading.plan(source, region)
    if reading.problems:
        raise BadMapping(reading.problems)
    return plan


class _Reading:
    """Reads the parts of a mapping one by one and collects what is wrong with them."""

    def __init__(self, given: Mapping[str, Any], header: tuple[str, ...]) -> None:
        self.given = given
        self.header = header
        self.problems: list[str] = [
            f"{name} is no part of a mapping{_perhaps(name, _PARTS)}." for name in given if name not in _PARTS
        ]

    def plan(self, source: str | None, region: str | None) -> Plan:
        """The plan; of no use where there are problems."""
        columns = self._columns()
        known = tuple((place, name) for name, place in columns.items() if name in KNOWN_FIELDS)
        outcomes = self._outcomes()
        customs = self._customs(columns, outcomes)
        constants = self._constants()
        return Plan(
            source=self._source(source),
            header=self.header,
            known=known,
            customs=customs,
            history={name: place for name, place in columns.items() if name in HISTORY},
            constants={name: value for name, value in constants.items() if name in KNOWN_FIELDS},
            custom_constants={
                name.removeprefix(CUSTOM): value for name, value in constants.items() if _is_custom(name)
            },
            values=self._values(),
            empty=frozenset(map(word, self._words("empty"))) | {""},
            numbers=frozenset(self._places("numbers")),
            decimal=self._decimal(),
            date_formats=self._date_formats() or ("iso",),
            zone=self._zone(),
            outcomes=outcomes,
            region=region if (told := self._text("region")) is None else told,
            mark=self._mark(region),
        )

    def _source(self, told: str | None) -> str:
        """The source's name as it is given: ids count within it, so that it is never another one than was meant."""
        named = unicodedata.normalize("NFC", told or self._text("source") or "")
        if not named.strip():
            self.problems.append('It names no source: add source = "…", or say --source.')
        elif len(named) > MAX_NAME_CHARS:
            self.problems.append(f"The source's name is longer than {MAX_NAME_CHARS} characters.")
        elif named != one_line(named, MAX_NAME_CHARS):
            self.problems.append(
                "The source's name holds control characters, or blanks around it or one after the other."
            )
        return named

    def _columns(self) -> dict[str, int]:
        """Field to place."""
        columns = {}
        for name, column in self._table("columns").items():
            place = self._place(column, f"columns.{name}")
            if not (name in KNOWN_FIELDS or name in HISTORY or _is_custom(name)):
                fields = (*KNOWN_FIELDS, *HISTORY)
                self.problems.append(
                    f"columns.{name} is no field of a lead{_perhaps(name, fields)}; what is yours goes by {CUSTOM}{name}."
                )
            if place is not None:
                columns[name] = place
        return columns

    def _customs(self, columns: Mapping[str, int], outcomes: Outcomes) -> tuple[tuple[int, str], ...]:
        """The columns that are kept under a name of their own: those named so, and all that nothing else is said of."""
        named = [(place, name.removeprefix(CUSTOM)) for name, place in columns.items() if _is_custom(name)]
        others = self.given.get("others", "custom")
        if others not in ("custom", "ignore"):
            self.problems.append('others is "custom" (keep what is not named) or "ignore".')
        used = {*columns.values(), *self._places("ignore"), outcomes.column, outcomes.at}
        rest = (
            [
                (place, name)
                for place, name in enumerate(self.header)
                if place not in used and name not in OWN_COLUMNS
            ]
            if others == "custom"
            else []
        )
        if len(named) + len(rest) > MAX_CUSTOM:
            self.problems.append(
                f"{len(named) + len(rest)} columns would go to custom, which holds {MAX_CUSTOM}; name some under ignore."
            )
        return tuple((place, one_line(name, MAX_NAME_CHARS)) for place, name in [*named, *rest])

    def _constants(self) -> Mapping[str, object]:
        constants = self._table("constants")
        for name, value in constants.items():
            if not (name in KNOWN_FIELDS - {"external_id"} or _is_custom(name)):
                self.problems.append(f"constants.{name} is no field that a constant can fill.")
            if why := unfit_constant(value):
                self.problems.append(f"constants.{name} {why}.")
            if _is_custom(name) and name != CUSTOM + one_line(name.removeprefix(CUSTOM), MAX_NAME_CHARS):
                self.problems.append(
                    f"{one_line(name, MAX_NAME_CHARS)} is no name that can be kept as it is."
                )
        return constants

    def _values(self) -> dict[int, dict[str, str]]:
        """Place to what is read instead of a word."""
        values = {}
        for column, words in self._table("values").items():
            place = self._place(column, "values")
            if not isinstance(words, Mapping):
                self.problems.append(f"values.{column} is no list of words and what to read instead.")
            elif place is not None:
                values[place] = {word(str(said)): str(meant) for said, meant in words.items()}
        return values

    def _outcomes(self) -> Outcomes:
        given = self._table("outcome")
        columns = {name: self._place(given[name], "outcome") for name in ("column", "at") if name in given}
        words: dict[str, str] = {}
        for name in given:
            if name in STATUSES:
                words |= {word(text): name for text in self._words(name, given)}
            elif name not in {"column", "at", "otherwise"}:
                self.problems.append(f"outcome.{name} is no status of a lead{_perhaps(name, STATUSES)}.")
        otherwise = given.get("otherwise")
        if otherwise is not None and otherwise not in STATUSES:
            self.problems.append(f"outcome.otherwise is none of {', '.join(STATUSES)}.")
        if given and "column" not in given and (words or otherwise is None):
            self.problems.append("outcome names no column; without one it can only say otherwise.")
        return Outcomes(columns.get("column"), words, otherwise, columns.get("at"))

    def _date_formats(self) -> tuple[str, ...]:
        formats = tuple(self._words("formats", self._table("dates")))
        self.problems += [
            f"The date format {form[:MAX_NAME_CHARS]} {why}."
            for form in formats
            if (why := unfit_format(form))
        ]
        return formats

    def _decimal(self) -> str:
        decimal = self.given.get("decimal", "")
        if decimal not in ("", ".", ","):
            self.problems.append('decimal is "." or ",".')
        return str(decimal)

    def _zone(self) -> ZoneInfo:
        name = self._table("dates").get("timezone", "UTC")
        try:
            return ZoneInfo(str(name))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            self.problems.append("dates.timezone is no time zone, such as Europe/Berlin.")
            return ZoneInfo("UTC")

    def _mark(self, region: str | None) -> bytes:
        said = json.dumps([self.given, self.header, region], sort_keys=True, default=str)
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()

    def _table(self, name: str) -> Mapping[str, Any]:
        part = self.given.get(name, {})
        if not isinstance(part, Mapping):
            self.problems.append(f"{name} is no table of names and values.")
            return {}
        return part

    def _text(self, name: str) -> str | None:
        value = self.given.get(name)
        if value is not None and not isinstance(value, str):
            self.problems.append(f"{name} is no text.")
        return None if value is None else str(value)

    def _words(self, name: str, part: Mapping[str, Any] | None = None) -> Iterator[str]:
        words = (self.given if part is None else part).get(name, [])
        if not isinstance(words, list):
            self.problems.append(f"{name} is no list.")
            return
        yield from map(str, words)

    def _places(self, name: str) -> list[int]:
        """The places of the columns that a list names."""
        return [place for column in self._words(name) if (place := self._place(column, name)) is not None]

    def _place(self, column: object, where: str) -> int | None:
        name = " ".join(str(column).split())
        if name in self.header:
            return self.header.index(name)
        problem = (
            f"{where} names the column {name}, which the file does not have{_perhaps(name, self.header)}."
        )
        if problem not in self.problems:
            self.problems.append(problem)
        return None


def _is_custom(name: str) -> bool:
    return name.startswith(CUSTOM) and len(name) > len(CUSTOM)


def _perhaps(name: str, known: Sequence[str]) -> str:
    """What may have been meant."""
    near = difflib.get_close_matches(name, known, n=1)
    return f" (perhaps {near[0]})" if near else ""
