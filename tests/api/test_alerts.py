"""Alerts and dead letters as an ops person's tools see them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from crm_db import session
from crm_db.actions import alerts
from crm_db.actions.sources import NewSource
from tests.api.conftest import Serve
from tests.api.serving import client_of, is_problem
from tests.api.test_records import walk
from tests.conftest import Database, Org

PATH = "/api/crm/alerts"


@pytest.fixture
def raise_alert(database: Database, org: Org) -> Callable[..., str]:
    """Raises or counts an alert of Acme by its key; gives its id."""

    def make(key: str, **more: Any) -> str:
        cause = alerts.Cause(kind="test", key=key, title="Something is wrong", action="Look.", **more)
        with session.bound_to(database.flow_url), session.unit_of_work() as work:
            return str(alerts.raise_or_count(work, org.org_id, cause))

    return make


def test_alerts_are_listed_by_page_and_state(admin: httpx.Client, raise_alert: Callable[..., str]) -> None:
    ids = [raise_alert(f"k{number}", severity="critical") for number in range(5)]
    raise_alert("k2", severity="critical")
    pages = walk(admin, PATH, 2)
    assert ([len(page) for page in pages], pages[0][0]) == ([2, 2, 1], ids[2])
    assert {alert for page in pages for alert in page} == set(ids)
    counted = {item["id"]: item["count"] for item in admin.get(PATH).json()["items"]}
    assert (counted[ids[2]], counted[ids[0]]) == (2, 1)
    assert admin.post(f"{PATH}/{ids[0]}/resolve").status_code == 204
    assert admin.post(f"{PATH}/{ids[0]}/resolve").status_code == 204
    resolved = admin.get(PATH, params={"state": "resolved"}).json()["items"]
    assert [(item["id"], item["state"]) for item in resolved] == [(ids[0], "resolved")]
    assert len(admin.get(PATH, params={"state": "open"}).json()["items"]) == 4
    assert admin.get(PATH, params={"severity": "info"}).json()["items"] == []
    assert len(admin.get(PATH, params={"kind": "test"}).json()["items"]) == 5


def test_another_orgs_alerts_are_nowhere(
    serve: Serve, raise_alert: Callable[..., str], make_org: Callable[[str], Org]
) -> None:
    alert = raise_alert("k")
    with client_of(serve(), make_org("Globex").api_key) as stranger:
        assert stranger.get(PATH).json()["items"] == []
        is_problem(stranger.post(f"{PATH}/{alert}/resolve"), 404, "not_found")


def test_a_question_about_alerts_that_does_not_fit_is_refused(admin: httpx.Client) -> None:
    for unfit, code in (
        ("state=shut", "invalid_request"),
        ("limit=0", "invalid_request"),
        ("color=red", "invalid_request"),
        ("cursor=x", "bad_cursor"),
        ("kind=%00", "bad_value"),
    ):
        is_problem(admin.get(f"{PATH}?{unfit}"), 422, code)
    is_problem(admin.post(f"{PATH}/{uuid4()}/resolve"), 404, "not_found")


@pytest.fixture
def dead(
    admin: httpx.Client, org: Org, source: NewSource, owner: psycopg.Connection, make_source: Any
) -> list[UUID]:
    """Three dead letters: two of website without a contact, one of other that was no JSON."""
    other = make_source(org, "other")
    for ref, reason in (
        (source.token, "no_contact: neither"),
        (source.token, "no_contact: a phone was tried"),
        (other.token, "not_json: broken"),
    ):
        event = admin.post(f"/api/crm/capture/{ref}", json={"n": str(uuid4())}).json()["event_id"]
        owner.execute("update crm_inbox set status = 'dead', reason = %s where id = %s", [reason, event])
    return [row[0] for row in owner.execute("select id from crm_inbox order by id").fetchall()]


def test_dead_letters_are_counted_by_source_and_reason_and_tried_again(
    admin: httpx.Client, dead: list[UUID], owner: psycopg.Connection
) -> None:
    path = "/api/crm/dead-letters"
    items = admin.get(path).json()["items"]
    assert [(item["source"], item["reason"], item["count"]) for item in items] == [
        ("website", "no_contact", 2),
        ("other", "not_json", 1),
    ]

    def replayed(wanted: dict[str, Any] | None) -> int:
        count: int = admin.post(f"{path}/replay", json=wanted).json()["replayed"]
        return count

    assert replayed({"source": "nobody"}) == 0
    assert replayed({"ids": [str(dead[0])]}) == 1
    assert replayed({"ids": [str(dead[0])]}) == 0
    assert replayed({"source": "website"}) == 1
    assert replayed(None) == 1
    assert admin.get(path).json() == {"items": [], "next_cursor": None}
    statuses = owner.execute("select distinct status from crm_inbox").fetchall()
    assert statuses == [("pending",)]
    is_problem(admin.post(f"{path}/replay", json={"ids": []}), 422, "invalid_request")


def test_another_orgs_dead_letters_are_neither_counted_nor_tried(
    serve: Serve, dead: list[UUID], make_org: Callable[[str], Org], owner: psycopg.Connection
) -> None:
    with client_of(serve(), make_org("Globex").api_key) as stranger:
        assert stranger.get("/api/crm/dead-letters").json()["items"] == []
        for wanted in ({}, {"ids": [str(dead[0])]}, {"source": "website"}):
            assert stranger.post("/api/crm/dead-letters/replay", json=wanted).json() == {"replayed": 0}
    assert len(dead) == 3
    left = owner.execute("select count(*) from crm_inbox where status = 'dead'").fetchone()
    assert left == (3,)
