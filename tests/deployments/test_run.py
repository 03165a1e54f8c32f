"""The lock, the written state, leftovers of a killed start, ports."""

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deployments.errors import AlreadyRunning, PortTaken
from deployments.local.child import State, View
from deployments.local.orphans import stop_orphans
from deployments.local.ports import check_ports, is_free
from deployments.local.run_state import RunState, exclusive, is_process, lock_holder, read_state, write_state
from deployments.settings import Settings

SLEEP = "import time; print('up', flush=True); time.sleep(600)"


def state_of(*views: View, instance: str = "this start") -> RunState:
    return RunState(instance, os.getpid(), psutil.Process().create_time(), "ready", {"api": 1}, views)


def sleeper(**environment: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEP], env={**os.environ, **environment}, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def test_a_second_holder_of_a_home_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        assert lock_holder(tmp_path) == os.getpid()
        with (
            pytest.raises(AlreadyRunning, match=f"already runs .* process {os.getpid()}"),
            exclusive(tmp_path),
        ):
            pytest.fail("two held the lock")
    assert lock_holder(tmp_path) is None


def test_the_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    code = (
        "import os, signal; from pathlib import Path; from deployments.local.run_state import exclusive\n"
        f"with exclusive(Path({str(tmp_path)!r})): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert lock_holder(tmp_path) is None
    with exclusive(tmp_path):
        assert lock_holder(tmp_path) == os.getpid()


def test_the_state_is_read_back_as_it_was_written_and_is_private(tmp_path: Path) -> None:
    written = state_of(View("api", 12, 34.5, State.BACKING_OFF, 2, "api.log"))
    write_state(tmp_path, written)
    assert read_state(tmp_path) == written
    assert stat.S_IMODE((tmp_path / "run" / "state.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{", "[]", '{"instance": 1}', '{"processes": [{"state": "odd"}]}'])
def test_a_state_file_that_makes_no_sense_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.json").write_text(content)
    assert read_state(tmp_path) is None


def test_a_pid_that_another_process_got_is_not_taken_for_ours() -> None:
    me = psutil.Process()
    assert is_process(me.pid, me.create_time())
    assert not is_process(me.pid, me.create_time() - 3600)


def test_leftovers_are_found_by_pid_and_by_environment_and_nobody_else_is_touched() -> None:
    recorded, marked = sleeper(), sleeper(CRM_INSTANCE="killed start")
    reused_pid, stranger = sleeper(), sleeper(CRM_INSTANCE="another start")
    try:
        started = psutil.Process(recorded.pid).create_time()
        left = state_of(
            View("api", recorded.pid, started, State.READY, 0, ""),
            View("worker", reused_pid.pid, started - 3600, State.READY, 0, ""),
            instance="killed start",
        )
        assert len(stop_orphans(left)) == 2
        assert not psutil.pid_exists(recorded.pid)
        assert not psutil.pid_exists(marked.pid)
        assert reused_pid.poll() is None
        assert stranger.poll() is None
    finally:
        for process in (recorded, marked, reused_pid, stranger):
            process.kill()
            process.wait()


def test_a_taken_port_is_named_with_the_setting_and_the_program_that_has_it() -> None:
    with socket.socket() as server, socket.socket() as other:
        server.bind(("127.0.0.1", 0))
        server.listen()
        other.bind(("127.0.0.1", 0))
        taken, free = server.getsockname()[1], other.getsockname()[1]
        other.close()
        with pytest.raises(PortTaken) as refused:
            check_ports(Settings(api_port=taken, prefect_port=free))
        assert f"Port {taken} " in str(refused.value)
        assert "CRM_API_PORT" in str(refused.value)
        assert f"process {os.getpid()}" in str(refused.value)
        with pytest.raises(PortTaken, match="CRM_PREFECT_PORT"):
            check_ports(Settings(api_port=free, prefect_port=taken))


def test_ports_whose_last_connections_linger_are_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        time.sleep(0.05)
        client.close()
    assert is_free(port)
