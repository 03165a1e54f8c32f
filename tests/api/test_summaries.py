"""The pipeline's summary and the recommendations, rule by rule and by hand-worked figures, as administrator, manager and rep."""

import json
from contextlib import ExitStack

import psycopg
import pytest

from tests.api.crew import hire, make_team
from tests.api.serving import client_of, is_problem

SUMMARY, ADVICE = "/api/crm/pipeline/summary", "/api/crm/recommendations"


@pytest.fixture
def crew(serve, owner, org, make_key):
    """Ada of North, her manager, and Bo of South; a client each, and the people."""
    north, south = make_team(owner, org, "North"), make_team(owner, org, "South")
    people = {
        "manager": hire(owner, make_key, org, "manager", north),
        "ada": hire(owner, make_key, org, "rep", north, "ada"),
        "bo": hire(owner, make_key, org, "rep", south, "bo"),
    }
    url = serve()
    with ExitStack() as held:
        yield people, {name: held.enter_context(client_of(url, one.api_key)) for name, one in people.items()}


@pytest.fixture
def put(owner, org):
    """Puts a row of a table of Acme, as SQL expressions."""

    def insert(table, person=None, **values):
        held = {"org_id": f"'{org.org_id}'", **values}
        if person is not None:
            held |= {"owner_id": f"'{person.id}'", "team_id": f"'{person.team_id}'"}
        if "stage" in held:
            stage = held.pop("stage")
            held["stage_id"] = (
                f"(select id from crm_pipeline_stages where name = '{stage}' and org_id = '{org.org_id}')"
            )
        row = owner.execute(
            f"insert into {table} ({', '.join(held)}) values ({', '.join(map(str, held.values()))}) returning id"
        ).fetchone()
        return str(row[0])

    return insert


def summary(client):
    items = client.get(SUMMARY).json()["items"]
    return {
        (one["stage"], one["currency"]): (
            one["deal_count"], one["total_value"], one["weighted_value"], one["average_age_days"],
        )
        for one in items
    }  # fmt: skip


def advice(client, **asked):
    response = client.get(ADVICE, params=asked)
    assert response.status_code == 200, response.text
    return [(one["entity_id"], one["action"]) for one in response.json()["items"]]


def test_the_summary_of_nothing_has_all_stages_in_their_order(admin):
    answer = admin.get(SUMMARY).json()
    assert [(one["stage"], one["order_index"]) for one in answer["items"]] == [
        ("Lead", 1), ("Qualified", 2), ("Proposal", 3), ("Negotiation", 4), ("Closed Won", 5), ("Closed Lost", 6),
    ]  # fmt: skip
    assert {
        (one["pipeline"], one["currency"], one["deal_count"], one["average_age_days"])
        for one in answer["items"]
    } == {("Sales", "USD", 0, None)}


def test_the_figures_of_the_summary_by_hand(crew, admin, put, owner):
    people, clients = crew
    deal = {"name": "'x'", "stage": "Proposal"}
    put(
        "crm_deals",
        people["ada"],
        **deal,
        value=1000,
        currency="'USD'",
        created_at="now() - interval '10 days'",
    )
    put("crm_deals", people["bo"], **deal, value=500.5, currency="'USD'", created_at="now() - interval '20 days'",
        probability=20, probability_fixed="true")  # fmt: skip
    put("crm_deals", people["bo"], **deal, value=300, currency="'EUR'", created_at="now()")
    put("crm_deals", people["ada"], **deal, created_at="now() - interval '30 days'")
    put("crm_deals", people["ada"], **deal, value=7777, currency="'USD'", deleted_at="now()")
    put("crm_deals", people["ada"], name="'x'", stage="Closed Won", value=40, currency="'USD'",
        created_at="now() - interval '90 days'", closed_at="now() - interval '60 days'")  # fmt: skip
    found = summary(admin)
    assert found["Proposal", "USD"] == (3, 1500.5, 600.1, 20.0)
    assert found["Proposal", "EUR"] == (1, 300, 150, 0.0)
    assert found["Closed Won", "USD"] == (1, 40, 40, 30.0)
    assert len(found) == 7
    for name in ("ada", "manager"):
        assert summary(clients[name])["Proposal", "USD"] == (2, 1000, 500, 20.0)
        assert ("Proposal", "EUR") not in summary(clients[name])
    assert summary(clients["bo"])["Proposal", "USD"] == (1, 500.5, 100.1, 20.0)
    assert summary(clients["bo"])["Closed Won", "USD"] == (0, 0, 0, None)
    by_owner = owner.execute(
        "select deal_count from get_pipeline_summary() where stage = 'Proposal'"
    ).fetchall()
    assert sorted(by_owner) == [(1,), (3,)]


