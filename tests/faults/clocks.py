"""Row `clock-steps`: the clocks of workers jump by an hour and by a day, there and back, while they sweep."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crm_db import clock
from integrations.testing import Fakes, running_fakes
from integrations.testing.faults import Plan
from tasks.followup import mend_follow_ups, plan_follow_ups
from tasks.scoring import rescore_leads
from tasks.tally import Window
from tests.databases import Server
from tests.faults import crashing
from tests.faults.bench import Bench, bench_on
from tests.faults.breaches import UNDUE, Breach
from tests.faults.crash_points import AT_REST
from tests.faults.found import Found
from tests.faults.points import capture_step, change, deliver_step, settle_step
from tests.faults.storm import NEXT_TRIES

STEPS = tuple(timedelta(hours=hours) for hours in (-24, -1, 0, 1, 24))
CHANCE_OF_A_STEP = 0.25
SETTINGS = {"CRM_HTTP_TIMEOUT": "5", "CRM_SETTLE_SECONDS": "1"}
LAGGING = Plan(share=0.3, after_share=0.5, after=("500", "cut"), lag_seconds=0.7)
PATIENCE_SECONDS = 600.0
AT_MOST = timedelta(minutes=10)
_MOMENTS = """
    select 'enrolment ' || e.id || ' began', e.enrolled_at, e.created_at from crm_enrolments e
    union all select 'message ' || m.id || ' is due', m.due_at, m.created_at from crm_messages m
    where m.template in ('welcome', 'owner-notice')
    union all select 'attempt at ' || a.message_id || ' began', a.started_at, a.finished_at from crm_message_attempts a
    union all select 'message ' || m.id || ' left', m.sent_at, a.finished_at
    from crm_messages m join crm_message_attempts a on a.org_id = m.org_id and a.message_id = m.id and a.outcome = 'sent'
"""
"""What happened, when the row says that it did, and a moment close to it by the database's clock."""


@dataclass(frozen=True)
class WrongClock:
    """The clock of one process, which is set again now and then. It notes each time in `stepped`."""

    chance: random.Random
    stepped: Path

    def readings(self) -> Iterator[datetime]:
        """What the clock shows, each time that somebody looks."""
        offset = timedelta(0)
        while True:
            if self.chance.random() < CHANCE_OF_A_STEP:
                offset = self.chance.choice(STEPS)
                with self.stepped.open("ab") as file:
                    file.write(b".")
            yield datetime.now(UTC) + offset


def step_about(server: Server, *, people: int, workers: int, steps: int, seed: int) -> Found:
    """Sweep with several workers whose clocks are wrong, through a provider that fails and whose log lags, until all is done."""
    began = time.monotonic()
    fakes = Fakes(seed=seed)
    with running_fakes(fakes) as provider, bench_on(server, people=people) as bench:
        fakes.follow(LAGGING)
        bench.send_through(provider, **SETTINGS)
        end, stepped = bench.home / "end", bench.home / "stepped"
        crew = [
            crashing.start_calling(_sweep, (str(end), str(stepped), seed + number), bench.environment)
            for number in range(workers)
        ]
        _wait(bench, stepped, steps)
        end.touch()
        for worker in crew:
            worker.join(crashing.DEADLINE_SECONDS)
        taken = stepped.stat().st_size
        return Found.of(
            [*bench.breaches(), *_out_of_time(bench)],
            wanting=[
                *[f"a worker ended with {worker.exitcode}" for worker in crew if worker.exitcode != 0],
                *([] if taken >= steps else [f"{taken} steps instead of {steps}"]),
            ],
            steps=taken,
            events=len(bench.accepted),
            messages=bench.one("select count(*) from crm_messages where attempts > 0"),
            answers_lost=sum(fakes.summary()["answer_lost"].values()),
            seconds=round(time.monotonic() - began, 1),
        )


def _wait(bench: Bench, stepped: Path, steps: int) -> None:
    """Until there is nothing left to do and the clocks have been set often enough."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        bench.execute(NEXT_TRIES)
        if bench.one(AT_REST) and stepped.exists() and stepped.stat().st_size >= steps:
            return
        time.sleep(0.1)


def _sweep(end: str, stepped: str, seed: int) -> None:
    """All lanes and sweeps in turn, with a wrong clock."""
    readings = WrongClock(random.Random(seed), Path(stepped)).readings()
    change(clock, "utc_now", lambda: next(readings))
    while not Path(end).exists():
        capture_step()
        deliver_step()
        settle_step()
        for sweep in (plan_follow_ups, mend_follow_ups, rescore_leads):
            sweep.fn(Window())
        clock.utc_now()
        time.sleep(0.02)


def _out_of_time(bench: Bench) -> list[Breach]:
    """What the tables put at another moment than it was."""
    return [
        Breach(UNDUE, f"{what} at {said} instead of {was}")
        for what, said, was in bench.all(_MOMENTS)
        if said is not None and was is not None and abs(said - was) > AT_MOST
    ]
