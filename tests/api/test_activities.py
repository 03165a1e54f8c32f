"""Activities over HTTP: on a lead, deal or customer, or one's own."""

from tests.api.serving import is_problem

ACTIVITIES = "/api/crm/activities"


def test_an_activity_belongs_to_whom_its_record_belongs(admin, reps):
    deal = admin.post("/api/crm/deals", json={"name": "Team plan", "owner_id": str(reps[0])}).json()
    call = admin.post(
        ACTIVITIES, json={"kind": "call", "subject": "First call", "deal_id": deal["id"]}
    ).json()
    assert call["owner_id"] == str(reps[0])
    admin.patch(f"/api/crm/deals/{deal['id']}", json={"owner_id": str(reps[1])})
    assert admin.get(f"{ACTIVITIES}/{call['id']}").json()["owner_id"] == str(reps[1])


def test_an_activity_on_a_record_has_no_owner_of_its_own(admin, reps):
    deal = admin.post("/api/crm/deals", json={"name": "Team plan", "owner_id": str(reps[0])}).json()
    body = {"kind": "task", "subject": "Write the offer", "deal_id": deal["id"], "owner_id": str(reps[1])}
    assert is_problem(admin.post(ACTIVITIES, json=body), 422, "bad_value")["field"] == "owner_id"
    task = admin.post(ACTIVITIES, json={name: body[name] for name in ("kind", "subject", "deal_id")}).json()
    refused = admin.patch(f"{ACTIVITIES}/{task['id']}", json={"owner_id": str(reps[1])})
    assert is_problem(refused, 422, "bad_value")["field"] == "owner_id"


def test_a_task_of_ones_own_is_given_to_a_colleague(admin, reps):
    task = admin.post(
        ACTIVITIES, json={"kind": "task", "subject": "Tidy up", "owner_id": str(reps[0])}
    ).json()
    given = admin.patch(f"{ACTIVITIES}/{task['id']}", json={"owner_id": str(reps[1])})
    assert given.json()["owner_id"] == str(reps[1])


def test_what_is_still_to_do_is_found(admin):
    for subject, due, done in (
        ("late", "2026-01-01T09:00:00Z", None),
        ("done", "2026-01-02T09:00:00Z", "2026-01-02T09:30:00Z"),
        ("some day", "2199-01-01T09:00:00Z", None),
    ):
        body = {"kind": "task", "subject": subject, "due_at": due, "done_at": done}
        assert admin.post(ACTIVITIES, json=body).status_code == 201
    asked = {"filter": ["due_at:lt:now", "done_at:null:true"], "sort": "due_at"}
    assert [one["subject"] for one in admin.get(ACTIVITIES, params=asked).json()["items"]] == ["late"]