def test_stages_that_were_deleted_and_other_orgs_are_not_in_it(admin, owner, put, serve, make_org):
    put("crm_deals", name="'x'", stage="Lead", value=5)
    globex = make_org("Globex")
    with client_of(serve(), globex.api_key) as stranger:
        assert summary(stranger)["Lead", "USD"] == (0, 0, 0, None)
    assert summary(admin)["Lead", "USD"][:2] == (1, 5)
    trial = admin.post("/api/crm/stages", json={"name": "Trial", "probability": 40}).json()
    assert "Trial" in str(admin.get(SUMMARY).json())
    admin.delete(f"/api/crm/stages/{trial['id']}")
    assert "Trial" not in str(admin.get(SUMMARY).json())
    with pytest.raises(psycopg.Error, match="which org"):
        owner.execute("select * from get_pipeline_summary()")
    owner.execute("select set_config('crm.org_id', %s, false)", [str(globex.org_id)])
    assert owner.execute("select sum(deal_count) from get_pipeline_summary()").fetchone() == (0,)
    assert owner.execute("select count(*) from get_ai_recommendations()").fetchone() == (0,)


def test_each_rule_about_deals(admin, put, owner):
    owner.execute("update crm_pipeline_stages set rotting_days = 10 where name = 'Proposal'")
    calm = {
        "name": "'x'",
        "stage": "Proposal",
        "next_step": "'call'",
        "next_step_at": "now() + interval '1 day'",
    }
    put("crm_deals", **calm, expected_close="current_date")
    late = put("crm_deals", **calm, expected_close="current_date - 1")
    put("crm_deals", **calm, stage_entered_at="now() - interval '9 days 23 hours'")
    rots = put("crm_deals", **calm, stage_entered_at="now() - interval '10 days'")
    put(
        "crm_deals",
        **calm,
        stage_entered_at="now() - interval '99 days'",
        last_activity_at="now() - interval '1 day'",
    )
    put("crm_deals", **{**calm, "stage": "Lead"}, stage_entered_at="now() - interval '99 days'")
    overdue = put("crm_deals", **{**calm, "next_step_at": "now() - interval '1 minute'"})
    aimless = put("crm_deals", **{**calm, "next_step": "'  '"})
    put(
        "crm_deals", **{**calm, "stage": "Closed Won", "next_step": "null"}, expected_close="current_date - 9"
    )
    put("crm_deals", **{**calm, "next_step": "null"}, deleted_at="now()")
    assert advice(admin) == [
        (late, "update the close date"), (rots, "get in touch"), (overdue, "take the next step"), (aimless, "plan the next step"),
    ]  # fmt: skip
    first = admin.get(ADVICE).json()["items"][0]
    assert (first["entity"], first["confidence"], first["rank"]) == ("deal", 0.95, 1)


def test_each_rule_about_leads_and_customers(admin, put):
    lead = {"source": "'api'", "status": "'new'"}
    old = "now() - interval '14 days'"
    hot = put("crm_leads", **lead, score=90, score_band="'hot'", created_at=old)
    put("crm_leads", **lead, score=90, score_band="'hot'", last_contact="now()")
    waits = put("crm_leads", **lead, score=10, score_band="'cold'", created_at=old)
    put("crm_leads", **lead, created_at="now() - interval '13 days 23 hours'")
    quiet = put("crm_leads", **lead, last_contact=old)
    put("crm_leads", **{**lead, "status": "'lost'"}, last_contact=old)
    put("crm_leads", **lead, last_contact=old, deleted_at="now()")
    ill = put("crm_customers", name="'x'", health=39)
    put("crm_customers", name="'x'", health=40)
    put("crm_customers", name="'x'", health=1, status="'churned'")
    assert advice(admin) == [
        (hot, "call now"), (ill, "arrange a review"), (waits, "get in touch"), (quiet, "get in touch again"),
    ]  # fmt: skip


