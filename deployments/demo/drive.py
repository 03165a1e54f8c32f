"""The demo from beginning to end: stack, cast, posts, waiting, story."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx
from rich.console import Console
from sqlalchemy.orm import Session

from crm_db import clock, session
from crm_db.actions import outgoing
from crm_db.queries import story as questions
from crm_db.queries.story import Tally
from crm_db.session import Identity
from deployments.demo import cast, people, plan, sender, show, story
from deployments.demo.carried import Carried, compare
from deployments.demo.plan import Plan
from deployments.demo.sender import Answers
from deployments.demo.story import Story
from deployments.errors import DeploymentError
from deployments.fakes.client import FakesClient
from deployments.local.locate import located_addresses
from deployments.secret_files import read_json
from deployments.settings import Settings

LOOK_SECONDS = 0.5
STANDSTILL_SECONDS = 120.0
"""Without any change for so long, nothing more is waited for; the sums then say what is missing."""
WITH_FAULTS_SECONDS = 360.0
"""The same where sends fail: the third try of a message may be minutes after its second."""
PREFECT_SECONDS = 15.0
TEXTS = 6
FAKED = ("sendgrid", "twilio")


def play(
    settings: Settings, console: Console, *, leads: int, rate: float, fakes: FakesClient | None = None
) -> Story:
    """Post, wait, recount. settings: of a ready stack. rate: submissions a second, 0 for no limit.

    fakes: where that stack's messages go, and where Graph is.
    """
    with _as_owner(settings) as identity:
        _warn_of_others(identity, console)
        run, planned = _prepare(identity, leads, with_graph=fakes is not None)
        for lead in planned.meta_leads:
            assert fakes is not None
            fakes.put_lead(lead)
        began = clock.utc_now()
        with show.Bars(console, planned.submissions, planned.people) as bars:
            watch = _Watch(run, bars, STANDSTILL_SECONDS if fakes is None else WITH_FAULTS_SECONDS)
            started = time.monotonic()
            answers = sender.post_all(planned.groups, settings.api_url, rate=rate, watch=watch.answered)
            posted = time.monotonic()
            watch.wait_until_settled(answers)
            texts = _write_texts(identity, run)
            watch.wait_until_settled(answers)
            settled = time.monotonic()
        with session.unit_of_work(identity) as work:
            found = story.look(work, run, settings.home / "outbox")
            carried = _carried(work, run, fakes)
    runs = flow_runs_since(settings, began)
    return Story(run, planned, answers, found, runs, posted - started, settled - posted, texts, carried)


@contextmanager
def _as_owner(settings: Settings) -> Iterator[Identity]:
    """This process acts for the first organisation by the owner's login, which may make teams and reps."""
    addresses = located_addresses(settings)
    known = read_json(settings.home / "credentials.json")
    if addresses is None or "org_id" not in known:
        raise DeploymentError(f"There is no CRM in {settings.home} yet; start one with crm up.")
    session.bind(addresses.owner, pool_size=2)
    try:
        yield Identity(org_id=UUID(known["org_id"]), user_id=UUID(known["admin_id"]), role="admin")
    finally:
        session.unbind()


def _warn_of_others(identity: Identity, console: Console) -> None:
    assert identity.org_id is not None
    with session.unit_of_work(identity) as work:
        others = cast.others_work_here(work, identity.org_id)
    if others:
        console.print(
            "People take leads here already: the demo's leads and reps get among theirs. "
            "A CRM_HOME of its own keeps them apart.",
            style="yellow",
        )


def _prepare(identity: Identity, leads: int, *, with_graph: bool) -> tuple[cast.Run, Plan]:
    """Cast and posts of the next run."""
    assert identity.org_id is not None
    with session.unit_of_work(identity) as work:
        cast.ensure_reps(work, identity.org_id)
        run = cast.open_run(work, identity, clock.utc_now().date(), with_graph=with_graph)
        taken = questions.phones_of(work, identity.org_id, cast.NAME_START)
    return run, plan.make_plan(run, people.people(run.number, leads, taken), with_graph=with_graph)


def _write_texts(identity: Identity, run: cast.Run) -> int:
    """Somebody writes a text message to a few leads; returns how many. At night they wait for the morning."""
    with session.unit_of_work(identity) as work:
        leads = questions.reached_by_phone(work, run.org_id, run.channels.ids, TEXTS)
        for number, lead_id in enumerate(leads):
            outgoing.write(
                work,
                identity,
                lead_id=lead_id,
                channel="sms",
                subject="",
                text=f"Thank you for your message. May we call you tomorrow? ({run.number}-{number})",
                key=f"demo-{run.number}-{number}",
                now=clock.utc_now(),
            )
    return len(leads)


def _carried(work: Session, run: cast.Run, fakes: FakesClient | None) -> Carried | None:
    """What the fakes took of this run."""
    if fakes is None:
        return None
    rows = questions.carried_by(work, run.org_id, run.channels.ids, FAKED)
    return compare(rows, fakes.log()["accepted"], fakes.status()["faults"])


@dataclass
class _Watch:
    """Looks at the database now and then, and shows what it finds."""

    run: cast.Run
    bars: show.Bars
    patience: float
    _looked: float = field(default=float("-inf"), init=False)

    def answered(self, answers: Answers) -> None:
        """Called often while posting; looks at most twice a second."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._look(answers)

    def wait_until_settled(self, answers: Answers) -> None:
        """Until nothing is pending and every due message is settled, or nothing moves any more."""
        tally, moved = self._look(answers), time.monotonic()
        while not (tally.settled and tally.events >= answers.events):
            if time.monotonic() - moved > self.patience:
                return
            time.sleep(LOOK_SECONDS)
            before, tally = tally, self._look(answers)
            if tally != before:
                moved = time.monotonic()

    def _look(self, answers: Answers) -> Tally:
        with session.unit_of_work(Identity(org_id=self.run.org_id)) as work:
            tally = questions.tally(work, self.run.org_id, self.run.channels.ids)
        self._looked = time.monotonic()
        self.bars.update(answers.accepted + answers.refused, tally)
        return tally


def flow_runs_since(settings: Settings, began: datetime) -> dict[str, int]:
    """Prefect's runs that started since then, by flow; empty while Prefect is away: it only shows.

    Prefect takes the start of a run that is only planned for when it is planned, hence the states.
    """
    user, _, password = str(read_json(settings.home / "credentials.json")["prefect_auth"]).partition(":")
    with httpx.Client(
        base_url=f"{settings.prefect_url}/api",
        auth=(user, password),
        timeout=PREFECT_SECONDS,
        trust_env=False,
    ) as client:
        try:
            flows = client.post("/flows/filter", json={"sort": "NAME_ASC"}).raise_for_status().json()
            return {flow["name"]: count for flow in flows if (count := _runs(client, flow["id"], began))}
        except (httpx.HTTPError, ValueError):
            return {}


def _runs(client: httpx.Client, flow_id: str, began: datetime) -> int:
    wanted = {
        "flows": {"id": {"any_": [flow_id]}},
        "flow_runs": {
            "start_time": {"after_": began.isoformat()},
            "state": {"type": {"not_any_": ["SCHEDULED", "CANCELLED"]}},
        },
    }
    return int(client.post("/flow_runs/count", json=wanted).raise_for_status().json())
