"""Sales goals over HTTP: whose they are, who sets them, and how far they are reached, by hand-worked cases."""

from dataclasses import dataclass

import httpx
import pytest

from tests.api.crew import Person, hire, make_team
from tests.api.serving import client_of, is_problem

GOALS = "/api/crm/goals"
JANUARY = {"period_start": "2026-01-01", "period_end": "2026-01-31"}


@dataclass(frozen=True)
class Crew:
    """A manager of North, a rep of Oslo below it, a rep of South; clients for each."""

    manager: Person
    ada: Person
    bo: Person
    clients: dict[str, httpx.Client]


@pytest.fixture
def crew(serve, owner, org, make_key):
    owner.execute("update crm_orgs set timezone = 'Europe/Berlin', currency = 'EUR'")
    north, south = make_team(owner, org, "North"), make_team(owner, org, "South")
    oslo = make_team(owner, org, "Oslo", below=north)
    manager = hire(owner, make_key, org, "manager", north)
    ada, bo = (hire(owner, make_key, org, "rep", team, name) for team, name in ((oslo, "ada"), (south, "bo")))
    url = serve()
    with (
        client_of(url, manager.api_key) as boss,
        client_of(url, ada.api_key) as a,
        client_of(url, bo.api_key) as b,
    ):
        yield Crew(manager, ada, bo, {"manager": boss, "ada": a, "bo": b})


def aim(client, metric="revenue", target=1000, **fields):
    body = {"name": "January", "metric": metric, "target": target, **JANUARY, **fields}
    response = client.post(GOALS, json=body)
    assert response.status_code == 201, response.text
    return response.json()


def progress(client, goal):
    response = client.get(f"{GOALS}/{goal['id']}/progress")
    assert response.status_code == 200, response.text
    return response.json()


def win(owner, org, person, value, currency, closed_at, stage="Closed Won"):
    owner.execute(
        "insert into crm_deals (org_id, name, stage_id, value, currency, owner_id, team_id, closed_at, lost_reason)"
        " select org_id, 'Deal', id, %s, %s, %s, %s, %s, case kind when 'lost' then 'price' end"
        " from crm_pipeline_stages where org_id = %s and name = %s",
        [value, currency, person.id, person.team_id, closed_at, org.org_id, stage],
    )


def test_a_goal_is_whose_it_is_said_to_be_and_never_its_writers(crew):
    boss = crew.clients["manager"]
    everybodys, teams = aim(boss), aim(boss, team_id=str(crew.ada.team_id))
    persons = aim(boss, owner_id=str(crew.ada.id))
    assert (everybodys["owner_id"], everybodys["team_id"], everybodys["currency"]) == (None, None, "EUR")
    assert (teams["owner_id"], teams["team_id"]) == (None, str(crew.ada.team_id))
    assert (persons["owner_id"], persons["team_id"]) == (str(crew.ada.id), str(crew.ada.team_id))
    assert aim(boss, "calls", currency="EUR")["currency"] is None
    for body, code in (
        ({"target": 0}, "invalid_request"),
        ({"metric": "luck"}, "invalid_request"),
        ({"period_end": "2025-12-31"}, "bad_value"),
        ({"owner_id": "019a0000-0000-7000-8000-000000000000"}, "bad_value"),
    ):
        full = {"name": "x", "metric": "calls", "target": 1, **JANUARY, **body}
        is_problem(boss.post(GOALS, json=full), 422, code)
    for name in ("name", "metric", "target", "period_start", "period_end"):
        nothing = boss.patch(f"{GOALS}/{persons['id']}", json={name: None})
        assert is_problem(nothing, 422, "bad_value")["field"] == name
    changed = boss.patch(f"{GOALS}/{persons['id']}", json={"period_start": "2026-02-01"})
    assert is_problem(changed, 422, "bad_value")["field"] == "period_end"


def test_managers_set_goals_and_everybody_reads_them(crew):
    goal = aim(crew.clients["manager"])
    rep = crew.clients["ada"]
    assert [one["id"] for one in rep.get(GOALS).json()["items"]] == [goal["id"]]
    for refused in (
        rep.post(GOALS, json={"name": "x", "metric": "calls", "target": 1, **JANUARY}),
        rep.patch(f"{GOALS}/{goal['id']}", json={"target": 1}),
        rep.delete(f"{GOALS}/{goal['id']}"),
    ):
        is_problem(refused, 403, "forbidden")
    assert crew.clients["manager"].delete(f"{GOALS}/{goal['id']}").status_code == 204
    is_problem(rep.get(f"{GOALS}/{goal['id']}/progress"), 404, "not_found")


def test_a_manager_sets_no_goals_of_people_and_teams_of_others(crew, admin):
    boss, body = crew.clients["manager"], {"name": "x", "metric": "calls", "target": 1, **JANUARY}
    south, oslo = (str(one.team_id) for one in (crew.bo, crew.ada))
    strange = (
        {"owner_id": str(crew.bo.id)},
        {"team_id": south},
        {"owner_id": str(crew.bo.id), "team_id": oslo},
    )
    for whose in strange:
        is_problem(boss.post(GOALS, json={**body, **whose}), 403, "forbidden")
        place = f"{GOALS}/{aim(admin, **whose)['id']}"
        for refused in (
            boss.patch(place, json={"target": 5}),
            boss.patch(place, json={"owner_id": None, "team_id": oslo}),
            boss.put(place, json=body),
            boss.delete(place),
            boss.get(f"{place}/progress"),
        ):
            is_problem(refused, 403, "forbidden")
        many = boss.post(f"{GOALS}/bulk", json={"items": [{"op": "delete", "id": place.rpartition("/")[2]}]})
        assert many.json()["items"][0]["status"] == 403
        assert admin.delete(place).status_code == 204
        is_problem(boss.post(f"{place}/restore"), 403, "forbidden")
    mine = f"{GOALS}/{aim(boss, owner_id=str(crew.manager.id))['id']}"
    is_problem(boss.patch(mine, json={"owner_id": str(crew.bo.id)}), 403, "forbidden")
    is_problem(boss.patch(mine, json={"owner_id": None, "team_id": south}), 403, "forbidden")
    assert boss.patch(mine, json={"owner_id": str(crew.ada.id)}).status_code == 200
    assert boss.delete(mine).status_code == 204


