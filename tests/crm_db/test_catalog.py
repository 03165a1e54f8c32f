"""The walls, read from the catalog: whole as migrated, and each breach is named."""

import psycopg
import pytest

from crm_db import catalog


def test_a_migrated_database_has_no_problem(database):
    assert catalog.problems(database.owner_url) == []


@pytest.mark.parametrize(
    ("breach", "sentence"),
    [
        (
            "alter table crm_leads no force row level security",
            "table crm_leads does not force row-level security",
        ),
        ("drop policy app_update on crm_deals", "table crm_deals lacks a policy for w of crm_app"),
        (
            "alter policy app_select on crm_leads using (true)",
            "policy app_select on crm_leads lets crm_app past",
        ),
        ("create table crm_new (id int)", "table crm_new has no org_id"),
        ("create unique index u on crm_leads (email)", "unique index u on crm_leads spans orgs"),
        ("grant truncate on crm_leads to crm_app", "crm_app may TRUNCATE table crm_leads"),
        ("grant select on crm_leads to crm_capture", "crm_capture may SELECT table crm_leads"),
        ("create view crm_all as select 1 as one", "view crm_all reads with its owner's rights"),
        (
            "create function crm_f() returns int language sql security definer as 'select 1'",
            "function crm_f() runs as its owner without a pinned search_path",
        ),
        ("grant execute on function crm_ensure_partitions(int) to public", "everybody may call it"),
        (
            "alter table crm_deals add constraint loose foreign key (lead_id) references crm_loose (id)",
            "loose on crm_deals may cross orgs",
        ),
    ],
)
def test_a_breach_of_the_walls_is_named(database, breach, sentence):
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("create table crm_loose (id uuid primary key)")
        connection.execute(breach)
    assert [found for found in catalog.problems(database.owner_url) if sentence in found]
