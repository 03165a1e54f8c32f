"""What one org keeps is nowhere another may look, and nothing of anybody's is in Prefect's records or in a log."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg import sql

from crm_db import session
from crm_db.actions import orgs, sources
from crm_db.session import Identity
from tests.e2e.conftest import Ops, eventually
from tests.faults.own_stack import OwnStack

LISTS = (
    "leads", "deals", "customers", "contacts", "activities", "messages", "insights", "alerts", "reports", "goals", "users",
    "teams", "sources", "keys", "suppressions", "dead-letters", "recommendations", "pipeline-summary", "templates", "sequences",
    "subscriptions", "tickets", "surveys",
)  # fmt: skip


@dataclass(frozen=True)
class Tenant:
    """An org whose texts all hold one word, and who asks for it. `source`: the name of its way in, which logs may hold."""

    org_id: UUID
    word: str
    source: str
    client: httpx.Client


@contextmanager
def tenant(stack: OwnStack, name: str) -> Iterator[Tenant]:
    """A further org with a rep, a source and an administrator's key."""
    word, source = f"canary{uuid4().hex[:12]}", f"site-{uuid4().hex[:6]}"
    with session.bound_to(stack.owner_url):
        with session.unit_of_work() as work:
            first = orgs.ensure_first_org(
                work,
                name=f"{name} {word}",
                admin_email=f"admin@{word}.example",
                admin_password=f"{word} {word}",
            )
            team = orgs.add_team(work, first.org_id, f"Team {word}", timezone="Europe/London")
            orgs.add_rep(work, first.org_id, team, name=f"Rep {word}", email=f"rep@{word}.example")
        identity = Identity(first.org_id, first.admin_id, "admin")
        with session.unit_of_work(identity) as work:
            sources.add(work, identity, source, region="GB")
    assert first.api_key is not None
    headers = {"X-API-Key": first.api_key}
    url = stack.credentials["api_url"]
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        yield Tenant(first.org_id, word, source, client)


@pytest.fixture(scope="module")
def tenants(stack: OwnStack) -> Iterator[list[Tenant]]:
    """Two orgs whose leads have been through everything."""
    with tenant(stack, "Acme") as acme, tenant(stack, "Globex") as globex:
        both = [acme, globex]
        for one in both:
            post(one)
        for one in both:
            eventually(partial(has_lived, one))
        yield both


def post(one: Tenant) -> None:
    """Leads, one nobody can be reached by, and records."""
    word = one.word
    person = {
        "first_name": word, "last_name": word, "company": word, "title": word, "message": word, "notes": word, "value": 60_000,
        "budget": f"{word} pounds", "utm_source": word, "external_id": word,
    }  # fmt: skip
    answer = one.client.post(
        f"/api/crm/capture/{one.source}",
        json=[{**person, "email": f"lead@{word}.example"}, {"first_name": word, "email": f"{word} at home"}],
    )
    assert answer.status_code == httpx.codes.ACCEPTED
    enter(one, "deals", {"name": word, "next_step": word})
    customer = enter(one, "customers", {"name": word, "email": f"customer@{word}.example"})
    enter(one, "subscriptions", {"customer_id": customer, "product": word, "term_start": "2026-01-01"})
    enter(one, "tickets", {"customer_id": customer, "subject": word})
    enter(one, "surveys", {"customer_id": customer, "kind": "nps", "score": 9, "comment": word})


def enter(one: Tenant, plural: str, values: dict[str, Any]) -> str:
    """Enter a record; its id."""
    made = one.client.post(f"/api/crm/{plural}", json=values)
    assert made.status_code == httpx.codes.CREATED, made.text
    return str(made.json()["id"])


def has_lived(one: Tenant) -> bool:
    """Whether its lead was answered, and its dead letter is told."""
    sent = one.client.get("/api/crm/messages", params={"status": "sent", "channel": "email"}).json()["items"]
    letters = one.client.get("/api/crm/dead-letters").json()["items"]
    return len(sent) >= 2 and len(letters) == 1


def test_no_answer_to_one_org_holds_a_word_of_another(tenants: list[Tenant]) -> None:
    acme, globex = tenants
    for one, other in ((acme, globex), (globex, acme)):
        texts = {path: one.client.get(f"/api/crm/{path}").text.lower() for path in LISTS}
        assert [path for path, text in texts.items() if other.word in text] == []
        assert all(one.word in texts[path] for path in ("leads", "deals", "customers", "users", "teams"))


def test_no_row_of_one_org_holds_a_word_of_another(tenants: list[Tenant], owner: psycopg.Connection) -> None:
    tables = [
        row[0]
        for row in owner.execute(
            "select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid where a.attname = 'org_id'"
            " and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        )
    ]
    acme, globex = tenants
    own = {"crm_leads", "crm_inbox", "crm_messages", "crm_deals"}
    for one, other in ((acme, globex), (globex, acme)):
        assert [table for table in tables if told(owner, table, other.word, one.org_id)] == []
        assert [table for table in own if not told(owner, table, one.word, one.org_id)] == []


def test_prefect_keeps_nothing_of_what_was_posted(tenants: list[Tenant], stack: OwnStack, ops: Ops) -> None:
    with psycopg.connect(stack.prefect_url, autocommit=True) as prefect:
        tables = [
            row[0]
            for row in prefect.execute(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
            )
        ]
        assert {"flow_run", "task_run", "log", "events", "artifact"} <= set(tables)
        for one in tenants:
            assert [table for table in tables if told(prefect, table, one.word)] == []


def test_no_log_holds_what_was_posted(tenants: list[Tenant], stack: OwnStack) -> None:
    logs = [path for path in (stack.home / "logs").rglob("*") if path.is_file()]
    assert logs
    assert [path.name for path in logs if any(one.word in words_of(path) for one in tenants)] == []


def words_of(path: Path) -> str:
    """A log, in small letters: names of people begin with a capital after capture."""
    return path.read_text(encoding="utf-8", errors="replace").lower()


def told(connection: psycopg.Connection, table: str, word: str, org_id: UUID | None = None) -> bool:
    """Whether a row of a table, of this org if one is named, holds a word. Bytes are read as text."""
    question = sql.SQL("select lower(to_jsonb(t)::text) from {} t where {}").format(
        sql.Identifier(table), sql.SQL("t.org_id = %s") if org_id else sql.SQL("true")
    )
    hidden = word.encode().hex()
    rows = connection.execute(question, [org_id] if org_id else [])
    return any(word in row[0] or hidden in row[0] for row in rows)