def test_the_threshold_and_the_sensitivity_are_obeyed(admin, put, owner):
    owner.execute("update crm_pipeline_stages set rotting_days = 10 where name = 'Proposal'")
    deal = {"name": "'x'", "stage": "Proposal", "next_step": "'call'"}
    rots = {
        days: put("crm_deals", **deal, stage_entered_at=f"now() - interval '{days} days'")
        for days in (4, 5, 10, 15)
    }
    quiet = {
        days: put("crm_leads", source="'api'", last_contact=f"now() - interval '{days} days'")
        for days in (6, 7, 14, 21)
    }

    def counted(key, value):
        assert admin.put(f"/api/crm/settings/{key}", json={"value": value}).status_code == 200
        return {one for one, _ in advice(admin)}

    assert counted("alert_sensitivity", {"level": "high"}) == {
        rots[5],
        rots[10],
        rots[15],
        quiet[7],
        quiet[14],
        quiet[21],
    }
    assert counted("alert_sensitivity", {"level": "low"}) == {rots[15], quiet[21]}
    assert counted("alert_sensitivity", {"level": "normal"}) == {rots[10], rots[15], quiet[14], quiet[21]}
    assert counted("confidence_threshold", {"minimum": 0.6}) == {rots[10], rots[15], quiet[14], quiet[21]}
    assert counted("confidence_threshold", {"minimum": 0.61}) == {rots[10], rots[15]}
    assert counted("confidence_threshold", {"minimum": 1}) == set()
    for slip in ({"minimum": 9}, {"minimum": "all"}, ["x"]):
        owner.execute(
            "update crm_settings set value = %s where key = 'confidence_threshold'", [json.dumps(slip)]
        )
        assert len(advice(admin)) == 4


def test_the_days_are_those_of_the_org(admin, put, owner):
    put(
        "crm_deals",
        name="'x'",
        stage="Lead",
        next_step="'call'",
        expected_close="(now() at time zone 'UTC')::date",
    )
    counts = []
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12", "Mars/Olympus"):
        owner.execute("update crm_orgs set timezone = %s", [zone])
        place = "UTC" if zone.startswith("Mars") else zone
        is_later = owner.execute(
            "select (now() at time zone %s)::date > (now() at time zone 'UTC')::date", [place]
        ).fetchone()
        counts.append((len(advice(admin)) == 1, is_later[0]))
    assert all(advised is later for advised, later in counts)


def test_recommendations_are_for_whom_one_may_see_and_as_many_as_wanted(crew, admin, put):
    people, clients = crew
    deals = {
        name: [
            put("crm_deals", people[name], name="'x'", stage="Lead", value=value) for value in (10, 30, 20)
        ]
        for name in ("ada", "bo")
    }
    ranked = lambda name: [deals[name][1], deals[name][2], deals[name][0]]  # noqa: E731
    assert {one for one, _ in advice(admin)} == {*deals["ada"], *deals["bo"]}
    assert [one for one, _ in advice(admin, owner_id=str(people["ada"].id))] == ranked("ada")
    for name, seen in (("ada", "ada"), ("manager", "ada"), ("bo", "bo")):
        assert [one for one, _ in advice(clients[name])] == ranked(seen)
    assert advice(clients["ada"], owner_id=str(people["bo"].id)) == []
    assert [one for one, _ in advice(clients["bo"], limit=2)] == ranked("bo")[:2]
    for asked in ({"limit": 0}, {"limit": 501}, {"owner_id": "me"}):
        is_problem(admin.get(ADVICE, params=asked), 422, "invalid_request")
