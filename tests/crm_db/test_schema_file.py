"""crm_db/schema.sql makes what the migrations make; it is written anew by: crm schema --sql > crm_db/schema.sql"""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from crm_db import catalog, migrate, roles
from deployments import schema
from deployments.cli import app
from deployments.errors import DeploymentError
from tests.databases import Database

FILE = Path(migrate.__file__).with_name("schema.sql")
MADE_BY_MAJOR = 18
"""Other versions of Postgres tell the same schema in other words."""


@pytest.fixture
def loaded(server):
    """A database that was made by the file, not by the migrations."""
    name = f"crm_loaded_{uuid4().hex[:12]}"
    roles.ensure_database(server.admin_url, name, "crm_owner")
    with psycopg.connect(server.url("crm_owner", name)) as connection:
        connection.execute(FILE.read_text(encoding="utf-8").encode())
    yield Database(server, name)
    server.execute("drop database {} with (force)", name)


def told_alike(database) -> None:
    """Skip where this server is of another version than the one that the file was made with."""
    with psycopg.connect(database.owner_url) as connection:
        if connection.info.server_version // 10_000 != MADE_BY_MAJOR:
            pytest.skip(f"the file is compared on PostgreSQL {MADE_BY_MAJOR}")


def functions(database) -> list[tuple[str, str]]:
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute(
            "select oid::regprocedure::text, pg_get_functiondef(oid) from pg_proc p"
            " where pronamespace = 'public'::regnamespace and proowner = 'crm_owner'::regrole order by 1"
        ).fetchall()


def test_the_file_is_what_the_migrations_make(database):
    told_alike(database)
    assert schema.of_database(database.owner_url) == FILE.read_text(encoding="utf-8")


def test_a_database_made_by_the_file_equals_a_migrated_one(database, loaded):
    assert schema.of_database(loaded.owner_url) == schema.of_database(database.owner_url)
    assert functions(loaded) == functions(database)


def test_a_database_made_by_the_file_has_all_walls_and_goes_on_by_migrations(loaded):
    assert catalog.problems(loaded.owner_url) == []
    assert migrate.upgrade(loaded.owner_url) == migrate.MigrationReport((), ())
    migrate.check(loaded.owner_url)
    assert catalog.problems(loaded.owner_url) == []
    with psycopg.connect(loaded.owner_url) as connection:
        months = connection.execute(
            "select count(*) from pg_class where relname ~ '^crm_events_p[0-9]{4}'"
        ).fetchone()
    assert months is not None and months[0] > 0


def test_the_file_holds_neither_months_nor_owners_nor_what_differs_between_machines():
    told = FILE.read_text(encoding="utf-8")
    for word in ("_p20", "OWNER TO", "restrict", "Dumped", "New lead", "CREATE SCHEMA"):
        assert word not in told, word


def test_the_command_tells_the_schema_without_a_database_of_ours(database):
    told_alike(database)
    answer = CliRunner().invoke(app, ["schema", "--sql"])
    assert (answer.exit_code, answer.stdout) == (0, FILE.read_text(encoding="utf-8"))
    assert CliRunner().invoke(app, ["schema"]).exit_code == 2


def test_a_missing_pg_dump_is_one_clear_sentence(monkeypatch):
    monkeypatch.setattr("deployments.schema.os.access", lambda *_: False)
    monkeypatch.setattr("deployments.schema.shutil.which", lambda _: None)
    with pytest.raises(DeploymentError, match="There is no pg_dump; install"):
        schema.pg_dump()
