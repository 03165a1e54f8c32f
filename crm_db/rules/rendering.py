"""Filling a message template with values: closed substitution, nothing more.

`{{ field }}` and `{{ field | words for when it is empty }}`, with fields from one list. No logic, no
attribute access, one pass: what a value says is never read as a template. Values come from strangers: in the
subject they cannot start a header, in HTML they are escaped and never become a link.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from crm_db.rules.text import many_lines, one_line

MAX_SUBJECT_CHARS = 200
MAX_SUBJECT_TEMPLATE_CHARS = 500
MAX_BODY_TEMPLATE_CHARS = 16_000
MAX_VALUE_CHARS = 2_000
MAX_TEXT_CHARS = 20_000  # escaped and linked in the worst way this stays below 256 KB

# What a template may name, and what it means.
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "first_name": "the lead's first name",
        "last_name": "the lead's last name",
        "name": "the lead's full name",
        "email": "the lead's e-mail",
        "phone": "the lead's phone",
        "company": "the lead's company",
        "title": "the lead's job title",
        "country": "the lead's country",
        "source": "where the lead came from",
        "value": "the deal's value",
        "currency": "the deal's currency",
        "score": "the lead's score, 0 to 100",
        "score_band": "hot, warm or cold",
        "reasons": "why the score is what it is, a line each",
        "next_action": "what is to be done next, and when",
        "lead_url": "the address of the lead's page",
        "owner_name": "the owner's name",
        "owner_first_name": "the owner's first name",
        "owner_email": "the owner's e-mail",
        "team_name": "the owner's team",
        "org_name": "the organisation that writes",
        "alert": "what an alert is about",
        "alert_action": "what is to be done about it, a line each",
    }
)

_LINKED_FIELDS = frozenset({"lead_url"})
_FIELDS_WITH_LINES = frozenset({"reasons", "next_action", "alert_action"})
_PLACE = re.compile(r"(?<!\{)\{\{([^{}|]*)(?:\|([^{}]*))?\}\}(?!\})")
_LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
_URL = re.compile(r"https?://[^\s<>\"'{}|\\^`]+", re.IGNORECASE)
_URL_END = ".,;:!?)"


class TemplateError(ValueError):
    """A template cannot be used; `problems` are sentences for its author."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Template:
    """What an author wrote: a subject on one line and a body in plain text."""

    subject: str
    body: str


@dataclass(frozen=True)
class Rendered:
    """A message: a subject safe as a header, the body as plain text and as HTML, each below 256 KB."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class _Place:
    """A piece of a template: fixed text in `words` (`field` None), or a field and its fallback words."""

    field: str | None
    words: str


def check(template: Template) -> None:
    """Raises `TemplateError` when the template is too long, or names or says what is not known."""
    problems = [
        *_problems("subject", template.subject, MAX_SUBJECT_TEMPLATE_CHARS),
        *_problems("body", template.body, MAX_BODY_TEMPLATE_CHARS),
    ]
    if problems:
        raise TemplateError(tuple(problems))


def render(template: Template, values: Mapping[str, str]) -> Rendered:
    """Fill a template; a field without a value becomes its fallback words, else nothing.

    Raises `TemplateError` as `check` does.
    """
    _check_once(template)
    pieces = _bounded([(place, _value(place, values)) for place in _places(template.body)])
    return Rendered(
        subject=_subject("".join(_value(place, values) for place in _places(template.subject))),
        text="".join(text for _, text in pieces),
        html=_page("".join(_as_html(place, text) for place, text in pieces)),
    )


def written(subject: str, body: str) -> Rendered:
    """A message that a person wrote: said as it stands, nothing in it is a field; made safe as a template's is."""
    text = many_lines(body, MAX_TEXT_CHARS)
    return Rendered(_subject(subject), text, _page(_as_html(_Place(None, text), text)))


@lru_cache(maxsize=256)
def _check_once(template: Template) -> None:
    check(template)


@lru_cache(maxsize=512)
def _places(source: str) -> tuple[_Place, ...]:
    """The template's pieces in order."""
    places, end = [], 0
    for match in _PLACE.finditer(source):
        places.append(_Place(None, source[end : match.start()]))
        places.append(_Place(match.group(1).strip(), (match.group(2) or "").strip()))
        end = match.end()
    return (*places, _Place(None, source[end:]))


def _problems(part: str, source: str, limit: int) -> Iterator[str]:
    if len(source) > limit:
        yield f"The {part} is longer than {limit:,} characters."
        return
    for place in _places(source):
        if place.field is not None and place.field not in FIELDS:
            yield f"The {part} names a field that is not known: {place.field[:50]!r}."
        elif place.field is None and (mark := _LEFT_OVER.search(place.words)):
            yield f"The {part} has a {mark.group()!r} that belongs to no field."


def _value(place: _Place, values: Mapping[str, str]) -> str:
    """The text of a piece: fixed text as it is, a value cleaned and bounded, or its fallback words."""
    if place.field is None:
        return place.words
    clean = many_lines if place.field in _FIELDS_WITH_LINES else one_line
    return clean(values.get(place.field) or "", MAX_VALUE_CHARS) or place.words


def _bounded(pieces: list[tuple[_Place, str]]) -> list[tuple[_Place, str]]:
    """The pieces up to MAX_TEXT_CHARS characters together."""
    room = MAX_TEXT_CHARS
    kept = []
    for place, text in pieces:
        kept.append((place, text[:room]))
        room -= len(kept[-1][1])
    return kept


def _subject(text: str) -> str:
    """One line that stays one header: mail libraries decode "=?…?=" and may obey a line break in it."""
    return one_line(one_line(text, MAX_SUBJECT_CHARS).replace("=?", "= ?"), MAX_SUBJECT_CHARS)


def _as_html(place: _Place, text: str) -> str:
    """The piece escaped; addresses become links where the template or a field of ours wrote them."""
    if place.field is not None and place.field not in _LINKED_FIELDS:
        return html.escape(text)
    parts, end = [], 0
    for match in _URL.finditer(text):
        url = match.group().rstrip(_URL_END)
        shown = html.escape(url)
        parts += [html.escape(text[end : match.start()]), f'<a href="{shown}">{shown}</a>']
        end = match.start() + len(url)
    return "".join((*parts, html.escape(text[end:])))


def _page(escaped: str) -> str:
    """Paragraphs at blank lines, line breaks elsewhere."""
    blocks = (block.strip("\n") for block in re.split(r"\n{2,}", escaped.replace("\r\n", "\n")))
    paragraphs = "\n".join("<p>" + block.replace("\n", "<br>\n") + "</p>" for block in blocks if block)
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>\n{paragraphs}\n</body></html>\n'
