"""The org wall, tried from inside: what one org's login may never see, take or point at."""

import psycopg
import pytest

from crm_db import session
from tests.crm_db.test_capture import capture, post, rows


@pytest.fixture
def two_orgs(as_flow, make_org, org, source):
    """Acme has one lead; Other has none. Returns (Acme, Other)."""
    post(as_flow, org, source.id, {"email": "secret@example.com"})
    capture()
    return org, make_org("Other")


def as_app(database, org_id, role="admin"):
    """A connection of the API's login that acts for an org in one transaction."""
    connection = psycopg.connect(database.app_url)
    connection.execute(
        "select set_config('crm.org_id', %s, true), set_config('crm.role', %s, true)", [str(org_id), role]
    )
    return connection


def test_another_orgs_leads_are_invisible(as_flow, two_orgs):
    acme, other = two_orgs
    with as_app(as_flow, other.org_id) as connection:
        assert connection.execute("select count(*) from crm_leads").fetchone() == (0,)
    with as_app(as_flow, acme.org_id) as connection:
        assert connection.execute("select count(*) from crm_leads").fetchone() == (1,)


def test_a_transaction_without_identity_is_refused_on_every_table_that_has_a_row(as_flow, two_orgs):
    tables = [row["tablename"] for row in rows("select tablename from pg_tables where tablename ~ '^crm_'")]
    refused = 0
    with psycopg.connect(as_flow.app_url) as connection, psycopg.connect(as_flow.owner_url) as owner:
        for table in tables:
            if owner.execute(f"select from {table} limit 1").fetchone() is None:
                continue
            with pytest.raises(
                (psycopg.errors.InvalidAuthorizationSpecification, psycopg.errors.InsufficientPrivilege)
            ):
                connection.execute(f"select 1 from {table}")
            connection.rollback()
            refused += 1
    assert refused > 20


@pytest.mark.parametrize(
    "statement",
    [
        "insert into crm_leads (org_id) values (%(acme)s)",
        "update crm_teams set org_id = %(acme)s",
        "insert into crm_deals (name, lead_id, stage_id, org_id)"
        " select 'x', %(lead)s, id, org_id from crm_pipeline_stages limit 1",
        "delete from crm_changes",
        "select secret from crm_sources",
        "select secret_hash from crm_api_keys",
        "select password_hash from crm_users",
        "truncate crm_leads",
        "set local row_security = off; select * from crm_leads",
    ],
)
def test_what_would_cross_the_wall_is_refused(as_flow, two_orgs, statement):
    acme, other = two_orgs
    lead = rows("select id from crm_leads")[0]["id"]
    with as_app(as_flow, other.org_id) as connection:
        connection.execute("insert into crm_teams (org_id, name) values (%s, 'Team')", [other.org_id])
        values = {"acme": acme.org_id, "lead": lead}
        with pytest.raises(psycopg.Error):
            connection.execute(statement, values if "%(" in statement else None)
        connection.rollback()


def test_the_capture_login_can_read_nothing(as_flow):
    with (
        psycopg.connect(as_flow.capture_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from crm_leads")


def test_an_identity_does_not_outlive_its_transaction(as_flow, org):
    session.bind(as_flow.app_url, pool_size=1)
    with session.unit_of_work(org.identity) as work:
        assert work.connection().exec_driver_sql("select count(*) from crm_orgs").scalar() == 1
    with pytest.raises(Exception, match="no identity"), session.unit_of_work() as work:
        work.connection().exec_driver_sql("select count(*) from crm_orgs")


def test_a_child_of_a_lead_is_seen_by_whoever_sees_the_lead(as_flow, org, source, reps):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    capture()
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql(
            "update crm_leads set owner_id = u.id, team_id = m.team_id"
            " from crm_users u join crm_memberships m on m.user_id = u.id where u.name = 'Ada'"
        )
    (activity,) = rows(
        "select a.owner_id, a.team_id, l.team_id as of_lead from crm_activities a join crm_leads l on l.id = a.lead_id"
    )
    assert (activity["owner_id"], activity["team_id"]) == (reps[0], activity["of_lead"])


def test_what_was_changed_can_be_read_back(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com", "company": "One"})
    capture()
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql("update crm_leads set company = 'Two', utm = '{}'")
    (change,) = rows("select kind, operation, old from crm_changes where kind = 'crm_leads'")
    assert (change["operation"], change["old"]) == ("update", {"company": "One"})


def test_the_owners_document_inserts_stages_unchanged(as_flow, org):
    with psycopg.connect(as_flow.owner_url) as connection:
        connection.execute("delete from crm_pipeline_stages")
        connection.execute(
            "INSERT INTO crm_pipeline_stages (name, order_index, probability, color) VALUES"
            " ('Lead', 1, 10, '#6B7280'), ('Closed Won', 5, 100, '#10B981')"
        )
    assert len(rows("select 1 from crm_pipeline_stages")) == 2
