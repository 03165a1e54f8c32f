"""This process's way to the database and the outside world, opened at first use from the environment.

A flow may run in an intake, in a worker's subprocess or in a test; whichever it is, the login is the flows' own.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy.orm import Session

from crm_db import session as database
from crm_db.errors import CrmError

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
