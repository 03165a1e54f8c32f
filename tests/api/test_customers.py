"""Customers and the people there: one spelling, churn, who comes first; and when somebody last spoke with them."""

import pytest

from tests.api.serving import is_problem

CUSTOMERS, CONTACTS, ACTIVITIES = "/api/crm/customers", "/api/crm/contacts", "/api/crm/activities"


def enter(client, path=CUSTOMERS, **fields):
    given = {"name": "Analytical Engines"} if path == CUSTOMERS else {}
    response = client.post(path, json={**given, **fields})
    assert response.status_code == 201, response.text
    return response.json()


def test_a_customer_is_spelt_as_a_lead_is(admin):
    customer = enter(
        admin, email=" Office@Analytical.Example", phone="020 7946 0958", country="United Kingdom"
    )
    assert (customer["email"], customer["phone"], customer["country"]) == (
        "office@analytical.example", "+442079460958", "GB",
    )  # fmt: skip
    changed = admin.patch(f"{CUSTOMERS}/{customer['id']}", json={"phone": "020 7946 0959"}).json()
    assert changed["phone"] == "+442079460959"


def test_a_contact_is_spelt_as_a_lead_is(admin):
    customer = enter(admin)
    contact = enter(admin, CONTACTS, customer_id=customer["id"], first_name="ADA", phone="+44 (20) 7946 0958")
    assert (contact["first_name"], contact["phone"]) == ("Ada", "+442079460958")


@pytest.mark.parametrize(
    ("field", "value"), [("phone", "by pigeon"), ("email", "pigeon"), ("country", "Narnia")]
)
def test_a_value_that_cannot_be_used_is_refused_by_its_field(admin, field, value):
    response = admin.post(CUSTOMERS, json={"name": "A", field: value})
    assert is_problem(response, 422, "unusable_field")["field"] == field
    assert value not in response.text


def test_what_a_customer_pays_is_in_the_orgs_currency_unless_told(admin):
    assert enter(admin, recurring_amount=1200)["currency"] == "USD"
    assert enter(admin, recurring_amount=1200, currency="EUR")["currency"] == "EUR"
    assert enter(admin)["currency"] is None


def test_a_customer_who_leaves_left_at_a_time_and_one_who_comes_back_did_not(admin):
    customer = enter(admin, status="active")
    place = f"{CUSTOMERS}/{customer['id']}"
    gone = admin.patch(place, json={"status": "churned", "churn_reason": "price"}).json()
    assert gone["churned_at"] is not None
    later = admin.patch(place, json={"status": "churned", "churn_reason": "moved"}).json()
    assert (later["churned_at"], later["churn_reason"]) == (gone["churned_at"], "moved")
    back = admin.patch(place, json={"status": "active"}).json()
    assert (back["churned_at"], back["churn_reason"]) == (None, None)


def primaries(admin, customer):
    asked = {"filter": [f"customer_id:eq:{customer['id']}", "is_primary:eq:true"]}
    return [one["first_name"] for one in admin.get(CONTACTS, params=asked).json()["items"]]


def test_at_a_customer_one_person_comes_first(admin, owner):
    customer = enter(admin)
    ada, bo = (
        enter(admin, CONTACTS, customer_id=customer["id"], first_name=name, is_primary=True)
        for name in ("Ada", "Bo")
    )
    assert primaries(admin, customer) == ["Bo"]
    assert admin.patch(f"{CONTACTS}/{ada['id']}", json={"is_primary": True}).json()["is_primary"] is True
    assert primaries(admin, customer) == ["Ada"]
    told = owner.execute(
        "select entity_ids from crm_events where kind = 'contact.changed' order by id"
    ).fetchall()
    assert [str(one) for row in told for one in row[0]].count(bo["id"]) == 1


def test_whoever_comes_back_does_not_come_first_again(admin):
    customer = enter(admin)
    ada = enter(admin, CONTACTS, customer_id=customer["id"], first_name="Ada", is_primary=True)
    assert admin.delete(f"{CONTACTS}/{ada['id']}").status_code == 204
    enter(admin, CONTACTS, customer_id=customer["id"], first_name="Bo", is_primary=True)
    assert admin.post(f"{CONTACTS}/{ada['id']}/restore").json()["is_primary"] is False
    assert primaries(admin, customer) == ["Bo"]


def test_who_moves_to_another_customer_comes_first_there(admin):
    here, there = enter(admin), enter(admin, name="Difference Engines")
    ada = enter(admin, CONTACTS, customer_id=here["id"], first_name="Ada", is_primary=True)
    enter(admin, CONTACTS, customer_id=there["id"], first_name="Bo", is_primary=True)
    moved = admin.patch(f"{CONTACTS}/{ada['id']}", json={"customer_id": there["id"]})
    assert moved.status_code == 200
    assert primaries(admin, there) == ["Ada"]


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"kind": "call"}, True), ({"kind": "meeting"}, True), ({"kind": "email"}, True), ({"kind": "sms"}, True),
        ({"kind": "note"}, False), ({"kind": "task"}, False), ({"kind": "call", "done_at": None}, False),
    ],
)  # fmt: skip
def test_only_what_was_done_with_somebody_is_a_contact(admin, owner, fields, counts):
    lead = admin.post("/api/crm/leads", json={"email": "a@b.example", "automation": False}).json()
    deal = enter(admin, "/api/crm/deals", name="Plan")
    owner.execute("update crm_leads set score = 5, scored_at = now()")
    given = {"subject": "Hello", "done_at": "2026-01-05T10:00:00Z", **fields}
    enter(admin, ACTIVITIES, lead_id=lead["id"], deal_id=deal["id"], **given)
    moment = "2026-01-05T10:00:00+00:00" if counts else None
    assert admin.get(f"/api/crm/leads/{lead['id']}").json()["last_contact"] == moment
    assert admin.get(f"/api/crm/deals/{deal['id']}").json()["last_activity_at"] == moment
    assert owner.execute("select rescore_at is not null from crm_leads").fetchone() == (counts,)


def test_the_last_contact_never_goes_back_nor_ahead(admin):
    deal = enter(admin, "/api/crm/deals", name="Plan")
    call = enter(
        admin, ACTIVITIES, kind="call", subject="Call", deal_id=deal["id"], due_at="2026-01-05T10:00:00Z"
    )
    last = lambda: admin.get(f"/api/crm/deals/{deal['id']}").json()["last_activity_at"]  # noqa: E731
    assert last() is None
    admin.patch(f"{ACTIVITIES}/{call['id']}", json={"done_at": "2026-01-06T10:00:00Z"})
    assert last() == "2026-01-06T10:00:00+00:00"
    enter(admin, ACTIVITIES, kind="call", subject="Older", deal_id=deal["id"], done_at="2025-01-05T10:00:00Z")
    assert last() == "2026-01-06T10:00:00+00:00"
    enter(admin, ACTIVITIES, kind="call", subject="Ahead", deal_id=deal["id"], done_at="2199-01-05T10:00:00Z")
    assert last() < "2199"
