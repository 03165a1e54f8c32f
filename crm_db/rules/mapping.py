"""Reading a submitted payload: which of its values are fields of a lead, and which are the sender's own.

First the source's mapping is followed ({"email": "contact.mail", "custom.plan": "answers.0.value"}); what
it does not name is recognised by the aliases of `rules/aliases.py`, at the top level and one level inside
the usual wrappers (`contact`, `lead`, `data`, `person`, `utm`), and last by what a name asks ("What's your
first name?"). Whatever is left goes to `custom` under the sender's own name. Of two values for one field the
more exact name wins, then the outer one; the other is kept in `custom`. Blank values count as absent. Nothing
here raises, whatever was sent.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from crm_db.rules import money
from crm_db.rules.aliases import KNOWN_FIELDS, field_named, folded
from crm_db.rules.questions import field_asked
from crm_db.rules.text import many_lines, one_line

MAX_CUSTOM = 100
MAX_NAME_CHARS = 100
MAX_TEXT_CHARS = 10_000
MAX_ITEMS = 100
MAX_DEPTH = 5
MAX_ID_CHARS = 200

WRAPPERS = frozenset({"contact", "lead", "data", "person", "utm"})
_ID_NAMES = ("submissionid", "eventid", "externalid", "leadid", "id")
_CONSENT_CHANNELS = ("email", "sms", "phone")


HONEYPOT = "website_url_confirm"
"""The field that people never see, unless the source names another."""


@dataclass(frozen=True)
class Fields:
    """A payload taken apart: `known` has raw values by our names, `custom` JSON values by the sender's."""

    known: Mapping[str, object]
    custom: Mapping[str, object]


@dataclass(frozen=True)
class _Entry:
    """One name and value of the payload, `wrapper` being the object it was found in ("" at the top)."""

    wrapper: str
    name: str
    value: object

    @property
    def path(self) -> str:
        return f"{self.wrapper}.{self.name}" if self.wrapper else self.name

    def meaning(self) -> tuple[str, int] | None:
        name = f"utm{self.name}" if folded(self.wrapper) == "utm" else self.name
        named = field_named(name[:MAX_NAME_CHARS]) or field_named(self.name[:MAX_NAME_CHARS])
        return named or self._asked()

    def _asked(self) -> tuple[str, int] | None:
        """What the name asks, if it is a question; "what is your budget?" may be answered with a range, which is no value."""
        asked = field_asked(self.name[:MAX_NAME_CHARS])
        return None if asked is not None and asked[0] == "value" and not _is_amount(self.value) else asked


def read_fields(
    payload: Mapping[str, object],
    mapping: Mapping[str, str] | None,
    posted: Mapping[str, object] | None = None,
) -> Fields:
    """Take a payload apart; `mapping` is {our field: dotted path into the payload}.

    posted: what came in, where `payload` is what was read out of it; paths lead into it first, then to the payload's names.
    """
    known: dict[str, object] = {}
    custom: dict[str, object] = {}
    used = _follow(payload, mapping or {}, known, custom, posted)
    entries = list(_entries(_without(payload, used)))
    taken = _recognise(entries, known)
    for entry in entries:
        if entry.path not in taken:
            _keep(custom, entry)
    return Fields(known=known, custom=custom)


def sender_id(payload: Mapping[str, object], mapping: Mapping[str, str] | None) -> str | None:
    """The sender's own id of this submission, by which a repeat is recognised; None when it gives none."""
    if mapped := mapped_id(payload, mapping):
        return mapped
    by_name = {folded(name[:MAX_NAME_CHARS]): value for name, value in payload.items()}
    ids = (_id_text(by_name.get(name)) for name in _ID_NAMES)
    return next((found for found in ids if found is not None), None)


def mapped_id(payload: Mapping[str, object], mapping: Mapping[str, str] | None) -> str | None:
    """The sender's own id where the source's mapping says that it is; None when it says nothing, or finds nothing."""
    path = (mapping or {}).get("external_id")
    return None if path is None else _id_text(_found(payload, path)[1])


def honeypot_filled(payload: Mapping[str, object], field: str = HONEYPOT) -> bool:
    """Whether the field that people never see was filled in: the mark of a robot."""
    return not _is_blank(payload.get(field))


def _follow(
    payload: Mapping[str, object],
    mapping: Mapping[str, str],
    known: dict[str, object],
    custom: dict[str, object],
    posted: Mapping[str, object] | None = None,
) -> set[str]:
    """Read the mapped paths into `known` and `custom`; the paths that gave a value."""
    used = set()
    for field, wanted in mapping.items():
        path, found = _found(payload, wanted)
        as_posted = None if posted is None else at_path(posted, wanted)
        found = found if _is_blank(as_posted) else as_posted
        if _is_blank(found):
            continue
        if field in KNOWN_FIELDS and _understood(field, found) is not None:
            known[field] = _understood(field, found)
        else:
            custom[one_line(field.removeprefix("custom."), MAX_NAME_CHARS)] = _json_value(found, 1)
        used.add(path)
    return used


