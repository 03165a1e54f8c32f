"""Keeps processes running: starts, probes, restarts and stops them, and says in run/state.json how they are.

The caller's thread does all starting and stopping and must live as long as the children, because the kernel
ties the death signal of a child to the thread that started it. Probes and slow work run in helper threads.
"""

import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import TypeVar

from deployments.errors import StartFailed, Stopped
from deployments.local.child import Child, Program, State, View

TICK_SECONDS = 0.1
PROBE_SECONDS = 5.0
"""For a process that is ready; its end is noticed within a tick anyway."""
FIRST_PROBE_SECONDS = 0.2
HOPELESS_FAILURES = 6
"""A process that never was ready and ended so often makes the whole start fail."""

Result = TypeVar("Result")


class Supervisor:
    """A set of processes. `changed` is called with the views of all when one of them changed."""

    def __init__(
        self, logs: Path, changed: Callable[[tuple[View, ...]], None], *, most_log_bytes: int
    ) -> None:
        self._logs = logs
        self._changed = changed
        self._most_log_bytes = most_log_bytes
        self._children: dict[str, Child] = {}
        self._probes: dict[str, Future[bool]] = {}
        self._next_probe: dict[str, float] = {}
        self._pool = ThreadPoolExecutor(max_workers=12, thread_name_prefix="crm-up")
        self._shown: tuple[View, ...] = ()
        self._signals = 0

    def listen_to_signals(self) -> None:
        """From now on SIGTERM and Ctrl-C ask for a stop, and a second one for a hurried one."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def ask_to_stop(self) -> None:
        """What a signal does."""
        self._signals += 1

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._signals > 0

    def add(self, program: Program) -> None:
        """Start a process and keep it running."""
        child = Child(program, self._logs / f"{program.name}.log", self._most_log_bytes)
        self._children[program.name] = child
        child.start(time.monotonic())
        self._show()

    def is_ready(self, *names: str) -> bool:
        """Whether all of these answered their last probes."""
        return all(self._children[name].state is State.READY for name in names)

    def wait_ready(self, names: Iterable[str], deadline: float) -> None:
        """Tend the processes until all of these are ready; raises StartFailed or Stopped."""
        wanted = tuple(names)
        self._tend_until(lambda: self.is_ready(*wanted), deadline, wanted)

    def work(self, task: Callable[[], Result], deadline: float) -> Result:
        """Run a slow step in a helper thread and tend the processes; raises what it raises, or Stopped."""
        future = self._pool.submit(task)
        self._tend_until(future.done, deadline, ())
        return future.result()

    def tend(self) -> None:
        """One round: probe, restart, report."""
        now = time.monotonic()
        for name, child in self._children.items():
            child.watch(now)
            self._probe(name, child, now)
        self._show()

    def run(self) -> None:
        """Tend the processes until a stop is asked for."""
        while not self.stopping:
            self.tend()
            time.sleep(TICK_SECONDS)

    def stop(self) -> None:
        """Stop tier by tier, the highest first, all of a tier at once; what is late gets its hurry signal."""
        for tier in sorted({child.program.tier for child in self._children.values()}, reverse=True):
            self._stop_tier([child for child in self._children.values() if child.program.tier == tier])
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _stop_tier(self, children: list[Child]) -> None:
        began = time.monotonic()
        for child in children:
            child.ask_to_stop()
        while any(child.alive for child in children):
            for child in children:
                if self._is_late(child.program, time.monotonic() - began):
                    child.hurry()
            time.sleep(TICK_SECONDS / 2)
        for child in children:
            child.stopped()
        self._show()

    def _is_late(self, program: Program, seconds: float) -> bool:
        """A second Ctrl-C makes everything late but PostgreSQL, whose quick stop is the orderly one."""
        impatient = self._signals > 1 and program.hurry_signal is signal.SIGKILL
        return impatient or seconds > program.stop_seconds

    def _tend_until(self, done: Callable[[], bool], deadline: float, names: tuple[str, ...]) -> None:
        while not done():
            if self.stopping:
                raise Stopped
            self.tend()
            self._give_up_on_the_hopeless()
            if time.monotonic() > deadline:
                slow = [name for name in names if not self.is_ready(name)] or ["a step of the start"]
                raise StartFailed(f"{', '.join(slow)} did not become ready in time; see {self._logs}.")
            time.sleep(TICK_SECONDS / 2)

    def _give_up_on_the_hopeless(self) -> None:
        for name, child in self._children.items():
            if not child.was_ready and child.failures >= HOPELESS_FAILURES:
                raise StartFailed(f"{name} does not start: {child.last_words} (more in {child.log}).")

    def _probe(self, name: str, child: Child, now: float) -> None:
        """Take the answer that came, and ask again when it is time; never more than one question at once."""
        pending = self._probes.get(name)
        if pending is not None and pending.done():
            del self._probes[name]
            child.heard(pending.exception() is None and pending.result(), now)
            pause = PROBE_SECONDS if child.state is State.READY else FIRST_PROBE_SECONDS
            self._next_probe[name] = now + pause
        elif pending is None and child.alive and now >= self._next_probe.get(name, 0.0):
            self._probes[name] = self._pool.submit(child.program.ready)

    def _show(self) -> None:
        views = tuple(child.view() for child in self._children.values())
        if views != self._shown:
            self._shown = views
            self._changed(views)

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.ask_to_stop()