def test_revenue_counts_what_was_won_in_the_period_in_the_goals_currency(crew, admin, owner, org):
    for value, currency, at in (
        (100, "EUR", "2025-12-31T23:30:00Z"),  # January has begun in Berlin
        (200, "EUR", "2025-12-31T22:30:00Z"),
        (50.5, "EUR", "2026-01-31T22:59:59Z"),
        (400, "EUR", "2026-01-31T23:00:00Z"),  # and is over
        (800, "USD", "2026-01-15T12:00:00Z"),
    ):
        win(owner, org, crew.ada, value, currency, at)
    win(owner, org, crew.bo, 7, "EUR", "2026-01-15T12:00:00Z")
    win(owner, org, crew.bo, 9000, "EUR", "2026-01-15T12:00:00Z", stage="Closed Lost")
    boss = crew.clients["manager"]
    of_org, of_north = aim(boss, target=315), aim(boss, team_id=str(crew.manager.team_id))
    of_ada, dollars = aim(boss, owner_id=str(crew.ada.id)), aim(boss, currency="USD")
    found = progress(admin, of_org)
    assert (found["reached"], found["share"], found["elapsed"], found["pace"]) == (157.5, 0.5, 1, 0.5)
    assert (found["expected"], found["on_track"], found["currency"]) == (315, False, "EUR")
    assert progress(boss, of_north)["reached"] == 150.5
    assert progress(boss, of_ada)["reached"] == 150.5
    assert progress(admin, dollars)["reached"] == 800
    assert progress(admin, aim(boss, "deals_won", 5))["reached"] == 4
    assert progress(admin, aim(admin, "deals_won", 5, owner_id=str(crew.bo.id)))["reached"] == 1
    assert progress(crew.clients["ada"], of_org)["reached"] == 157.5
    owner.execute("update crm_deals set deleted_at = now() where value = 100")
    assert progress(admin, of_org)["reached"] == 57.5


def test_the_other_metrics_count_what_was_done_in_the_period(crew, admin, owner, org):
    def put(table, columns, *rows):
        for row in rows:
            held = dict(
                zip(columns.split(), row, strict=True),
                org_id=org.org_id,
                owner_id=crew.ada.id,
                team_id=crew.ada.team_id,
            )
            marks = ", ".join(["%s"] * len(held))
            owner.execute(f"insert into {table} ({', '.join(held)}) values ({marks})", list(held.values()))

    mid, before = "2026-01-15T12:00:00Z", "2025-11-15T12:00:00Z"
    leads = (("converted", mid), ("converted", before), ("lost", mid))
    put("crm_leads", "source status closed_at", *(("api", *one) for one in leads))
    customers = (("2026-01-31", before), (None, mid), ("2026-02-01", mid), (None, before))
    put("crm_customers", "name since created_at", *(("x", *one) for one in customers))
    done = (
        ("call", mid),
        ("call", before),
        ("call", None),
        ("meeting", mid),
        ("task", mid),
        ("note", mid),
        ("submission", mid),
    )
    put("crm_activities", "subject kind done_at", *(("x", *one) for one in done))
    expected = {"leads_converted": 1, "new_customers": 2, "activities": 3, "calls": 1, "meetings": 1}
    for metric, count in expected.items():
        for whose in ({}, {"owner_id": str(crew.ada.id)}, {"team_id": str(crew.manager.team_id)}):
            goal = aim(crew.clients["manager"], metric, 10, **whose)
            assert (metric, progress(crew.clients["manager"], goal)["reached"]) == (metric, count)
        nobodys = aim(admin, metric, 10, owner_id=str(crew.bo.id))
        assert progress(admin, nobodys)["reached"] == 0


def test_how_a_colleague_is_doing_is_not_everybodys_to_know(crew, admin):
    adas, bos = (aim(admin, owner_id=str(one.id)) for one in (crew.ada, crew.bo))
    oslos, souths = (aim(admin, team_id=str(one.team_id)) for one in (crew.ada, crew.bo))
    allowed = {
        "manager": {adas["id"], oslos["id"]},
        "ada": {adas["id"], oslos["id"]},
        "bo": {bos["id"], souths["id"]},
    }
    for name, client in crew.clients.items():
        for goal in (adas, bos, oslos, souths):
            answer = client.get(f"{GOALS}/{goal['id']}/progress")
            assert (name, answer.status_code) == (name, 200 if goal["id"] in allowed[name] else 403)
    assert progress(admin, bos)["reached"] == 0


def test_a_goal_of_another_org_is_not_there(crew, serve, make_org):
    goal = aim(crew.clients["manager"])
    with client_of(serve(), make_org("Globex").api_key) as stranger:
        is_problem(stranger.get(f"{GOALS}/{goal['id']}/progress"), 404, "not_found")
