"""A unit of work: whose time it goes by, and how long it may stand still."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crm_db import clock, connections, session
from crm_db.queries import kinds, records
from crm_db.queries.records import Question
from crm_db.session import Identity, on_behalf_of_the_org
from tests.conftest import Database, Org


def test_a_unit_of_work_goes_by_the_clock_of_the_database(as_flow: Database) -> None:
    with session.unit_of_work() as work:
        assert clock.now_of(work) == work.execute(text("select now()")).scalar_one()


def test_a_transaction_that_stands_still_is_ended(as_flow: Database) -> None:
    with session.unit_of_work() as work:
        assert work.execute(text("show idle_in_transaction_session_timeout")).scalar_one() == "2min"


def test_the_steady_clock_goes_forward() -> None:
    first = clock.seconds()
    assert clock.seconds() >= first


def role(work: Session) -> str:
    found: str = work.execute(text("select crm_role()")).scalar_one()
    return found


def test_who_acts_for_the_org_does_so_until_the_block_ends_however_it_ends(
    database: Database, org: Org
) -> None:
    session.bind(database.app_url)
    with session.unit_of_work(Identity(org.org_id, role="rep")) as work:
        with on_behalf_of_the_org(work):
            with on_behalf_of_the_org(work):
                pass
            assert role(work) == "service"
        assert role(work) == "rep"
        with pytest.raises(LookupError), on_behalf_of_the_org(work):
            raise LookupError
        assert role(work) == "rep"
        with pytest.raises(DBAPIError), work.begin_nested(), on_behalf_of_the_org(work):
            work.execute(text("select 1 / 0"))
        assert role(work) == "rep"


def backend(work: Session) -> int:
    found: int = work.execute(text("select pg_backend_pid()")).scalar_one()
    return found


def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(
    database: Database, org: Org
) -> None:
    session.bind(database.app_url)
    with session.unit_of_work(org.identity) as work:
        former = backend(work)
    with psycopg.connect(database.server.admin_url, autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s, 10000)", [former])
    with session.unit_of_work(org.identity) as work:
        assert backend(work) != former


@pytest.mark.parametrize("long_idle", [0.0, 30.0])
def test_a_sound_connection_is_used_again(
    database: Database, org: Org, monkeypatch: pytest.MonkeyPatch, long_idle: float
) -> None:
    monkeypatch.setattr(connections, "LONG_IDLE_SECONDS", long_idle)
    session.bind(database.app_url)
    seen = set()
    for _ in range(3):
        with session.unit_of_work(org.identity) as work:
            seen.add(backend(work))
    assert len(seen) == 1


def test_who_asked_in_one_exchange_is_forgotten_at_its_end(database: Database, org: Org) -> None:
    session.bind(database.app_url, pool_size=1)
    kind = kinds.KINDS["team"]
    records.listed(org.identity, org.org_id, kind, Question())
    told = session.answered(org.identity, b"select coalesce(current_setting('crm.org_id', true), '')", {})
    assert told == [("",)]
