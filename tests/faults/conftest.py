"""A database with waiting submissions, an outbox of its own, and workers as processes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from crm_db.actions.sources import NewSource
from integrations.testing import Fakes
from tasks import senders
from tests.conftest import Database, Org
from tests.faults.invariants import Accepted, Breach, recount, taken_of
from tests.submitting import submit

PEOPLE = 6


class Bench:
    """What the tests of this folder work on: submissions of PEOPLE persons, one of them twice.

    providers: the settings by which messages leave otherwise than as files, and the fakes they go to.
    """

    def __init__(self, database: Database, home: Path, accepted: list[Accepted]) -> None:
        self.database, self.home, self.accepted = database, home, accepted
        self.providers: dict[str, str] = {}
        self.fakes: Fakes | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a worker process needs to find the database, the outbox and the providers."""
        ours = {"CRM_FLOW_DATABASE_URL": self.database.flow_url, "CRM_HOME": str(self.home)}
        return {**ours, **self.providers}

    @property
    def outbox(self) -> Path:
        """Where the e-mails of this test are."""
        return self.home / "outbox"

    def execute(self, statement: str) -> None:
        """Change something behind everybody's back, as the database's owner."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as connection:
            connection.execute(statement)

    def one(self, question: str) -> Any:
        """The one value that answers a question."""
        with psycopg.connect(self.database.owner_url) as connection:
            row = connection.execute(question).fetchone()
        assert row is not None
        return row[0]

    def all(self, question: str) -> list[tuple[Any, ...]]:
        """The rows that answer a question."""
        with psycopg.connect(self.database.owner_url) as connection:
            return connection.execute(question).fetchall()

    def let_leases_end(self) -> None:
        """As if the longest lease and back-off had passed: leases of dead workers are over, tries again are due."""
        self.execute(
            "update crm_inbox set lease_until = now() - interval '1 second' where lease_until > now()"
        )
        self.execute(
            "update crm_messages set lease_until = now() - interval '1 second' where lease_until > now()"
        )
        self.execute("update crm_messages set due_at = now() where status = 'scheduled' and attempts > 0")

    def breaches(self) -> list[Breach]:
        """The recount."""
        taken = None
        if self.fakes is not None:
            taken = taken_of({"accepted": [entry.as_dict() for entry in self.fakes.log.entries]})
        return recount(self.database.owner_url, self.outbox, self.accepted, taken)


@pytest.fixture
def bench(
    as_flow: Database,
    org: Org,
    source: NewSource,
    reps: list[UUID],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Bench:
    """Submissions that wait, as the API keeps them, and this process as a further worker on them."""
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    for name in ("CRM_SMTP_URL", "CRM_PROVIDER_EMAIL", "CRM_PROVIDER_CALENDAR", "CRM_PROVIDER_PHONE"):
        monkeypatch.delenv(name, raising=False)
    senders.forget()
    emails = [f"person{number}@faults.example" for number in range(PEOPLE)]
    return Bench(as_flow, tmp_path, _kept(as_flow, org, source, [*emails, emails[0].upper()]))


def _kept(database: Database, org: Org, source: NewSource, emails: list[str]) -> list[Accepted]:
    keys = [f"key-{number}" for number in range(len(emails))]
    bodies = [json.dumps({"email": email, "name": "A Person"}).encode() for email in emails]
    events = submit(database, org.org_id, source.id, bodies, keys)
    return [Accepted(key, str(event), email) for key, event, email in zip(keys, events, emails, strict=True)]


WorkOff = Callable[[], None]


@pytest.fixture
def work_off(bench: Bench) -> WorkOff:
    """Another worker, which comes when the leases of the dead are over and works until all is done."""
    from tests.faults.crashing import everything

    def work() -> None:
        for _ in range(4):
            bench.let_leases_end()
            everything()

    return work
