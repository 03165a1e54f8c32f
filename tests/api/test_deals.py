"""Deals over HTTP: entered, moved along their pipeline, won and lost, listed, and deleted."""

import pytest

from tests.api.serving import is_problem

DEALS = "/api/crm/deals"


def stages(owner) -> dict[str, str]:
    return {
        name: str(one) for name, one in owner.execute("select name, id from crm_pipeline_stages").fetchall()
    }


def enter(admin, **fields):
    response = admin.post(DEALS, json={"name": "Team plan", **fields})
    assert response.status_code == 201, response.text
    return response.json()


def test_a_deal_begins_in_the_first_open_stage_with_its_probability_and_the_orgs_currency(admin, owner):
    deal = enter(admin, value=1200.5)
    assert (deal["status"], deal["probability"], deal["currency"], deal["value"]) == (
        "open",
        10,
        "USD",
        1200.5,
    )
    assert deal["stage_id"] == stages(owner)["Lead"]
    assert admin.get(f"{DEALS}/{deal['id']}").json() == deal


def test_a_move_is_remembered_with_the_time_that_it_took(admin, owner):
    deal, known = enter(admin), stages(owner)
    moved = admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": known["Proposal"]})
    assert (moved.status_code, moved.json()["probability"]) == (200, 50)
    history = owner.execute(
        "select s.name, h.left_at is null from crm_deal_stage_history h join crm_pipeline_stages s on s.id = h.stage_id"
        " order by h.entered_at"
    ).fetchall()
    assert history == [("Lead", False), ("Proposal", True)]


def test_a_fixed_probability_stays_until_it_is_given_back(admin, owner):
    deal, known = enter(admin, probability=35), stages(owner)
    moved = admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": known["Proposal"]}).json()
    assert (moved["probability"], moved["probability_fixed"]) == (35, True)
    back = admin.patch(f"{DEALS}/{deal['id']}", json={"probability": None}).json()
    assert (back["probability"], back["probability_fixed"]) == (50, False)


def test_a_deal_is_not_lost_without_a_reason(admin, owner):
    deal, known = enter(admin), stages(owner)
    lost = {"stage_id": known["Closed Lost"]}
    is_problem(admin.patch(f"{DEALS}/{deal['id']}", json=lost), 422, "bad_value")
    gone = admin.patch(f"{DEALS}/{deal['id']}", json={**lost, "lost_reason": "price"}).json()
    assert (gone["status"], gone["probability"], gone["lost_reason"]) == ("lost", 0, "price")
    assert gone["closed_at"] is not None
    again = admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": known["Lead"]}).json()
    assert (again["status"], again["closed_at"], again["lost_reason"]) == ("open", None, None)


def test_a_stage_may_ask_for_fields(admin, owner):
    owner.execute(
        "update crm_pipeline_stages set requires = '{value,expected_close}' where name = 'Proposal'"
    )
    deal, known = enter(admin), stages(owner)
    problem = is_problem(
        admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": known["Proposal"]}), 422, "bad_value"
    )
    assert problem["field"] == "value"
    given = {"stage_id": known["Proposal"], "value": 5, "expected_close": "2026-12-31"}
    assert admin.patch(f"{DEALS}/{deal['id']}", json=given).status_code == 200


def test_what_its_stage_asks_for_is_not_taken_from_a_deal(admin, owner):
    owner.execute(
        "update crm_pipeline_stages set requires = '{value,next_step,competitors}' where name = 'Proposal'"
    )
    known = stages(owner)
    bare = enter(admin, stage_id=known["Qualified"])
    owner.execute("update crm_deals set stage_id = %s", [known["Proposal"]])
    assert admin.patch(f"{DEALS}/{bare['id']}", json={"name": "As it came"}).status_code == 200
    told = {"value": 5, "next_step": "Call", "competitors": ["Them"]}
    place = f"{DEALS}/{enter(admin, stage_id=known['Proposal'], **told)['id']}"
    for field, nothing in (("value", None), ("next_step", " "), ("competitors", [])):
        problem = is_problem(admin.patch(place, json={field: nothing}), 422, "bad_value")
        assert problem["field"] == field
    assert is_problem(admin.put(place, json={"name": "New"}), 422, "bad_value")["field"] == "value"
    assert admin.patch(place, json={"value": 6}).status_code == 200


def test_a_reason_for_losing_is_kept_while_a_deal_is_lost_and_told_of_no_other(admin, owner):
    known = stages(owner)
    place = f"{DEALS}/{enter(admin)['id']}"
    for body in ({"lost_reason": "price"}, {"lost_reason": "price", "stage_id": known["Proposal"]}):
        assert is_problem(admin.patch(place, json=body), 422, "bad_value")["field"] == "lost_reason"
        assert admin.post(DEALS, json={"name": "x", **body}).status_code == 422
    admin.patch(place, json={"stage_id": known["Closed Lost"], "lost_reason": "price"})
    for reason in (" ", None):
        problem = is_problem(admin.patch(place, json={"lost_reason": reason}), 422, "bad_value")
        assert problem["field"] == "lost_reason"
    assert admin.patch(place, json={"lost_reason": "time"}).json()["lost_reason"] == "time"


