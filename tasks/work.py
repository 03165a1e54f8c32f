"""This process's way to the database and the outside world, opened at first use from the environment.

A flow may run in an intake, in a worker's subprocess or in a test; whichever it is, the login is the flows' own.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache

from sqlalchemy.orm import Session

from crm_db import session as database
from crm_db.errors import CrmError

UnitOfWork = Callable[[], AbstractContextManager[Session]]

LOGIN = "CRM_FLOW_DATABASE_URL"
PUBLIC_URL = "CRM_API_URL"


class NoLogin(CrmError):
    """The process was started without the flows' database login."""

    code = "no_login"

    def __init__(self) -> None:
        super().__init__(f"set {LOGIN} to the database login of the flows; `crm up` does")


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One transaction of the service, which works for every org."""
    _bind_once(os.environ.get(LOGIN, ""))
    with database.unit_of_work() as session:
        yield session


@contextmanager
def units_of_work(*, dry_run: bool) -> Iterator[UnitOfWork]:
    """The transactions of one task, each begun by calling what this gives and kept when it ends.

    In a dry run they are one, which does the same work and is taken back at the end: it counts what a run would do.
    """
    if not dry_run:
        yield unit_of_work
        return
    with unit_of_work() as session, session.begin_nested() as rehearsal:
        yield lambda: nullcontext(session)
        rehearsal.rollback()


def lead_url() -> str:
    """The address of a lead's record, with {id} in it."""
    return records_url("leads") + "/{id}"


def records_url(noun: str) -> str:
    """The address of a list of records, for links from a run to what it touched."""
    return os.environ.get(PUBLIC_URL, "http://127.0.0.1:8000").rstrip("/") + f"/api/crm/{noun}"


@cache
def _bind_once(url: str) -> None:
    if not url:
        raise NoLogin
    database.bind(url)
