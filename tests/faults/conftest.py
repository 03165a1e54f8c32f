"""A bench for a test, on which this process is a worker too, and a further worker that finishes what others left."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_db import session
from tasks import senders
from tests.databases import Server
from tests.faults.bench import Bench, bench_on
from tests.faults.points import everything

PEOPLE = 6
WorkOff = Callable[[], None]


@pytest.fixture
def bench(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Submissions of PEOPLE persons that wait, one of them twice, and this process as a worker on them."""
    with bench_on(server, people=PEOPLE) as bench:
        for name in ("CRM_SMTP_URL", "CRM_PROVIDER_EMAIL", "CRM_PROVIDER_CALENDAR", "CRM_PROVIDER_PHONE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in bench.environment.items():
            monkeypatch.setenv(name, value)
        senders.forget()
        session.bind(bench.database.flow_url, pool_size=4)
        yield bench
        session.unbind()


@pytest.fixture
def work_off(bench: Bench) -> WorkOff:
    """Another worker, which comes when the leases of the dead are over and works until all is done."""

    def work() -> None:
        for _ in range(4):
            bench.let_leases_end()
            everything()

    return work
