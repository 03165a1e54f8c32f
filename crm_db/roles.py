"""The database's roles and databases, made idempotently and outside Alembic because they belong to the whole cluster.

No role is a superuser and none bypasses row-level security; what is run here needs CREATEROLE and CREATEDB at the most,
so a managed Postgres serves.
"""

from collections.abc import Mapping

import psycopg
from psycopg import sql

ROLES = ("crm_owner", "crm_app", "crm_flow", "crm_capture", "crm_prefect")


class NotOurs(Exception):
    """A database of this name is there and belongs to somebody else."""

    def __init__(self, name: str, owner: str) -> None:
        super().__init__(
            f"the server has a database {name} of {owner}, which this CRM did not make; "
            f"rename it, give it to our role by ALTER DATABASE … OWNER TO, or use another server"
        )
        self.name, self.owner = name, owner


def ensure_roles(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Make the missing roles and set the passwords. `passwords`: role name to password, for every name in ROLES."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        known = {row[0] for row in connection.execute("select rolname from pg_roles where rolname ^@ 'crm_'")}
        for role in ROLES:
            verb = "alter" if role in known else "create"
            connection.execute(
                sql.SQL(verb + " role {} login nocreatedb nocreaterole inherit password {}").format(
                    sql.Identifier(role), sql.Literal(passwords[role])
                )
            )
            _act_for(connection, role)


def ensure_database(admin_url: str, name: str, owner: str) -> None:
    """Make the database `name` of `owner` when it is missing, and keep everybody else out. Raises NotOurs."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        identifier = sql.Identifier(name)
        held_by = connection.execute(
            "select pg_get_userbyid(datdba) from pg_database where datname = %s", [name]
        ).fetchone()
        if held_by is None:
            connection.execute(
                sql.SQL("create database {} owner {}").format(identifier, sql.Identifier(owner))
            )
        elif held_by[0] != owner:
            raise NotOurs(name, held_by[0])
        connection.execute(sql.SQL("revoke all on database {} from public").format(identifier))
        if owner == "crm_owner":
            for role in ("crm_app", "crm_flow", "crm_capture"):
                connection.execute(
                    sql.SQL("grant connect on database {} to {}").format(identifier, sql.Identifier(role))
                )


def _act_for(connection: psycopg.Connection, role: str) -> None:
    """Let the administrator hand databases to `role`; a superuser needs no membership for that."""
    row = connection.execute("select rolsuper, rolname from pg_roles where rolname = current_user").fetchone()
    if row is not None and not row[0] and row[1] != role:
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))
