"""What every sender's format is read into: one submission with flat names and values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crm_db.rules.mapping import MAX_ID_CHARS, MAX_NAME_CHARS
from crm_db.rules.text import one_line

MAX_ANSWERS = 1_000
NAMELESS = "unnamed answer"
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class Reading:
    """One submission in the sender's own words, ready for `mapping.read_fields`.

    format: whose shape it has; "json" or "form" for flat ones. payload: flat names and values. sender_id: the sender's own id of
    it, the same however often it is posted. is_test: kept, but never enrolled. fetch_id: the post brings nothing but this id, and
    the lead must be fetched from the sender.
    """

    format: str
    payload: Mapping[str, object]
    sender_id: str | None
    is_test: bool = False
    fetch_id: str | None = None


@dataclass
class Answers:
    """Collects names and values; blank values are left out, and a name that is taken gets a number."""

    values: dict[str, object] = field(default_factory=dict)

    def add(self, name: object, value: object) -> None:
        """Keep a value under its name on one line."""
        if value in (None, "", [], {}) or len(self.values) >= MAX_ANSWERS:
            return
        readable = one_line(name, MAX_NAME_CHARS) if isinstance(name, str) else ""
        self.values[self._free(readable or NAMELESS)] = value

    def add_missing(self, name: str, value: object) -> None:
        """Keep a value unless something else stands under its name."""
        if name not in self.values:
            self.add(name, value)

    def _free(self, name: str) -> str:
        if name not in self.values:
            return name
        endings = (f" {number}" for number in range(2, MAX_ANSWERS + 2))
        names = (name[: MAX_NAME_CHARS - len(ending)] + ending for ending in endings)
        return next(free for free in names if free not in self.values)


def mappings(value: object) -> Iterator[Mapping[str, object]]:
    """The objects in a list; none where it is something else."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def members(value: object) -> Mapping[str, object]:
    """The object itself; an empty one where it is something else."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: object) -> str:
    """Text on one line; empty where it is something else."""
    return one_line(value, 10_000) if isinstance(value, str) else ""


def id_of(value: object) -> str | None:
    """A usable id: text or a whole number, neither empty nor too long."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int) and value.bit_length() > MAX_ID_CHARS:
        return None
    text = one_line(str(value), MAX_ID_CHARS + 1)
    return text if 0 < len(text) <= MAX_ID_CHARS else None


def readable(name: str) -> str:
    """A technical name as words: "companySize" and "COMPANY_SIZE" are "company size"."""
    words = _CAMEL.sub(" ", name[: MAX_NAME_CHARS * 2]).replace("_", " ").replace("-", " ").split()
    return " ".join(word.lower() if word.isupper() or word[:1].isupper() else word for word in words)


def is_yes(value: object) -> bool:
    """Whether a sender's mark says yes: true, 1, "true", "1"."""
    return value is True or (
        isinstance(value, (str, int)) and str(value).strip().lower() in {"1", "true", "yes"}
    )
