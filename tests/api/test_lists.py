"""Alerts, messages and reports take the same questions as all records; reports are only read."""

import json

import pytest

from crm_db import session
from crm_db.actions import alerts
from tests.api.crew import hire, make_team
from tests.api.serving import client_of, is_problem

ALERTS, MESSAGES, REPORTS = "/api/crm/alerts", "/api/crm/messages", "/api/crm/reports"


@pytest.fixture
def lead(admin):
    """A lead that nobody writes to unasked."""
    body = {"email": "ada@analytical.example", "automation": False}
    return admin.post("/api/crm/leads", json=body).json()["id"]


def test_alerts_are_filtered_sorted_and_counted(admin, database, org):
    with session.bound_to(database.flow_url), session.unit_of_work() as work:
        for number, severity in enumerate(("info", "warning", "critical", "critical")):
            cause = alerts.Cause(
                kind="quota", key=f"q{number}", title=f"Quota {number}", action="Wait.", severity=severity
            )
            alerts.raise_or_count(work, org.org_id, cause)

    def titles(**asked):
        return [one["title"] for one in admin.get(ALERTS, params=asked).json()["items"]]

    assert titles(filter=["severity:in:info,critical", "title:ne:Quota 3"], sort="title") == [
        "Quota 0",
        "Quota 2",
    ]
    assert titles(state="open", severity="critical", sort="-title") == ["Quota 3", "Quota 2"]
    assert titles(filter="last_at:lt:-1h") == []
    page = admin.get(ALERTS, params={"count": True, "limit": 3, "fields": "title"}).json()
    assert (page["count"], set(page["items"][0])) == (4, {"id", "title"})
    assert len(admin.get(ALERTS, params={"cursor": page["next_cursor"]}).json()["items"]) == 1
    is_problem(admin.get(ALERTS, params={"deleted": True}), 422, "bad_question")
    is_problem(admin.get(ALERTS, params={"filter": "detail:eq:x"}), 422, "bad_question")


def test_messages_are_filtered_sorted_and_seen_by_whoever_sees_the_lead(
    admin, serve, owner, org, make_key, lead
):
    for number, channel in enumerate(("email", "task", "email")):
        body = {"lead_id": lead, "channel": channel, "subject": f"M{number}", "text": "x"}
        assert admin.post(MESSAGES, json=body).status_code == 201

    def channels(client, **asked):
        return [one["channel"] for one in client.get(MESSAGES, params=asked).json()["items"]]

    assert channels(admin) == ["email", "task", "email"]
    assert channels(admin, lead_id=lead, channel="email", status="scheduled") == ["email", "email"]
    assert channels(admin, filter="channel:eq:task") == ["task"]
    assert len(channels(admin, filter="created_at:eq:today", sort="due_at,-channel")) == 3
    assert admin.get(MESSAGES, params={"count": True, "limit": 1}).json()["count"] == 3
    assert set(admin.get(MESSAGES).json()["items"][0]) == {
        "id", "key", "channel", "status", "due_at", "sent_at", "reason", "attempts", "provider", "provider_id", "lead_id",
        "recipient", "purpose", "due_reasons", "created_at",
    }  # fmt: skip
    ada, bo = (hire(owner, make_key, org, "rep", make_team(owner, org, name), name) for name in ("ada", "bo"))
    owner.execute("update crm_leads set owner_id = %s, team_id = %s", [ada.id, ada.team_id])
    url = serve()
    for person, count in ((ada, 3), (bo, 0)):
        with client_of(url, person.api_key) as client:
            assert len(channels(client)) == count


def test_reports_are_listed_and_read_and_nothing_else(admin, serve, owner, org, make_key):
    rep = hire(owner, make_key, org, "rep", make_team(owner, org, "North"))
    for name, whose in (("Weekly", None), ("Mine", rep.id)):
        owner.execute(
            "insert into crm_reports (org_id, name, kind, state, figures, row_count, owner_id)"
            " values (%s, %s, 'weekly', 'made', %s, 3, %s)",
            [org.org_id, name, json.dumps({"won": 2}), whose],
        )
    items = admin.get(REPORTS, params={"filter": "kind:eq:weekly", "sort": "name"}).json()["items"]
    assert [(one["name"], one["figures"]) for one in items] == [("Mine", {"won": 2}), ("Weekly", {"won": 2})]
    place = f"{REPORTS}/{items[1]['id']}"
    read = admin.get(place)
    assert (read.json()["name"], read.headers["etag"]) == ("Weekly", '"1"')
    for refused in (admin.post(REPORTS, json={}), admin.delete(place), admin.patch(place, json={})):
        is_problem(refused, 405, "method_not_allowed")
    with client_of(serve(), rep.api_key) as client:
        assert [one["name"] for one in client.get(REPORTS).json()["items"]] == ["Mine"]
        is_problem(client.get(place), 404, "not_found")
