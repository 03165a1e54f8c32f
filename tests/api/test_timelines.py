"""Timelines over HTTP: one list of what happened with a lead, deal or customer, only what the caller may see."""

from uuid import uuid4

import pytest

from tests.api.serving import is_problem

LEADS, DEALS, CUSTOMERS, ACTIVITIES = (
    f"/api/crm/{plural}" for plural in ("leads", "deals", "customers", "activities")
)


def enter(client, path, **fields):
    response = client.post(path, json=fields)
    assert response.status_code == 201, response.text
    return response.json()


def a_lead(client, **fields):
    return enter(client, LEADS, email="ada@analytical.example", company="Engines", automation=False, **fields)


def timeline(client, path, record, **asked):
    response = client.get(f"{path}/{record['id']}/timeline", params=asked)
    assert response.status_code == 200, response.text
    return response.json()


def kinds(items):
    return [item["kind"] for item in items["items"]]


def titles(items, kind):
    return [item["title"] for item in items["items"] if item["kind"] == kind]


def stage(owner, name):
    return str(owner.execute("select id from crm_pipeline_stages where name = %s", (name,)).fetchone()[0])


def test_a_lead_has_one_list_of_all_that_happened(admin, owner, reps):
    lead = a_lead(admin)
    admin.patch(f"{LEADS}/{lead['id']}", json={"owner_id": str(reps[0]), "title": "Countess"})
    enter(
        admin,
        ACTIVITIES,
        kind="call",
        subject="First call",
        lead_id=lead["id"],
        done_at="2026-01-05T10:00:00Z",
    )
    written = {"lead_id": lead["id"], "channel": "email", "subject": "Hello", "text": "x"}
    admin.post("/api/crm/messages", json={**written, "due_at": "2099-01-01T00:00:00Z"})
    owner.execute(
        "insert into crm_score_history (org_id, lead_id, score, previous, band, reasons)"
        " select org_id, id, 60, 45, 'warm', '[]' from crm_leads"
    )
    admin.post(f"{LEADS}/{lead['id']}/convert", json={})
    told = timeline(admin, LEADS, lead)
    assert {"activity", "message", "score", "assignment", "conversion", "change"} == set(kinds(told))
    moments = [item["at"] for item in told["items"]]
    assert moments == sorted(moments, reverse=True)
    assert (kinds(told)[0], titles(told, "message")) == ("message", ["Hello"])
    assert kinds(told)[-1] == "activity"
    assert titles(told, "assignment") == ["Given to Ada"]
    assert titles(told, "score") == ["Score 60, was 45; warm"]
    assert titles(told, "conversion") == ["Converted to a deal"]
    changes = [item["detail"] for item in told["items"] if item["kind"] == "change"]
    assert {"status": "new", "closed_at": None} in [one["was"] for one in changes]
    assert all(set(item) == {"at", "kind", "id", "title", "detail"} for item in told["items"])


def test_a_message_that_was_sent_stands_once(admin, owner):
    lead = a_lead(admin)
    message = admin.post(
        "/api/crm/messages", json={"lead_id": lead["id"], "channel": "email", "subject": "Hi", "text": "x"}
    ).json()
    owner.execute("update crm_messages set status = 'sent', sent_at = now()")
    owner.execute(
        "insert into crm_activities (org_id, lead_id, kind, subject, message_id, done_at)"
        " select org_id, lead_id, 'email', 'Hi', id, now() from crm_messages"
    )
    told = timeline(admin, LEADS, lead)
    assert kinds(told) == ["message", "activity"]  # the activity is the submission
    assert told["items"][0]["id"] == message["id"]
    owner.execute("update crm_activities set outcome = 'answered' where message_id is not null")
    assert kinds(timeline(admin, LEADS, lead)).count("activity") == 2


def test_what_was_deleted_does_not_stand_there(admin):
    lead = a_lead(admin)
    note = enter(admin, ACTIVITIES, kind="note", subject="Oops", lead_id=lead["id"])
    assert "Oops" in titles(timeline(admin, LEADS, lead), "activity")
    admin.delete(f"{ACTIVITIES}/{note['id']}")
    assert "Oops" not in titles(timeline(admin, LEADS, lead), "activity")


def test_a_deal_tells_its_way(admin, owner):
    deal = enter(admin, DEALS, name="Plan", value=7)
    admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": stage(owner, "Proposal")})
    enter(admin, ACTIVITIES, kind="note", subject="Wants more", deal_id=deal["id"])
    told = timeline(admin, DEALS, deal)
    assert titles(told, "stage") == ["Moved to Proposal", "Began in Lead"]
    moved, began = (item["detail"] for item in told["items"] if item["kind"] == "stage")
    assert (moved["from_stage_id"], moved["seconds"], began["from_stage_id"]) == (
        stage(owner, "Lead"),
        None,
        None,
    )
    assert began["seconds"] >= 0
    assert titles(told, "activity") == ["Wants more"]
    assert titles(told, "change") == ["Changed probability, stage id"]


def test_a_stay_never_ends_before_it_began_whoever_was_slower(admin, owner):
    deal = enter(admin, DEALS, name="Plan")
    with owner.transaction():
        owner.execute("select now()")
        admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": stage(owner, "Proposal")})
        owner.execute("update crm_deals set stage_id = %s", [stage(owner, "Negotiation")])
    told = timeline(admin, DEALS, deal)
    assert titles(told, "stage") == ["Moved to Negotiation", "Moved to Proposal", "Began in Lead"]
    stays = owner.execute(
        "select entered_at, left_at from crm_deal_stage_history order by entered_at, id"
    ).fetchall()
    assert all(left is None or entered <= left for entered, left in stays)
    assert [left for _, left in stays[:-1]] == [entered for entered, _ in stays[1:]]


