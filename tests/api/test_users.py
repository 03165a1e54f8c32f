"""People over HTTP: entered, changed, and deactivated, with what becomes of their work."""

import threading

import pytest

from tests.api.serving import eventually, is_problem

USERS = "/api/crm/users"
DEALS = "/api/crm/deals"


def enter(admin, name="Grace", **more):
    response = admin.post(USERS, json={"email": f"{name.lower()}@acme.example", "name": name, **more})
    assert response.status_code == 201, response.text
    return response.json()


def test_a_person_is_entered_and_changed_and_no_hash_is_ever_shown(admin, org):
    user = enter(admin, phone="+44 20 7946 0958", capacity=5, takes_leads=True)
    assert (user["role"], user["phone"], user["active"], user["capacity"]) == (
        "rep",
        "+442079460958",
        True,
        5,
    )
    changed = admin.patch(f"{USERS}/{user['id']}", json={"role": "manager", "email": " Grace.H@Acme.example"})
    assert (changed.json()["role"], changed.json()["email"]) == ("manager", "grace.h@acme.example")
    for told in (user, admin.get(f"{USERS}/{org.admin_id}").json(), admin.get(USERS).json()["items"][0]):
        assert not [name for name in told if "password" in name or "hash" in name]
    is_problem(admin.patch(f"{USERS}/{user['id']}", json={"password_hash": "x"}), 422, "invalid_request")
    assert admin.get(USERS, params={"filter": "password_hash:null:false"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [({"email": "nobody"}, "email"), ({"timezone": "Nowhere"}, "timezone"), ({"phone": "12"}, "phone"), ({"name": None}, "name")],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_its_field(admin, body, field):
    user = enter(admin)
    assert is_problem(admin.patch(f"{USERS}/{user['id']}", json=body), 422, "bad_value")["field"] == field


def test_no_two_people_share_an_address(admin):
    enter(admin)
    taken = {"email": "GRACE@acme.example", "name": "Another"}
    is_problem(admin.post(USERS, json=taken), 409, "already_exists")


def test_who_leaves_loses_their_keys_and_their_open_work(admin, colleague, owner, org):
    ada = colleague("rep")
    deal = ada.client.post(DEALS, json={"name": "Hers"}).json()
    lead = owner.execute(
        "insert into crm_leads (org_id, email, owner_id) values (%s, 'x@y.example', %s) returning id", [org.org_id, ada.id]
    ).fetchone()[0]  # fmt: skip
    assert admin.delete(f"{USERS}/{ada.id}").status_code == 204
    assert admin.get(f"{USERS}/{ada.id}").json()["active"] is False
    is_problem(ada.client.post(DEALS, json={"name": "x"}), 401, "unauthenticated")
    assert admin.get(f"{DEALS}/{deal['id']}").json()["owner_id"] is None
    assert admin.get(f"/api/crm/leads/{lead}").json()["owner_id"] is None
    remembered = owner.execute("select lead_id, user_id, rule from crm_assignments").fetchall()
    assert remembered == [(lead, None, "handed over")]
    told = owner.execute(
        "select kind, entity_ids[1]::text from crm_events order by id desc limit 3"
    ).fetchall()
    assert set(told) == {
        ("lead.changed", str(lead)),
        ("deal.changed", deal["id"]),
        ("user.deleted", str(ada.id)),
    }


def test_work_is_handed_to_a_colleague_and_what_is_closed_stays(admin, colleague, owner):
    ada, bo = colleague("rep"), colleague("rep")
    team = admin.post("/api/crm/teams", json={"name": "Inbound"}).json()["id"]
    admin.put(f"/api/crm/teams/{team}/members/{bo.id}")
    stay, go = (ada.client.post(DEALS, json={"name": name}).json()["id"] for name in ("Stays", "Goes"))
    lost = owner.execute("select id from crm_pipeline_stages where name = 'Closed Lost'").fetchone()[0]
    ada.client.patch(f"{DEALS}/{stay}", json={"stage_id": str(lost), "lost_reason": "price"})
    task = ada.client.post(
        "/api/crm/activities", json={"kind": "task", "subject": "Tidy", "due_at": "2027-01-01T00:00:00Z"}
    ).json()
    assert admin.delete(f"{USERS}/{ada.id}", params={"hand_to": str(bo.id)}).status_code == 204
    assert admin.get(f"{DEALS}/{stay}").json()["owner_id"] == str(ada.id)
    handed = bo.client.get(f"{DEALS}/{go}").json()
    assert (handed["owner_id"], handed["team_id"]) == (str(bo.id), team)
    assert bo.client.get(f"/api/crm/activities/{task['id']}").json()["owner_id"] == str(bo.id)


def test_nothing_is_handed_to_who_is_not_there_or_to_oneself(admin, colleague):
    ada, gone = colleague("rep"), colleague("rep")
    admin.patch(f"{USERS}/{gone.id}", json={"active": False})
    for to in (ada.id, gone.id, "019a0000-0000-7000-8000-000000000000"):
        refused = admin.delete(f"{USERS}/{ada.id}", params={"hand_to": str(to)})
        assert is_problem(refused, 422, "bad_value")["field"] == "hand_to"
    assert admin.get(f"{USERS}/{ada.id}").json()["active"] is True


def test_who_is_made_inactive_by_a_change_leaves_as_well_and_may_come_back(admin, colleague):
    ada = colleague("rep")
    deal = ada.client.post(DEALS, json={"name": "Hers"}).json()
    assert admin.patch(f"{USERS}/{ada.id}", json={"active": False}).status_code == 200
    assert admin.get(f"{DEALS}/{deal['id']}").json()["owner_id"] is None
    is_problem(ada.client.post(DEALS, json={"name": "x"}), 401, "unauthenticated")
    admin.patch(f"{USERS}/{ada.id}", json={"active": True})
    assert ada.client.get(DEALS).json()["items"] == []


def test_the_last_administrator_stays(admin, org, colleague):
    me = f"{USERS}/{org.admin_id}"
    for refused in (
        admin.delete(me),
        admin.patch(me, json={"role": "rep"}),
        admin.patch(me, json={"active": False}),
        admin.put(me, json={"name": "x", "email": "x@acme.example", "role": "viewer"}),
    ):
        is_problem(refused, 409, "last_administrator")
    items = [{"op": "delete", "id": str(org.admin_id)}]
    outcome = admin.post(f"{USERS}/bulk", json={"items": items}).json()["items"][0]
    assert (outcome["status"], outcome["code"]) == (409, "last_administrator")
    another = colleague("admin")
    assert another.client.delete(me).status_code == 204
    eventually(lambda: admin.get(USERS).status_code == 401)


def test_two_administrators_cannot_depose_each_other_at_once(admin, org, colleague, owner):
    other = colleague("admin")
    deeds = [(admin, other.id), (other.client, org.admin_id)]
    threads = [threading.Thread(target=lambda c=c, i=i: c.delete(f"{USERS}/{i}")) for c, i in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = owner.execute("select count(*) from crm_users where role = 'admin' and active").fetchone()
    assert left == (1,)


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_only_administrators_change_people(colleague, role):
    somebody = colleague(role)
    place = f"{USERS}/{somebody.id}"
    assert somebody.client.get(place).json()["role"] == role
    for refused in (
        somebody.client.patch(place, json={"role": "admin"}),
        somebody.client.post(USERS, json={"email": "x@y.example", "name": "x"}),
        somebody.client.delete(place),
    ):
        is_problem(refused, 403, "forbidden")


def test_who_becomes_a_viewer_posts_no_leads_any_more(admin, colleague, source):
    ada = colleague("rep")
    place, lead = "/api/crm/capture/website", {"email": "x@y.example"}
    assert ada.client.post(place, json=lead).status_code == 202
    admin.patch(f"{USERS}/{ada.id}", json={"role": "viewer"})
    eventually(lambda: ada.client.post(place, json=lead).status_code == 401)
    assert ada.client.get(DEALS).status_code == 200
    is_problem(ada.client.post(DEALS, json={"name": "x"}), 403, "forbidden")
