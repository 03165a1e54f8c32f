"""A database server for tests, and the migrated databases on it. Nothing here needs pytest: forked workers import it too."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
from psycopg import sql

from crm_db import migrate, roles
from crm_db.session import Identity

PASSWORD = "only-for-tests"
TEMPLATE = f"crm_test_template_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


@dataclass(frozen=True)
class Server:
    """A Postgres server for tests; `admin_url` may make roles and databases."""

    admin_url: str

    def url(self, role: str, database: str) -> str:
        """The address of `database` for one of our roles."""
        parts = urlsplit(self.admin_url)
        place = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, f"{role}:{PASSWORD}@{place}", f"/{database}", parts.query, ""))

    def execute(self, statement: str, name: str) -> None:
        """Run a statement about one database, named by {}."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


@dataclass(frozen=True)
class Database:
    """A migrated database of one test, and its logins."""

    server: Server
    name: str

    @property
    def admin_url(self) -> str:
        """Who may do anything, in this database."""
        parts = urlsplit(self.server.admin_url)
        return urlunsplit((parts.scheme, parts.netloc, f"/{self.name}", parts.query, ""))

    @property
    def owner_url(self) -> str:
        """Who owns and migrates."""
        return self.server.url("crm_owner", self.name)

    @property
    def app_url(self) -> str:
        """The API's login, behind the org wall."""
        return self.server.url("crm_app", self.name)

    @property
    def flow_url(self) -> str:
        """The flows' login."""
        return self.server.url("crm_flow", self.name)

    @property
    def capture_url(self) -> str:
        """The login that may do nothing but keep submissions."""
        return self.server.url("crm_capture", self.name)


@dataclass(frozen=True)
class Org:
    """A first org: its administrator's key and identity."""

    org_id: UUID
    admin_id: UUID
    api_key: str

    @property
    def identity(self) -> Identity:
        """The administrator."""
        return Identity(self.org_id, self.admin_id, "admin")


def prepared(server: Server) -> Server:
    """The server with our roles and a migrated template database."""
    roles.ensure_roles(server.admin_url, dict.fromkeys(roles.ROLES, PASSWORD))
    server.execute("drop database if exists {} with (force)", TEMPLATE)
    roles.ensure_database(server.admin_url, TEMPLATE, "crm_owner")
    migrate.upgrade(server.url("crm_owner", TEMPLATE))
    return server
