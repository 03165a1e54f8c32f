"""Jotform: a form post whose `rawRequest` is JSON, with answers named by number and question (`q3_name`)."""

import json
import re
from collections.abc import Mapping

from crm_db.rules.formats.shape import Answers, Reading, id_of, is_yes, members, readable, text_of
from crm_db.rules.text import word_set

_ANSWER = re.compile(r"q(\d{1,6})_(.*)", re.DOTALL)
_ABOUT_THE_POST = word_set(
    "slug jsExecutionTracker submitSource submitDate buildDate uploadServerUrl eventObserver event_id timeToSubmit path"
    " validatedNewRequiredFieldIDs preview simple_spc website embedUrl visitedPages JWTContainer temp_upload"
)
_STREET = ("addr_line1", "addr_line2", "city", "state", "postal", "country")


def fits(payload: Mapping[str, object]) -> bool:
    """Whether this is a submission of a Jotform, with its answers in it."""
    return "submissionID" in payload and bool(_answers_of(payload))


def read(payload: Mapping[str, object]) -> Reading:
    """Names and numbers are put together from their parts; what Jotform says of the post itself is left out."""
    given = _answers_of(payload)
    answers = Answers()
    for key, value in given.items():
        match = _ANSWER.fullmatch(key)
        if match is not None:
            _add(answers, readable(match[2].removesuffix(match[1])), value)
        elif key not in _ABOUT_THE_POST:
            answers.add(readable(key), value)
    answers.add_missing("form_id", payload.get("formID"))
    answers.add_missing("form_name", payload.get("formTitle"))
    answers.add_missing("external_id", payload.get("submissionID"))
    return Reading(
        "jotform", answers.values, id_of(payload.get("submissionID")), is_test=is_yes(given.get("preview"))
    )


def _answers_of(payload: Mapping[str, object]) -> Mapping[str, object]:
    raw = payload.get("rawRequest")
    if not isinstance(raw, str):
        return members(raw)
    try:
        return members(json.loads(raw))
    except (ValueError, RecursionError):
        return {}


def _add(answers: Answers, name: str, value: object) -> None:
    """One answer; a name, a number, an address or a date comes in parts."""
    parts = {part: text_of(item) for part, item in members(value).items()}
    if not parts or not any(parts.values()):
        answers.add(name, value if not parts else None)
    elif "first" in parts or "last" in parts:
        _add_name(answers, name, parts)
    elif "full" in parts or "phone" in parts:
        answers.add(name, parts.get("full") or _dialled(parts))
    elif "addr_line1" in parts or "postal" in parts:
        answers.add(name, ", ".join(parts[part] for part in _STREET if parts.get(part)))
        answers.add_missing("country", parts.get("country"))
    elif {"day", "month", "year"} <= parts.keys():
        clock = " ".join(filter(None, (parts.get("timeInput"), parts.get("ampm"))))
        answers.add(name, f"{parts['year']}-{parts['month']}-{parts['day']} {clock}".strip())
    else:
        answers.add(name, value)


def _add_name(answers: Answers, name: str, parts: Mapping[str, str]) -> None:
    """The first name in a form is the sender's; a second one is somebody else's."""
    if "first_name" in answers.values or "last_name" in answers.values:
        answers.add(name, " ".join(filter(None, (parts.get("first"), parts.get("last")))))
        return
    answers.add("first_name", parts.get("first"))
    answers.add("last_name", parts.get("last"))


def _dialled(parts: Mapping[str, str]) -> str:
    country = parts.get("country", "").removeprefix("+")
    return " ".join(
        filter(None, (f"+{country}" if country.isdigit() else "", parts.get("area"), parts.get("phone")))
    )
