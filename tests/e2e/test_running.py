"""Ops and outages: Prefect killed, a deployment paused, a run started by hand, a second `crm up`."""

import os
import signal
from collections.abc import Callable
from typing import Any

import httpx

from tests.e2e.conftest import Caller, Ops, eventually, sign_of_life
from tests.faults.own_stack import OwnStack

Person = Callable[..., dict[str, Any]]


def test_a_second_up_on_the_same_home_is_refused_with_one_sentence(stack: OwnStack) -> None:
    answer = stack.crm("up")
    assert (answer.returncode, answer.stdout) == (1, "")
    (sentence,) = answer.stderr.strip().splitlines()
    assert "already runs" in sentence
    assert str(stack.home) in sentence


def test_a_run_started_over_http_completes(caller: Caller, ops: Ops) -> None:
    answer = caller.client.post("/api/crm/flows/lead-scoring/runs", json={"parameters": {"dry_run": True}})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    run_id = answer.json()["run_id"]
    assert run_id in answer.json()["ui_url"]
    final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    assert eventually(lambda: {ops.state_of_run(run_id)} & final) == {"COMPLETED"}


def test_a_paused_deployment_is_obeyed_until_it_is_resumed(
    caller: Caller, ops: Ops, stack: OwnStack, person: Person
) -> None:
    ops.pause("lead-capture", paused=True)
    try:
        looked_again(stack, "capture", times=2)
        event_id = caller.event(person())
        looked_again(stack, "capture", times=1)
        assert caller.get(f"/api/crm/events/{event_id}")["status"] == "pending"
    finally:
        ops.pause("lead-capture", paused=False)
    caller.prepared(caller.lead_of(event_id))


def test_while_prefect_is_down_leads_are_taken_and_prepared_once_it_is_back(
    caller: Caller, ops: Ops, stack: OwnStack, person: Person
) -> None:
    pid, _ = stack.process("prefect")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    event_id = caller.event(person())
    assert not ops.answers()
    assert caller.get(f"/api/crm/events/{event_id}")["status"] == "pending"
    assert stack.wait_ready("prefect", other_than=pid) != pid
    caller.prepared(caller.lead_of(event_id))
    eventually(lambda: stack.status()["ready"])


def looked_again(stack: OwnStack, lane: str, *, times: int) -> None:
    """Wait until an intake has looked at its deployment so many times more."""
    for _ in range(times):
        before = sign_of_life(stack, lane)
        eventually(lambda before=before: sign_of_life(stack, lane) > before)  # type: ignore[misc]
