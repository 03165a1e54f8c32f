"""API keys over HTTP: shown once, no wider than their person, and revoked at once."""

import pytest

from tests.api.serving import client_of, eventually, is_problem

KEYS = "/api/crm/keys"


def give(admin, **fields):
    response = admin.post(KEYS, json={"name": "Reporting", "scopes": ["read"], **fields})
    assert response.status_code == 201, response.text
    return response.json()


def calls(admin, text):
    with client_of(str(admin.base_url), text) as client:
        return client.get("/api/crm/leads").status_code


def test_a_key_is_shown_once_and_kept_as_a_hash(admin, owner):
    made = give(admin)
    assert calls(admin, made["key"]) == 200
    assert made["key"].split("_")[2] == made["prefix"]
    again = admin.get(f"{KEYS}/{made['id']}").json()
    assert "key" not in again and "secret_hash" not in again
    assert again["last_used_at"] is not None
    assert made["key"] not in admin.get(KEYS).text
    secret = made["key"].split("_")[3]
    kept = owner.execute(
        "select k::text from crm_api_keys k union all select coalesce(response::text, '') from crm_keys"
    )
    assert not [row for row in kept.fetchall() if secret in row[0]]


def test_a_repeat_makes_no_other_key_and_does_not_show_the_first(admin, owner):
    body, header = {"name": "Reporting", "scopes": ["read"]}, {"Idempotency-Key": "one"}
    first, second = (admin.post(KEYS, json=body, headers=header).json() for _ in range(2))
    assert (first["id"], second["key"]) == (second["id"], None)
    assert first["key"] is not None
    other = admin.post(KEYS, json={**body, "name": "Other"}, headers=header)
    is_problem(other, 422, "idempotency_key_reused")


def test_a_revoked_key_stops_counting_and_stays_in_the_list(admin):
    made = give(admin, scopes=["read", "write"])
    assert calls(admin, made["key"]) == 200
    assert admin.delete(f"{KEYS}/{made['id']}").status_code == 204
    with client_of(str(admin.base_url), made["key"]) as client:
        is_problem(client.post("/api/crm/deals", json={"name": "x"}), 401, "unauthenticated")
    eventually(lambda: calls(admin, made["key"]) == 401)
    revoked = admin.get(f"{KEYS}/{made['id']}").json()["revoked_at"]
    assert revoked is not None
    assert admin.delete(f"{KEYS}/{made['id']}").status_code == 204
    assert admin.get(f"{KEYS}/{made['id']}").json()["revoked_at"] == revoked


def test_a_key_expires(admin, owner):
    made = give(admin, expires_at="2099-01-01T00:00:00Z")
    assert calls(admin, made["key"]) == 200
    owner.execute("update crm_api_keys set expires_at = now() where id = %s", [made["id"]])
    eventually(lambda: calls(admin, made["key"]) == 401)
    over = {"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}
    assert is_problem(admin.post(KEYS, json=over), 422, "bad_value")["field"] == "expires_at"
    kept = admin.patch(f"{KEYS}/{made['id']}", json={"name": "Renamed"})  # what is over already may stay so
    assert kept.json()["name"] == "Renamed"


@pytest.mark.parametrize(("role", "scope"), [("viewer", "write"), ("rep", "admin"), ("manager", "admin")])
def test_a_key_gives_no_more_than_its_person_may(admin, colleague, role, scope):
    somebody = colleague(role)
    wide = {"name": "x", "scopes": ["read", scope], "user_id": str(somebody.id)}
    assert is_problem(admin.post(KEYS, json=wide), 422, "bad_value")["field"] == "scopes"
    made = give(admin, user_id=str(somebody.id))
    refused = admin.patch(f"{KEYS}/{made['id']}", json={"scopes": ["read", scope]})
    assert is_problem(refused, 422, "bad_value")["field"] == "scopes"


def test_a_key_of_nobody_active_is_not_made(admin, colleague):
    gone = colleague("rep")
    admin.delete(f"/api/crm/users/{gone.id}")
    body = {"name": "x", "scopes": ["read"], "user_id": str(gone.id)}
    assert is_problem(admin.post(KEYS, json=body), 422, "bad_value")["field"] == "user_id"


def test_the_key_of_a_source_stays_one_for_capture(admin, source):
    (key,) = admin.get(KEYS, params={"filter": f"source_id:eq:{source.id}"}).json()["items"]
    refused = admin.patch(f"{KEYS}/{key['id']}", json={"scopes": ["admin"]})
    assert is_problem(refused, 422, "bad_value")["field"] == "scopes"


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_who_is_no_administrator_sees_only_the_own_keys(admin, colleague, role):
    somebody, another = colleague(role), give(admin)
    listed = somebody.client.get(KEYS, params={"count": True}).json()
    assert ({one["user_id"] for one in listed["items"]}, listed["count"]) == ({str(somebody.id)}, 1)
    is_problem(somebody.client.get(f"{KEYS}/{another['id']}"), 404, "not_found")
    is_problem(somebody.client.post(KEYS, json={"name": "x", "scopes": ["read"]}), 403, "forbidden")
    is_problem(somebody.client.delete(f"{KEYS}/{another['id']}"), 403, "forbidden")


def test_many_keys_are_revoked_at_once_but_made_one_by_one(admin):
    made = give(admin)
    items = [
        {"op": "create", "values": {"name": "x", "scopes": ["read"]}},
        {"op": "delete", "id": made["id"]},
    ]
    outcomes = admin.post(f"{KEYS}/bulk", json={"items": items}).json()["items"]
    assert [(one["status"], one["field"]) for one in outcomes if one["status"] != 204] == [(422, "op")]
    eventually(lambda: calls(admin, made["key"]) == 401)
