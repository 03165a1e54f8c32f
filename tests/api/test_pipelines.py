"""Pipelines and stages over HTTP: their order, the default, what they say of deals, and where deals go when a stage does."""

import pytest

from tests.api.crew import hire
from tests.api.serving import client_of, is_problem

PIPELINES, STAGES, DEALS = "/api/crm/pipelines", "/api/crm/stages", "/api/crm/deals"


def names(admin, **asked):
    return [one["name"] for one in admin.get(STAGES, params=asked).json()["items"]]


def stage(admin, name):
    return next(one for one in admin.get(STAGES).json()["items"] if one["name"] == name)


def enter(admin, **fields):
    response = admin.post(DEALS, json={"name": "Team plan", **fields})
    assert response.status_code == 201, response.text
    return response.json()


def test_stages_are_listed_in_their_order_and_a_new_one_is_the_last(admin):
    assert names(admin) == ["Lead", "Qualified", "Proposal", "Negotiation", "Closed Won", "Closed Lost"]
    made = admin.post(STAGES, json={"name": "Trial", "probability": 40, "color": "#8B5CF6"})
    assert (made.status_code, made.json()["order_index"], made.json()["kind"]) == (201, 7, "open")
    again = admin.post(STAGES, json={"name": "Trial", "probability": 40})
    assert is_problem(again, 409, "already_exists")["detail"].endswith("with this name already")
    moved = admin.patch(f"{STAGES}/{made.json()['id']}", json={"order_index": 2, "rotting_days": 14})
    assert (moved.json()["order_index"], moved.json()["rotting_days"]) == (2, 14)
    assert names(admin, sort="order_index,name")[1:3] == ["Qualified", "Trial"]
    assert names(admin, filter="kind:eq:won") == ["Closed Won"]


def test_what_a_stage_says_must_hold_together(admin):
    for body, field in (
        ({"name": "x", "probability": 90, "kind": "won"}, "probability"),
        ({"name": "x", "probability": 5, "kind": "lost"}, "probability"),
        (
            {"name": "x", "probability": 5, "pipeline_id": "019a0000-0000-7000-8000-000000000000"},
            "pipeline_id",
        ),
    ):
        assert is_problem(admin.post(STAGES, json=body), 422, "bad_value")["field"] == field
    for slip in (
        {"name": "x"},
        {"name": "x", "probability": 5, "color": "red"},
        {"name": "x", "probability": 5, "requires": ["hope"]},
    ):
        is_problem(admin.post(STAGES, json=slip), 422, "invalid_request")
    won = stage(admin, "Closed Won")["id"]
    is_problem(admin.patch(f"{STAGES}/{won}", json={"probability": 90}), 422, "bad_value")
    for name in ("name", "probability", "order_index", "pipeline_id"):
        nothing = is_problem(admin.patch(f"{STAGES}/{won}", json={name: None}), 422, "bad_value")
        assert nothing["field"] == name
    other = admin.post(PIPELINES, json={"name": "Renewals"}).json()["id"]
    problem = is_problem(admin.patch(f"{STAGES}/{won}", json={"pipeline_id": other}), 422, "bad_value")
    assert problem["field"] == "pipeline_id"
    whole = admin.put(f"{STAGES}/{won}", json={"name": "Won", "probability": 100})
    assert (whole.status_code, whole.json()["kind"], whole.json()["color"]) == (200, "won", None)


def test_a_changed_probability_reaches_open_deals_that_did_not_fix_theirs(admin, owner):
    here = stage(admin, "Proposal")["id"]
    free, fixed = enter(admin, stage_id=here), enter(admin, stage_id=here, probability=35)
    elsewhere = enter(admin)
    assert admin.patch(f"{STAGES}/{here}", json={"probability": 60}).status_code == 200
    now = [admin.get(f"{DEALS}/{one['id']}").json() for one in (free, fixed, elsewhere)]
    assert [(one["probability"], one["version"]) for one in now] == [(60, 2), (35, 1), (10, 1)]
    told = owner.execute(
        "select entity_ids from crm_events where kind = 'deal.changed' order by id desc limit 1"
    ).fetchone()
    assert [str(one) for one in told[0]] == [free["id"]]


