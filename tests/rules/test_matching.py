"""Who a submission is from, and what it may change."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.matching import Candidate, Decision, enrich, match_batch
from crm_db.rules.normalise import LeadDraft

THEN = datetime(2026, 1, 1, tzinfo=UTC)
A, B = "a@example.org", "b@example.org"
P, Q = "+4930111111", "+4930222222"


def known(
    n: int, email: str | None = None, phone: str | None = None, *, age: int = 0, last: str = ""
) -> Candidate:
    return Candidate(UUID(int=n), email, phone, THEN - timedelta(days=age), last or None)


def who(decision: Decision) -> object:
    return decision.same_as if decision.lead_id is None else decision.lead_id.int


def sent(
    email: str | None = None, phone: str | None = None, last: str | None = None, first: str | None = None
) -> LeadDraft:
    return LeadDraft(email=email, phone=phone, last_name=last, first_name=first)


@pytest.mark.parametrize(
    ("existing", "draft", "lead", "reason"),
    [
        ([], sent(A), None, "nobody with this e-mail or phone"),
        ([known(1, A)], sent(A), 1, "same e-mail"),
        ([known(1, A)], sent(B), None, "nobody with this e-mail or phone"),
        ([known(1, phone=P)], sent(A, P), 1, "same phone"),
        ([known(1, phone=P, age=9), known(2, A)], sent(A, P), 2, "same e-mail"),
        ([known(1, A, age=1), known(2, A, age=2)], sent(A), 2, "same e-mail"),
        ([known(2, A), known(1, A)], sent(A), 1, "same e-mail"),
        ([known(1, A, P, last="Berg")], sent(B, P, "Berg"), 1, "same phone"),
        ([known(1, A, P, last="BERG")], sent(B, P, "Berg"), 1, "same phone"),
        ([known(1, A, P)], sent(B, P, "Holm"), 1, "same phone"),
        ([known(1, A, P, last="Berg")], sent(B, P), 1, "same phone"),
        ([known(1, A, P, last="Berg")], sent(None, P, "Holm"), 1, "same phone"),
        ([known(1, A, P, last="Berg")], sent(A, P, "Holm"), 1, "same e-mail"),
        (
            [known(1, A, P, last="Berg")],
            sent(B, P, "Holm"),
            None,
            "same phone, but another e-mail and another last name: a shared phone",
        ),
        (
            [known(1, A, P, last="Berg", age=1), known(2, None, P, last="Holm")],
            sent(B, P, "Holm"),
            2,
            "same phone",
        ),
    ],
)
def test_email_decides_then_phone_and_the_oldest_wins(
    existing: list[Candidate], draft: LeadDraft, lead: int | None, reason: str
) -> None:
    [decision] = match_batch(existing, [draft])
    assert decision.kind == ("create" if lead is None else "enrich")
    assert (who(decision), decision.reason) == (lead, reason)


def test_a_batch_makes_one_lead_of_one_person_through_a_chain_of_identities() -> None:
    decisions = match_batch([], [sent(A), sent(A, P), sent(None, P), sent(B, Q), sent(B, P)])
    assert [(d.kind, who(d)) for d in decisions] == [
        ("create", None),
        ("enrich", 0),
        ("enrich", 0),
        ("create", None),
        ("enrich", 3),
    ]


def test_what_a_batch_mate_adds_to_an_existing_lead_identifies_the_next_one() -> None:
    decisions = match_batch([known(7, A)], [sent(A, P), sent(None, P)])
    assert [who(d) for d in decisions] == [7, 7]


IDENTITIES = st.sampled_from([None, "1", "2", "3"])
DRAFTS = st.lists(
    st.builds(
        sent,
        IDENTITIES,
        IDENTITIES,
        st.sampled_from([None, "Berg", "Holm"]),
        st.sampled_from([None, "Anna", "Bob"]),
    ),
    max_size=12,
)


@given(DRAFTS)
def test_a_batch_is_decided_as_if_its_submissions_came_one_after_the_other(drafts: list[LeadDraft]) -> None:
    together = match_batch([], drafts)
    leads: list[dict[str, object]] = []
    made_by: dict[int, int] = {}
    for index, draft in enumerate(drafts):
        existing = [_candidate(n, lead) for n, lead in enumerate(leads)]
        [alone] = match_batch(existing, [draft])
        assert together[index].kind == alone.kind
        if alone.lead_id is None:
            made_by[len(leads)] = index
            leads.append(enrich({}, draft))
        else:
            lead = leads[alone.lead_id.int]
            lead.update(enrich(lead, draft))
            assert together[index].same_as == made_by[alone.lead_id.int]


def _candidate(n: int, lead: Mapping[str, object]) -> Candidate:
    email, phone, last, first = (
        None if lead.get(name) is None else str(lead[name])
        for name in ("email", "phone", "last_name", "first_name")
    )
    return Candidate(UUID(int=n), email, phone, THEN + timedelta(days=n), last, first_name=first)


FULL = LeadDraft(
    external_id="x",
    first_name="Anna",
    last_name="Berg",
    email=A,
    phone=P,
    company="Berg",
    value=Decimal(5),
    currency="EUR",
    country="DE",
    timezone="Europe/Berlin",
    utm={"source": "ads"},
    consent={"email": True},
    tags=("vip",),
    custom={"plan": "gold"},
)


def test_enriching_an_empty_lead_fills_everything() -> None:
    assert enrich({"company": "", "title": None}, FULL) == {
        "external_id": "x",
        "first_name": "Anna",
        "last_name": "Berg",
        "email": A,
        "phone": P,
        "company": "Berg",
        "value": Decimal(5),
        "currency": "EUR",
        "country": "DE",
        "timezone": "Europe/Berlin",
        "utm": {"source": "ads"},
        "consent": {"email": True},
        "tags": ["vip"],
        "custom": {"plan": "gold"},
    }


def test_enriching_twice_changes_nothing_the_second_time() -> None:
    assert enrich(enrich({}, FULL), FULL) == {}


@pytest.mark.parametrize(
    ("current", "draft", "changes"),
    [
        ({"company": "Old"}, LeadDraft(company="New"), {}),
        ({"probability": 0}, LeadDraft(probability=50), {}),
        ({"first_name": "Anna"}, LeadDraft(first_name="Anna", last_name="Berg"), {"last_name": "Berg"}),
        ({"first_name": "Anna"}, LeadDraft(first_name="Bob", last_name="Holm"), {}),
        ({"value": Decimal(5)}, LeadDraft(value=Decimal(9), currency="EUR"), {}),
        ({"value": Decimal(5)}, LeadDraft(currency="EUR"), {"currency": "EUR"}),
        ({"currency": "USD"}, LeadDraft(value=Decimal(9), currency="EUR"), {}),
        ({"country": "DE"}, LeadDraft(country="US", timezone="America/New_York"), {}),
        (
            {"country": "US"},
            LeadDraft(country="US", timezone="America/Chicago"),
            {"timezone": "America/Chicago"},
        ),
        ({"tags": ["a"]}, LeadDraft(tags=("b", "a")), {"tags": ["a", "b"]}),
        ({"tags": ["a"]}, LeadDraft(tags=("a",)), {}),
        ({"tags": [str(n) for n in range(25)]}, LeadDraft(tags=("new",)), {}),
        ({"custom": {"x": 1}}, LeadDraft(custom={"x": 2, "y": 3}), {"custom": {"x": 1, "y": 3}}),
        ({"custom": {str(n): n for n in range(100)}}, LeadDraft(custom={"y": 3}), {}),
        ({"utm": {"source": "ads"}}, LeadDraft(utm={"medium": "cpc"}), {}),
        ({"consent": {"email": True}}, LeadDraft(consent={"email": False}), {"consent": {"email": False}}),
        ({"consent": {"email": False}}, LeadDraft(consent={"email": True}), {}),
        (
            {"consent": {"email": False}},
            LeadDraft(consent={"email": True, "sms": True}),
            {"consent": {"email": False, "sms": True}},
        ),
        ({"consent": {"email": None}}, LeadDraft(consent={"email": True}), {"consent": {"email": True}}),
    ],
)
def test_enriching_fills_gaps_and_overwrites_nothing_but_consent_withdrawn(
    current: Mapping[str, object], draft: LeadDraft, changes: Mapping[str, object]
) -> None:
    assert enrich(current, draft) == changes
