"""Databases that tests use one after another: copying the template costs half a second, emptying a used one some milliseconds.

A database goes to the next test only while it is as its template was made: the same catalogs, the same rows of the tables that
are not empty in it, and hardly larger. Otherwise it is dropped, and the next test gets a new copy.
"""

from uuid import uuid4

import psycopg
from psycopg import sql

from tests.databases import TEMPLATE, Database, Server

MOST_GROWTH = 4 * 1024 * 1024
"""Bytes of tables and indexes; a larger one would be read, and planned, otherwise than a new one."""
CATALOGS = (
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_default_acl",
    "pg_extension",
    "pg_index",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_statistic",
    "pg_trigger",
    "pg_type",
)
_ROWS = "select coalesce(sum(hashtextextended(xmin::text || ctid::text, 0)), 0)::text from {}"
_ESTIMATES = "select sum(hashtextextended(oid::text || reltuples::text, 0))::text from pg_class"
_SETTINGS = """
    select count(*)::text from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
    where d.datname = current_database()
"""
_TABLES = """
    select c.oid::regclass::text from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1
"""
_SIZE = """
    select coalesce(sum(pg_relation_size(oid)), 0)::bigint from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')
"""
_ALONE = """
    select pg_terminate_backend(pid, 10000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


class Spares:
    """The databases of one test run."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._spare: list[str] = []
        with psycopg.connect(Database(server, TEMPLATE).admin_url) as connection:
            tables = [row[0] for row in connection.execute(_TABLES)]
            self._filled = [one for one in tables if _has_rows(connection, one)]
            self._emptied = "; ".join(f"delete from {one}" for one in tables if one not in self._filled)
            self._shape = self._shape_of(connection)
            self._size = _size(connection)

    def take(self) -> Database:
        """A database as the migrations leave it."""
        if self._spare:
            return Database(self._server, self._spare.pop())
        name = f"crm_test_{uuid4().hex[:12]}"
        self._server.execute(
            f"create database {{}} template {TEMPLATE} owner crm_owner strategy file_copy", name
        )
        return Database(self._server, name)

    def give_back(self, database: Database) -> None:
        """End whoever is still connected, and empty it; or drop it."""
        try:
            is_as_new = self._emptied_again(database)
        except psycopg.Error:  # the server's login may not, or a test left it in a state of its own
            is_as_new = False
        if is_as_new:
            self._spare.append(database.name)
        else:
            self._server.execute("drop database if exists {} with (force)", database.name)

    def _emptied_again(self, database: Database) -> bool:
        with psycopg.connect(database.admin_url, autocommit=True) as connection:
            connection.execute(_ALONE)
            if _size(connection) > self._size + MOST_GROWTH or self._shape_of(connection) != self._shape:
                return False
            connection.execute("set session_replication_role = replica")
            connection.execute(self._emptied.encode())
            return True

    def _shape_of(self, connection: psycopg.Connection) -> list[str]:
        told = [_ROWS.format(table) for table in (*CATALOGS, *self._filled)]
        union = " union all ".join(f"({one})" for one in (*told, _ESTIMATES, _SETTINGS))
        return [row[0] for row in connection.execute(union.encode())]


def _has_rows(connection: psycopg.Connection, table: str) -> bool:
    row = connection.execute(
        sql.SQL("select exists (select from {})").format(sql.Identifier(table))
    ).fetchone()
    return bool(row and row[0])


def _size(connection: psycopg.Connection) -> int:
    row = connection.execute(_SIZE).fetchone()
    assert row is not None
    return int(row[0])
