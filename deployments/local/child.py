"""One supervised process: in a session of its own, restarted with growing pauses, stopped as a whole."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil

from deployments.errors import DeploymentError
from deployments.local.process_logs import NOTE, last_line, open_log, put_aside_when_large

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
FORGIVEN_AFTER_SECONDS = 60.0
"""A process that was ready for this long begins again with the shortest pause."""
HUNG_SECONDS = 120.0
"""A server that once answered and has not for this long hangs: it is killed, and started again like any that ended."""
PROBES_MISSED = 3
"""So many probes in a row must fail before a ready process counts as starting again."""


class State(StrEnum):
    """What a supervised process is doing."""

    STARTING = "starting"
    READY = "ready"
    BACKING_OFF = "backing-off"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Program:
    """What to run and how to tell that it works.

    `argv` already holds the leash. `before` runs before each start; its DeploymentError is a failed start.
    `ready` may take a few seconds and runs in a thread. Stopping begins with the highest `tier`; what did not
    finish `stop_seconds` after the stop signal gets the hurry signal. `may_hang`: silence is no reason to kill it.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    ready: Callable[[], bool]
    tier: int
    stop_seconds: float
    stop_signal: signal.Signals = signal.SIGTERM
    hurry_signal: signal.Signals = signal.SIGKILL
    before: Callable[[], None] | None = None
    folder: str | None = None
    may_hang: bool = True


@dataclass(frozen=True)
class View:
    """A process as it is written to run/state.json and shown; `create_time` is in seconds since 1970."""

    name: str
    pid: int | None
    create_time: float | None
    state: State
    restarts: int
    log: str


def pause_before_restart(failures: int) -> float:
    """Seconds to wait before the next start: 0.5 after the first failure, doubled by each, 30 at the most."""
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(max(failures - 1, 0), 16))


class Child:
    """The process of one Program. All times are monotonic seconds given by the caller."""

    def __init__(self, program: Program, log: Path, most_log_bytes: int) -> None:
        self.program = program
        self.log = log
        self.state = State.STOPPED
        self.restarts = 0
        self.failures = 0
        self.was_ready = False
        self._most_log_bytes = most_log_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._create_time: float | None = None
        self._ready_since = 0.0
        self._missed = 0
        self._answered_at: float | None = None
        self._restart_at = 0.0
        self._trouble = "it says nothing"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def last_words(self) -> str:
        """What the process said last; for one that could not even be started, why."""
        return last_line(self.log) or self._trouble

    def view(self) -> View:
        """What others may know of it."""
        pid = self._process.pid if self._process is not None and self.alive else None
        return View(
            self.program.name,
            pid,
            self._create_time if pid else None,
            self.state,
            self.restarts,
            str(self.log),
        )

    def start(self, now: float) -> None:
        """Start it; a start that fails at once is a failure like any other."""
        self._missed, self._answered_at = 0, None
        try:
            if self.program.before is not None:
                self.program.before()
            self._spawn()
        except (DeploymentError, OSError) as error:
            self._trouble = str(error)
            self._note(f"{self.program.name} could not be started: {error}")
            self._back_off(now)
            return
        self.state = State.STARTING

    def watch(self, now: float) -> None:
        """Notice its end, and start it again when its pause is over."""
        put_aside_when_large(self.log, self._most_log_bytes)
        if self.state is State.BACKING_OFF and now >= self._restart_at:
            self.restarts += 1
            self.start(now)
        elif self.state in {State.STARTING, State.READY} and not self.alive:
            self._note(f"{self.program.name} ended with code {self._finish()}")
            self._back_off(now)

    def heard(self, answered: bool, now: float) -> None:
        """Take the result of a probe."""
        if not self.alive or self.state not in {State.STARTING, State.READY}:
            return
        if answered:
            self._missed, self._answered_at = 0, now
            if self.state is State.STARTING:
                self.state, self._ready_since, self.was_ready = State.READY, now, True
            return
        self._missed += 1
        if self.state is State.READY and self._missed >= PROBES_MISSED:
            self.state = State.STARTING
        if not self.program.may_hang and self._answered_at and now - self._answered_at > HUNG_SECONDS:
            self._note(f"{self.program.name} has not answered for {HUNG_SECONDS:.0f} s and is killed")
            self.hurry()

    def ask_to_stop(self) -> None:
        """Ask the process itself to finish; its children are its own concern as long as it lives."""
        if self._process is not None and self.alive:
            self._process.send_signal(self.program.stop_signal)

    def hurry(self) -> None:
        """End it without waiting for its work."""
        if self._process is not None and self.alive:
            self._process.send_signal(self.program.hurry_signal)

    def stopped(self) -> None:
        """Record that it is gone for good, and end what it left behind."""
        self._finish()
        self.state = State.STOPPED

    def _spawn(self) -> None:
        with open_log(self.log, self._most_log_bytes) as log:
            self._process = subprocess.Popen(
                self.program.argv,
                cwd=self.program.folder,
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        with contextlib.suppress(psutil.NoSuchProcess):
            self._create_time = psutil.Process(self._process.pid).create_time()

    def _back_off(self, now: float) -> None:
        if self.state is State.READY and now - self._ready_since >= FORGIVEN_AFTER_SECONDS:
            self.failures = 0
        self.failures += 1
        self._restart_at = now + pause_before_restart(self.failures)
        self.state = State.BACKING_OFF

    def _finish(self) -> int | None:
        """End the rest of the session (workers of a killed server would keep its port); the exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()

    def _note(self, line: str) -> None:
        with open_log(self.log, self._most_log_bytes) as log:
            log.write(f"{NOTE}{line}\n".encode())
