"""Row `clock-steps`: the clocks of workers jump by an hour and by a day, there and back, while they sweep."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crm_db import clock
from deployments.environment import PROJECT
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
STEP_SECONDS = 0.3
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


def step_about(
    server: Server, *, people: int, workers: int, steps: int, seed: int, faked: Path | None = None
) -> Found:
    """Sweep with several workers whose clocks are wrong, through a provider that fails and whose log lags, until all is done.

    faked: the library by which the system's own clock is faked; without it only what the product asks for the time is.
    """
    began = time.monotonic()
    fakes = Fakes(seed=seed)
    with running_fakes(fakes) as provider, bench_on(server, people=people) as bench:
        fakes.follow(LAGGING)
        bench.send_through(provider, **SETTINGS)
        end, stepped = bench.home / "end", bench.home / "stepped"
        crew = (
            _forked(bench, end, stepped, workers, seed)
            if faked is None
            else _faked(bench, end, stepped, faked, seed)
        )
        with crew as troubles:
            _wait(bench, stepped, steps)
        taken = stepped.stat().st_size
        return Found.of(
            [*bench.breaches(), *_out_of_time(bench)],
            wanting=[*troubles, *([] if taken >= steps else [f"{taken} steps instead of {steps}"])],
            steps=taken,
            events=len(bench.accepted),
            messages=bench.one("select count(*) from crm_messages where attempts > 0"),
            answers_lost=sum(fakes.summary()["answer_lost"].values()),
            seconds=round(time.monotonic() - began, 1),
        )


def faketime() -> Path | None:
    """The library that fakes the clock of a process, of the Debian package libfaketime."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@contextmanager
def _forked(bench: Bench, end: Path, stepped: Path, workers: int, seed: int) -> Iterator[list[str]]:
    """Workers to whom the one clock function of the product tells the wrong time."""
    arguments = [(str(end), str(stepped), seed + number) for number in range(workers)]
    crew = [crashing.start_calling(_sweep_wrongly, each, bench.environment) for each in arguments]
    troubles: list[str] = []
    yield troubles
    end.touch()
    for worker in crew:
        worker.join(crashing.DEADLINE_SECONDS)
        if worker.exitcode != 0:
            troubles.append(f"a worker ended with {worker.exitcode}")


@contextmanager
def _faked(bench: Bench, end: Path, stepped: Path, library: Path, seed: int) -> Iterator[list[str]]:
    """One worker whose whole process has a wrong clock, set again every moment from here."""
    chance, setting = random.Random(seed), bench.home / "clock"
    setting.write_text("+0", encoding="utf-8")
    told = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(setting),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(PROJECT),
    }
    command = [sys.executable, "-m", "tests.faults.clocks", str(end)]
    worker = subprocess.Popen(command, cwd=PROJECT, env={**os.environ, **bench.environment, **told})
    over = threading.Event()

    def set_again() -> None:
        while not over.wait(STEP_SECONDS):
            setting.write_text(f"{chance.choice(STEPS).total_seconds():+.0f}", encoding="utf-8")
            with stepped.open("ab") as file:
                file.write(b".")

    setter = threading.Thread(target=set_again)
    setter.start()
    troubles: list[str] = []
    try:
        yield troubles
    finally:
        end.touch()
        over.set()
        setter.join()
        if worker.wait(crashing.DEADLINE_SECONDS) != 0:
            troubles.append(f"the worker ended with {worker.returncode}")


def _wait(bench: Bench, stepped: Path, steps: int) -> None:
    """Until there is nothing left to do and the clocks have been set often enough."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        bench.execute(NEXT_TRIES)
        if bench.one(AT_REST) and stepped.exists() and stepped.stat().st_size >= steps:
            return
        time.sleep(0.1)


def _sweep_wrongly(end: str, stepped: str, seed: int) -> None:
    readings = WrongClock(random.Random(seed), Path(stepped)).readings()
    change(clock, "utc_now", lambda: next(readings))
    _sweep(Path(end))


def _sweep(end: Path) -> None:
    """All lanes and sweeps in turn, until the end is there."""
    while not end.exists():
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


if __name__ == "__main__":
    # The faking library refuses the deadline on the steady clock that `sleep` asks the system for.
    change(time, "sleep", lambda seconds: threading.Event().wait(seconds))
    _sweep(Path(sys.argv[1]))
