"""No list reads a table without an index on its org, whoever asks: read from the plans that Postgres really used."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from crm_db.queries import kinds
from crm_db.queries.records import Question
from crm_db.rules.asking import read_conditions, read_sort
from tests.conftest import Database, Org
from tests.crm_db.test_finding import NOW

FILL = """
    insert into crm_leads (org_id, first_name, email, company, status, value, score, custom, owner_id)
    select o.id, 'P' || n, 'p' || n || '@x.example', 'C' || n, 'new', n, n % 100, jsonb_build_object('plan', n % 5), u.id
    from crm_orgs o cross join generate_series(1, 4000) n
    left join lateral (select id from crm_users u where u.org_id = o.id and u.name = 'Ada' and n % 10 = 0) u on true;
    insert into crm_deals (org_id, name, stage_id, value, owner_id)
    select l.org_id, l.company, s.id, l.value, l.owner_id
    from crm_leads l join crm_pipeline_stages s on s.org_id = l.org_id and s.name = 'Lead';
    insert into crm_activities (org_id, kind, subject, lead_id) select org_id, 'note', company, id from crm_leads;
    insert into crm_customers (org_id, name, owner_id) select org_id, company, owner_id from crm_leads;
    insert into crm_subscriptions (org_id, customer_id, product, began_on, term_start, term_end)
    select org_id, id, name, '2026-01-01', '2026-01-01', date '2026-01-31' + (row_number() over ())::int % 400 from crm_customers;
    insert into crm_support_tickets (org_id, customer_id, subject, opened_at) select org_id, id, name, now() from crm_customers;
    insert into crm_survey_responses (org_id, customer_id, kind, score, answered_at)
    select org_id, id, 'nps', 9, now() from crm_customers;
    analyze crm_leads, crm_deals, crm_activities, crm_subscriptions, crm_support_tickets, crm_survey_responses;
"""
ASKED = [
    ("lead", (), "-created_at", ""),
    ("lead", (), "-value", ""),
    ("lead", ("status:eq:new", "value:gt:3990"), "-value", ""),
    ("lead", ("value:between:5,9",), "-created_at", ""),
    ("lead", ("email:eq:p7@x.example",), "-created_at", ""),
    ("lead", ("company:contains:C77",), "-created_at", ""),
    ("lead", ("custom.plan:eq:77",), "-created_at", ""),
    ("lead", ("custom.plan:gt:77",), "-created_at", ""),
    ("lead", (), "-created_at", "p3999@x"),
    ("lead", (), "last_name,-score", "zz"),
    ("deal", ("status:eq:open", "expected_close:lt:today"), "expected_close", ""),
    ("deal", (), "-created_at", "C3999"),
    ("activity", ("kind:eq:note", "due_at:lt:today"), "due_at", ""),
    ("activity", (), "-created_at", "C3999"),
    ("subscription", ("term_end:between:2026-02-01,2026-02-03",), "term_end", ""),
    ("subscription", (), "-created_at", "C3999"),
    ("ticket", ("status:in:open,waiting",), "-opened_at", ""),
    ("ticket", (), "-created_at", "C3999"),
    ("survey", ("kind:eq:nps",), "-answered_at", ""),
]


@pytest.fixture
def filled(database: Database, org: Org, reps: list[UUID], make_org: Any) -> Iterator[psycopg.Connection]:
    """Two orgs with 4,000 leads each, of which Ada has one in ten; a connection that tells the plans of what it runs."""
    make_org("Other")
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(FILL)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(
            "load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;"
            " set auto_explain.log_format = json; set auto_explain.log_analyze = on; set client_min_messages = log;"
            " set role crm_app"
        )
        yield connection


@pytest.mark.parametrize("role", ["admin", "viewer", "manager", "rep"])
def test_every_plan_goes_by_an_index_on_the_org(
    filled: psycopg.Connection, org: Org, reps: list[UUID], role: str
) -> None:
    told: list[str] = []
    filled.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    filled.execute(
        "select set_config('crm.org_id', %s, true), set_config('crm.role', %s, true), set_config('crm.user_id', %s, true)",
        [str(org.org_id), role, str(reps[0])],
    )
    for name, where, sort, words in ASKED:
        kind = kinds.KINDS[name]
        question = Question(
            where=read_conditions(where, kind.types, lambda: NOW),
            words=words,
            order=read_sort(sort, kind.types),
        )
        told.clear()
        filled.execute(
            "select count(*) from crm_find_ids(%s, %s::jsonb, 51) found(id) cross join lateral"
            f" (select id from {kind.table.name} r where r.org_id = %s and r.id = found.id limit 1) t",
            [name, json.dumps(question.document(kind)), org.org_id],
        )
        scans = [
            scan for plan in told if plan.startswith("duration:") for scan in scans_of(plan, kind.table.name)
        ]
        assert scans, (name, where, words)
        assert [scan for scan in scans if "org_id" not in scan.get("Index Cond", "")] == [], (
            name,
            where,
            words,
        )


def scans_of(plan: str, table: str) -> Iterator[dict[str, Any]]:
    """The nodes of a plan that read a table or a partition of it, or an index of it for a bitmap."""
    return _scans(json.loads(plan.partition("plan:")[2])["Plan"], table)


def _scans(node: dict[str, Any], table: str) -> Iterator[dict[str, Any]]:
    if not node["Actual Loops"]:  # planned for a partition that was not looked into
        return
    children = node.get("Plans", [])
    is_bitmap = node["Node Type"] == "Bitmap Heap Scan"
    if node.get("Relation Name", "").startswith(table) and not is_bitmap:
        yield node
    for child in children:
        if is_bitmap and child["Node Type"] == "Bitmap Index Scan":
            yield child
        yield from _scans(child, table)
