"""The schema as one file of SQL: what the migrations make, told by pg_dump in a form that is the same on every machine."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import psycopg

from crm_db import migrate, roles
from deployments.embedded.binaries import find_binaries
from deployments.embedded.postgres import throwaway_cluster
from deployments.errors import ClusterError, DeploymentError

DATABASE = "crm_schema"
MONTHS = "public.crm_*_p[0-9][0-9][0-9][0-9]_[0-9][0-9]"
HEADER = """-- The schema of Essentials CRM, as its migrations make it: tables, indexes, policies, functions, triggers, grants.
-- Made by `crm schema --sql`; never changed by hand.
--
-- To load it: the roles crm_owner, crm_app, crm_flow and crm_capture have to be there, the database is empty and belongs to
-- crm_owner, and crm_owner loads it:  psql --set ON_ERROR_STOP=1 --single-transaction --file crm_db/schema.sql
-- `crm migrate` goes on from there, and makes the partitions of the coming months.

set check_function_bodies = false;
set client_min_messages = warning;
select pg_catalog.set_config('search_path', '', false);
"""
_STATE = """
select format('insert into public.alembic_version (version_num) values (%L);', version_num) from public.alembic_version
union all
(select format('insert into public.crm_functions (name, hash) values (%L, %L);', name, hash)
 from public.crm_functions order by name collate "C")
"""
_NOISE = re.compile(
    r"^(\\(un)?restrict .*|SET .*;|SELECT pg_catalog\.set_config\(.*|-- Dumped .*|-- PostgreSQL database dump.*"
    r"|COMMENT ON EXTENSION .*|-- Name: EXTENSION .*)$"
)
_TITLE = re.compile(r"^-- Name: (.*); Type: (.*); Schema: .*$")


def fresh() -> str:
    """The schema of this version, made by its migrations on a server of its own that lives for a moment."""
    with throwaway_cluster() as cluster:
        roles.ensure_roles(cluster.admin_url, dict.fromkeys(roles.ROLES, "for a moment"))
        roles.ensure_database(cluster.admin_url, DATABASE, "crm_owner")
        owner_url = cluster.url("crm_owner", "for a moment", DATABASE)
        migrate.upgrade(owner_url)
        return of_database(owner_url)


def of_database(owner_url: str) -> str:
    """The schema of a migrated database, without the partitions of single months and without anybody's data."""
    return f"{HEADER}\n{_plain(_dumped(owner_url))}\n{_state(owner_url)}"


def pg_dump() -> str:
    """The program that tells schemas: beside the server's programs, or from PATH. Raises DeploymentError."""
    try:
        beside = find_binaries().folder / "pg_dump"
    except ClusterError:
        beside = Path("pg_dump")
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("pg_dump")
    if found is None:
        raise DeploymentError(
            "There is no pg_dump; install PostgreSQL's client programs (Debian: postgresql-client)."
        )
    return found


def _dumped(owner_url: str) -> str:
    command = [pg_dump(), "--schema-only", "--no-owner", "--exclude-table", MONTHS, "--dbname", owner_url]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:  # its own words may hold the address, and so a password
        raise DeploymentError("pg_dump cannot tell the schema of this database; is it older than the server?")
    return ended.stdout


def _plain(dump: str) -> str:
    """The dump without what differs between machines and versions of its program."""
    lines = [
        _TITLE.sub(r"-- \2 \1", line) for line in dump.splitlines() if not _NOISE.match(line) and line != "--"
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _state(owner_url: str) -> str:
    """What tells `crm migrate` which migrations and which files of functions are in it."""
    with psycopg.connect(owner_url) as connection:
        return "".join(f"{line}\n" for (line,) in connection.execute(_STATE))
