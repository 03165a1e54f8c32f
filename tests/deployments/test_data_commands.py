"""`crm sources`, `crm dead` and `crm alerts` on a real database, as the administrator of a first org."""

import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crm_db import session
from deployments.cli import app
from tests.conftest import Database, Org
from tests.crm_db.test_capture import META, capture, post

RULES = Path(__file__).parents[1] / "rules" / "formats"


@pytest.fixture
def crm(as_flow: Database, org: Org, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command in this process; between commands the process is a flow, as tests are."""

    @contextmanager
    def acting() -> Iterator[tuple[Any, Any]]:
        with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
            yield work, org.identity

    monkeypatch.setattr("deployments.cli.acting.acting", acting)
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    (tmp_path / "credentials.json").write_text('{"api_url": "http://crm.example"}')
    (tmp_path / "credentials.json").chmod(0o600)

    def run(*arguments: str, input: bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=input)

    return run


def told(answer: Result) -> Any:
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def test_adding_a_form_shows_its_public_token_and_a_form_to_start_from(crm: Any) -> None:
    shown = crm("sources", "add", "page", "--format", "form", "--origin", "https://www.example.com")
    assert shown.exit_code == 0
    assert '<form method="post" action="http://crm.example/api/crm/capture/' in shown.stdout
    assert 'name="website_url_confirm"' in shown.stdout
    facts = told(crm("sources", "add", "fair", "--format", "form", "--json"))
    assert list(facts) == ["name", "secret", "api_key", "url", "form_token", "form_url"]
    assert facts["form_url"] == f"http://crm.example/api/crm/capture/{facts['form_token']}"
    assert list(told(crm("sources", "add", "shop", "--json"))) == ["name", "secret", "api_key", "url"]


def test_metas_token_comes_from_the_environment_and_is_shown_nowhere(
    crm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta = ("sources", "add", "meta", "--format", "meta", "--secret", "app-secret", "--json")
    assert crm(*meta, "--access-token-env", "NO_SUCH_TOKEN").exit_code == 2
    monkeypatch.setenv("PAGE_TOKEN", "EAAB-page-token")
    facts = told(crm(*meta, "--access-token-env", "PAGE_TOKEN"))
    assert facts["url"].endswith(facts["verify_token"])
    assert "EAAB-page-token" not in json.dumps(facts) + crm("sources", "show", "meta").stdout


def test_a_file_is_tried_and_nothing_is_written(crm: Any, source: Any) -> None:
    (seen,) = told(crm("sources", "test", "website", str(RULES / "typeform_rich.json"), "--json"))
    assert (seen["outcome"], seen["format"], seen["lead"]["email"]) == (
        "new",
        "typeform",
        "laura@kim.example",
    )
    shown = crm("sources", "test", "website", str(RULES / "google_ads_test.json")).stdout
    assert "never enrolled" in shown
    fetched = crm("sources", "test", "website", "-", input=json.dumps(META).encode()).stdout
    assert "would be fetched from its sender by the id 4711" in fetched
    assert crm("sources", "test", "website", "/no/such/file").exit_code == 2
    assert crm("sources", "test", "website", "-", input=b"").exit_code == 2


def test_from_a_dead_letter_to_a_lead_by_the_command_that_is_printed(
    crm: Any, org: Org, source: Any, as_flow: Any
) -> None:
    (letter,) = post(as_flow, org, source.id, {"o'person": {"mail": "ann@lee.example"}})
    capture()
    assert told(crm("alerts", "list", "--json"))[0]["count"] == 1
    assert told(crm("dead", "list", "--group", "--json"))[0]["reason"] == "no_contact"
    diagnosis = told(crm("dead", "show", str(letter), "--json"))["diagnosis"]
    assert diagnosis["mapping"] == {"email": "o'person.mail"}
    assert diagnosis["command"] in crm("dead", "show", str(letter)).stdout
    program, *arguments = shlex.split(diagnosis["command"])
    assert program == "crm"
    assert crm(*arguments).exit_code == 0
    assert told(crm("dead", "replay", str(letter), "--json")) == {"replayed": 1}
    assert told(crm("dead", "replay", "--source", "website", "--json")) == {"replayed": 0}
    assert [verdict.outcome for verdict in capture()] == ["new"]
    assert told(crm("alerts", "list", "--json")) == []


def test_replaying_waits_for_what_becomes_of_the_letters(
    crm: Any, org: Org, source: Any, as_flow: Any
) -> None:
    post(as_flow, org, source.id, b"{not json")
    capture()
    became = told(crm("dead", "replay", "--all", "--wait", "--seconds", "1", "--json"))
    assert became == {"replayed": 1, "became": {"pending": 1}}
    capture()
    assert crm("dead", "replay", "--all", "--source", "website").exit_code == 2
    assert crm("dead", "replay").exit_code == 2


def test_an_alert_is_resolved_by_its_id(crm: Any, org: Org, source: Any, as_flow: Any) -> None:
    post(as_flow, org, source.id, b"{not json")
    capture()
    (alert,) = told(crm("alerts", "list", "--json"))
    assert crm("alerts", "resolve", alert["id"]).stdout.strip() == "Resolved."
    assert told(crm("alerts", "list", "--json")) == []
    assert told(crm("alerts", "list", "--all", "--json"))[0]["state"] == "resolved"
