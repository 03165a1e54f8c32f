"""What the planner supposes of tables that nobody has analysed: long-lived sessions keep the plans of their first minute."""

from uuid import UUID

import psycopg
import pytest

from tests.conftest import Database, Org

TABLES = ("crm_leads", "crm_messages", "crm_enrolments", "crm_users")
SUPPOSES_FROM = 180_000


@pytest.mark.parametrize("table", TABLES)
def test_on_a_new_database_a_record_is_looked_up_by_its_key(database: Database, org: Org, table: str) -> None:
    with psycopg.connect(database.owner_url) as connection:
        if connection.info.server_version < SUPPOSES_FROM:
            pytest.skip("before PostgreSQL 18 nothing can be supposed; the first ANALYZE brings it")
        question = f"explain select from {table} where org_id = '{org.org_id}' and id = '{org.admin_id}'"
        plan = "\n".join(row[0] for row in connection.execute(question.encode()))
    assert f"using pk_{table}" in plan


def test_what_is_known_of_a_table_is_not_supposed_anew(
    database: Database, org: Org, reps: list[UUID]
) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("analyze crm_users")
        question = "explain select org_id from crm_users group by org_id"
        known = connection.execute(question).fetchall()
        connection.execute("select crm_suppose_statistics()")
        assert connection.execute(question).fetchall() == known
    assert "rows=1 " in known[0][0]