def test_a_deal_stays_in_its_pipeline_and_its_stage_is_one_of_the_pipeline_that_is_named(admin, owner):
    renewals = admin.post("/api/crm/pipelines", json={"name": "Renewals"}).json()["id"]
    lead, nowhere = stages(owner)["Lead"], "019a0000-0000-7000-8000-000000000000"
    deal = enter(admin)
    refused = [
        admin.post(DEALS, json={"name": "x", "pipeline_id": one, "stage_id": lead})
        for one in (renewals, nowhere)
    ] + [admin.patch(f"{DEALS}/{deal['id']}", json={"pipeline_id": one}) for one in (renewals, nowhere)]
    for answer in refused:
        assert is_problem(answer, 422, "bad_value")["field"] == "pipeline_id"
    own = {"pipeline_id": deal["pipeline_id"], "stage_id": stages(owner)["Proposal"]}
    assert admin.patch(f"{DEALS}/{deal['id']}", json=own).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"stage_id": "019a0000-0000-7000-8000-000000000000"},
        {"lead_id": "019a0000-0000-7000-8000-000000000000"},
    ],
)
def test_what_is_not_there_cannot_be_pointed_at(admin, body):
    problem = is_problem(admin.post(DEALS, json={"name": "x", **body}), 422, "bad_value")
    assert problem["field"] in body


def test_a_change_is_refused_when_somebody_else_was_faster(admin):
    deal = enter(admin)
    first = admin.patch(f"{DEALS}/{deal['id']}", json={"name": "One"}, headers={"If-Match": '"1"'})
    assert first.headers["etag"] == '"2"'
    late = admin.patch(f"{DEALS}/{deal['id']}", json={"name": "Two"}, headers={"If-Match": '"1"'})
    is_problem(late, 412, "version_conflict")
    is_problem(admin.delete(f"{DEALS}/{deal['id']}", headers={"If-Match": "x"}), 422, "bad_precondition")


@pytest.mark.parametrize(
    ("header", "status"),
    [('"1"', 304), ('W/"1"', 304), ('"7", W/"1"', 304), ('"a,b" ,, "1"', 304), ("*", 304), ('"2"', 200), ('W/"2", "11"', 200),
     ("1", 200), ('w/"1"', 200), ('"1" "1"', 200), ("", 200)],
)  # fmt: skip
def test_what_was_seen_already_is_not_told_again(admin, header, status):
    place = f"{DEALS}/{enter(admin)['id']}"
    answer = admin.get(place, headers={"If-None-Match": header})
    assert (answer.status_code, answer.headers["etag"]) == (status, '"1"')


@pytest.mark.parametrize(
    ("header", "status"),
    [('"1"', 200), ('"7", "1"', 200), ('"a,b" ,, "1"', 200), ("*", 200), ('"2"', 412), ('"2", "3"', 412), ('W/"1"', 412),
     ('W/"1", "2"', 412), ('"abc"', 412), ('"01"', 412), ("1", 422), ('"1" "2"', 422), ('"1', 422), ("*, *", 422), ("", 422)],
)  # fmt: skip
def test_a_change_names_the_versions_that_it_may_follow(admin, header, status):
    place = f"{DEALS}/{enter(admin)['id']}"
    assert admin.patch(place, json={"name": "One"}, headers={"If-Match": header}).status_code == status
    deleted = admin.delete(place, headers={"If-Match": header.replace("1", "2") if status == 200 else header})
    assert deleted.status_code == (204 if status == 200 else status)


def test_what_is_replaced_keeps_nothing_that_was_not_given(admin):
    deal = enter(admin, value=5, tags=["a"], custom={"plan": "team"}, next_step="call")
    whole = admin.put(f"{DEALS}/{deal['id']}", json={"name": "New"}).json()
    assert (whole["name"], whole["value"], whole["tags"], whole["custom"]) == ("New", None, [], {})
    assert whole["next_step"] is None


def test_what_is_replaced_stays_with_its_owner(admin, reps):
    deal = enter(admin, owner_id=str(reps[0]))
    assert admin.put(f"{DEALS}/{deal['id']}", json={"name": "New"}).json()["owner_id"] == str(reps[0])
    assert admin.patch(f"{DEALS}/{deal['id']}", json={"owner_id": None}).json()["owner_id"] is None


def test_fields_of_ones_own_are_added_to_and_taken_away(admin):
    deal = enter(admin, custom={"plan": "team", "seats": 5})
    changed = admin.patch(f"{DEALS}/{deal['id']}", json={"custom": {"plan": None, "region": "EU"}}).json()
    assert changed["custom"] == {"seats": 5, "region": "EU"}


