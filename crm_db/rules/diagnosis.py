"""Why a submission made no lead, and how it could be read: which mapping entries found nothing, and what to map instead.

A suggestion is told, never followed: each entry says by what it was found (a name, or the look of a value) and what else it could
have been, and the whole says whether a lead comes out of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from email_validator import EmailNotValidError, validate_email

from crm_db.rules import formats, places
from crm_db.rules.aliases import KNOWN_FIELDS, field_named
from crm_db.rules.mapping import at_path
from crm_db.rules.normalise import Unusable
from crm_db.rules.parsing import JSON, Unreadable, payload_of
from crm_db.rules.questions import field_asked
from crm_db.rules.understanding import FilledInByARobot, SourceRules, Understood, understand

MAX_LEAVES = 2_000
MAX_OTHERS = 5
_LABELS = ("question", "label", "title", "name", "key", "field", "ref", "id")
_VALUES = frozenset({"value", "values", "answer", "answers", "text", "content", "response", "string_value"})
_DIALLED = re.compile(r"\+[\d ()./-]{7,30}|(?=.*[ ()./-])[\d ()./-]{9,30}", re.ASCII)
_SUGGESTED = ("email", "phone", "first_name", "last_name", "name", "company", "title", "country")
"""What is suggested; the rest is in custom already, or is nothing that a person must be reached by."""


@dataclass(frozen=True)
class Suggestion:
    """One entry of a mapping. by: "name" or "value", what told it; others: further paths that look the same."""

    field: str
    path: str
    by: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What is known of a submission that made no lead.

    problem: why, None where nothing is wrong (any more). format: whose shape it has, None where it cannot be read. at_fault: the
    mapping's entries that found nothing. mapping: the whole mapping to set instead, empty where there is nothing to suggest.
    makes_a_lead: whether that mapping would do.
    """

    problem: str | None
    format: str | None
    at_fault: Mapping[str, str]
    suggestions: tuple[Suggestion, ...]
    mapping: Mapping[str, str]
    makes_a_lead: bool


@dataclass(frozen=True)
class _Leaf:
    """A value with the path that leads to it, and the names it goes by, the nearest first."""

    path: str
    names: tuple[str, ...]
    value: str


def diagnose(
    rules: SourceRules, content_type: str, body: bytes, *, fetched: bytes | None = None, now: datetime
) -> Diagnosis:
    """Look at a submission as it would be read now."""
    problem = _problem(rules, content_type, body, fetched, now)
    try:
        posted = payload_of(JSON, fetched) if fetched is not None else payload_of(content_type, body)
    except Unreadable:
        return Diagnosis(problem, None, {}, (), {}, makes_a_lead=False)
    reading = formats.read(rules.format, posted, rules.mapping)
    at_fault = {
        field: path
        for field, path in rules.mapping.items()
        if _is_nothing(at_path(posted, path)) and _is_nothing(at_path(reading.payload, path))
    }
    if problem is None or reading.fetch_id is not None:
        return Diagnosis(problem, reading.format, at_fault, (), {}, makes_a_lead=problem is None)
    fitting = {field: path for field, path in rules.mapping.items() if field not in at_fault}
    found = tuple(_suggestions(posted, rules.region, fitting))
    # What this post lacks another may have: of the mapping nothing is given up but what is replaced.
    suggested = {**rules.mapping, **{one.field: one.path for one in found}} if found else {}
    would_do = (
        bool(found) and _problem(replace(rules, mapping=suggested), content_type, body, fetched, now) is None
    )
    return Diagnosis(problem, reading.format, at_fault, found, suggested, would_do)


def _problem(
    rules: SourceRules, content_type: str, body: bytes, fetched: bytes | None, now: datetime
) -> str | None:
    try:
        understood: Understood = understand(rules, content_type, body, fetched=fetched, now=now)
    except (Unreadable, FilledInByARobot, Unusable) as problem:
        return f"{problem.code}: {problem.words}"
    return (
        None
        if understood.draft is not None
        else "fetch: it brings only an id, and was not fetched from its sender yet"
    )


def _suggestions(
    posted: Mapping[str, object], region: str | None, kept: Mapping[str, str]
) -> Iterator[Suggestion]:
    """For each field that the mapping does not give: the leaf whose name says it, else whose value looks like it."""
    leaves = list(_leaves(posted))
    taken = set(kept.values())
    for field in _SUGGESTED:
        if field in kept or (
            field == "name" and taken & {leaf.path for leaf in leaves if _means(leaf) == "first_name"}
        ):
            continue
        free = [leaf for leaf in leaves if leaf.path not in taken and _may_be(field, leaf, region)]
        by_name = [leaf for leaf in free if _means(leaf) == field]
        by_value = [leaf for leaf in free if _looks_like(field, leaf.value, region)]
        found, by = (by_name, "name") if by_name else (by_value, "value")
        if found:
            taken.add(found[0].path)
            yield Suggestion(field, found[0].path, by, tuple(leaf.path for leaf in found[1 : MAX_OTHERS + 1]))


def _leaves(posted: Mapping[str, object]) -> Iterator[_Leaf]:
    """The values that a path can lead to, the outer ones first."""
    waiting: list[tuple[str, tuple[str, ...], object]] = [
        (name, (name,), value) for name, value in posted.items()
    ]
    seen = 0
    while waiting and seen < MAX_LEAVES:
        path, names, value = waiting.pop(0)
        seen += 1
        if isinstance(value, Mapping):
            label = _label(value)
            waiting += [
                (
                    f"{path}.{name}",
                    (label, *names) if label and name in _VALUES else (str(name), *names),
                    item,
                )
                for name, item in value.items()
                if "." not in str(name)
            ]
        elif isinstance(value, list):
            waiting += [(f"{path}.{place}", names, item) for place, item in enumerate(value[:100])]
        elif isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
            yield _Leaf(path, names, str(value)[:1_000].strip())


def _label(item: Mapping[str, object]) -> str:
    """What a pair of a question and its answer calls the answer."""
    return next((text for name in _LABELS if isinstance(text := item.get(name), str) and text.strip()), "")


def _means(leaf: _Leaf) -> str | None:
    """The field that the nearest name of a leaf means."""
    for name in leaf.names[:2]:
        if meaning := field_named(name[:200]) or field_asked(name):
            return meaning[0]
    return None


def _may_be(field: str, leaf: _Leaf, region: str | None) -> bool:
    """Whether the value could be used for the field at all."""
    if field in {"email", "phone"}:
        return _looks_like(field, leaf.value, region, named=_means(leaf) == field)
    return field in KNOWN_FIELDS and len(leaf.value) <= 200 and not _looks_like("email", leaf.value, region)


def _looks_like(field: str, value: str, region: str | None, *, named: bool = False) -> bool:
    """Whether a value by its look is one of the field; a number without marks may be anything, unless it is named a phone."""
    if field == "email":
        return _is_email(value)
    if field == "phone":
        shaped = named or bool(_DIALLED.fullmatch(value))
        return (
            shaped and places.read_phone(value[:60], (region.upper() if region else None, None)) is not None
        )
    return False


def _is_email(value: str) -> bool:
    if "@" not in value or len(value) > 254:
        return False
    try:
        validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _is_nothing(value: object) -> bool:
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())


def told(suggestions: Sequence[Suggestion]) -> list[str]:
    """The suggestions as sentences for a person."""
    return [
        f"{one.field}: {one.path} ({_BY[one.by]}{'; or: ' + ', '.join(one.others) if one.others else ''})"
        for one in suggestions
    ]


_BY = {"name": "its name says so", "value": "its value looks like one"}
