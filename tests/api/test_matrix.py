"""Every route by everybody on everybody's records, made from the description of the API; a route that is not in the tables fails.

What is expected follows from three things: the right that a route asks for, whether the caller sees the record, and
whether the route is the administrators'. In no answer, event or log line stands a text of somebody whose records one
does not see.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from api.app import create_app
from api.settings import Settings
from crm_db.rules.rights import RIGHTS
from tests.api.serving import client_of, serving
from tests.databases import Database, Server
from tests.walls import world as worlds
from tests.walls.copies import copy_of
from tests.walls.world import OWNED, OWNERS, SIGHT, World, canary

ABSENT = UUID("019a0000-0000-7000-8000-000000000000")
RANK = ("GET", "PATCH", "PUT", "POST", "DELETE")


@dataclass(frozen=True)
class Entry:
    """What a route asks for. `table`: where the record is that its path names; `by`: a role beyond the right."""

    right: str
    table: str | None = None
    body: Mapping[str, Any] | None = None
    by: frozenset[str] = frozenset({"admin", "manager", "rep", "viewer", "system"})


ADMINS = frozenset({"admin", "system"})
MANAGERS = ADMINS | {"manager"}
OF_SOMEBODY = {
    "leads": "crm_leads",
    "deals": "crm_deals",
    "activities": "crm_activities",
    "customers": "crm_customers",
    "contacts": "crm_contacts",
    "insights": "crm_ai_insights",
    "reports": "crm_reports",
    "subscriptions": "crm_subscriptions",
    "tickets": "crm_support_tickets",
    "surveys": "crm_survey_responses",
}
"""Resources whose records belong to somebody: who sees one and may write may change it."""
OF_THE_ORG: dict[str, tuple[str | None, frozenset[str]]] = {
    "goals": ("crm_sales_goals", MANAGERS),
    "teams": ("crm_teams", ADMINS),
    "users": ("crm_users", ADMINS),
    "pipelines": ("crm_pipelines", ADMINS),
    "stages": ("crm_pipeline_stages", ADMINS),
    "sources": ("crm_sources", ADMINS),
    "sequences": ("crm_sequences", ADMINS),
    "templates": ("crm_templates", ADMINS),
    "custom-fields": ("crm_custom_fields", ADMINS),
}
"""Resources that everybody in the org reads, and who changes them."""
OPEN = {"POST /api/crm/capture/{source}", "GET /api/crm/capture/{source}", "GET /api/crm/health"}
"""Routes that ask for no API key; what proves a sender there has tests of its own."""
ROUTES: dict[str, Entry] = {
    "GET /api/crm/events/{event_id}": Entry("read or capture", "crm_inbox"),
    "GET /api/crm/messages": Entry("read"),
    "POST /api/crm/messages": Entry(
        "write", body={"lead_id": str(ABSENT), "channel": "task", "subject": "x"}
    ),
    "POST /api/crm/messages/{message_id}/cancel": Entry("write", "crm_messages"),
    "POST /api/crm/messages/{message_id}/move": Entry(
        "write", "crm_messages", {"starts_at": "2026-12-01T10:00:00Z"}
    ),
    "GET /api/crm/alerts": Entry("read"),
    "POST /api/crm/alerts/{alert_id}/resolve": Entry("write", "crm_alerts"),
    "GET /api/crm/dead-letters": Entry("read"),
    "POST /api/crm/dead-letters/replay": Entry("admin", by=ADMINS, body={"ids": [str(ABSENT)]}),
    "GET /api/crm/flows": Entry("read"),
    "POST /api/crm/flows/{name}/runs": Entry("admin", by=ADMINS),
    "GET /api/crm/pipeline/summary": Entry("read"),
    "GET /api/crm/recommendations": Entry("read"),
    "GET /api/crm/settings": Entry("read"),
    "GET /api/crm/settings/{key}": Entry("read"),
    "GET /api/crm/settings/{key}/history": Entry("read"),
    "PUT /api/crm/settings/{key}": Entry("admin", by=ADMINS, body={"value": {}}),
    "DELETE /api/crm/settings/{key}": Entry("admin", by=ADMINS),
    "GET /api/crm/teams/{team_id}/members": Entry("read"),
    "GET /api/crm/teams/{team_id}/members/{user_id}": Entry("read"),
    "PUT /api/crm/teams/{team_id}/members/{user_id}": Entry("admin", by=ADMINS),
    "DELETE /api/crm/teams/{team_id}/members/{user_id}": Entry("admin", by=ADMINS),
    "GET /api/crm/keys": Entry("read"),
    "GET /api/crm/keys/{record_id}": Entry("read"),
    "POST /api/crm/keys": Entry("admin", by=ADMINS, body={"name": "matrix", "scopes": ["read"]}),
    "POST /api/crm/keys/bulk": Entry("admin", by=ADMINS),
    "PUT /api/crm/keys/{record_id}": Entry("admin", by=ADMINS),
    "PATCH /api/crm/keys/{record_id}": Entry("admin", by=ADMINS),
    "DELETE /api/crm/keys/{record_id}": Entry("admin", by=ADMINS),
    "DELETE /api/crm/insights/{record_id}": Entry("admin", "crm_ai_insights", by=ADMINS),
    "GET /api/crm/suppressions": Entry("read"),
    "GET /api/crm/suppressions/{record_id}": Entry("read"),
    "POST /api/crm/suppressions": Entry("write", body={"channel": "email", "address": "x@walls.example"}),
    "POST /api/crm/suppressions/bulk": Entry("write"),
    "DELETE /api/crm/suppressions/{record_id}": Entry("admin", by=ADMINS),
}
"""Routes that are like no others."""


BELOW = {
    "restore": "write",
    "timeline": "read",
    "convert": "write",
    "convert/undo": "write",
    "progress": "read",
    "versions": "read",
    "draft": "write",
    "publish": "write",
    "rotate": "write",
}
"""What hangs below one record, by its name, and the right that it asks for."""


def entry_of(method: str, path: str) -> Entry | None:
    """What is known of a route."""
    if f"{method} {path}" in ROUTES:
        return ROUTES[f"{method} {path}"]
    found = re.fullmatch(r"/api/crm/([a-z-]+)(?:/(bulk)|(/\{\w+\})(?:/([a-z/]+))?)?", path)
    if found is None or found[4] not in {None, *BELOW}:
        return None
    plural, names_one = found[1], found[3] is not None
    right = BELOW.get(found[4] or "", "read" if method == "GET" else "write")
    if plural in OF_SOMEBODY:
        return Entry(right, OF_SOMEBODY[plural] if names_one else None)
    if plural not in OF_THE_ORG:
        return None
    table, by = OF_THE_ORG[plural]
    table = table if names_one else None
    if right == "read" or (found[2] and by != ADMINS):  # of many, each has its own answer
        return Entry(right, table)
    return Entry("admin" if by == ADMINS else right, table, by=by)


def described() -> dict[str, Any]:
    """The description of the API."""
    nowhere = {"app_database_url": "postgresql://nowhere", "capture_database_url": "postgresql://nowhere"}
    return create_app(Settings.model_validate(nowhere)).openapi()


DESCRIPTION = described()


def routes() -> list[tuple[str, str]]:
    """Every route, in an order in which what is deleted is deleted last, and restored after that."""
    known = [(method.upper(), path) for path, methods in DESCRIPTION["paths"].items() for method in methods]
    return sorted(
        known, key=lambda one: (one[1].endswith("/restore"), RANK.index(one[0]) if one[0] in RANK else 9)
    )


@dataclass(frozen=True)
class Caller:
    """Who calls, by which key, as which role, with which rights; `sight` is whose it sees."""

    name: str
    key: str | None
    role: str
    rights: frozenset[str]
    sight: frozenset[str]

    def may(self, entry: Entry) -> bool:
        """Whether the route is open to this caller at all."""
        return bool(self.rights & {entry.right, *entry.right.split(" or ")}) and self.role in entry.by


CALLERS = ("admin", "mia", "ada", "cy", "vi", "gil", "read", "write", "capture", "system", "nobody at all")


@pytest.fixture(scope="module")
def walled(server: Server) -> Iterator[tuple[Database, World, dict[str, str]]]:
    """The world, and keys of no person with one scope each."""
    with copy_of(server) as database:
        world = worlds.build(database)
        acme = world.org_ids["acme"]
        keys = {scope: worlds.add_key(database, acme, [scope]) for scope in ("read", "write", "capture")}
        yield database, world, keys


def caller_named(name: str, world: World, keys: Mapping[str, str]) -> Caller:
    if name == "nobody at all":
        return Caller(name, None, "", frozenset(), frozenset())
    if name in keys:
        return Caller(name, keys[name], "system", frozenset({name}), SIGHT["system"])
    person = world.people[name]
    return Caller(name, person.key, person.role, RIGHTS[person.role], SIGHT[name])


def test_every_route_has_its_place_in_the_matrix() -> None:
    lacking = [
        f"{method} {path}"
        for method, path in routes()
        if f"{method} {path}" not in OPEN and entry_of(method, path) is None
    ]
    assert lacking == [], "say in tests/api/test_matrix.py who may call these"


def test_the_matrix_names_no_route_that_there_is_not() -> None:
    there = {f"{method} {path}" for method, path in routes()}
    assert sorted((OPEN | ROUTES.keys()) - there) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CALLERS)
def test_everybody_on_everything(
    server: Server,
    walled: tuple[Database, World, dict[str, str]],
    name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    original, world, keys = walled
    caller = caller_named(name, world, keys)
    with copy_of(server, original.name) as database:
        before = unseen_rows(database, world, caller)
        settings = {"app_database_url": database.app_url, "capture_database_url": database.capture_url}
        with (
            caplog.at_level(logging.DEBUG),
            caplog.at_level(logging.WARNING, "httpx"),
            caplog.at_level(logging.WARNING, "httpcore"),
            serving(Settings.model_validate(settings)) as url,
            client_of(url, caller.key) as client,
        ):
            wrong = [words for route in routes() for words in tried(client, world, caller, *route, database)]
        assert not wrong, "\n".join(wrong)
        assert unseen_rows(database, world, caller) == before, "what one does not see one does not change"
        assert not [record for record in caplog.records if "canary-" in record.getMessage()]
        with psycopg.connect(database.owner_url) as owner:
            events = owner.execute(
                "select count(*) from crm_events e where e::text like '%canary-%'"
            ).fetchone()
        assert events == (0,), "events hold ids"


def tried(
    client: httpx.Client, world: World, caller: Caller, method: str, path: str, database: Database
) -> Iterator[str]:
    """Call a route for each record that its path may name; what is wrong with the answers."""
    entry = entry_of(method, path)
    if entry is None:
        return
    for owner, record in records_of(entry, world, database):
        place = re.sub(r"\{\w+\}", str(record or "lead-scoring"), path)
        response = client.request(method, place, json=body_of(entry, method, path, world, owner))
        at = f"{caller.name}: {method} {path} of {owner}: {response.status_code}"
        if fault := fault_of(response.status_code, caller, entry, owner, record, method):
            yield f"{at}, {fault}"
        strangers = [other for other in strangers_to(caller) if canary(other) in response.text]
        if strangers:
            yield f"{at} tells of {strangers}"


def records_of(entry: Entry, world: World, database: Database) -> list[tuple[str, UUID | None]]:
    """Whose records are tried, and their ids; 'nowhere' is an id that there is not."""
    if entry.table is None:
        return [("no record", None)]
    if entry.table in OWNED:
        return [*((owner, world.id_of(owner, entry.table)) for owner in OWNERS), ("nowhere", ABSENT)]
    with psycopg.connect(database.owner_url) as owner:
        question = f"select id from {entry.table} where org_id = %s order by id limit 1"
        held = [
            (whose, owner.execute(question, [world.org_ids[org]]).fetchone())
            for whose, org in (("acme", "acme"), ("gil", "globex"))
        ]
    return [*((whose, row[0] if row else ABSENT) for whose, row in held), ("nowhere", ABSENT)]


def fault_of(
    status: int, caller: Caller, entry: Entry, owner: str, record: UUID | None, method: str
) -> str | None:
    """Why an answer is not the one to be expected; None when it is."""
    if status >= 500 and not (status == 503 and record is None):  # Prefect is not there
        return "a failure of the server"
    if caller.key is None:
        return None if status == 401 else "without a key it is 401"
    if not caller.may(entry):
        hidden = (
            {403, 404}
            if owner not in visible_to(caller, entry) or entry.table == "crm_sales_goals"
            else {403}
        )
        return None if status in hidden else f"without the right it is {sorted(hidden)}"
    if record is not None and owner not in visible_to(caller, entry):
        refused = {404} if method in {"GET", "DELETE", "PATCH"} else {404, 422}
        return None if status in refused else f"what one does not see is {sorted(refused)}"
    return "who may is not refused" if status in {401, 403, 404, 405} and record is not None else None


def visible_to(caller: Caller, entry: Entry | None = None) -> set[str]:
    """Whose records are seen; 'acme' or 'gil' stand for what is the org's."""
    if not caller.sight:
        return set()
    if entry is not None and entry.table == "crm_inbox" and caller.role in {"manager", "rep"}:
        return set()  # what was submitted is anybody's
    return {*caller.sight, "gil" if caller.name == "gil" else "acme"}


