"""Starting, restarting and stopping, with small programs in place of the real ones."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from deployments.errors import StartFailed, Stopped
from deployments.local.child import HUNG_SECONDS, Child, State, View, pause_before_restart
from deployments.local.process_logs import last_line, open_log, put_aside_when_large
from deployments.local.supervisor import Supervisor
from tests.deployments.programs import DEAF, ENDS_AT_ONCE, HAS_A_CHILD, program

SECONDS = 60.0


class Seen:
    """Collects what a supervisor reports."""

    def __init__(self) -> None:
        self.views: tuple[View, ...] = ()
        self.history: list[tuple[str, State]] = []

    def __call__(self, views: tuple[View, ...]) -> None:
        known = {view.name: view.state for view in self.views}
        self.history += [(view.name, view.state) for view in views if known.get(view.name) is not view.state]
        self.views = views

    def of(self, name: str) -> View:
        return next(view for view in self.views if view.name == name)

    def pid(self, name: str) -> int:
        pid = self.of(name).pid
        assert pid is not None
        return pid


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def supervisor(tmp_path: Path, seen: Seen) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, seen, most_log_bytes=1_000_000)
    yield made
    made.ask_to_stop()
    made.ask_to_stop()
    made.stop()


def tend_until(supervisor: Supervisor, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline
        supervisor.tend()
        time.sleep(0.01)


def wait_ready(supervisor: Supervisor, *names: str) -> None:
    supervisor.wait_ready(names, time.monotonic() + SECONDS)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 30.0), (8, 30.0), (10_000, 30.0)]
)
def test_the_pause_doubles_with_each_failure_up_to_half_a_minute(failures: int, seconds: float) -> None:
    assert pause_before_restart(failures) == seconds


def test_what_dies_is_started_again(supervisor: Supervisor, seen: Seen, tmp_path: Path) -> None:
    supervisor.add(program(tmp_path, "a"))
    wait_ready(supervisor, "a")
    first = seen.pid("a")
    os.kill(first, signal.SIGKILL)
    tend_until(supervisor, lambda: seen.of("a").restarts == 1 and seen.of("a").state is State.READY)
    assert seen.pid("a") != first
    assert ("a", State.BACKING_OFF) in seen.history


def test_the_others_run_on_when_one_dies(supervisor: Supervisor, seen: Seen, tmp_path: Path) -> None:
    supervisor.add(program(tmp_path, "a"))
    supervisor.add(program(tmp_path, "b"))
    wait_ready(supervisor, "a", "b")
    other = seen.pid("b")
    os.kill(seen.pid("a"), signal.SIGKILL)
    tend_until(supervisor, lambda: seen.of("a").restarts == 1 and seen.of("a").state is State.READY)
    assert seen.pid("b") == other
    assert seen.of("b").restarts == 0


def test_what_a_dead_process_leaves_behind_is_ended_before_the_restart(
    supervisor: Supervisor, seen: Seen, tmp_path: Path
) -> None:
    supervisor.add(program(tmp_path, "server", HAS_A_CHILD))
    tend_until(supervisor, lambda: "up" in last_line(tmp_path / "server.log"))
    left = psutil.Process(int(last_line(tmp_path / "server.log").split()[1]))
    os.kill(seen.pid("server"), signal.SIGKILL)
    tend_until(supervisor, lambda: seen.of("server").restarts == 1)
    psutil.wait_procs([left], timeout=SECONDS)
    assert not left.is_running()


def test_the_highest_tier_drains_before_the_next_is_asked(
    supervisor: Supervisor, seen: Seen, tmp_path: Path
) -> None:
    names = ("database", "server", "flows")
    for tier, name in enumerate(names):
        supervisor.add(program(tmp_path, name, tier=tier))
    wait_ready(supervisor, *names)
    supervisor.ask_to_stop()
    supervisor.stop()
    drained = {
        name: int(re.findall(r"drained at (\d+)", (tmp_path / f"{name}.log").read_text())[0])
        for name in names
    }
    assert drained["flows"] < drained["server"] < drained["database"]
    assert {view.state for view in seen.views} == {State.STOPPED}


def test_what_does_not_drain_in_time_is_killed(supervisor: Supervisor, seen: Seen, tmp_path: Path) -> None:
    supervisor.add(program(tmp_path, "deaf", DEAF, stop_seconds=0.2))
    wait_ready(supervisor, "deaf")
    process = psutil.Process(seen.pid("deaf"))
    supervisor.ask_to_stop()
    supervisor.stop()
    assert not process.is_running()


def test_a_second_request_to_stop_does_not_wait_for_work_in_hand(
    supervisor: Supervisor, seen: Seen, tmp_path: Path
) -> None:
    supervisor.add(program(tmp_path, "deaf", DEAF, stop_seconds=3600.0))
    wait_ready(supervisor, "deaf")
    supervisor.ask_to_stop()
    supervisor.ask_to_stop()
    supervisor.stop()
    assert seen.of("deaf").state is State.STOPPED


def test_a_process_that_never_works_fails_the_start_with_its_last_words(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.local.child.FIRST_PAUSE_SECONDS", 0.01)
    supervisor.add(program(tmp_path, "hopeless", ENDS_AT_ONCE))
    with pytest.raises(StartFailed, match=r"hopeless does not start: no such thing as luck"):
        wait_ready(supervisor, "hopeless")


def test_a_stop_during_the_start_ends_the_wait(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.add(program(tmp_path, "slow", "import time; time.sleep(600)"))
    supervisor.ask_to_stop()
    with pytest.raises(Stopped):
        wait_ready(supervisor, "slow")


def test_slow_steps_run_while_processes_are_tended(
    supervisor: Supervisor, seen: Seen, tmp_path: Path
) -> None:
    supervisor.add(program(tmp_path, "a"))

    def until_restarted() -> str:
        while not (seen.views and seen.of("a").restarts):
            if seen.views and seen.of("a").state is State.READY:
                os.kill(seen.pid("a"), signal.SIGKILL)
            time.sleep(0.05)
        return "done"

    assert supervisor.work(until_restarted, time.monotonic() + SECONDS) == "done"


def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = f"""
import os, signal, time
from pathlib import Path
from deployments.local.supervisor import Supervisor
from tests.deployments.programs import program
logs = Path({str(tmp_path)!r})
s = Supervisor(logs, lambda views: None, most_log_bytes=1_000_000)
s.add(program(logs, "a"))
s.wait_ready(["a"], time.monotonic() + 60)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    deadline = time.monotonic() + SECONDS
    while "drained" not in (tmp_path / "a.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_large_log_is_put_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with open_log(path, 100) as log:
        log.write(b"old\n" * 100)
        log.flush()
        put_aside_when_large(path, 100)
        log.write(b"new\n")
    assert path.read_text() == "new\n"
    assert (tmp_path / "a.log.1").read_text() == "old\n" * 100


def test_three_old_logs_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for number in range(6):
        path.write_text(str(number) * 10)
        put_aside_when_large(path, 10)
    kept = {old.name: old.read_text()[0] for old in tmp_path.glob("a.log.*")}
    assert kept == {"a.log.1": "5", "a.log.2": "4", "a.log.3": "3"}


@pytest.mark.parametrize("may_hang", [False, True])
def test_a_server_that_hangs_is_killed_unless_it_may(tmp_path: Path, may_hang: bool) -> None:
    child = Child(
        replace(program(tmp_path, "server", DEAF), may_hang=may_hang), tmp_path / "server.log", 1_000_000
    )
    child.start(now=0.0)
    child.heard(True, now=1.0)
    child.heard(False, now=HUNG_SECONDS)
    assert child.alive
    child.heard(False, now=HUNG_SECONDS + 2.0)
    assert ("has not answered" in child.log.read_text()) is not may_hang
    child.stopped()
