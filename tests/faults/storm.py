"""Row `ledger-storm`: thousands of e-mails through a failing provider while the workers that send them die all the time."""

import os
import random
import signal
import time
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from integrations.testing import Fakes, running_fakes
from integrations.testing.faults import Plan
from tests.databases import Server
from tests.faults import crashing
from tests.faults.bench import Bench, bench_on
from tests.faults.crash_points import AT_REST
from tests.faults.crashing import Death
from tests.faults.found import Found
from tests.faults.points import EMAIL, POINTS, capture_step

LEASE = timedelta(seconds=4)
SETTINGS = {"CRM_HTTP_TIMEOUT": "1", "CRM_HTTP_CONNECT_TIMEOUT": "2", "CRM_SETTLE_SECONDS": "1.5"}
FAILING = Plan(share=0.3, after_share=0.5, after=("500", "hang"), hang_seconds=2)
"""30 calls of 100 fail; half of those do their work first and then answer 500 or nothing."""
LIFE_SECONDS = (0.1, 1.5)
MOST_CALLS = 10
PATIENCE_SECONDS = 1_800.0
DYING = [point for point in POINTS if point.lane == EMAIL]
NEXT_TRIES = (
    "update crm_messages set due_at = now() where status = 'scheduled' and attempts > 0 and due_at > now()"
)


@dataclass(frozen=True)
class Storm:
    """How much of it: people (each gets an e-mail, and a colleague one about it), deaths of workers, and workers at once."""

    people: int = 1_500
    kills: int = 200
    workers: int = 3


@dataclass
class _Crew:
    """The workers: some have a named point at which they die, the others die at a moment from outside."""

    bench: Bench
    end: Path
    chance: random.Random
    deaths: dict[str, int] = field(default_factory=lambda: {"named": 0, "random": 0})
    _on_duty: dict[BaseProcess, float | None] = field(default_factory=dict)

    def tend(self, size: int, kills: int) -> None:
        """Bring it to so many workers; end those whose moment has come."""
        for worker, moment in list(self._on_duty.items()):
            if worker.is_alive() and moment is not None and time.monotonic() > moment:
                assert worker.pid is not None
                os.kill(worker.pid, signal.SIGKILL)
                worker.join()
            if not worker.is_alive():
                assert worker.exitcode == -signal.SIGKILL, f"a worker ended with {worker.exitcode}"
                self.deaths["named" if moment is None else "random"] += 1
                del self._on_duty[worker]
        while len(self._on_duty) < size and sum(self.deaths.values()) + len(self._on_duty) < kills:
            self._start()

    def dismiss(self) -> None:
        """No further deaths: whoever is left goes home, and whole workers come."""
        for worker in self._on_duty:
            worker.kill()
            worker.join()
        self._on_duty = {
            crashing.start_working(self.end, None, LEASE, self.bench.environment): None for _ in range(2)
        }

    def go_home(self) -> None:
        """All work is done."""
        self.end.touch()
        for worker in self._on_duty:
            worker.join(crashing.DEADLINE_SECONDS)

    @property
    def doomed(self) -> int:
        """How many are at work who will die."""
        return len(self._on_duty)

    def _start(self) -> None:
        named = self.chance.random() < 0.5
        death = Death(self.chance.choice(DYING), self.chance.randint(1, MOST_CALLS)) if named else None
        worker = crashing.start_working(self.end, death, LEASE, self.bench.environment)
        self._on_duty[worker] = None if named else time.monotonic() + self.chance.uniform(*LIFE_SECONDS)


def storm(server: Server, size: Storm, *, seed: int) -> Found:
    """Send everything while workers die and the provider fails; real leases, real settle times, back-offs cut short."""
    began = time.monotonic()
    fakes = Fakes(seed=seed)
    with running_fakes(fakes) as provider, bench_on(server, people=size.people) as bench:
        bench.send_through(provider, **SETTINGS)
        crashing.run(capture_step, bench.environment)
        fakes.follow(FAILING)
        crew = _Crew(bench, bench.home / "end", random.Random(seed))
        _let_them_die(bench, crew, size)
        crew.dismiss()
        _let_them_finish(bench)
        crew.go_home()
        summary = fakes.summary()
        return Found.of(
            bench.breaches(),
            wanting=_wanting(crew, size, summary["answer_lost"]),
            kills=sum(crew.deaths.values()),
            **{f"{kind}_kills": number for kind, number in crew.deaths.items()},
            messages=bench.one("select count(*) from crm_messages where attempts > 0"),
            attempts=bench.one("select count(*) from crm_message_attempts"),
            accepted=sum(summary["accepted"].values()),
            answers_lost=sum(summary["answer_lost"].values()),
            faults=sum(summary["faults"].values()),
            seconds=round(time.monotonic() - began, 1),
        )


def _let_them_die(bench: Bench, crew: _Crew, size: Storm) -> None:
    """Until all deaths have been died, or nothing is left to die of."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        crew.tend(size.workers, size.kills)
        if not crew.doomed or (bench.one(AT_REST) and bench.one(AT_REST)):
            return
        bench.execute(NEXT_TRIES)
        time.sleep(0.05)


def _let_them_finish(bench: Bench) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not bench.one(AT_REST) and time.monotonic() < until:
        bench.execute(NEXT_TRIES)
        time.sleep(0.2)


def _wanting(crew: _Crew, size: Storm, answers_lost: dict[str, int]) -> list[str]:
    died = sum(crew.deaths.values())
    return [
        *([f"{died} workers died instead of {size.kills}"] if died < size.kills else []),
        *([] if answers_lost else ["no message was accepted without its caller hearing of it"]),
    ]
