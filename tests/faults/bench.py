"""What the rows below Prefect work on: a database of its own with waiting submissions, an outbox, and the provider fakes."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from crm_db import clock, session
from crm_db.actions import leads, orgs, outgoing, sources
from crm_db.actions.sources import NewSource
from deployments.fakes.process import environment
from integrations.testing import FakeServer
from tests.databases import TEMPLATE, Database, Org, Server
from tests.faults.breaches import Accepted, Breach
from tests.faults.carried import Taken, taken_of
from tests.faults.invariants import recount
from tests.submitting import submit

REPS = ("Ada", "Bo", "Cy")
IDLE_SECONDS = 60.0


@dataclass
class Bench:
    """A database with an org, a source and submissions of `accepted`, and the folder that is its CRM_HOME.

    providers: the settings by which messages leave otherwise than as files, and `fakes` where they go then.
    """

    database: Database
    home: Path
    org: Org
    source: NewSource
    accepted: list[Accepted] = field(default_factory=list)
    fakes: FakeServer | None = None
    providers: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What a worker process needs to find the database, the outbox and the providers."""
        ours = {"CRM_FLOW_DATABASE_URL": self.database.flow_url, "CRM_HOME": str(self.home)}
        return {**ours, **self.providers}

    @property
    def outbox(self) -> Path:
        """Where the e-mails of this test are."""
        return self.home / "outbox"

    def send_through(self, fakes: FakeServer, **settings: str) -> None:
        """From now on messages leave through these fakes."""
        self.fakes = fakes
        self.providers = {**environment(fakes.url), **settings}

    def execute(self, statement: str) -> int:
        """Change something behind everybody's back, as the database's owner; returns how many rows."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as connection:
            return connection.execute(statement).rowcount

    def one(self, question: str) -> Any:
        """The one value that answers a question."""
        (row,) = self.all(question)
        return row[0]

    def all(self, question: str) -> list[tuple[Any, ...]]:
        """The rows that answer a question."""
        with psycopg.connect(self.database.owner_url) as connection:
            return connection.execute(question).fetchall()

    def let_leases_end(self) -> None:
        """As if the longest lease and back-off had passed: leases of dead workers are over, tries again are due."""
        self._make_past("crm_inbox", "lease_until", "lease_until > now()")
        self._make_past("crm_messages", "lease_until", "lease_until > now()")
        self._make_past("crm_messages", "due_at", "status = 'scheduled' and attempts > 0 and due_at > now()")

    def let_looks_be_due(self) -> None:
        """As if the settle time had passed: what a dead worker had put on the wire has arrived, or never will."""
        if self.fakes is not None:
            self._let_arrive(self.fakes)
        self._make_past("crm_messages", "check_at", "check_at > now()")

    def end_idle_transactions(self) -> None:
        """As if the time had passed after which the database ends a transaction that stands still."""
        with psycopg.connect(self.database.server.admin_url, autocommit=True) as operator:
            operator.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and state like 'idle in transaction%%'",
                [self.database.name],
            )

    def breaches(self) -> list[Breach]:
        """The recount."""
        return recount(self.database.owner_url, self.outbox, self.accepted, self.taken())

    def taken(self) -> list[Taken] | None:
        """What the fakes accepted; None when messages leave as files."""
        if self.fakes is None:
            return None
        return taken_of({"accepted": [entry.as_dict() for entry in self.fakes.fakes.log.entries]})

    def keep(self, emails: list[str]) -> None:
        """Submissions of these persons, as the API keeps them."""
        first = len(self.accepted)
        keys = [f"key-{first + number}" for number in range(len(emails))]
        bodies = [json.dumps({"email": email, "name": "A Person"}).encode() for email in emails]
        events = submit(self.database, self.org.org_id, self.source.id, bodies, keys)
        self.accepted += [
            Accepted(key, str(event), email) for key, event, email in zip(keys, events, emails, strict=True)
        ]

    def enter(self, emails: list[str]) -> None:
        """Leads that a person enters; unlike those that are posted they wait for their score and owner."""
        now = clock.utc_now()
        with session.bound_to(self.database.app_url), session.unit_of_work(self.org.identity) as work:
            for email in emails:
                fields = {"email": email, "first_name": "A", "last_name": "Person"}
                leads.submit(work, self.org.identity, fields, {}, automation=True, now=now)

    def invite_everybody(self, times: int) -> None:
        """So many invitations to each lead, in a person's own words, due now."""
        known = [UUID(lead) for (lead,) in self.all("select id::text from crm_leads order by id")]
        now = clock.utc_now()
        with (
            session.bound_to(self.database.app_url),
            session.unit_of_work(self.org.identity) as work,
        ):
            for lead in known:
                for number in range(times):
                    outgoing.write(
                        work,
                        self.org.identity,
                        lead_id=lead,
                        channel="invite",
                        subject="A meeting",
                        text="Hello",
                        key=f"meet-{lead}-{number}",
                        now=now,
                    )

    def _make_past(self, table: str, column: str, which: str) -> None:
        """Let a moment be over; what a stopped worker has locked keeps it."""
        self.execute(
            f"update {table} set {column} = now() - interval '1 second' where (org_id, id) in"
            f" (select org_id, id from {table} where {which} for update skip locked)"
        )

    def _let_arrive(self, fakes: FakeServer) -> None:
        """Wait until the fakes have served every connection that was made before this moment.

        They take connections in turn, so an answer to a call of ours says that all earlier ones were taken.
        """
        httpx.get(f"{fakes.url}/_fake/status", headers={"Connection": "close"}, trust_env=False)
        until = time.monotonic() + IDLE_SECONDS
        while fakes.connections:
            if time.monotonic() > until:
                raise TimeoutError("the fakes did not come to rest")
            time.sleep(0.002)