def test_a_stage_with_deals_goes_only_when_it_is_said_where_they_go(admin, owner):
    here, there = stage(admin, "Qualified"), stage(admin, "Lead")
    deal, deleted = enter(admin, stage_id=here["id"]), enter(admin, stage_id=here["id"])
    admin.delete(f"{DEALS}/{deleted['id']}")
    place = f"{STAGES}/{here['id']}"
    is_problem(admin.delete(place), 409, "in_use")
    is_problem(admin.patch(place, json={"kind": "won", "probability": 100}), 409, "in_use")
    bulk = admin.post(f"{STAGES}/bulk", json={"items": [{"op": "delete", "id": here["id"]}]}).json()["items"]
    assert (bulk[0]["status"], bulk[0]["code"]) == (409, "in_use")
    for nowhere in (stage(admin, "Closed Lost")["id"], here["id"], deal["id"]):
        assert (
            is_problem(admin.delete(place, params={"move_to": nowhere}), 422, "bad_value")["field"]
            == "move_to"
        )
    is_problem(
        admin.delete(place, params={"move_to": there["id"]}, headers={"If-Match": '"9"'}),
        412,
        "version_conflict",
    )
    assert admin.get(f"{DEALS}/{deal['id']}").json()["stage_id"] == here["id"]
    assert admin.delete(place, params={"move_to": there["id"]}).status_code == 204
    moved = admin.get(f"{DEALS}/{deal['id']}").json()
    assert (moved["stage_id"], moved["probability"]) == (there["id"], 10)
    assert "Qualified" not in names(admin)
    assert names(admin, deleted=True) == ["Qualified"]
    stays = owner.execute(
        "select stage_id from crm_deal_stage_history where deal_id = %s order by entered_at", [deal["id"]]
    )
    assert [str(one) for (one,) in stays.fetchall()] == [here["id"], there["id"]]
    is_problem(admin.patch(f"{DEALS}/{deal['id']}", json={"stage_id": here["id"]}), 422, "bad_value")
    assert admin.post(STAGES, json={"name": "Qualified", "probability": 20}).status_code == 201
    is_problem(admin.post(f"{place}/restore"), 409, "already_exists")
    admin.patch(f"{STAGES}/{stage(admin, 'Qualified')['id']}", json={"name": "Vetted"})
    assert admin.post(f"{place}/restore").status_code == 200


def test_deals_that_were_won_stay_won_when_they_were(admin, owner):
    won = stage(admin, "Closed Won")["id"]
    deal = enter(admin, stage_id=won)
    owner.execute("update crm_deals set closed_at = '2026-03-01T12:00:00Z'")
    other = admin.post(STAGES, json={"name": "Signed", "probability": 100}).json()["id"]
    assert admin.delete(f"{STAGES}/{won}", params={"move_to": other}).status_code == 204
    moved = admin.get(f"{DEALS}/{deal['id']}").json()
    assert (moved["status"], moved["closed_at"][:10], moved["probability"]) == ("won", "2026-03-01", 100)


def test_there_is_one_default_pipeline(admin):
    def defaults():
        return [one["name"] for one in admin.get(PIPELINES).json()["items"] if one["is_default"]]

    first = admin.get(PIPELINES).json()["items"][0]
    second = admin.post(PIPELINES, json={"name": "Renewals"}).json()
    assert (defaults(), second["is_default"]) == (["Sales"], False)
    refused = admin.patch(f"{PIPELINES}/{first['id']}", json={"is_default": False})
    assert is_problem(refused, 422, "bad_value")["field"] == "is_default"
    assert admin.patch(f"{PIPELINES}/{second['id']}", json={"is_default": True}).json()["is_default"]
    assert defaults() == ["Renewals"]
    begin = admin.post(STAGES, json={"name": "Due", "probability": 80})
    assert begin.json()["pipeline_id"] == second["id"]
    assert begin.json()["order_index"] == 1
    assert enter(admin)["stage_id"] == begin.json()["id"]
    third = admin.post(PIPELINES, json={"name": "Partners", "is_default": True}).json()
    assert defaults() == ["Partners"]
    is_problem(admin.delete(f"{PIPELINES}/{third['id']}"), 409, "in_use")
    is_problem(admin.delete(f"{PIPELINES}/{first['id']}"), 409, "in_use")
    admin.patch(f"{PIPELINES}/{second['id']}", json={"is_default": True})
    assert admin.delete(f"{PIPELINES}/{third['id']}").status_code == 204
    assert admin.post(PIPELINES, json={"name": "Partners"}).status_code == 201
    is_problem(admin.post(PIPELINES, json={"name": "Partners"}), 409, "already_exists")


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_everybody_reads_pipelines_and_administrators_change_them(serve, admin, owner, org, make_key, role):
    here = stage(admin, "Lead")["id"]
    with client_of(serve(), hire(owner, make_key, org, role).api_key) as person:
        assert len(names(person)) == 6
        assert len(person.get(PIPELINES).json()["items"]) == 1
        for refused in (
            person.post(STAGES, json={"name": "x", "probability": 5}),
            person.patch(f"{STAGES}/{here}", json={"probability": 5}),
            person.delete(f"{STAGES}/{here}"),
            person.post(f"{STAGES}/bulk", json={"items": [{"op": "delete", "id": here}]}),
            person.post(PIPELINES, json={"name": "x"}),
        ):
            is_problem(refused, 403, "forbidden")


def test_stages_can_be_put_into_an_empty_table_as_the_document_says(owner, org):
    owner.execute("delete from crm_pipeline_stages")
    owner.execute("delete from crm_pipelines")
    owner.execute(
        """
INSERT INTO crm_pipeline_stages (name, order_index, probability, color) VALUES
('Lead', 1, 10, '#6B7280'),
('Qualified', 2, 25, '#3B82F6'),
('Proposal', 3, 50, '#F59E0B'),
('Negotiation', 4, 75, '#F97316'),
('Closed Won', 5, 100, '#10B981'),
('Closed Lost', 6, 0, '#EF4444');
        """
    )
    kinds = owner.execute("select kind, count(*) from crm_pipeline_stages group by 1 order by 1").fetchall()
    assert kinds == [("lost", 1), ("open", 4), ("won", 1)]
    assert owner.execute("select name, is_default from crm_pipelines").fetchall() == [("Sales", True)]
