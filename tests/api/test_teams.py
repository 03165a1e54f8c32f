"""Teams over HTTP: a tree, hours and zones that can be used, and who is in them."""

import pytest

from tests.api.serving import eventually, is_problem

TEAMS = "/api/crm/teams"
NOBODY = "019a0000-0000-7000-8000-000000000000"


def enter(admin, name, **more):
    response = admin.post(TEAMS, json={"name": name, **more})
    assert response.status_code == 201, response.text
    return response.json()


def test_a_team_is_entered_changed_listed_and_deleted(admin):
    team = enter(admin, "Inbound")
    assert (team["visibility"], team["parent_id"], team["version"]) == ("own", None, 1)
    changed = admin.patch(f"{TEAMS}/{team['id']}", json={"visibility": "team", "timezone": "Europe/Berlin"})
    assert (changed.json()["visibility"], changed.headers["etag"]) == ("team", '"2"')
    enter(admin, "Enterprise")
    assert [one["name"] for one in admin.get(TEAMS).json()["items"]] == ["Enterprise", "Inbound"]
    is_problem(admin.post(TEAMS, json={"name": "Inbound"}), 409, "already_exists")
    assert admin.delete(f"{TEAMS}/{team['id']}").status_code == 204
    is_problem(admin.get(f"{TEAMS}/{team['id']}"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"business_hours": {"days": {}}}, "business_hours"),
        ({"business_hours": {"days": {"1": [["17:00", "09:00"]]}}}, "business_hours"),
        ({"parent_id": NOBODY}, "parent_id"),
    ],
)
def test_what_no_team_can_be_is_refused(admin, body, field):
    assert is_problem(admin.post(TEAMS, json={"name": "x", **body}), 422, "bad_value")["field"] == field


def test_hours_that_can_be_used_are_kept(admin):
    hours = {"days": {"1": [["09:00", "12:00"], ["13:00", "17:00"]]}, "holidays": ["2026-12-25"]}
    assert enter(admin, "Inbound", business_hours=hours)["business_hours"] == hours


def test_teams_never_stand_above_themselves(admin):
    top = enter(admin, "Top")
    middle = enter(admin, "Middle", parent_id=top["id"])
    low = enter(admin, "Low", parent_id=middle["id"])
    for parent in (top, middle, low):
        refused = admin.patch(f"{TEAMS}/{top['id']}", json={"parent_id": parent["id"]})
        assert is_problem(refused, 422, "bad_value")["field"] == "parent_id"
    assert admin.patch(f"{TEAMS}/{low['id']}", json={"parent_id": top["id"]}).status_code == 200
    is_problem(admin.delete(f"{TEAMS}/{top['id']}"), 409, "in_use")


def test_people_join_and_leave(admin, colleague, owner):
    team, ada = enter(admin, "Inbound"), colleague("rep")
    place = f"{TEAMS}/{team['id']}/members/{ada.id}"
    is_problem(admin.get(place), 404, "not_found")
    assert [admin.put(place).status_code for _ in range(2)] == [204, 204]
    assert admin.get(place).json()["user_id"] == str(ada.id)
    listed = ada.client.get(f"{TEAMS}/{team['id']}/members").json()
    assert [(one["role"], one["active"]) for one in listed["items"]] == [("rep", True)]
    assert admin.delete(place).status_code == 204
    is_problem(admin.delete(place), 404, "not_found")
    is_problem(admin.put(f"{TEAMS}/{team['id']}/members/{NOBODY}"), 404, "not_found")
    is_problem(admin.put(f"{TEAMS}/{NOBODY}/members/{ada.id}"), 404, "not_found")
    kinds = owner.execute("select kind from crm_events where entity = 'team' order by id").fetchall()
    assert [kind for (kind,) in kinds] == ["team.created", "team.joined", "team.left"]


def test_who_joins_an_open_team_sees_its_records(admin, colleague):
    team, ada, bo = enter(admin, "Inbound", visibility="team"), colleague("rep"), colleague("rep")
    admin.put(f"{TEAMS}/{team['id']}/members/{ada.id}")
    deal = ada.client.post("/api/crm/deals", json={"name": "Hers"}).json()
    assert (deal["owner_id"], deal["team_id"]) == (str(ada.id), team["id"])
    is_problem(bo.client.get(f"/api/crm/deals/{deal['id']}"), 404, "not_found")
    admin.put(f"{TEAMS}/{team['id']}/members/{bo.id}")
    eventually(lambda: bo.client.get(f"/api/crm/deals/{deal['id']}").status_code == 200)
    is_problem(admin.delete(f"{TEAMS}/{team['id']}"), 409, "in_use")


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_only_administrators_change_teams(admin, colleague, role):
    team, somebody = enter(admin, "Inbound"), colleague(role)
    place = f"{TEAMS}/{team['id']}"
    assert somebody.client.get(place).json() == team
    for refused in (
        somebody.client.post(TEAMS, json={"name": "Mine"}),
        somebody.client.patch(place, json={"name": "Mine"}),
        somebody.client.put(place, json={"name": "Mine"}),
        somebody.client.delete(place),
        somebody.client.put(f"{place}/members/{somebody.id}"),
        somebody.client.post(f"{TEAMS}/bulk", json={"items": [{"op": "delete", "id": team["id"]}]}),
    ):
        is_problem(refused, 403, "forbidden")
