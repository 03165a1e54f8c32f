"""The demo, and its story recounted from the database and the files."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

import psycopg
import pytest

from deployments.environment import PROJECT
from tests.e2e.conftest import eventually
from tests.e2e.recount import files_in, recount
from tests.faults.own_stack import OwnStack

SAME_NAMES = ("events", "new", "merged", "dead", "scored", "assigned", "enrolled", "emails_sent")


@pytest.fixture(scope="module")
def told(stack: OwnStack) -> dict[str, Any]:
    """The story of a first demo."""
    return demo(stack, leads=60)


def test_the_demo_reconciles(told: dict[str, Any], stack: OwnStack, owner: psycopg.Connection) -> None:
    found = recount(owner, told["sources"])
    assert told["posted"] == told["accepted"] + told["refused"]
    assert told["accepted"] == told["new"] + told["merged"] + told["dead"] + told["repeated"]
    assert {name: told[name] for name in SAME_NAMES} == {name: found.numbers[name] for name in SAME_NAMES}
    assert told["messages"] == found.messages
    assert found.numbers["leads"] == found.numbers["people"] == found.numbers["leads_of_events"] == 60
    assert min(told[name] for name in ("refused", "repeated", "merged", "dead")) >= 3
    assert found.numbers["attempts_that_sent"] == told["emails_sent"]
    files = files_in(stack.outbox)
    assert found.emails.keys() <= files.keys()
    assert told["eml_files"] == len(found.emails)
    wrong = [key for key, address in found.emails.items() if address not in str(files[key]["To"])]
    assert wrong == []


def test_a_second_demo_makes_new_people_and_reconciles_again(
    told: dict[str, Any], stack: OwnStack, owner: psycopg.Connection
) -> None:
    second = demo(stack, leads=20)
    assert second["run"] == told["run"] + 1
    both = recount(owner, told["sources"] + second["sources"]).numbers
    assert both["leads"] == both["people"] == 60 + 20


def test_ctrl_c_ends_a_demo_while_it_posts_and_leaves_the_stack_alone(stack: OwnStack) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.cli", "demo", "--json", "--rate", "5"],
        cwd=PROJECT,
        env=dict(stack.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    shown = ""
    while "posted" not in shown:
        line = process.stderr.readline()
        assert line, f"the demo ended: {shown}"
        shown += line
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    eventually(lambda: settled(stack.status()))


def settled(status: dict[str, Any]) -> bool:
    """Everything is ready, and nothing that was posted waits."""
    return bool(status["ready"]) and status["backlog"]["inbox_pending"] == 0


def demo(stack: OwnStack, *, leads: int) -> dict[str, Any]:
    """Play a demo on the running stack; its story, after a success."""
    answer = stack.crm("demo", "--exit", "--json", "--leads", str(leads), "--rate", "0", seconds=240)
    assert answer.returncode == 0, answer.stderr
    story: dict[str, Any] = json.loads(answer.stdout)
    assert story["reconciles"] is True
    return story
