"""Reading leads, messages and events: filters, pages, and the wall between orgs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from crm_db.actions.sources import NewSource
from tests.api.conftest import Serve
from tests.api.serving import client_of, eventually, is_problem
from tests.conftest import Org

LEAD_FIELDS = """
    id external_id first_name last_name email phone company title source status value currency probability score score_band
    score_reasons owner_id team_id last_contact next_action_at country timezone language utm consent custom tags ai_insights
    automation closed_at deleted_at created_at updated_at version
"""
MESSAGE_FIELDS = "id key channel status due_at sent_at reason attempts provider provider_id"


def insert_leads(owner: psycopg.Connection, org: Org, count: int, **values: Any) -> list[UUID]:
    """Leads of one moment, so that only their ids order them; in the order in which a list shows them."""
    columns = {"org_id": org.org_id, "created_at": "2026-11-22T09:00:00Z", **values}
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    made = [
        owner.execute(
            f"insert into crm_leads ({names}, email) values ({places}, %s) returning id",
            [*columns.values(), f"p{n}@x.example"],
        ).fetchone()
        for n in range(count)
    ]
    return sorted((row[0] for row in made if row), reverse=True)


def walk(client: httpx.Client, path: str, limit: int) -> list[list[str]]:
    """The ids on each page of a list, to its end."""
    pages, cursor = [], None
    while True:
        query: dict[str, Any] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = client.get(path, params={**dict(httpx.URL(path).params), **query})
        assert answer.status_code == 200, answer.text
        pages.append([item["id"] for item in answer.json()["items"]])
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return pages


def test_a_lead_has_the_fields_that_others_rely_on(
    admin: httpx.Client, org: Org, owner: psycopg.Connection
) -> None:
    (lead_id,) = insert_leads(owner, org, 1, value="60000.50", tags=["a"], custom='{"plan": "x"}')
    listed = admin.get("/api/crm/leads").json()["items"][0]
    assert list(listed) == LEAD_FIELDS.split()
    assert (listed["value"], listed["tags"], listed["custom"]) == (60000.5, ["a"], {"plan": "x"})
    assert listed["created_at"] == "2026-11-22T09:00:00+00:00"
    one = admin.get(f"/api/crm/leads/{lead_id}")
    assert one.json() == listed
    assert one.headers["etag"] == '"1"'
    owner.execute("update crm_leads set company = 'Acme' where id = %s", [lead_id])
    assert admin.get(f"/api/crm/leads/{lead_id}").headers["etag"] == '"2"'


@pytest.mark.parametrize(
    ("count", "limit", "pages"), [(0, 2, [0]), (1, 2, [1]), (2, 2, [2]), (3, 2, [2, 1]), (5, 2, [2, 2, 1])]
)
def test_pages_show_every_lead_once_newest_first(
    admin: httpx.Client, org: Org, owner: psycopg.Connection, count: int, limit: int, pages: list[int]
) -> None:
    ids = insert_leads(owner, org, count)
    walked = walk(admin, "/api/crm/leads", limit)
    assert [len(page) for page in walked] == pages
    assert [UUID(lead_id) for page in walked for lead_id in page] == ids


def test_leads_are_filtered(admin: httpx.Client, org: Org, owner: psycopg.Connection) -> None:
    insert_leads(owner, org, 2)
    wanted = {
        "status": "qualified",
        "owner_id": str(org.admin_id),
        "source": "fair",
        "score_band": "hot",
    }
    (found,) = insert_leads(owner, org, 1, **{**wanted, "created_at": "2026-11-22T10:00:00Z"})
    owner.execute("update crm_leads set email = 'ada@b.example' where id = %s", [found])
    queries = [
        *wanted.items(),
        ("email", " ADA@B.example"),
        ("created_after", "2026-11-22T10:30:00+01:00"),
    ]
    for name, value in queries:
        items = admin.get("/api/crm/leads", params={name: value}).json()["items"]
        assert [item["id"] for item in items] == [str(found)], name
    assert admin.get("/api/crm/leads", params={"created_after": "2026-11-22T10:00:00Z"}).json()["items"] == []


UNFIT = [
    ("limit=0", "invalid_request"),
    ("limit=501", "invalid_request"),
    ("limit=x", "invalid_request"),
    ("status=hot", "invalid_request"),
    ("owner_id=7", "invalid_request"),
    ("created_after=2026-11-22T10:00:00", "invalid_request"),
    ("created_after=yesterday", "invalid_request"),
    ("stauts=new", "invalid_request"),
    ("cursor=nonsense", "bad_cursor"),
    ("source=%00", "bad_value"),
    ("filter=email:in:" + "[" * 3000, "bad_question"),
    ("filter=email:between:" + "[" * 3000, "bad_question"),
]


def test_a_question_that_does_not_fit_is_refused(admin: httpx.Client) -> None:
    for query, code in UNFIT:
        is_problem(admin.get(f"/api/crm/leads?{query}"), 422, code)


def test_every_cursor_that_is_given_out_is_taken(admin: httpx.Client) -> None:
    named = dict.fromkeys(("industry", "segment", "website", "name"), "\U0001f600" * 499)
    for number in range(3):
        body = {name: f"{number}{text}" for name, text in named.items()}
        body |= {"status": "churned", "churn_reason": "\x01" * 500}
        assert admin.post("/api/crm/customers", json=body).status_code == 201
    order = ",".join(("churn_reason", *named))
    asked, seen = {"sort": order, "limit": "1"}, []
    while True:
        page = admin.get("/api/crm/customers", params=asked)
        assert page.status_code == 200, page.text
        seen += [item["id"] for item in page.json()["items"]]
        if (cursor := page.json()["next_cursor"]) is None:
            break
        asked["cursor"] = cursor
    assert len(asked["cursor"]) > 10_000
    assert len({*seen}) == len(seen) == 3


def test_a_list_is_not_sorted_by_texts_that_no_cursor_could_hold(
    admin: httpx.Client, org: Org, owner: psycopg.Connection
) -> None:
    for path in ("activities", "insights", "templates"):
        answer = admin.get(f"/api/crm/{path}", params={"sort": "-body"})
        assert is_problem(answer, 422, "bad_question")["field"] == "sort"
        assert admin.get(f"/api/crm/{path}", params={"filter": "body:contains:x"}).status_code == 200
    insert_leads(owner, org, 2)
    owner.execute("update crm_leads set company = repeat('x', 20000)")
    answer = admin.get("/api/crm/leads", params={"sort": "company", "limit": 1})
    assert is_problem(answer, 422, "bad_question")["field"] == "sort"
    assert admin.get("/api/crm/leads", params={"sort": "company", "limit": 2}).status_code == 200


def test_a_deleted_lead_is_nowhere(admin: httpx.Client, org: Org, owner: psycopg.Connection) -> None:
    (lead_id,) = insert_leads(owner, org, 1, deleted_at="2026-11-22T09:00:00Z")
    assert admin.get("/api/crm/leads").json()["items"] == []
    is_problem(admin.get(f"/api/crm/leads/{lead_id}"), 404, "not_found")


def plan_messages(owner: psycopg.Connection, org: Org, lead_id: UUID, count: int, **values: Any) -> list[str]:
    """Messages about a lead, newest first."""
    columns = {"org_id": org.org_id, "lead_id": lead_id, "recipient": "lead", "purpose": "welcome", **values}
    columns = {"channel": "email", "template": "welcome", "due_at": "2026-11-23T09:00:00Z", **columns}
    names, places = ", ".join(columns), ", ".join(["%s"] * len(columns))
    made = [
        owner.execute(
            f"insert into crm_messages ({names}, key) values ({places}, %s) returning id",
            [*columns.values(), f"test:{uuid4()}"],
        ).fetchone()
        for _ in range(count)
    ]
    return sorted((str(row[0]) for row in made if row), reverse=True)


def test_messages_of_a_lead_are_listed_by_page_and_filtered(
    admin: httpx.Client, org: Org, owner: psycopg.Connection
) -> None:
    one, other = insert_leads(owner, org, 2)
    ids = plan_messages(owner, org, one, 5)
    plan_messages(owner, org, other, 1)
    (sent,) = plan_messages(owner, org, other, 1, status="sent", channel="sms")
    path = f"/api/crm/messages?lead_id={one}"
    item = admin.get(path).json()["items"][0]
    assert set(MESSAGE_FIELDS.split()) <= item.keys()
    assert {"lead_id", "recipient", "purpose", "due_reasons"} <= item.keys()
    assert [message_id for page in walk(admin, path, 2) for message_id in page] == ids
    for query in ("status=sent", "channel=sms"):
        assert [item["id"] for item in admin.get(f"/api/crm/messages?{query}").json()["items"]] == [sent]
    assert len(admin.get("/api/crm/messages").json()["items"]) == 7


def test_an_event_tells_what_became_of_a_submission(
    admin: httpx.Client, org: Org, source: NewSource, owner: psycopg.Connection
) -> None:
    posted = admin.post(f"/api/crm/capture/{source.token}", json={"email": "a@b.example"}).json()
    event_id = posted["event_id"]
    pending = {"id": event_id, "status": "pending", "lead_ids": [], "reason": None}
    assert admin.get(posted["status_url"]).json() == pending
    (lead_id,) = insert_leads(owner, org, 1)
    owner.execute("update crm_inbox set status = 'done', lead_id = %s", [lead_id])
    done = {"id": event_id, "status": "done", "lead_ids": [str(lead_id)], "reason": None}
    assert admin.get(posted["status_url"]).json() == done
    owner.execute("update crm_inbox set status = 'dead', lead_id = null, reason = 'no_contact: nobody'")
    dead = {"id": event_id, "status": "dead", "lead_ids": [], "reason": "no_contact: nobody"}
    assert admin.get(posted["status_url"]).json() == dead


def test_the_key_of_a_source_sees_the_events_of_that_source_only(
    anyone: httpx.Client,
    org: Org,
    source: NewSource,
    make_source: Callable[..., NewSource],
    make_key: Callable[..., str],
) -> None:
    other = make_source(org, "other")
    status_url = anyone.post(f"/api/crm/capture/{other.token}", json={"n": 1}).json()["status_url"]
    seen = {
        key: anyone.get(status_url, headers={"X-API-Key": key}).status_code
        for key in (source.api_key, other.api_key, make_key(org, "read"), make_key(org, "write"))
    }
    assert list(seen.values()) == [404, 200, 200, 403]


def test_nothing_of_another_org_is_ever_seen(
    serve: Serve,
    org: Org,
    source: NewSource,
    make_org: Callable[[str], Org],
    owner: psycopg.Connection,
) -> None:
    stranger = make_org("Globex")
    (lead_id,) = insert_leads(owner, org, 1)
    plan_messages(owner, org, lead_id, 1)
    with client_of(serve(), stranger.api_key) as client:
        event = client.post(f"/api/crm/capture/{source.token}", json={"n": 1}).json()
        is_problem(client.get(event["status_url"]), 404, "not_found")
        is_problem(client.get(f"/api/crm/leads/{lead_id}"), 404, "not_found")
        for path in ("/api/crm/leads", "/api/crm/messages", f"/api/crm/messages?lead_id={lead_id}"):
            assert client.get(path).json() == {"items": [], "next_cursor": None}


WITH_A_KEY = [
    ("GET", "/api/crm/leads"),
    ("POST", "/api/crm/leads"),
    ("GET", f"/api/crm/leads/{UUID(int=1)}"),
    ("GET", f"/api/crm/events/{UUID(int=1)}"),
    ("POST", "/api/crm/flows/lead-scoring/runs"),
]
"""One of each way in which a route looks at its key; all routes are asked without one in test_matrix.py."""
NO_KEY: list[dict[str, str]] = [
    {},
    {"X-API-Key": ""},
    {"X-API-Key": "crm_live_0123456789ab_" + "0" * 48},
    {"X-API-Key": "crm_test_x_y"},
    {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer crm_live_0123456789ab_" + "0" * 48},
]


def test_without_a_valid_key_nothing_is_told(anyone: httpx.Client) -> None:
    for headers in NO_KEY:
        for method, path in WITH_A_KEY:
            response = anyone.request(method, path, headers=headers)
            is_problem(response, 401, "unauthenticated")
            assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "change",
    [
        "update crm_api_keys set revoked_at = now()",
        "update crm_api_keys set expires_at = now()",
        "update crm_users set active = false",
        "update crm_api_keys set secret_hash = sha256('other')",
    ],
)
def test_a_key_stops_counting_at_once_for_writing_and_soon_for_reading(
    admin: httpx.Client, owner: psycopg.Connection, change: str
) -> None:
    assert admin.get("/api/crm/leads").status_code == 200
    owner.execute(change)
    is_problem(admin.post("/api/crm/leads", json={"email": "a@b.example"}), 401, "unauthenticated")
    eventually(lambda: admin.get("/api/crm/leads").status_code == 401)
    is_problem(admin.get("/api/crm/leads"), 401, "unauthenticated")
