"""What is wrong with a mapping, and what is suggested instead."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.diagnosis import Diagnosis, diagnose, told
from crm_db.rules.parsing import FORM, JSON
from crm_db.rules.understanding import SourceRules

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def look(sent: Any, content_type: str = JSON, **rules: Any) -> Diagnosis:
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    return diagnose(SourceRules(**rules), content_type, body, now=NOW)


def test_entries_that_find_nothing_are_at_fault_and_their_fields_are_found_by_name() -> None:
    sent = {
        "customer": {"reach": {"e_mail": "ann@lee.example", "tel": "+44 20 7946 0018"}, "given_name": "Ann"}
    }
    seen = look(sent, mapping={"email": "customer.email", "custom.who": "customer.given_name"})
    assert seen.problem is not None
    assert seen.problem.startswith("no_contact")
    assert seen.at_fault == {"email": "customer.email"}
    assert seen.mapping == {
        "custom.who": "customer.given_name",
        "email": "customer.reach.e_mail",
        "phone": "customer.reach.tel",
    }
    assert seen.makes_a_lead


def test_an_address_is_found_by_its_look_and_others_like_it_are_told() -> None:
    seen = look({"a": {"x1": "ann@lee.example", "x2": "boss@lee.example", "x3": "1795348800"}})
    (suggestion,) = seen.suggestions
    assert (suggestion.field, suggestion.path, suggestion.by) == ("email", "a.x1", "value")
    assert suggestion.others == ("a.x2",)
    assert told(seen.suggestions) == ["email: a.x1 (its value looks like one; or: a.x2)"]


def test_a_question_beside_its_answer_names_it() -> None:
    answers = [
        {"question": "Your boss", "answer": "boss@lee.example"},
        {"question": "What is your work e-mail?", "answer": "ann@lee.example"},
        {"question": "First name", "answer": "Ann"},
    ]
    seen = look({"survey": {"answers": answers}})
    assert seen.mapping == {"email": "survey.answers.1.answer", "first_name": "survey.answers.2.answer"}
    assert seen.makes_a_lead


@pytest.mark.parametrize("number", ["1795348800", "20261120", "12345678901234567890", "n/a", "2026-11-20"])
def test_a_bare_number_is_not_taken_for_a_telephone_number(number: str) -> None:
    assert look({"deep": {"thing": number}}, region="GB").suggestions == ()


def test_a_number_that_is_written_like_one_is() -> None:
    assert look({"deep": {"thing": "(020) 7946 0018"}}, region="GB").mapping == {"phone": "deep.thing"}
    assert look({"deep": {"thing": "(020) 7946 0018"}}).mapping == {}


def test_a_name_alone_is_suggested_but_makes_no_lead() -> None:
    seen = look({"deep": {"first_name": "Ann", "company": "Lee Ltd"}})
    assert seen.mapping == {"first_name": "deep.first_name", "company": "deep.company"}
    assert not seen.makes_a_lead


@pytest.mark.parametrize("body", [b"{not json", b"\xff\xfe", b"[1]", b'"text"'])
def test_what_cannot_be_read_has_a_reason_and_no_suggestion(body: bytes) -> None:
    seen = look(body)
    assert seen.problem is not None
    assert (seen.format, seen.suggestions, seen.mapping) == (None, (), {})


def test_nothing_is_suggested_for_what_makes_a_lead_but_dead_paths_are_named() -> None:
    seen = look({"email": "ann@lee.example"}, mapping={"company": "org.name"})
    assert (seen.problem, seen.at_fault, seen.suggestions) == (None, {"company": "org.name"}, ())
    assert seen.makes_a_lead


def test_a_form_is_diagnosed_like_json() -> None:
    seen = look(b"fields%5Bx%5D%5Bvalue%5D=ann%40lee.example", FORM)
    assert seen.mapping == {"email": "fields[x][value]"}
    assert seen.makes_a_lead


def test_a_lead_that_must_be_fetched_says_so() -> None:
    change = {"field": "leadgen", "value": {"leadgen_id": "11"}}
    seen = look({"object": "page", "entry": [{"changes": [change]}]})
    assert seen.problem is not None
    assert seen.problem.startswith("fetch:")


NESTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("a@b.example"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(sent=st.dictionaries(st.text(max_size=8), NESTS, max_size=5), path=st.text(max_size=8))
def test_diagnosing_never_raises_and_a_promised_lead_is_kept(sent: dict[str, Any], path: str) -> None:
    seen = look(sent, mapping={"email": path})
    if seen.mapping and seen.makes_a_lead:
        assert look(sent, mapping=dict(seen.mapping)).problem is None


def test_a_suggestion_gives_up_nothing_of_the_mapping_but_what_it_replaces():
    rules = SourceRules(mapping={"email": "person.mail", "company": "org.name", "custom.size": "org.size"})
    body = json.dumps({"person": {"elec_post": "one@example.com"}, "noise": 1}).encode()
    found = diagnose(rules, "application/json", body, now=NOW)
    assert found.mapping == {"email": "person.elec_post", "company": "org.name", "custom.size": "org.size"}
