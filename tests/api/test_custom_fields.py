"""Fields of an org's own, declared over HTTP, and held against what people and systems write; capture takes what comes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm_db import session
from tests.api.crew import hire
from tests.api.serving import client_of, is_problem
from tests.crm_db.test_capture import capture

FIELDS = "/api/crm/custom-fields"


def declare(admin, **fields):
    response = admin.post(FIELDS, json={"entity": "deal", "name": "seats", "type": "integer", **fields})
    assert response.status_code == 201, response.text
    return response.json()


def test_fields_are_declared_listed_and_changed(admin):
    seats = declare(admin, label="Seats", order_index=2)
    plan = declare(admin, name="plan", type="choice", options=["solo", "team"], order_index=1)
    assert [
        one["name"] for one in admin.get(FIELDS, params={"filter": "entity:eq:deal"}).json()["items"]
    ] == ["plan", "seats"]
    is_problem(
        admin.post(FIELDS, json={"entity": "deal", "name": "plan", "type": "text"}), 409, "already_exists"
    )
    for body, code, field in (
        ({"entity": "deal", "name": "a", "type": "choice"}, "bad_value", "options"),
        ({"entity": "deal", "name": "a", "type": "choice", "options": ["x", "x"]}, "bad_value", "options"),
        ({"entity": "deal", "name": "a", "type": "text", "options": ["x"]}, "bad_value", "options"),
        ({"entity": "team", "name": "a", "type": "text"}, "invalid_request", None),
        ({"entity": "deal", "name": "a", "type": "colour"}, "invalid_request", None),
    ):
        assert is_problem(admin.post(FIELDS, json=body), 422, code).get("field") == field
    for change, field in (({"name": "places"}, "name"), ({"entity": "lead"}, "entity")):
        problem = is_problem(admin.patch(f"{FIELDS}/{seats['id']}", json=change), 422, "bad_value")
        assert problem["field"] == field
    for name in ("type", "options", "required", "entity"):
        problem = is_problem(admin.patch(f"{FIELDS}/{plan['id']}", json={name: None}), 422, "bad_value")
        assert problem["field"] == name
    changed = admin.patch(
        f"{FIELDS}/{plan['id']}", json={"label": "Plan", "options": ["solo", "team", "big"]}
    )
    assert (changed.status_code, changed.json()["label"], changed.headers["etag"]) == (200, "Plan", '"2"')
    assert admin.delete(f"{FIELDS}/{seats['id']}").status_code == 204
    is_problem(admin.get(f"{FIELDS}/{seats['id']}"), 404, "not_found")


def test_a_type_is_not_changed_while_values_do_not_fit_it(admin):
    field = declare(admin, name="size", type="text")
    place = f"{FIELDS}/{field['id']}"
    deal = admin.post("/api/crm/deals", json={"name": "A", "custom": {"size": "12"}}).json()
    assert is_problem(admin.patch(place, json={"type": "integer"}), 422, "bad_value")["field"] == "type"
    admin.delete(f"/api/crm/deals/{deal['id']}")
    is_problem(admin.patch(place, json={"type": "integer"}), 422, "bad_value")
    admin.post(f"/api/crm/deals/{deal['id']}/restore")
    admin.patch(f"/api/crm/deals/{deal['id']}", json={"custom": {"size": None}})
    assert admin.patch(place, json={"type": "integer"}).status_code == 200
    admin.patch(f"/api/crm/deals/{deal['id']}", json={"custom": {"size": 12}})
    choice = {"type": "choice", "options": ["S", "M"]}
    is_problem(admin.patch(place, json=choice), 422, "bad_value")
    admin.patch(f"/api/crm/deals/{deal['id']}", json={"custom": {"size": None}})
    assert admin.patch(place, json=choice).status_code == 200
    admin.patch(f"/api/crm/deals/{deal['id']}", json={"custom": {"size": "S"}})
    assert (
        is_problem(admin.patch(place, json={"options": ["M", "L"]}), 422, "bad_value")["field"] == "options"
    )
    assert admin.patch(place, json={"options": ["S", "L"]}).status_code == 200


ENTERED = {
    "lead": ("/api/crm/leads", {"email": "ada@analytical.example"}),
    "deal": ("/api/crm/deals", {"name": "Team plan"}),
    "activity": ("/api/crm/activities", {"kind": "note", "subject": "A note"}),
    "customer": ("/api/crm/customers", {"name": "Analytical Engines"}),
    "contact": ("/api/crm/contacts", {"first_name": "Ada"}),
}


def test_what_is_declared_holds_for_every_kind_of_record(admin):
    customer = admin.post("/api/crm/customers", json={"name": "Engines"}).json()["id"]
    for entity, (path, body) in ENTERED.items():
        declare(admin, entity=entity, required=True)
        declare(admin, entity=entity, name="since", type="date")
        given = {**body, "customer_id": customer} if entity == "contact" else body
        for custom, field in (
            ({}, "custom.seats"),
            ({"seats": "five"}, "custom.seats"),
            ({"seats": None}, "custom.seats"),
            ({"seats": 5, "since": "soon"}, "custom.since"),
        ):
            problem = is_problem(admin.post(path, json={**given, "custom": custom}), 422, "bad_value")
            assert (entity, problem["field"]) == (entity, field)
        made = admin.post(path, json={**given, "custom": {"seats": 5, "free": ["anything"]}})
        assert made.status_code == 201, made.text
        place = f"{path}/{made.json()['id']}"
        for change, at_fault in (
            ({"seats": 5.5}, "custom.seats"),
            ({"seats": None}, "custom.seats"),
            ({"since": 3}, "custom.since"),
        ):
            assert (
                is_problem(admin.patch(place, json={"custom": change}), 422, "bad_value")["field"] == at_fault
            )
        changed = admin.patch(place, json={"custom": {"since": "2026-11-22", "free": None}})
        assert changed.json()["custom"] == {"seats": 5, "since": "2026-11-22"}
        assert admin.patch(place, json={"tags": ["a"]}).status_code == 200


DEALS = "/api/crm/deals"
DECLARED = {"closed_on": "date", "seen": "datetime", "num": "number", "seats": "integer", "boo": "boolean", "plan": "text",
            "parts": "choices"}  # fmt: skip


@pytest.fixture
def kept(admin, owner):
    """Deals with values of every type, one with none, and one whose values are older than what was declared of them."""
    owner.execute("update crm_orgs set timezone = 'Pacific/Kiritimati'")
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo("Pacific/Kiritimati")).date()
    for name, custom in {
        "odd": {"closed_on": "soon", "seen": "2026-01-01T00:00:00", "num": "12", "seats": "many", "boo": "true", "plan": 5,
                "parts": "ab"},
        "none": {},
    }.items():  # fmt: skip
        assert admin.post(DEALS, json={"name": name, "custom": custom}).status_code == 201
    for name, type_ in DECLARED.items():
        declare(admin, name=name, type=type_, options=["a", "b", "a b"] if type_ == "choices" else [])
    for name, custom in {
        "today": {"closed_on": today.isoformat(), "seen": now.astimezone(ZoneInfo("Asia/Tokyo")).isoformat(),
                  "num": 9, "seats": 5_000_000_000, "boo": True, "plan": "5", "parts": ["a"]},
        "before": {"closed_on": (today - timedelta(days=20)).isoformat(), "seen": "2026-01-01T09:00:00+09:00", "num": 10.5,
                   "seats": 7, "boo": False, "plan": "team", "parts": ["a b"]},
    }.items():  # fmt: skip
        made = admin.post(DEALS, json={"name": name, "custom": custom})
        assert made.status_code == 201, made.text


@pytest.mark.usefixtures("kept")
def test_a_declared_field_is_asked_for_as_what_it_is(admin):
    for asked, names in {
        "closed_on:lt:today": "before",
        "closed_on:eq:today": "today",
        "closed_on:ne:today": "before none odd",
        "closed_on:in:today,2026-01-01": "today",
        "closed_on:gte:-30d": "before today",
        "closed_on:gte:-10d": "today",
        "closed_on:between:-30d,now": "before today",
        "seen:eq:today": "today",
        "seen:ne:today": "before none odd",
        "seen:eq:2026-01-01T00:00:00Z": "before",
        "seen:ne:2026-01-01T00:00:00Z": "none odd today",
        "seen:in:2026-01-01T00:00:00Z": "before",
        "seen:lt:2026-01-01T00:00:01Z": "before",
        "seen:gte:-1d": "today",
        "num:lt:10": "today",
        "num:eq:10.50": "before",
        "num:in:9.0,12": "today",
        "num:ne:9": "before none odd",
        "seats:gt:4000000000": "today",
        "seats:between:1,10": "before",
        "boo:eq:true": "today",
        "boo:ne:true": "before none odd",
        "plan:eq:5": "today",
        "plan:contains:EA": "before",
        "parts:contains:a": "odd today",
        "parts:null:true": "none",
        "num:null:false": "before odd today",
    }.items():
        found = admin.get(DEALS, params={"filter": f"custom.{asked}", "count": True, "sort": "name"}).json()
        assert (asked, " ".join(one["name"] for one in found["items"])) == (asked, names)
        assert (asked, found["count"]) == (asked, len(names.split()))


@pytest.mark.usefixtures("kept")
def test_what_does_not_fit_a_declared_field_is_refused(admin):
    for asked in ("num:gt:nonsense", "num:contains:1", "seats:eq:1.5", "closed_on:gt:nonsense", "closed_on:eq:2026-02-30",
                  "boo:gt:5", "boo:eq:5", "seen:eq:nonsense", "seen:in:today", "parts:eq:a", "parts:gt:a"):  # fmt: skip
        problem = is_problem(admin.get(DEALS, params={"filter": f"custom.{asked}"}), 422, "bad_question")
        assert (asked, problem["field"]) == (asked, "filter.custom.*")
    field = admin.get(FIELDS, params={"filter": "name:eq:num"}).json()["items"][0]["id"]
    admin.patch(f"{FIELDS}/{field}", json={"active": False})
    assert admin.get(DEALS, params={"filter": "custom.num:gt:nonsense"}).status_code == 200


def test_whatever_stands_where_a_moment_was_declared_is_no_error(admin):
    odd = ["2026-02-31T09:00:00Z", "0000-01-01T00:00:00Z", "2026-01-01t00:00:00.123456789z", "9999-12-31T23:59:59-15:59",
           "2026-01-01T00:00:00+23:00", "0001-01-01T00:00:00+15:59", "2026-13-01T00:00:00Z", ["2026-01-01T00:00Z"]]  # fmt: skip
    for value in odd:
        admin.post(DEALS, json={"name": str(value), "custom": {"seen": value}})
    declare(admin, name="seen", type="datetime")
    for asked, count in (
        ("gt:1000-01-01T00:00:00Z", 3),
        ("lt:today", 3),
        ("between:2026-01-01,2026-12-31", 2),
    ):
        found = admin.get(DEALS, params={"filter": f"custom.seen:{asked}", "count": True})
        assert (asked, found.status_code, found.json()["count"]) == (asked, 200, count)


def test_days_and_moments_are_told_in_one_way(admin):
    declare(admin, name="since", type="date")
    declare(admin, name="seen", type="datetime")
    for name, right, wrong in (
        ("since", ["2026-01-01", "2024-02-29"],
         ["20260101xx", "2026-W01-1", "20260101", "2026-02-29", "2026-01-01T00:00:00Z", "\u0662026-01-01", "0000-01-01"]),
        ("seen", ["2026-01-01T09:00:00Z", "2026-01-01t09:00:00.123456z", "2026-01-01T09:00:00-03:30"],
         ["2026-01-01T09:00:00", "2026-01-01", "2026-01-01 09:00:00Z", "20260101T090000Z", "2026-01-01T09:00Z",
          "2026-W01-1T09:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T09:00:00+0100", "2026-01-01T09:00:00+01:00:30"]),
    ):  # fmt: skip
        for value in right:
            assert admin.post(DEALS, json={"name": "A", "custom": {name: value}}).status_code == 201
        for value in wrong:
            refused = admin.post(DEALS, json={"name": "A", "custom": {name: value}})
            assert is_problem(refused, 422, "bad_value")["field"] == f"custom.{name}"


def test_what_is_older_than_its_declaration_does_not_hold_up_other_changes(admin):
    deal = admin.post("/api/crm/deals", json={"name": "A", "custom": {"seats": "many"}}).json()
    declare(admin, required=True)
    declare(admin, name="plan", type="text", required=True)
    place = f"/api/crm/deals/{deal['id']}"
    assert admin.patch(place, json={"custom": {"region": "EU"}}).json()["custom"] == {
        "seats": "many",
        "region": "EU",
    }
    is_problem(admin.patch(place, json={"custom": {"seats": "more"}}), 422, "bad_value")
    is_problem(admin.put(place, json={"name": "B", "custom": {"seats": 5}}), 422, "bad_value")


def test_a_record_has_a_hundred_fields_of_your_own_however_they_came(admin):
    deal = admin.post(DEALS, json={"name": "A", "custom": {f"a{n}": n for n in range(100)}}).json()
    place = f"{DEALS}/{deal['id']}"
    for more in ({"b": 1}, {f"b{n}": n for n in range(100)}):
        problem = is_problem(admin.patch(place, json={"custom": more}), 422, "bad_value")
        assert problem["field"] == "custom"
    bulk = {"items": [{"op": "change", "id": deal["id"], "values": {"custom": {"b": 1}}}]}
    assert admin.post(f"{DEALS}/bulk", json=bulk).json()["items"][0]["status"] == 422
    changed = admin.patch(place, json={"custom": {"a0": None, "b": 1, "a1": 2}})
    assert (changed.status_code, len(changed.json()["custom"])) == (200, 100)


def test_a_record_with_more_fields_than_it_may_have_can_lose_some(admin, owner):
    deal = admin.post(DEALS, json={"name": "A"}).json()
    owner.execute(
        "update crm_deals set custom = (select jsonb_object_agg('a' || n, n) from generate_series(1, 150) n)"
    )
    place = f"{DEALS}/{deal['id']}"
    assert len(admin.patch(place, json={"custom": {"a1": None}}).json()["custom"]) == 149
    is_problem(admin.patch(place, json={"custom": {"b": 1}}), 422, "bad_value")


def test_a_field_that_is_not_active_is_not_asked_for(admin):
    field = declare(admin, required=True)
    is_problem(admin.post("/api/crm/deals", json={"name": "A"}), 422, "bad_value")
    admin.patch(f"{FIELDS}/{field['id']}", json={"active": False})
    assert admin.post("/api/crm/deals", json={"name": "A", "custom": {"seats": "some"}}).status_code == 201


def test_capture_takes_what_comes(admin, source, owner, database):
    declare(admin, entity="lead", required=True)
    for number, custom in enumerate(({}, {"seats": "plenty"})):
        body = {"email": f"a{number}@x.example", "custom": custom}
        event = admin.post(f"/api/crm/capture/{source.token}", json=body)
        assert event.status_code == 202
    with session.bound_to(database.flow_url):
        capture()
    found = owner.execute("select status, count(*) from crm_inbox group by 1").fetchall()
    assert found == [("done", 2)]
    assert owner.execute("select count(*) from crm_leads").fetchone() == (2,)


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_everybody_reads_declarations_and_administrators_make_them(serve, admin, owner, org, make_key, role):
    field = declare(admin)
    with client_of(serve(), hire(owner, make_key, org, role).api_key) as person:
        assert [one["name"] for one in person.get(FIELDS).json()["items"]] == ["seats"]
        body = {"entity": "deal", "name": "plan", "type": "text"}
        is_problem(person.post(FIELDS, json=body), 403, "forbidden")
        is_problem(person.delete(f"{FIELDS}/{field['id']}"), 403, "forbidden")