@contextmanager
def bench_on(server: Server, *, people: int, tablespace: str = "pg_default") -> Iterator[Bench]:
    """A bench with the submissions of so many persons and a repetition of the first one, spelt otherwise."""
    with (
        _copy_of(server, TEMPLATE, tablespace) as database,
        tempfile.TemporaryDirectory(prefix="crm-bench-") as home,
    ):
        org, source = _org_on(database)
        bench = Bench(database, Path(home), org, source)
        emails = [f"person{number}@faults.example" for number in range(people)]
        bench.keep([*emails, emails[0].upper()])
        yield bench


@contextmanager
def twin_of(bench: Bench) -> Iterator[Bench]:
    """A bench in the same state, to be spoilt; nobody may be connected to the first one's database just now."""
    first = bench.database
    with (
        _copy_of(first.server, first.name) as database,
        tempfile.TemporaryDirectory(prefix="crm-bench-") as home,
    ):
        shutil.copytree(bench.home, home, dirs_exist_ok=True)
        yield replace(bench, database=database, home=Path(home), accepted=[*bench.accepted])


@contextmanager
def _copy_of(server: Server, template: str, tablespace: str = "pg_default") -> Iterator[Database]:
    name = f"crm_faults_{uuid4().hex[:12]}"
    server.execute(
        f"create database {{}} template {template} owner crm_owner tablespace {tablespace} strategy file_copy",
        name,
    )
    try:
        yield Database(server, name)
    finally:
        server.execute("drop database {} with (force)", name)


def _org_on(database: Database) -> tuple[Org, NewSource]:
    """An org with a source, and reps that take leads."""
    with session.bound_to(database.owner_url), session.unit_of_work() as work:
        first = orgs.ensure_first_org(
            work, name="Acme", admin_email="admin@acme.example", admin_password="a long enough password"
        )
        assert first.api_key is not None
        org = Org(first.org_id, first.admin_id, first.api_key)
        team = orgs.add_team(work, org.org_id, "Inbound", timezone="Europe/London")
        for rep in REPS:
            orgs.add_rep(work, org.org_id, team, name=rep, email=f"{rep.lower()}@acme.example")
    with session.bound_to(database.app_url), session.unit_of_work(org.identity) as work:
        return org, sources.add(work, org.identity, "website", region="GB")