def test_a_customer_tells_of_its_deals_and_of_the_lead_that_it_was(admin, owner):
    lead = a_lead(admin)
    made = admin.post(f"{LEADS}/{lead['id']}/convert", json={"customer": True}).json()
    customer, deal = made["customer"], made["deal"]
    for field, record in (("lead_id", lead), ("deal_id", deal), ("customer_id", customer)):
        enter(admin, ACTIVITIES, kind="note", subject=f"On {field}", **{field: record["id"]})
    told = timeline(admin, CUSTOMERS, customer)
    assert {"On lead_id", "On deal_id", "On customer_id"} <= set(titles(told, "activity"))
    assert {"stage", "conversion", "change"} <= set(kinds(told))
    assert "On customer_id" not in titles(timeline(admin, DEALS, deal), "activity")


def test_a_customer_tells_of_its_terms_its_troubles_and_its_answers(admin):
    customer = enter(admin, CUSTOMERS, name="Acme")
    whose = {"customer_id": customer["id"]}
    plan = enter(admin, "/api/crm/subscriptions", product="Team", term_start="2026-01-01", **whose)
    enter(admin, "/api/crm/tickets", subject="Export fails", opened_at="2026-02-01T09:00:00Z", **whose)
    gone = enter(admin, "/api/crm/tickets", subject="By mistake", **whose)
    admin.delete(f"/api/crm/tickets/{gone['id']}")
    enter(admin, "/api/crm/surveys", kind="nps", score=9, answered_at="2026-03-01T09:00:00Z", **whose)
    admin.patch(f"/api/crm/subscriptions/{plan['id']}", json={"seats": 7})
    told = timeline(admin, CUSTOMERS, customer)
    assert kinds(told) == ["change", "subscription", "survey", "ticket"]
    assert [item["title"] for item in told["items"]] == [
        "Changed seats",
        "Team, from 2026-01-01 to 2026-12-31",
        "NPS 9",
        "Export fails",
    ]
    admin.patch(f"/api/crm/subscriptions/{plan['id']}", json={"status": "cancelled"})
    assert titles(timeline(admin, CUSTOMERS, customer), "subscription") == ["Cancelled Team"]


def test_a_page_goes_on_where_the_one_before_ended(admin):
    lead = a_lead(admin)
    for number in range(7):
        enter(admin, ACTIVITIES, kind="note", subject=f"Note {number}", lead_id=lead["id"])
    whole = timeline(admin, LEADS, lead)
    assert (len(whole["items"]), whole["next_cursor"]) == (8, None)
    seen, cursor = [], None
    while True:
        part = timeline(admin, LEADS, lead, limit=3, **({"cursor": cursor} if cursor else {}))
        seen += part["items"]
        if (cursor := part["next_cursor"]) is None:
            break
    assert seen == whole["items"]


@pytest.mark.parametrize("asked", [{"cursor": "x"}, {"limit": 0}, {"nope": 1}])
def test_a_question_that_cannot_be_answered_is_refused(admin, asked):
    assert admin.get(f"{LEADS}/{a_lead(admin)['id']}/timeline", params=asked).status_code == 422


def test_a_rep_sees_their_own_and_no_former_values(admin, client_as, reps):
    ada, bo = client_as(reps[0]), client_as(reps[1])
    lead = a_lead(ada)
    made = ada.post(f"{LEADS}/{lead['id']}/convert", json={"customer": True}).json()
    told = timeline(ada, CUSTOMERS, made["customer"])
    assert {"conversion", "stage", "activity"} <= set(kinds(told))
    assert "change" not in kinds(told)
    assert "change" in kinds(timeline(admin, CUSTOMERS, made["customer"]))
    for path, record in ((LEADS, lead), (DEALS, made["deal"]), (CUSTOMERS, made["customer"])):
        is_problem(bo.get(f"{path}/{record['id']}/timeline"), 404, "not_found")
        is_problem(admin.get(f"{path}/{uuid4()}/timeline"), 404, "not_found")


def test_a_customer_that_was_given_on_tells_its_new_owner_nothing_of_the_former_lead(client_as, reps):
    ada, bo = client_as(reps[0]), client_as(reps[1])
    lead = a_lead(ada)
    made = ada.post(f"{LEADS}/{lead['id']}/convert", json={"customer": True}).json()
    enter(ada, ACTIVITIES, kind="note", subject="Of the lead", lead_id=lead["id"])
    enter(ada, ACTIVITIES, kind="note", subject="Of the deal", deal_id=made["deal"]["id"])
    enter(ada, ACTIVITIES, kind="note", subject="Of the customer", customer_id=made["customer"]["id"])
    assert (
        ada.patch(f"{CUSTOMERS}/{made['customer']['id']}", json={"owner_id": str(reps[1])}).status_code == 200
    )
    told = timeline(bo, CUSTOMERS, made["customer"])
    assert [item["title"] for item in told["items"]] == ["Of the customer"]


def test_another_orgs_timeline_is_not_there(admin, make_org, serve):
    lead = a_lead(admin)
    stranger = {"X-API-Key": make_org("Globex").api_key}
    response = admin.get(f"{LEADS}/{lead['id']}/timeline", headers=stranger)
    is_problem(response, 404, "not_found")
