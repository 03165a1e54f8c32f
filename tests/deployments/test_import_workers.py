"""What a worker does when the database refuses a batch, or is in somebody's way."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.exc import DataError, OperationalError

from crm_db.actions.imported_leads import Job
from crm_db.actions.imports import Kept
from crm_db.rules.imports.plan import read_plan
from crm_db.rules.imports.table import RawRow
from deployments.importing import workers
from deployments.importing.workers import MOST_TRIES, Assignment
from tests.conftest import Database, Org

Keep = Callable[..., Kept]


@pytest.fixture
def work(as_flow: Database, org: Org, monkeypatch: pytest.MonkeyPatch) -> Callable[[Keep, int], Kept]:
    """Imports so many rows in this process, with something else in the place of the action."""

    def imported(keep: Keep, rows: int) -> Kept:
        plan = read_plan({"source": "old", "columns": {"external_id": "Id"}}, ("Id",))
        assignment = Assignment(as_flow.flow_url, org.identity, plan, Job(org.org_id, UUID(int=1), "old"))
        monkeypatch.setattr(workers._Worker, "assignment", assignment, raising=False)
        monkeypatch.setattr("crm_db.actions.imports.keep", keep)
        return workers.import_rows([RawRow(number, (str(number),)) for number in range(2, rows + 2)])

    return imported


def test_the_row_that_the_database_refuses_is_found_and_its_mates_are_kept(work):
    def keep(_: Any, __: Any, rows: Sequence[Any], **___: Any) -> Kept:
        if any(row.number == 5 for row in rows):
            raise DataError("", {}, psycopg.errors.DataException("secret value"))
        return Kept(new=len(rows))

    kept = work(keep, 9)
    assert kept.new == 8
    ((number, fault),) = kept.refused
    assert (number, fault.code) == (5, "refused")
    assert "secret" not in fault.words


@pytest.mark.parametrize(("failures", "ends_well"), [(MOST_TRIES - 1, True), (MOST_TRIES, False)])
def test_a_batch_in_somebodys_way_is_tried_again_some_times(work, failures, ends_well):
    tries: list[int] = []

    def keep(_: Any, __: Any, rows: Sequence[Any], **___: Any) -> Kept:
        tries.append(len(rows))
        if len(tries) <= failures:
            raise OperationalError("", {}, psycopg.errors.DeadlockDetected())
        return Kept(new=len(rows))

    if ends_well:
        assert work(keep, 3) == Kept(new=3)
    else:
        with pytest.raises(OperationalError):
            work(keep, 3)
    assert len(tries) == MOST_TRIES


def test_a_database_that_went_away_is_not_tried_again(work):
    tries: list[int] = []

    def keep(*_: Any, **__: Any) -> Kept:
        tries.append(1)
        raise OperationalError("", {}, psycopg.OperationalError("gone"))

    with pytest.raises(OperationalError):
        work(keep, 3)
    assert tries == [1]
