"""Typeform: `form_response` with the form's definition and the answers, each under the name of its type."""

import re
from collections.abc import Iterator, Mapping

from crm_db.rules.aliases import field_named
from crm_db.rules.formats.shape import Answers, Reading, id_of, mappings, members, text_of
from crm_db.rules.questions import field_asked
from crm_db.rules.text import one_line

MAX_NESTED = 4
_RECALLED = re.compile(r"\{\{[^{}]*\}\}")
_BY_TYPE = {"email": "email", "phone_number": "phone"}


def fits(payload: Mapping[str, object]) -> bool:
    """Whether this is a response to a typeform."""
    return isinstance(payload.get("form_response"), Mapping)


def read(payload: Mapping[str, object]) -> Reading:
    """Answers go by their reference where it names a field we know, else by type (e-mail, phone), else by their question."""
    response = members(payload.get("form_response"))
    definition = members(response.get("definition"))
    answers = Answers()
    for name, value in members(response.get("hidden")).items():
        answers.add(name, value)
    _add_answers(answers, list(mappings(response.get("answers"))), _questions(definition.get("fields"), 1))
    for variable in mappings(response.get("variables")):
        answers.add_missing(
            f"variable {text_of(variable.get('key'))}".strip(), variable.get(str(variable.get("type")))
        )
    answers.add_missing("score", members(response.get("calculated")).get("score"))
    answers.add_missing("form_id", response.get("form_id"))
    answers.add_missing("form_name", definition.get("title"))
    answers.add_missing("external_id", response.get("token"))
    return Reading("typeform", answers.values, id_of(response.get("token")))


def _questions(fields: object, depth: int) -> dict[str, str]:
    """Every question's wording by its id, with those inside groups."""
    wordings: dict[str, str] = {}
    for question in mappings(fields):
        wordings[str(question.get("id"))] = _wording(question.get("title"))
        if depth < MAX_NESTED:
            wordings |= _questions(members(question.get("properties")).get("fields"), depth + 1)
    return wordings


def _wording(title: object) -> str:
    """A question without what it recalls from other answers, and without its emphasis."""
    plain = (
        _RECALLED.sub(" ", title[:2_000]).replace("*", " ").replace("\\_", " ")
        if isinstance(title, str)
        else ""
    )
    return one_line(plain, 200).strip(" ,")


def _add_answers(answers: Answers, given: list[Mapping[str, object]], wordings: Mapping[str, str]) -> None:
    """Names that tell what is meant come before types: "your manager's e-mail" is of type e-mail too."""
    named = [(answer, *_named(answer, wordings)) for answer in given]
    told = {meaning for _, _, meaning in named if meaning}
    for answer, name, meaning in named:
        by_type = _BY_TYPE.get(str(answer.get("type")))
        if meaning is None and by_type is not None and by_type not in told:
            told.add(by_type)
            name = by_type  # noqa: PLW2901
        answers.add(name, _value(answer))


def _named(answer: Mapping[str, object], wordings: Mapping[str, str]) -> tuple[str, str | None]:
    """The name of an answer, and the field that it means, if we know one."""
    asked = members(answer.get("field"))
    wording = wordings.get(str(asked.get("id"))) or _wording(asked.get("title"))
    names = [text_of(asked.get("ref")), text_of(asked.get("subfield_key")), wording]
    for name in names:
        if meaning := field_named(name) or field_asked(name):
            return name, meaning[0]
    return wording or names[0], None


def _value(answer: Mapping[str, object]) -> object:
    """What was answered: of choices the labels, of a payment the amount."""
    kind = str(answer.get("type"))
    given = answer.get(kind)
    if kind == "choice":
        return next(_labels(members(given), "label"), None)
    if kind == "choices":
        return list(_labels(members(given), "labels"))
    if kind == "payment":
        return members(given).get("amount")
    return given


def _labels(choice: Mapping[str, object], name: str) -> Iterator[str]:
    """The chosen labels, and what was written in the place of one."""
    labels = choice.get(name)
    for label in (*(labels if isinstance(labels, list) else [labels]), choice.get("other")):
        if isinstance(label, str) and label:
            yield label
