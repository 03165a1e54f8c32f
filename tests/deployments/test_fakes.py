"""`crm fakes` as a process: started, asked, told to fail, stopped by its pid, with nothing left."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from rich.console import Console

from deployments.cli.progress import StartView
from deployments.demo import carriers
from deployments.environment import PROJECT
from deployments.errors import DeploymentError, PortTaken
from deployments.fakes import process
from deployments.fakes.client import FakesClient
from deployments.fakes.process import AlreadyUp, Running
from deployments.settings import load_settings
from integrations.settings import IntegrationSettings
from integrations.testing import running_fakes
from tests.faults.own_stack import free_ports

Crm = Callable[..., subprocess.CompletedProcess[str]]
SECONDS = 60.0


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Crm]:
    """The command line on a CRM_HOME of this test's own; its fakes are stopped at the end."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deployments.cli", "fakes", *arguments],
            cwd=PROJECT,
            env={**os.environ, "CRM_HOME": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    yield run
    process.stop(tmp_path)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """Fakes in the background."""
    yield process.start(tmp_path, port=0, seed=3)
    process.stop(tmp_path)


def told(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert answer.returncode == 0, answer.stderr
    content: dict[str, Any] = json.loads(answer.stdout)
    return content


def test_the_command_line_starts_asks_and_stops_them(crm: Crm, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    started = crm("up", "--detach", "--port", str(port))
    assert started.returncode == 0, started.stderr
    assert f"export CRM_SENDGRID_BASE_URL='http://127.0.0.1:{port}'" in started.stdout
    again = crm("up", "--port", str(port))
    assert again.returncode == 1 and "run already" in again.stderr
    assert told(crm("faults", "--share", "0.3", "--lag", "5", "--json"))["lag_seconds"] == 5
    found = told(crm("status", "--json"))
    assert (found["url"], found["plan"]["share"]) == (f"http://127.0.0.1:{port}", 0.3)
    assert told(crm("log", "--json")) == {"accepted": [], "refused": []}
    assert crm("status").returncode == crm("log").returncode == 0
    assert crm("down").stdout == "Stopped.\n"
    assert crm("down").stdout == "Nothing was running.\n"
    nobody = crm("status")
    assert nobody.returncode == 1 and "No fakes run" in nobody.stderr
    assert not (tmp_path / "run" / "fakes.json").exists()


def test_a_stop_lets_the_process_end_and_the_port_go(running: Running, tmp_path: Path) -> None:
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        client.get("/_fake/status").raise_for_status()  # its connection stays open
        assert process.stop(tmp_path) is True
    assert not psutil.pid_exists(running.pid)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/_fake/status", trust_env=False)


def test_a_process_that_was_killed_is_not_taken_for_running(running: Running, tmp_path: Path) -> None:
    os.kill(running.pid, signal.SIGKILL)
    process._STARTED.pop(running.pid).wait(SECONDS)
    assert process.find(tmp_path) is None
    assert process.stop(tmp_path) is False
    other = process.start(tmp_path, port=running.port, seed=3)
    assert other.pid != running.pid


def test_a_second_start_and_a_taken_port_are_refused(running: Running, tmp_path: Path) -> None:
    with pytest.raises(AlreadyUp):
        process.start(tmp_path, port=0, seed=1)
    with pytest.raises(DeploymentError, match="already in use"):
        process.start(tmp_path / "other", port=running.port, seed=1)
    with pytest.raises(PortTaken):
        process.serve(tmp_path / "other", port=running.port, seed=1, started=lambda _: None)


def test_the_printed_settings_lead_our_own_providers_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in process.environment("http://127.0.0.1:18155").items():
        monkeypatch.setenv(name, value)
    settings = IntegrationSettings()
    assert (settings.email_provider, settings.provider_phone) == ("sendgrid", "twilio")
    assert {settings.sendgrid_base_url, settings.twilio_base_url, settings.meta_base_url} == {
        "http://127.0.0.1:18155"
    }


def test_the_client_tells_what_the_fakes_refuse_and_when_they_are_away() -> None:
    with running_fakes() as server:
        client = FakesClient(Running(1, 0.0, server.port))
        client.put_lead({"id": "1", "field_data": []})
        assert client.webhooks({"copies": 2})["copies"] == 2
        with pytest.raises(DeploymentError, match="share"):
            client.faults({"share": 7})
        client.reset()
        assert client.summary()["accepted"] == {}
    with pytest.raises(DeploymentError, match="do not answer"):
        client.status()


def test_the_demos_own_stack_has_its_own_home_ports_and_providers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.setenv("CRM_DATABASE_URL", "postgresql://somebody@elsewhere/")
    ordinary, before = load_settings(), dict(os.environ)
    with carriers.led_to_fakes(ordinary, StartView(Console(quiet=True)), 0.3) as (settings, fakes):
        assert settings.home == tmp_path / "with-fakes"
        assert settings.database_url is None
        assert settings.api_port != ordinary.api_port and settings.prefect_port != ordinary.prefect_port
        assert IntegrationSettings().sendgrid_base_url == fakes.url
        assert fakes.status()["plan"]["share"] == 0.3
    assert dict(os.environ) == before
    assert process.find(tmp_path / "with-fakes") is None