def test_what_is_deleted_can_be_restored(admin):
    deal = enter(admin)
    place = f"{DEALS}/{deal['id']}"
    assert admin.delete(place).status_code == 204
    is_problem(admin.get(place), 404, "not_found")
    is_problem(admin.patch(place, json={"name": "x"}), 404, "not_found")
    assert [one["id"] for one in admin.get(DEALS, params={"deleted": True}).json()["items"]] == [deal["id"]]
    assert admin.post(f"{place}/restore").json()["deleted_at"] is None
    assert admin.get(place).status_code == 200


def test_a_list_filters_sorts_searches_and_pages(admin):
    for number in range(7):
        enter(admin, name=f"Deal {number}", value=None if number == 3 else number * 100, custom={"n": number})
    names = lambda **asked: [one["name"] for one in admin.get(DEALS, params=asked).json()["items"]]  # noqa: E731
    assert names(sort="-value") == [f"Deal {n}" for n in (6, 5, 4, 2, 1, 0, 3)]
    assert names(filter=["value:between:100,400", "name:ne:Deal 2"], sort="value") == ["Deal 1", "Deal 4"]
    assert names(filter="value:null:true") == ["Deal 3"]
    assert names(filter="custom.n:gt:4", sort="name") == ["Deal 5", "Deal 6"]
    assert names(filter="custom.n:in:1,2", sort="name") == ["Deal 1", "Deal 2"]
    assert names(q="deal 5") == ["Deal 5"]
    assert names(filter="created_at:lt:-1d") == []
    assert len(names(filter="created_at:eq:today")) == 7
    seen, cursor = [], None
    while True:
        page = admin.get(
            DEALS,
            params={"sort": "-value", "limit": 2, "count": True} | ({"cursor": cursor} if cursor else {}),
        ).json()
        assert page["count"] == 7
        seen += [one["name"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == names(sort="-value")


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "value"}, {"filter": "value:gt:x"}, {"filter": "nope:eq:1"}, {"filter": "value:like:1"},
        {"filter": "created_at:gt:soon"}, {"sort": "nope"}, {"sort": "custom"}, {"fields": "nope"}, {"cursor": "e30"},
        {"filter": "owner_id:eq:me"}, {"filter": "value:between:1"}, {"filter": "id:in:"}, {"filter": "probability:eq:1e9"},
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_refused_in_words(admin, asked):
    assert admin.get(DEALS, params=asked).status_code == 422


def test_many_are_written_at_once_each_with_its_own_outcome(admin):
    deal = enter(admin)
    items = [
        {"op": "create", "values": {"name": "A"}},
        {"op": "create", "values": {"nome": "B"}},
        {"op": "change", "id": deal["id"], "values": {"value": 7}},
        {"op": "change", "id": deal["id"], "values": {"value": -7}},
        {"op": "change", "id": "019a0000-0000-7000-8000-000000000000", "values": {}},
        {"op": "delete", "id": deal["id"], "version": 1},
        {"op": "delete", "id": deal["id"]},
        {"op": "restore", "id": deal["id"]},
        {"op": "change", "values": {}},
    ]
    outcomes = admin.post(f"{DEALS}/bulk", json={"items": items}).json()["items"]
    assert [one["status"] for one in outcomes] == [201, 422, 200, 422, 404, 412, 204, 200, 422]
    assert admin.get(f"{DEALS}/{deal['id']}").json()["value"] == 7


def test_a_repeat_under_a_key_is_one_deal(admin):
    key = {"Idempotency-Key": "one"}
    first = admin.post(DEALS, json={"name": "A"}, headers=key)
    again = admin.post(DEALS, json={"name": "A"}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    is_problem(admin.post(DEALS, json={"name": "B"}, headers=key), 422, "idempotency_key_reused")
    assert len(admin.get(DEALS).json()["items"]) == 1


def test_null_empties_a_list_or_a_document_and_never_stands_in_its_place(admin):
    lead = admin.post(
        "/api/crm/leads", json={"email": "ada@null.example", "utm": {"source": "x"}, "tags": ["a"]}
    ).json()
    emptied = admin.patch(
        f"/api/crm/leads/{lead['id']}", json={"utm": None, "consent": None, "tags": None}
    ).json()
    assert (emptied["utm"], emptied["consent"], emptied["tags"]) == ({}, {}, [])


def test_many_changes_with_one_that_cannot_be_stored_leave_the_others(admin):
    lead = admin.post("/api/crm/leads", json={"email": "ada@null.example"}).json()["id"]
    items = [{"op": "change", "id": lead, "values": {"company": company}} for company in ("A", "a\0b", "C")]
    outcomes = admin.post("/api/crm/leads/bulk", json={"items": items}).json()["items"]
    assert [one["status"] for one in outcomes] == [200, 422, 200]
