"""A Python client generated from the description of the API works: what it sends is taken, what comes fits its models."""

import datetime
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api.app import create_app
from api.settings import Settings
from tests.conftest import Org

NAME = "generated_crm_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the generated package is, importable."""
    folder = tmp_path_factory.mktemp("client")
    nowhere = {"app_database_url": "postgresql://nowhere", "capture_database_url": "postgresql://nowhere"}
    description = create_app(Settings.model_validate(nowhere)).openapi()
    (folder / "openapi.json").write_text(json.dumps(description), encoding="utf-8")
    (folder / "config.json").write_text('{"post_hooks": []}', encoding="utf-8")
    arguments = ["--path", "openapi.json", "--config", "config.json", "--meta", "none", "--output-path", NAME]
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *arguments, "--fail-on-warning"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder


@pytest.fixture
def models(folder: Path) -> Any:
    """The generated models."""
    return importlib.import_module(f"{NAME}.models")


@pytest.fixture
def call(folder: Path, serve: Callable[..., str], org: Org) -> Iterator[Callable[..., Any]]:
    """Call an operation by its id, as Acme's administrator; the status and the parsed answer."""
    package = importlib.import_module(NAME)
    with package.AuthenticatedClient(base_url=serve(), token=org.api_key) as client:

        def run(operation: str, **given: Any) -> tuple[int, Any]:
            (module,) = (folder / NAME / "api").glob(f"*/{operation}.py")
            routes = importlib.import_module(f"{NAME}.api.{module.parent.name}.{operation}")
            answer = routes.sync_detailed(client=client, **given)
            return answer.status_code, answer.parsed

        yield run


def test_records_are_entered_listed_changed_deleted_and_restored_by_it(
    call: Callable[..., Any], models: Any
) -> None:
    closing = datetime.date(2026, 12, 31)
    status, deal = call(
        "create_record_deals", body=models.DealIn(name="Roof", value=12.5, expected_close=closing)
    )
    assert (status, deal.name, deal.expected_close, deal.version) == (201, "Roof", closing, 1)
    assert isinstance(deal.created_at, datetime.datetime)
    status, page = call("list_records_deals", filter_=["value:gt:1"], sort="-value", count=True)
    assert (status, [one.id for one in page.items], page.count) == (200, [deal.id], 1)
    changed = {"record_id": deal.id, "body": models.DealPatch(name="Cellar"), "if_match": '"1"'}
    assert call("change_record_deals", **changed)[1].name == "Cellar"
    status, problem = call("change_record_deals", **changed)
    assert (status, problem.code) == (412, "version_conflict")
    assert call("delete_record_deals", record_id=deal.id)[0] == 204
    assert call("read_record_deals", record_id=deal.id)[1].code == "not_found"
    assert call("restore_record_deals", record_id=deal.id)[1].deleted_at is None
    many = models.Operations(items=[models.Operation(op=models.OperationOp.DELETE, id=deal.id)])
    assert [one.status for one in call("write_many_deals", body=many)[1].items] == [204]


def test_leads_users_keys_and_sequences_fit_its_models(call: Callable[..., Any], models: Any) -> None:
    assert call("create_lead", body=models.LeadIn(email="q@r.example"))[1].email == "q@r.example"
    user = call("create_record_users", body=models.UserIn(email="a@b.example", name="Ada"))[1]
    assert user.role == "rep"
    key = call("create_key", body=models.KeyIn(name="n", scopes=[models.KeyInScopesItem.READ]))[1]
    assert key.key.startswith("crm_live_")
    (sequence,) = call("list_records_sequences")[1].items
    assert call("read_sequence", record_id=sequence.id)[1].live.steps[0].channel == "email"
    assert call("read_pipeline_summary")[1].items


def test_problems_are_answers_of_their_own_type(folder: Path, call: Callable[..., Any]) -> None:
    status, problem = call("read_record_leads", record_id=uuid4())
    assert (status, problem.code, type(problem).__name__) == (404, "not_found", "Problem")
