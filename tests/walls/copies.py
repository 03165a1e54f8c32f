"""Databases for a while, each a copy of another."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from tests.databases import TEMPLATE, Database, Server


@contextmanager
def copy_of(server: Server, template: str = TEMPLATE) -> Iterator[Database]:
    """A copy of a database to which nobody is connected."""
    name = f"crm_walls_{uuid4().hex[:12]}"
    server.execute(f"create database {{}} template {template} owner crm_owner strategy file_copy", name)
    try:
        yield Database(server, name)
    finally:
        server.execute("drop database {} with (force)", name)
