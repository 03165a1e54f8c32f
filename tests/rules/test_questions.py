"""Which questions ask for a field that we know, and which only sound like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.mapping import Fields, read_fields
from crm_db.rules.questions import field_asked


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("What's your first name?", "first_name"),
        ("What’s your last name?", "last_name"),
        ("Please enter your full name", "name"),
        ("Work email", "email"),
        ("What is your work e-mail address? (required)", "email"),
        ("Wie lautet Ihre E-Mail-Adresse?", "email"),
        ("And your phone number, please?", "phone"),
        ("What is the best number to reach you?", "phone"),
        ("Best phone number to reach you at", "phone"),
        ("Which company do you work for?", "company"),
        ("Where do you work?", "company"),
        ("What's the name of your company?", "company"),
        ("What is your role?", "title"),
        ("what_is_your_job_title?", "title"),
        ("In which country are you based?", "country"),
        ("What is your budget?", "value"),
        ("How can we help you?", "notes"),
    ],
)
def test_a_question_is_understood(question: str, field: str) -> None:
    asked = field_asked(question)
    assert asked is not None
    assert asked[0] == field


@pytest.mark.parametrize(
    "question",
    [
        "How many employees does your company have?",
        "company_size",
        "is_company",
        "Do you agree to receive marketing emails?",
        "May we call you?",
        "Your manager's email",
        "Phone number of your manager",
        "What is your name and email?",
        "What is your business?",
        "What is your title?",
        "What is your annual revenue?",
        "number",
        "Which phone do you use?",
        "please",
        "",
        "?",
    ],
)
def test_what_only_sounds_like_a_question_for_a_field_is_none(question: str) -> None:
    assert field_asked(question) is None


def test_a_name_is_more_exact_than_a_question() -> None:
    sent = {"What is your email?": "asked@example.org", "mail": "named@example.org"}
    assert read_fields(sent, None) == Fields(
        {"email": "named@example.org"}, {"What is your email?": "asked@example.org"}
    )


def test_a_budget_that_is_no_amount_stays_as_it_was_said() -> None:
    assert read_fields({"What is your budget?": "5k to 10k"}, None).custom == {
        "What is your budget?": "5k to 10k"
    }


@given(st.text(max_size=700))
def test_no_question_raises(title: str) -> None:
    field_asked(title)