def strangers_to(caller: Caller) -> set[str]:
    """Whose texts must not be met."""
    return {*OWNERS, "acme"} - visible_to(caller)


def body_of(entry: Entry, method: str, path: str, world: World, owner: str) -> Any:
    """What is sent: what the entry says, nothing for a change, the example of the description else."""
    if entry.body is not None:
        return entry.body
    if method in {"GET", "DELETE"} or path.endswith("/restore"):
        return None
    if method == "PATCH":
        return {}
    if path.endswith("/bulk"):
        table = OF_SOMEBODY.get(path.split("/")[3])
        whose = [world.id_of(one, table) for one in OWNERS] if table else [ABSENT]
        return {"items": [{"op": "change", "id": str(one), "values": {}} for one in whose]}
    body = {"tags": ["matrix"], **example(method, path)}
    person = world.people.get(owner)
    if method == "PUT" and "owner_id" in form(method, path) and person:
        body["owner_id"] = str(person.user_id)
    return {
        name: value for name, value in body.items() if not form(method, path) or name in form(method, path)
    }


def form(method: str, path: str) -> dict[str, Any]:
    """The fields of what a route takes."""
    content = DESCRIPTION["paths"][path][method.lower()].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    schema = schema.get("anyOf", [schema])[0]
    known = DESCRIPTION["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    fields: dict[str, Any] = known.get("properties", {})
    return fields


def example(method: str, path: str) -> dict[str, Any]:
    """A body that the route may take."""
    fields = {
        "name": "Matrix",
        "kind": "call",
        "subject": "Matrix",
        "title": "Matrix",
        "metric": "calls",
        "target": 5,
    }
    if path.startswith("/api/crm/insights"):
        fields["kind"] = "risk"
    if path == "/api/crm/leads" and method == "POST":
        return {"email": "matrix@walls.example"}
    return {**fields, "period_start": "2026-10-01", "period_end": "2026-12-31", "customer_id": str(ABSENT)}


def unseen_rows(database: Database, world: World, caller: Caller) -> dict[str, str]:
    """What the records look like that a caller does not see."""
    rows = {}
    with psycopg.connect(database.owner_url) as owner:
        for table in OWNED:
            for whose in strangers_to(caller) & set(OWNERS):
                row = owner.execute(
                    f"select md5(t::text) from {table} t where id = %s", [world.id_of(whose, table)]
                )
                rows[f"{table} of {whose}"] = str(row.fetchone())
    return rows


@pytest.mark.parametrize("name", ["admin", "mia", "ada", "cy", "vi", "gil"])
def test_a_list_holds_what_is_seen_and_nothing_else(
    walled: tuple[Database, World, dict[str, str]], name: str
) -> None:
    database, world, keys = walled
    caller = caller_named(name, world, keys)
    settings = {"app_database_url": database.app_url, "capture_database_url": database.capture_url}
    with serving(Settings.model_validate(settings)) as url, client_of(url, caller.key) as client:
        there = {path for _, path in routes()}
        for plural, table in OF_SOMEBODY.items():
            if f"/api/crm/{plural}" not in there:
                continue
            for asked in (
                {},
                {"q": "canary"},
                {"filter": "custom.note:contains:canary"},
                {"sort": "-owner_id"},
                {"count": "true"},
            ):
                if plural in {"insights", "reports", "surveys"} and not {"q", "filter"}.isdisjoint(asked):
                    continue
                answer = client.get(f"/api/crm/{plural}", params={"limit": "500", **asked}).json()
                assert {UUID(item["id"]) for item in answer["items"]} == world.seen(name, table), (
                    plural,
                    asked,
                )
                if "count" in asked:
                    assert answer["count"] == len(world.seen(name, table))
