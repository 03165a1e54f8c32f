"""`crm flows`: what it prints and when it changes anything, on a real server."""

import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from deployments.cli import app
from deployments.cli import flows as commands
from tests.flows.test_register import NAMES, SCORING, api, deployment, registered  # noqa: F401


@pytest.fixture
def crm(registered, api, monkeypatch):  # noqa: F811
    """Runs `crm flows …` on the test server."""

    @contextmanager
    def here():
        yield api

    monkeypatch.setattr(commands, "_prefect", here)

    def run(*arguments, code=0):
        answer = CliRunner().invoke(app, ["flows", *arguments])
        assert answer.exit_code == code, answer.output
        return answer.output

    return run


def test_the_list_as_json_has_every_flow(crm):
    lines = {line["name"]: line for line in json.loads(crm("list", "--json"))}
    assert set(lines) == set(NAMES)
    assert (lines[SCORING]["schedule"], lines[SCORING]["state"]) == ("every 5 minutes", "on")


def test_reset_is_a_dry_run_until_it_is_told_otherwise(crm, registered):  # noqa: F811
    crm("pause", SCORING)
    change = {SCORING: [{"field": "paused", "code": False, "server": True}]}
    assert json.loads(crm("diff", SCORING, "--json")) == change
    assert json.loads(crm("reset", SCORING, "--json")) == change
    assert deployment(registered)["paused"]
    assert "add --yes" in crm("reset", SCORING)
    assert json.loads(crm("reset", SCORING, "--yes", "--json")) == change
    assert not deployment(registered)["paused"]
    assert "Nothing differs" in crm("diff")


def test_a_run_is_started_with_its_period_in_utc(crm, registered):  # noqa: F811
    shown = json.loads(crm("run", SCORING, "--since", "2026-11-01", "--dry-run", "--json"))
    run = registered.get(f"/flow_runs/{shown['run_id']}").json()
    assert run["parameters"] == {"since": "2026-11-01T00:00:00+00:00", "dry_run": True}


def test_a_name_that_is_none_names_those_that_are(crm):
    from deployments.lanes.overview import UnknownFlow

    answer = CliRunner().invoke(app, ["flows", "diff", "lead-scorin"])
    assert isinstance(answer.exception, UnknownFlow)
    assert "lead-scoring" in str(answer.exception)
