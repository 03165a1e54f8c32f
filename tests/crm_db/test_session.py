"""A unit of work: whose time it goes by, and how long it may stand still."""

from sqlalchemy import text

from crm_db import clock, session
from tests.conftest import Database


def test_a_unit_of_work_goes_by_the_clock_of_the_database(as_flow: Database) -> None:
    with session.unit_of_work() as work:
        assert clock.now_of(work) == work.execute(text("select now()")).scalar_one()


def test_a_transaction_that_stands_still_is_ended(as_flow: Database) -> None:
    with session.unit_of_work() as work:
        assert work.execute(text("show idle_in_transaction_session_timeout")).scalar_one() == "2min"


def test_the_steady_clock_goes_forward() -> None:
    first = clock.seconds()
    assert clock.seconds() >= first
