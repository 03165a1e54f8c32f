"""Leads become deals, deals that are won make customers; taken back while nothing was built on it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.rules.terms import last_day
from crm_db.session import Identity
from tests.api.serving import is_problem

LEADS, DEALS, CUSTOMERS, CONTACTS, SUBSCRIPTIONS = (
    f"/api/crm/{plural}" for plural in ("leads", "deals", "customers", "contacts", "subscriptions")
)
ADA = {
    "first_name": "Ada", "last_name": "Lovelace", "email": "ada@analytical.example", "phone": "+442079460958",
    "company": "Analytical Engines", "value": 60000, "currency": "GBP", "country": "GB", "source": "fair",
    "tags": ["vip"], "custom": {"plan": "team"}, "automation": False,
}  # fmt: skip


def enter(client, **fields):
    response = client.post(LEADS, json={**ADA, **fields})
    assert response.status_code == 201, response.text
    return response.json()


def convert(client, lead, status=201, headers=None, **body):
    response = client.post(f"{LEADS}/{lead['id']}/convert", json=body, headers=headers)
    assert response.status_code == status, response.text
    return response.json()


def undo(client, lead, **more):
    return client.post(f"{LEADS}/{lead['id']}/convert/undo", **more)


def stage(owner, name):
    return str(owner.execute("select id from crm_pipeline_stages where name = %s", (name,)).fetchone()[0])


def win(client, owner, deal):
    response = client.patch(f"{DEALS}/{deal['id']}", json={"stage_id": stage(owner, "Closed Won")})
    assert response.status_code == 200, response.text
    return response.json()


def kinds_of_events(owner):
    return [row[0] for row in owner.execute("select kind from crm_events order by xid, id").fetchall()]


def test_a_lead_becomes_a_deal_with_what_is_known_of_it(admin, owner, reps):
    lead = enter(admin)
    admin.patch(f"{LEADS}/{lead['id']}", json={"owner_id": str(reps[0])})
    made = convert(admin, lead)
    carried = (
        "name",
        "value",
        "currency",
        "source",
        "tags",
        "custom",
        "owner_id",
        "lead_id",
        "status",
        "customer_id",
    )
    assert {name: made["deal"][name] for name in carried} == {
        "name": "Analytical Engines", "value": 60000, "currency": "GBP", "source": "fair", "tags": ["vip"],
        "custom": {"plan": "team"}, "owner_id": str(reps[0]), "lead_id": lead["id"], "status": "open", "customer_id": None,
    }  # fmt: skip
    assert made["deal"]["team_id"] is not None
    assert (made["lead"]["status"], made["lead"]["closed_at"] is not None, made["customer"]) == (
        "converted",
        True,
        None,
    )
    assert {"deal.created", "lead.changed", "lead.converted"} <= set(kinds_of_events(owner))


def test_what_is_said_of_the_deal_wins_over_what_the_lead_says(admin, owner):
    proposal = stage(owner, "Proposal")
    said = {"name": "Plan", "value": 5, "currency": "EUR", "stage_id": proposal, "custom": {"seats": 3}}
    deal = convert(admin, enter(admin), **said)["deal"]
    assert {name: deal[name] for name in ("name", "value", "currency", "stage_id")} == {
        "name": "Plan", "value": 5, "currency": "EUR", "stage_id": proposal,
    }  # fmt: skip
    assert deal["custom"] == {"plan": "team", "seats": 3}


def test_fields_that_a_deal_has_otherwise_are_left_with_the_lead(admin, owner):
    owner.execute(
        "insert into crm_custom_fields (org_id, entity, name, label, type)"
        " select id, 'deal', 'plan', 'Plan', 'number' from crm_orgs"
    )
    assert convert(admin, enter(admin, custom={"plan": "team", "x": 1}))["deal"]["custom"] == {"x": 1}


def test_whoever_asks_again_gets_the_same_deal(admin, owner):
    lead = enter(admin)
    first = convert(admin, lead, headers={"Idempotency-Key": "k"}, name="One")
    assert convert(admin, lead, headers={"Idempotency-Key": "k"}, name="One") == first
    response = admin.post(
        f"{LEADS}/{lead['id']}/convert", json={"name": "Two"}, headers={"Idempotency-Key": "k"}
    )
    is_problem(response, 422, "idempotency_key_reused")
    assert convert(admin, lead, 200, name="Two")["deal"]["id"] == first["deal"]["id"]
    assert len(admin.get(DEALS).json()["items"]) == 1


def test_of_many_who_convert_at_once_one_makes_the_deal(admin):
    lead = enter(admin)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: admin.post(f"{LEADS}/{lead['id']}/convert", json={}), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["deal"]["id"] for answer in answers}) == 1


def test_a_customer_may_be_made_at_once(admin, owner):
    made = convert(admin, enter(admin), customer=True)
    customer = made["customer"]
    assert made["deal"]["customer_id"] == customer["id"]
    assert (customer["name"], customer["email"], customer["status"], customer["since"]) == (
        "Analytical Engines", "ada@analytical.example", "onboarding", None,
    )  # fmt: skip
    (contact,) = admin.get(CONTACTS).json()["items"]
    assert (contact["first_name"], contact["is_primary"], contact["customer_id"]) == (
        "Ada",
        True,
        customer["id"],
    )
    assert {"customer.created", "contact.created"} <= set(kinds_of_events(owner))
    win(admin, owner, made["deal"])
    (only,) = admin.get(CUSTOMERS).json()["items"]
    assert (only["id"], only["since"] is not None) == (customer["id"], True)


def test_a_deal_that_is_won_makes_its_lead_a_customer_once(admin, owner):
    lead = enter(admin)
    deal = convert(admin, lead)["deal"]
    admin.patch(f"{DEALS}/{deal['id']}", json={"recurring_amount": 100, "recurring_period": "month"})
    won = win(admin, owner, deal)
    customer = admin.get(f"{CUSTOMERS}/{won['customer_id']}").json()
    assert (customer["lead_id"], customer["recurring_amount"], customer["currency"]) == (
        lead["id"],
        1200,
        "GBP",
    )
    assert customer["since"] is not None
    second = admin.post(DEALS, json={"name": "More", "lead_id": lead["id"]}).json()
    assert win(admin, owner, second)["customer_id"] == customer["id"]
    assert len(admin.get(CUSTOMERS).json()["items"]) == len(admin.get(CONTACTS).json()["items"]) == 1


def test_what_a_won_deal_brings_each_month_becomes_a_subscription_once(admin, owner):
    deal = convert(admin, enter(admin), name="Team plan")["deal"]
    admin.patch(f"{DEALS}/{deal['id']}", json={"recurring_amount": 100, "recurring_period": "month"})
    won = win(admin, owner, deal)
    (one,) = admin.get(SUBSCRIPTIONS).json()["items"]
    assert (one["customer_id"], one["deal_id"], one["product"]) == (
        won["customer_id"],
        deal["id"],
        "Team plan",
    )
    assert (one["amount"], one["period"], one["currency"], one["status"]) == (100, "month", "GBP", "active")
    start, end = (date.fromisoformat(one[name]) for name in ("term_start", "term_end"))
    since = admin.get(f"{CUSTOMERS}/{won['customer_id']}").json()["since"]
    assert (one["term_start"], end) == (since, last_day(start, 12))
    admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": stage(owner, "Proposal")})
    win(admin, owner, deal)
    assert len(admin.get(SUBSCRIPTIONS).json()["items"]) == 1
    assert kinds_of_events(owner).count("subscription.created") == 1


def test_a_deal_that_is_entered_as_won_brings_its_subscription_too(admin, owner):
    customer = admin.post(CUSTOMERS, json={"name": "Acme"}).json()["id"]
    body = {
        "name": "Team plan",
        "customer_id": customer,
        "recurring_amount": 10,
        "stage_id": stage(owner, "Closed Won"),
    }
    deal = admin.post(DEALS, json=body).json()
    (one,) = admin.get(SUBSCRIPTIONS).json()["items"]
    assert (one["deal_id"], one["period"]) == (deal["id"], "year")
    once = {"name": "Workshop", "customer_id": customer, "value": 10, "stage_id": stage(owner, "Closed Won")}
    assert admin.post(DEALS, json=once).status_code == 201
    assert len(admin.get(SUBSCRIPTIONS).json()["items"]) == 1


def test_of_deals_that_are_won_at_once_one_makes_the_customer(admin, owner):
    lead, won = enter(admin), {"stage_id": stage(owner, "Closed Won")}
    deals = [admin.post(DEALS, json={"name": f"Plan {n}", "lead_id": lead["id"]}).json() for n in range(6)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda deal: admin.patch(f"{DEALS}/{deal['id']}", json=won), deals))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.json()["customer_id"] for answer in answers}) == 1
    assert len(admin.get(CUSTOMERS).json()["items"]) == 1


def test_a_deal_that_names_a_customer_makes_none(admin, owner):
    there = admin.post(CUSTOMERS, json={"name": "There"}).json()
    made = convert(admin, enter(admin), customer_id=there["id"], customer=True)
    assert made["customer"]["id"] == there["id"]
    assert win(admin, owner, made["deal"])["customer_id"] == there["id"]
    assert len(admin.get(CUSTOMERS).json()["items"]) == 1


def test_a_deal_without_a_lead_is_won_without_a_customer(admin, owner):
    deal = admin.post(DEALS, json={"name": "Plan"}).json()
    assert win(admin, owner, deal)["customer_id"] is None


def test_a_conversion_is_taken_back_and_may_be_made_again(admin, owner):
    lead = enter(admin)
    admin.patch(f"{LEADS}/{lead['id']}", json={"status": "qualified"})
    made = convert(admin, lead, customer=True)
    for _ in range(2):
        back = undo(admin, lead)
        assert back.status_code == 200, back.text
        assert (back.json()["status"], back.json()["closed_at"]) == ("qualified", None)
    for path in (DEALS, CUSTOMERS, CONTACTS):
        assert admin.get(path).json()["items"] == []
    assert {"lead.conversion_undone", "deal.deleted", "customer.deleted"} <= set(kinds_of_events(owner))
    assert convert(admin, lead, customer=True)["deal"]["id"] != made["deal"]["id"]


def test_a_deal_that_was_restored_after_its_conversion_was_taken_back_is_the_leads_again(admin, owner):
    lead = enter(admin)
    deal = convert(admin, lead, customer=True)["deal"]
    undo(admin, lead)
    assert admin.post(f"{DEALS}/{deal['id']}/restore").status_code == 200
    admin.patch(f"{LEADS}/{lead['id']}", json={"status": "qualified"})
    again = convert(admin, lead, 200)
    assert (again["deal"]["id"], again["lead"]["status"]) == (deal["id"], "converted")
    assert [one["id"] for one in admin.get(DEALS).json()["items"]] == [deal["id"]]
    assert undo(admin, lead).json()["status"] == "qualified"
    assert admin.get(DEALS).json()["items"] == []


def test_a_lead_that_was_lost_before_is_lost_again_since_then(admin):
    lead = enter(admin)
    lost = admin.patch(f"{LEADS}/{lead['id']}", json={"status": "lost"}).json()
    convert(admin, lead)
    assert undo(admin, lead).json()["closed_at"] == lost["closed_at"]


def test_a_lead_that_was_opened_meanwhile_stays_as_it_is(admin):
    lead = enter(admin)
    convert(admin, lead)
    admin.patch(f"{LEADS}/{lead['id']}", json={"status": "contacted"})
    assert undo(admin, lead).json()["status"] == "contacted"
    assert admin.get(DEALS).json()["items"] == []


def test_what_was_never_converted_cannot_be_taken_back(admin):
    lead = enter(admin)
    admin.patch(f"{LEADS}/{lead['id']}", json={"status": "converted"})
    is_problem(undo(admin, lead), 409, "not_possible")
    assert convert(admin, lead)["lead"]["status"] == "converted"


def _won(admin, owner, made):
    win(admin, owner, made["deal"])


def _moved(admin, owner, made):
    admin.patch(f"{DEALS}/{made['deal']['id']}", json={"stage_id": stage(owner, "Proposal")})


def _talked(admin, owner, made):
    admin.post("/api/crm/activities", json={"kind": "note", "subject": "x", "deal_id": made["deal"]["id"]})


def _sold_more(admin, owner, made):
    admin.post(DEALS, json={"name": "More", "customer_id": made["customer"]["id"]})


def _met_another(admin, owner, made):
    admin.post(CONTACTS, json={"customer_id": made["customer"]["id"], "first_name": "Bo"})


def _welcomed(admin, owner, made):
    admin.patch(f"{CUSTOMERS}/{made['customer']['id']}", json={"status": "active"})


def _visited(admin, owner, made):
    admin.post(
        "/api/crm/activities", json={"kind": "note", "subject": "x", "customer_id": made["customer"]["id"]}
    )


def _subscribed(admin, owner, made):
    whose = {"customer_id": made["customer"]["id"]}
    admin.post(
        SUBSCRIPTIONS, json={**whose, "product": "Team", "term_start": "2026-01-01"}
    ).raise_for_status()


def _troubled(admin, owner, made):
    whose = {"customer_id": made["customer"]["id"]}
    admin.post("/api/crm/tickets", json={**whose, "subject": "Export fails"}).raise_for_status()


def _asked(admin, owner, made):
    whose = {"customer_id": made["customer"]["id"]}
    admin.post("/api/crm/surveys", json={**whose, "kind": "nps", "score": 9}).raise_for_status()


BUILDS = (
    _won, _moved, _talked, _sold_more, _met_another, _welcomed, _visited, _subscribed, _troubled, _asked
)  # fmt: skip


@pytest.mark.parametrize("build", BUILDS)
def test_what_something_was_built_on_cannot_be_taken_back(admin, owner, build):
    lead = enter(admin)
    made = convert(admin, lead, customer=True)
    build(admin, owner, made)
    is_problem(undo(admin, lead), 409, "not_possible")
    assert admin.get(f"{LEADS}/{lead['id']}").json()["status"] == "converted"
    assert admin.get(f"{DEALS}/{made['deal']['id']}").status_code == 200


def test_a_deal_that_somebody_else_has_by_now_is_not_taken_from_them(admin, client_as, reps):
    ada = client_as(reps[0])
    lead = enter(ada)
    deal = convert(ada, lead)["deal"]
    ada.patch(f"{DEALS}/{deal['id']}", json={"owner_id": str(reps[1])})
    is_problem(undo(ada, lead), 409, "not_possible")
    assert convert(ada, lead, 200)["deal"] is None
    assert undo(admin, lead).status_code == 200


def test_the_deal_of_somebody_who_has_left_is_whose_who_converts(admin, client_as, owner, reps):
    lead = enter(admin)
    admin.patch(f"{LEADS}/{lead['id']}", json={"owner_id": str(reps[0])})
    owner.execute("update crm_users set active = false where id = %s", (reps[0],))
    assert convert(admin, lead)["deal"]["owner_id"] is None


def test_what_became_of_a_lead_is_seen_and_written_by_whoever_sees_the_lead(
    admin, database, org, make_org, reps
):
    lead = enter(admin)
    admin.patch(f"{LEADS}/{lead['id']}", json={"owner_id": str(reps[0])})
    convert(admin, lead)
    stranger = make_org("Globex").identity
    people = (Identity(org.org_id, reps[0], "rep"), Identity(org.org_id, reps[1], "rep"), stranger)
    seen, changed = [], []
    for identity in people:
        with session.bound_to(database.app_url), session.unit_of_work(identity) as work:
            seen.append(work.execute(text("select count(*) from crm_conversions")).scalar_one())
            changed.append(session.rows_changed(work.execute(text("update crm_conversions set at = now()"))))
    assert (seen, changed) == ([1, 0, 0], [1, 0, 0])


def test_nobody_converts_what_they_do_not_see(client_as, reps, admin, make_key, org):
    lead = enter(client_as(reps[0]))
    bo = client_as(reps[1])
    is_problem(bo.post(f"{LEADS}/{lead['id']}/convert", json={}), 404, "not_found")
    is_problem(undo(bo, lead), 404, "not_found")
    reader = {"X-API-Key": make_key(org, "read")}
    is_problem(admin.post(f"{LEADS}/{lead['id']}/convert", json={}, headers=reader), 403, "forbidden")
    is_problem(admin.post(f"{LEADS}/{uuid4()}/convert", json={}), 404, "not_found")


@pytest.mark.parametrize("body", [{"nope": 1}, {"value": -1}, {"currency": "shells"}])
def test_what_a_deal_cannot_be_is_refused(admin, body):
    is_problem(admin.post(f"{LEADS}/{enter(admin)['id']}/convert", json=body), 422, "invalid_request")


def test_a_refused_conversion_leaves_the_lead_as_it_was(admin):
    lead = enter(admin)
    is_problem(admin.post(f"{LEADS}/{lead['id']}/convert", json={"stage_id": str(uuid4())}), 422, "bad_value")
    assert admin.get(f"{LEADS}/{lead['id']}").json() == lead


def test_a_repeat_of_taking_back_under_a_key_gets_the_first_answer(admin):
    lead = enter(admin)
    convert(admin, lead)
    first = undo(admin, lead, headers={"Idempotency-Key": "u"})
    convert(admin, lead)
    again = undo(admin, lead, headers={"Idempotency-Key": "u"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert admin.get(f"{LEADS}/{lead['id']}").json()["status"] == "converted"


def test_a_lead_that_was_opened_while_its_deal_goes_on_is_converted_to_that_deal_again(admin):
    lead = enter(admin)
    deal = convert(admin, lead)["deal"]
    admin.patch(f"{LEADS}/{lead['id']}", json={"status": "contacted"})
    again = convert(admin, lead, 200)
    assert (again["deal"]["id"], again["lead"]["status"]) == (deal["id"], "converted")


def test_a_lead_whose_deal_was_deleted_becomes_another_deal(admin):
    lead = enter(admin)
    deal = convert(admin, lead)["deal"]
    admin.delete(f"{DEALS}/{deal['id']}")
    assert convert(admin, lead)["deal"]["id"] != deal["id"]
    assert len(admin.get(DEALS).json()["items"]) == 1


def test_a_customer_of_a_lead_that_the_winner_does_not_see_is_known_by_the_deal_alone(
    admin, client_as, owner, reps
):
    ada = client_as(reps[0])
    lead = enter(ada)
    deals = [ada.post(DEALS, json={"name": "Plan", "lead_id": lead["id"]}).json() for _ in range(2)]
    admin.patch(
        f"{LEADS}/{lead['id']}",
        json={"owner_id": str(reps[1]), "company": "Secret", "email": "new@secret.example"},
    )
    assert ada.get(f"{LEADS}/{lead['id']}").status_code == 404
    customer = ada.get(f"{CUSTOMERS}/{win(ada, owner, deals[0])['customer_id']}").json()
    known = ("name", "lead_id", "email", "phone", "country", "tags", "since")
    assert {name: customer[name] for name in known[:-1]} == {
        "name": "Plan", "lead_id": lead["id"], "email": None, "phone": None, "country": None, "tags": [],
    }  # fmt: skip
    assert customer["since"] is not None
    assert ada.get(CONTACTS).json()["items"] == []
    assert win(ada, owner, deals[1])["customer_id"] == customer["id"]


def test_a_colleagues_lead_is_not_told_to_whoever_has_a_deal_with_it_when_an_administrator_wins_that(
    admin, client_as, owner, reps
):
    ada = client_as(reps[0])
    lead = enter(ada)
    deal = ada.post(DEALS, json={"name": "Plan", "lead_id": lead["id"]}).json()
    admin.patch(f"{LEADS}/{lead['id']}", json={"owner_id": str(reps[1]), "company": "Secret"})
    customer = ada.get(f"{CUSTOMERS}/{win(admin, owner, deal)['customer_id']}").json()
    assert (customer["name"], customer["email"], customer["phone"]) == ("Plan", None, None)
    assert admin.get(CONTACTS).json()["items"] == []
