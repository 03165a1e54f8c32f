"""Flat posts: JSON of one level, browser forms, and the names with brackets that form plugins send (Elementor, WPForms).

What already is flat stays as it was sent, less the tokens by which forms prove that a person filled them in.
"""

import re
from collections.abc import Iterator, Mapping

from crm_db.rules.aliases import field_named, folded
from crm_db.rules.formats.shape import Answers, Reading, mappings, members, readable, text_of
from crm_db.rules.mapping import WRAPPERS
from crm_db.rules.questions import field_asked

_NAME = re.compile(r"([^\[\]]{1,200})((?:\[[^\[\]]{0,200}\]){1,6})")
_PART = re.compile(r"\[([^\[\]]*)\]")
_TOKENS = frozenset(
    {"g-recaptcha-response", "h-captcha-response", "cf-turnstile-response", "_gotcha", "_token", "_wpnonce"}
)
_PLUGIN = "_wpcf7"
_PARTS_OF_A_NAME = frozenset({"first", "middle", "last", "prefix", "suffix"})
_NAMES = frozenset({"name", "names", "fullname", "yourname"})
_GROUPS = frozenset({"fields", "form_fields", "form", "meta"})
_BY_TYPE = {"email": "email", "tel": "phone", "phone": "phone"}


def fits_a_form(payload: Mapping[str, object]) -> bool:
    """Whether the names have brackets, as only forms' names do, or are grouped as Elementor's are."""
    return any(_NAME.fullmatch(name) for name in payload) or _is_grouped(payload)


def read(payload: Mapping[str, object], format: str) -> Reading:
    """The payload itself where it is flat; else each field under its id, its title or its type, whichever is known."""
    kept = {
        name: value for name, value in payload.items() if name not in _TOKENS and not name.startswith(_PLUGIN)
    }
    if not fits_a_form(kept):
        return Reading(format, dict(_with_whole_names(kept)), None)
    answers = Answers()
    nested = _nested(kept)
    fields = [*_fields(nested.get("fields")), *_fields(nested.get("form_fields"))]
    _add_fields(answers, fields)
    for name, value in nested.items():
        if name not in _GROUPS:
            _add_rest(answers, name, value)
    form, meta = members(nested.get("form")), members(nested.get("meta"))
    answers.add_missing("form_id", form.get("id"))
    answers.add_missing("form_name", form.get("name"))
    answers.add_missing("page_url", members(meta.get("page_url")).get("value"))
    return Reading(format, answers.values, None)


def _with_whole_names(payload: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The fields; a name in an object of its parts, as form plugins post it, as first and last name."""
    for name, value in payload.items():
        parts = {folded(part): item for part, item in members(value).items()}
        known = {part.removesuffix("name"): item for part, item in parts.items()}
        if folded(name) in _NAMES and known.keys() <= _PARTS_OF_A_NAME and known.keys() & {"first", "last"}:
            yield from ((f"{part}_name", known[part]) for part in ("first", "last") if part in known)
        else:
            yield name, value


def _is_grouped(payload: Mapping[str, object]) -> bool:
    fields = payload.get("fields")
    return isinstance(fields, Mapping) and any(
        isinstance(field, Mapping) and "value" in field for field in fields.values()
    )


def _nested(payload: Mapping[str, object]) -> dict[str, object]:
    """Names with brackets as objects inside each other."""
    tree: dict[str, object] = {}
    for name, value in payload.items():
        match = _NAME.fullmatch(name)
        path = [match[1], *_PART.findall(match[2])] if match else [name]
        _put(tree, [part for part in path if part], value)
    return tree


def _put(tree: dict[str, object], path: list[str], value: object) -> None:
    for part in path[:-1]:
        below = tree.setdefault(part, {})
        if not isinstance(below, dict):
            below = tree[part] = {"value": below}
        tree = below
    there = tree.get(path[-1])
    if isinstance(there, dict) and not isinstance(value, dict):
        there["value"] = value
    else:
        tree[path[-1]] = value


def _fields(group: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each field of a group with its id; a field that is a bare value is one without a title."""
    for name, field in members(group).items():
        yield name, field if isinstance(field, Mapping) else {"value": field}
    for field in mappings(group):
        yield text_of(field.get("id")), field


def _add_fields(answers: Answers, fields: list[tuple[str, Mapping[str, object]]]) -> None:
    """Ids and titles that tell what is meant come before types."""
    named = [(field, *_named(name, field)) for name, field in fields]
    told = {meaning for _, _, meaning in named if meaning}
    for field, name, meaning in named:
        by_type = _BY_TYPE.get(text_of(field.get("type")))
        value = field["value"] if "value" in field else field.get("raw_value", dict(field))
        if meaning is None and by_type is not None and by_type not in told:
            told.add(by_type)
            answers.add(by_type, value)
        else:
            answers.add(name, value)


def _named(field_id: str, field: Mapping[str, object]) -> tuple[str, str | None]:
    title = next((text for key in ("title", "label", "name") if (text := text_of(field.get(key)))), "")
    for name in (field_id, title):
        if meaning := field_named(name) or field_asked(name):
            return name, meaning[0]
    return title or readable(field_id), None


def _add_rest(answers: Answers, name: str, value: object, within: str = "") -> None:
    """A value of its own, or what stands in an object, by its own name or (a number) by that of the object too."""
    label = f"{within} {name}".strip() if name.isdigit() or name == "id" else name
    if isinstance(value, dict) and value and value.keys() <= _PARTS_OF_A_NAME:
        answers.add("first_name", value.get("first"))
        answers.add("last_name", value.get("last"))
        return
    whole = not within and (field_named(name) or folded(name) in WRAPPERS)
    if whole or not isinstance(value, dict):
        answers.add(label, value)
        return
    for inner, item in value.items():
        _add_rest(answers, inner, item, label)
