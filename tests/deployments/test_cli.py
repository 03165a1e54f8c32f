"""The command line as a person or a program calls it, where nothing runs yet or only a database is needed."""

import json
import os
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

from deployments.local.run_state import exclusive

NAMES = ["postgres", "prefect", "intake-capture", "intake-delivery", "worker", "api"]
FREE_PORTS = {"CRM_API_PORT": "18731", "CRM_PREFECT_PORT": "18732"}


@pytest.fixture
def home(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CRM_HOME that was never started, with the database in a folder that goes away with the test."""
    for name, value in {"CRM_HOME": place / "home", "CRM_DATA_DIR": place / "pg", **FREE_PORTS}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("CRM_DATABASE_URL", raising=False)
    monkeypatch.delenv("CRM_DEBUG", raising=False)
    return place / "home"


def crm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deployments.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )


def only_sentence(answer: subprocess.CompletedProcess[str]) -> str:
    """The one line of an error of ours; anything more, a traceback above all, is a failure."""
    assert answer.returncode == 1
    assert answer.stdout == ""
    lines = answer.stderr.strip().splitlines()
    assert len(lines) == 1, answer.stderr
    return lines[0]


def put_email(home: Path, name: str, subject: str) -> None:
    message = EmailMessage()
    message["To"], message["Subject"] = "ada@example.com", subject
    message.set_content(f"Dear Ada,\nthis is about {subject}.")
    message.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="invite.ics")
    (home / "outbox").mkdir(parents=True, exist_ok=True)
    (home / "outbox" / f"{name}.eml").write_bytes(bytes(message))


@pytest.mark.parametrize(
    "command", ["up", "down", "status", "migrate", "doctor", "outbox", "dead", "sources", "import"]
)
def test_help_names_every_command(command: str) -> None:
    assert command in crm("--help").stdout


def test_help_does_not_load_what_takes_long() -> None:
    code = "import sys, deployments.cli; print({'prefect', 'sqlalchemy', 'httpx'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_status_before_the_first_start_says_that_nothing_runs_and_makes_nothing(home: Path) -> None:
    answer = crm("status", "--json")
    status = json.loads(answer.stdout)
    assert answer.returncode == 3
    assert status["ready"] is False
    assert [(process["name"], process["pid"], process["state"]) for process in status["processes"]] == [
        (name, None, "stopped") for name in NAMES
    ]
    assert status["backlog"] == {}
    assert not home.exists()


def test_down_when_nothing_runs_is_no_error(home: Path) -> None:
    answer = crm("down")
    assert (answer.returncode, answer.stdout.strip()) == (0, "Nothing was running.")


def test_a_second_up_is_one_sentence_with_the_pid_of_the_first(home: Path) -> None:
    with exclusive(home):
        for arguments in (("up",), ("up", "--detach")):
            sentence = only_sentence(crm(*arguments))
            assert "already runs" in sentence
            assert str(os.getpid()) in sentence


def test_a_wrong_setting_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_API_PORT", "eighty")
    assert "CRM_API_PORT" in only_sentence(crm("status"))


def test_data_commands_before_the_first_start_say_what_to_do(home: Path) -> None:
    for arguments in (("sources", "list"), ("dead", "list"), ("dead", "replay", "--all")):
        assert "start one with crm up" in only_sentence(crm(*arguments))


def test_debug_shows_the_whole_trace(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_DEBUG", "1")
    assert "Traceback" in crm("sources", "list").stderr


def test_an_unreachable_database_of_the_users_own_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_DATABASE_URL", "postgresql://admin:hidden@127.0.0.1:1/postgres")
    sentence = only_sentence(crm("migrate"))
    assert "does not answer" in sentence
    assert "hidden" not in sentence


def test_migrate_starts_the_database_for_itself_and_the_second_time_has_nothing_to_do(home: Path) -> None:
    first, second = crm("migrate"), crm("migrate", "--check")
    assert first.returncode == 0, first.stderr
    assert "none" not in first.stdout.splitlines()[0]
    assert (second.returncode, second.stdout.strip()) == (0, "Nothing to apply.")
    assert json.loads(crm("status", "--json").stdout)["database"]["answers"] is False


def test_doctor_says_what_to_do_about_each_problem(home: Path) -> None:
    answer = crm("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(answer.stdout)}
    assert answer.returncode == 1
    assert not checks["database"]["ok"]
    assert not checks["prefect"]["ok"]
    assert checks["API port"]["ok"]
    assert [check["name"] for check in checks.values() if not check["ok"] and not check["remedy"]] == []


def test_outbox_lists_shows_and_names_what_is_attached(home: Path) -> None:
    put_email(home, "0199-a", "Welcome [bold]not markup[/bold]")
    put_email(home, "0199-b", "Invite")
    listed = json.loads(crm("outbox", "list", "--json").stdout)
    assert {(item["name"], item["to"]) for item in listed} == {
        ("0199-a", "ada@example.com"),
        ("0199-b", "ada@example.com"),
    }
    shown = crm("outbox", "show", "0199-a").stdout
    assert "Subject: Welcome [bold]not markup[/bold]" in shown
    assert "Dear Ada," in shown
    assert "invite.ics" in shown


@pytest.mark.parametrize(("name", "words"), [("0199", "More than one"), ("0200", "No message")])
def test_outbox_show_wants_exactly_one(home: Path, name: str, words: str) -> None:
    put_email(home, "0199-a", "Welcome")
    put_email(home, "0199-b", "Invite")
    assert words in only_sentence(crm("outbox", "show", name))
