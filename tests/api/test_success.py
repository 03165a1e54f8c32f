"""Subscriptions, support tickets and answers to surveys over HTTP: what is completed, refused, and seen by whom."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api.serving import is_problem


@pytest.fixture
def customer(admin):
    """A customer."""
    return made(admin, "customers", name="Acme")["id"]


def made(client, plural, **values):
    answer = client.post(f"/api/crm/{plural}", json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()


def changed(client, plural, record, **values):
    answer = client.patch(f"/api/crm/{plural}/{record['id']}", json=values)
    assert answer.status_code == 200, answer.text
    return answer.json()


def subscription(client, customer, **more):
    return made(
        client, "subscriptions", customer_id=customer, product="Team", term_start="2026-01-31", **more
    )


def test_a_term_ends_with_its_months_and_moves_with_its_start(admin, customer):
    one = subscription(admin, customer, term_months=1, amount=100)
    assert (one["began_on"], one["term_end"], one["currency"]) == ("2026-01-31", "2026-02-28", "USD")
    assert changed(admin, "subscriptions", one, term_months=12)["term_end"] == "2027-01-30"
    moved = changed(admin, "subscriptions", one, term_start="2026-03-01")
    assert (moved["term_end"], moved["began_on"]) == ("2027-02-28", "2026-01-31")
    assert changed(admin, "subscriptions", one, term_end="2026-12-31")["term_end"] == "2026-12-31"
    assert changed(admin, "subscriptions", one, seats=5)["term_end"] == "2026-12-31"


def test_a_term_that_is_told_by_its_end_ends_then(admin, customer):
    assert subscription(admin, customer, term_end="2026-06-30")["term_end"] == "2026-06-30"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"term_end": "2026-01-30"}, "term_end"),
        ({"began_on": "2026-02-01"}, "began_on"),
        ({"currency": "XYZ"}, "body.currency"),
        ({"seats": 0}, "body.seats"),
        ({"term_start": "9999-01-01"}, "body.term_start"),
    ],
)
def test_a_term_that_cannot_be_is_refused(admin, customer, wrong, field):
    body = {"customer_id": customer, "product": "Team", "term_start": "2026-01-31", **wrong}
    answer = admin.post("/api/crm/subscriptions", json=body)
    assert answer.status_code == 422
    problem = answer.json()
    assert field in {problem.get("field"), *(fault["field"] for fault in problem.get("errors") or [])}


def test_a_term_that_follows_on_ends_as_counted_from_the_first(admin, customer):
    one = subscription(admin, customer, term_months=1)
    ends = []
    for start in ("2026-03-01", "2026-03-31", "2026-05-01"):
        one = changed(admin, "subscriptions", one, term_start=start)
        ends.append(one["term_end"])
    assert ends == ["2026-03-30", "2026-04-30", "2026-05-30"]
    assert changed(admin, "subscriptions", one, term_start="2026-05-15")["term_end"] == "2026-06-14"


def test_what_was_deleted_comes_back_as_it_was(admin, customer):
    whose = {"customer_id": customer}
    for plural, entered in (
        ("subscriptions", {"product": "Team", "term_start": "2026-01-01", "term_end": "2026-06-30"}),
        ("tickets", {"subject": "x", "status": "solved"}),
        ("surveys", {"kind": "ces", "score": 7}),
    ):
        one = made(admin, plural, **whose, **entered)
        path = f"/api/crm/{plural}/{one['id']}"
        assert admin.delete(path).status_code == 204
        back = admin.post(f"{path}/restore").json()
        kept = one.keys() - {"updated_at", "version"}
        assert {name: back[name] for name in kept} == {name: one[name] for name in kept}


def test_a_subscription_is_cancelled_once_and_may_come_back(admin, customer):
    one = subscription(admin, customer)
    gone = changed(admin, "subscriptions", one, status="cancelled", cancel_reason="too dear")
    assert gone["cancelled_at"] is not None
    again = changed(admin, "subscriptions", one, status="cancelled")
    assert again["cancelled_at"] == gone["cancelled_at"]
    back = changed(admin, "subscriptions", one, status="active")
    assert (back["cancelled_at"], back["cancel_reason"]) == (None, None)


def test_the_deal_of_a_subscription_is_the_customers(admin, customer):
    own = made(admin, "deals", name="Ours", customer_id=customer)
    other = made(admin, "deals", name="Theirs", customer_id=made(admin, "customers", name="Other")["id"])
    assert subscription(admin, customer, deal_id=own["id"])["deal_id"] == own["id"]
    body = {"customer_id": customer, "product": "Team", "term_start": "2026-01-31", "deal_id": other["id"]}
    refused = is_problem(admin.post("/api/crm/subscriptions", json=body), 422, "bad_value")
    assert refused["field"] == "deal_id"


def test_a_ticket_is_settled_and_opened_again(admin, customer):
    one = made(admin, "tickets", customer_id=customer, subject="Export fails")
    assert one["opened_at"] is not None and one["solved_at"] is None
    assert changed(admin, "tickets", one, status="solved")["solved_at"] >= one["opened_at"]
    assert changed(admin, "tickets", one, status="open")["solved_at"] is None
    early = {"first_answer_at": "2001-01-01T00:00:00Z"}
    refused = is_problem(admin.patch(f"/api/crm/tickets/{one['id']}", json=early), 422, "bad_value")
    assert refused["field"] == "first_answer_at"


def test_a_ticket_of_last_week_is_kept_as_it_was(admin, customer):
    told = {"opened_at": "2026-11-01T09:00:00Z", "solved_at": "2026-11-02T09:00:00Z", "status": "closed"}
    kept = made(admin, "tickets", customer_id=customer, subject="Old", **told)
    assert (kept["opened_at"][:10], kept["solved_at"][:10]) == ("2026-11-01", "2026-11-02")


@pytest.mark.parametrize(("kind", "score"), [("nps", 11), ("csat", 0), ("csat", 6), ("ces", 8)])
def test_a_score_beyond_its_scale_is_refused(admin, customer, kind, score):
    answer = admin.post("/api/crm/surveys", json={"customer_id": customer, "kind": kind, "score": score})
    assert answer.status_code == 422


def test_who_answered_is_one_of_the_customers_people(admin, customer):
    own = made(admin, "contacts", customer_id=customer, last_name="Own")
    other = made(admin, "contacts", customer_id=made(admin, "customers", name="B")["id"], last_name="Other")
    answer = made(admin, "surveys", customer_id=customer, contact_id=own["id"], kind="nps", score=0)
    assert (answer["score"], answer["contact_id"]) == (0, own["id"])
    body = {"customer_id": customer, "contact_id": other["id"], "kind": "nps", "score": 0}
    assert is_problem(admin.post("/api/crm/surveys", json=body), 422, "bad_value")["field"] == "contact_id"


@pytest.mark.parametrize("plural", ["subscriptions", "tickets", "surveys"])
def test_what_another_system_calls_its_own_occurs_once(admin, customer, plural):
    entered: dict[str, dict[str, Any]] = {
        "subscriptions": {"product": "Team", "term_start": "2026-01-01"},
        "tickets": {"subject": "x"},
        "surveys": {"kind": "nps", "score": 9},
    }
    body = {**entered[plural], "customer_id": customer, "external_id": "T-1"}
    made(admin, plural, **body)
    is_problem(admin.post(f"/api/crm/{plural}", json=body), 409, "already_exists")
    is_problem(
        admin.post(f"/api/crm/{plural}", json={**body, "external_id": "T-2", "customer_id": str(uuid4())}),
        422,
        "bad_value",
    )


def test_they_follow_their_customer_to_whoever_owns_it(admin, colleague, customer):
    rep = colleague("rep")
    one = made(admin, "tickets", customer_id=customer, subject="x")
    path = f"/api/crm/tickets/{one['id']}"
    assert rep.client.get(path).status_code == 404
    changed(admin, "customers", {"id": customer}, owner_id=str(rep.id))
    assert rep.client.get(path).json()["owner_id"] == str(rep.id)
    assert rep.client.patch(path, json={"status": "waiting"}).status_code == 200
    is_problem(rep.client.patch(path, json={"owner_id": str(rep.id)}), 422, "invalid_request")


def test_fields_of_ones_own_are_declared_for_subscriptions_and_tickets(admin, customer):
    made(admin, "custom-fields", entity="ticket", name="area", type="choice", options=["web", "api"])
    body = {"customer_id": customer, "subject": "x", "custom": {"area": "moon"}}
    assert is_problem(admin.post("/api/crm/tickets", json=body), 422, "bad_value")["field"] == "custom.area"
    made(admin, "tickets", **{**body, "custom": {"area": "api"}})
    found = admin.get("/api/crm/tickets", params={"filter": "custom.area:eq:api"}).json()["items"]
    assert [item["custom"] for item in found] == [{"area": "api"}]


def test_open_tickets_are_found_by_filter_and_words(admin, customer):
    for number, status in enumerate(("open", "solved", "waiting")):
        made(admin, "tickets", customer_id=customer, subject=f"Export {number} fails", status=status)
    found = admin.get(
        "/api/crm/tickets", params={"filter": "status:in:open,waiting", "q": "export", "sort": "subject"}
    )
    assert [item["subject"] for item in found.json()["items"]] == ["Export 0 fails", "Export 2 fails"]
