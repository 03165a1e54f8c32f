"""Insights over HTTP: whoever may write enters one, only administrators delete it, and that is for good."""

from tests.api.serving import is_problem

INSIGHTS, DEALS = "/api/crm/insights", "/api/crm/deals"


def enter(client, **fields):
    deal = client.post(DEALS, json={"name": "Plan"}).json()["id"]
    response = client.post(INSIGHTS, json={"kind": "risk", "deal_id": deal, "title": "Quiet", **fields})
    assert response.status_code == 201, response.text
    return response.json()


def deletions(owner):
    return owner.execute("select count(*) from crm_events where kind = 'insight.deleted'").fetchone()[0]


def test_only_administrators_delete_an_insight(admin, client_as, owner, reps):
    ada = client_as(reps[0])
    place = f"{INSIGHTS}/{enter(ada)['id']}"
    is_problem(ada.delete(place), 403, "forbidden")
    owner.execute("update crm_users set role = 'manager' where id = %s", [reps[0]])
    is_problem(ada.delete(place), 403, "forbidden")
    assert (ada.get(place).status_code, deletions(owner)) == (200, 0)
    assert admin.delete(place).status_code == 204
    is_problem(ada.get(place), 404, "not_found")
    assert deletions(owner) == 1


def test_of_many_an_insight_is_not_deleted_by_who_may_not_either(client_as, owner, reps):
    ada = client_as(reps[0])
    insight = enter(ada)
    items = [
        {"op": "delete", "id": insight["id"]},
        {"op": "change", "id": insight["id"], "values": {"title": "Loud"}},
    ]
    outcomes = ada.post(f"{INSIGHTS}/bulk", json={"items": items}).json()["items"]
    assert [(one["status"], one.get("code")) for one in outcomes] == [(403, "forbidden"), (200, None)]
    assert ada.get(f"{INSIGHTS}/{insight['id']}").json()["title"] == "Loud"
    assert deletions(owner) == 0