def _entries(payload: Mapping[str, object]) -> Iterator[_Entry]:
    """The payload's names and values that are not blank, with those inside the usual wrappers."""
    for name, value in payload.items():
        if folded(name[:MAX_NAME_CHARS]) in WRAPPERS and isinstance(value, Mapping):
            yield from (
                _Entry(name, str(inner), item) for inner, item in value.items() if not _is_blank(item)
            )
        elif not _is_blank(value):
            yield _Entry("", name, value)


def _recognise(entries: list[_Entry], known: dict[str, object]) -> set[str]:
    """Fill `known` from the entries whose names we know, most exact name first; the paths that were taken."""
    meant = [(*meaning, bool(entry.wrapper), entry) for entry in entries if (meaning := entry.meaning())]
    taken = set()
    for field, _, _, entry in sorted(meant, key=lambda item: item[1:3]):
        understood = None if field in known else _understood(field, entry.value)
        if understood is not None:
            known[field] = understood
            taken.add(entry.path)
    return taken


def _understood(field: str, value: object) -> object | None:
    """The value in a shape its field may have: a scalar; tags also a list, consent also a mapping."""
    if field == "consent" and isinstance(value, Mapping):
        by_channel = {channel: _scalar(value.get(channel)) for channel in _CONSENT_CHANNELS}
        return {channel: given for channel, given in by_channel.items() if given is not None} or None
    if isinstance(value, list):
        scalars = [scalar for item in value[:MAX_ITEMS] if (scalar := _scalar(item)) is not None]
        if field == "tags":
            return scalars or None
        return scalars[0] if scalars else None
    return _scalar(value)


def _scalar(value: object) -> object | None:
    if isinstance(value, str):
        return many_lines(value, MAX_TEXT_CHARS) or None
    return value if isinstance(value, (bool, int, float, Decimal)) else None


def _keep(custom: dict[str, object], entry: _Entry) -> None:
    """Keep an entry under its own name, or its path when that is taken; too many are left out."""
    names = (one_line(entry.name, MAX_NAME_CHARS), one_line(entry.path, MAX_NAME_CHARS))
    name = next((name for name in names if name and name not in custom), None)
    if name is not None and len(custom) < MAX_CUSTOM:
        custom[name] = _json_value(entry.value, 1)


def _json_value(value: object, depth: int) -> object:
    """The value as bounded JSON that Postgres accepts: no NUL, no NaN, at most MAX_DEPTH levels."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return many_lines(value, MAX_TEXT_CHARS)
    if isinstance(value, int):
        return value if abs(value) < 10**30 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (Mapping, list, tuple)):
        return _json_nest(value, depth) if depth < MAX_DEPTH else None
    return many_lines(str(value), MAX_TEXT_CHARS)


def _json_nest(value: Mapping[object, object] | list[object] | tuple[object, ...], depth: int) -> object:
    if isinstance(value, Mapping):
        members = list(value.items())[:MAX_ITEMS]
        return {one_line(str(name), MAX_NAME_CHARS): _json_value(item, depth + 1) for name, item in members}
    return [_json_value(item, depth + 1) for item in value[:MAX_ITEMS]]


def _found(payload: Mapping[str, object], path: str) -> tuple[str, object | None]:
    """What stands at a path, or under a top-level name that differs in case and marks only; with the path that it stands at."""
    found = at_path(payload, path)
    if _is_blank(found) and folded(path[:MAX_NAME_CHARS]):
        wanted = folded(path[:MAX_NAME_CHARS])
        path = next((name for name in payload if folded(name[:MAX_NAME_CHARS]) == wanted), path)
        found = at_path(payload, path)
    return path, found


def at_path(payload: Mapping[str, object], path: str) -> object | None:
    """The value at a dotted path ("answers.0.value"), None where the path leads nowhere."""
    if path in payload:
        return payload[path]
    found: object = payload
    for part in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(part)
        elif isinstance(found, list) and part.isascii() and part.isdigit() and len(part) < 6:
            found = found[int(part)] if int(part) < len(found) else None
        else:
            return None
    return found


def _without(payload: Mapping[str, object], paths: set[str]) -> Mapping[str, object]:
    """The payload less what stands at these paths; list items keep their places."""
    if not paths:
        return payload
    rest: dict[str, object] = {}
    for name, value in payload.items():
        below = {path[len(name) + 1 :] for path in paths if path.startswith(f"{name}.")}
        if name not in paths:
            rest[name] = _less(value, below) if below else value
    return rest


def _less(value: object, paths: set[str]) -> object:
    if isinstance(value, Mapping):
        return _without(value, paths)
    if isinstance(value, list):
        numbered = _without({str(place): item for place, item in enumerate(value)}, paths)
        return [item for item in numbered.values() if not _is_blank(item)]
    return value


def _is_amount(value: object) -> bool:
    try:
        money.read_amount(value)
    except money.Unreadable:
        return False
    return True


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (list, tuple)):
        return all(_is_blank(item) for item in value)
    return value is None or (isinstance(value, Mapping) and not value)


def _id_text(value: object) -> str | None:
    """A usable id: text or whole number, neither empty nor too long; a form's single value too."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    if isinstance(value, int) and value.bit_length() > MAX_ID_CHARS:
        return None
    text = one_line(str(value), MAX_ID_CHARS + 1)
    return text if 0 < len(text) <= MAX_ID_CHARS else None
