"""/openapi.json: every route says what it does, what it takes by an example, what it answers, and how it fails."""

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from api.app import create_app
from api.settings import Settings
from tests.api.serving import is_problem

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """The whole description."""
    urls = {"app_database_url": "postgresql://nowhere", "capture_database_url": "postgresql://nowhere"}
    return create_app(Settings.model_validate(urls)).openapi()


def operations(told) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def examples(told, body) -> list[Any]:
    """The examples of a JSON body: beside its schema, in it, or in what it refers to."""
    content = body["content"]["application/json"]
    found = [content["example"]] if "example" in content else []
    schemas = [content["schema"], *content["schema"].get("anyOf", ())]
    names = [schema["$ref"].rpartition("/")[2] for schema in schemas if "$ref" in schema]
    schemas += [told["components"]["schemas"][name] for name in names]
    return [*found, *(example for schema in schemas for example in schema.get("examples", ()))]


def test_every_route_has_words_of_its_own_and_a_name_that_no_other_has(told):
    wordless = [
        route for route, one in operations(told) if not (one.get("summary") and one.get("description"))
    ]
    assert wordless == []
    names = [one["operationId"] for _, one in operations(told)]
    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert [name for name in names if "api_crm" in name] == []


def test_every_answer_is_typed(told):
    untyped = [
        (route, status)
        for route, one in operations(told)
        for status, answer in one["responses"].items()
        if status not in {"204", "303", "304"}
        and not all(content.get("schema") for content in answer.get("content", {"": {}}).values())
    ]
    assert untyped == []


def test_every_failure_is_a_problem(told):
    others = [
        (route, status)
        for route, one in operations(told)
        for status, answer in one["responses"].items()
        if status >= "400" and set(answer["content"]) != {PROBLEM}
    ]
    assert others == []


def test_every_body_has_an_example_that_fits_and_a_limit(told):
    schema = {"components": told["components"]}
    for route, one in operations(told):
        if "requestBody" not in one:
            continue
        assert "413" in one["responses"], route
        takes = one["requestBody"]["content"].keys()
        assert ("400" in one["responses"]) == (takes == {"application/json"}), route
        shown = examples(told, one["requestBody"])
        assert shown, route
        for example in shown:
            wanted = one["requestBody"]["content"]["application/json"]["schema"]
            jsonschema.validate(example, {**schema, **wanted})


def test_every_answer_that_is_a_success_has_an_example_that_fits(told):
    checked = jsonschema.FormatChecker()
    for route, one in operations(told):
        for status, answer in one["responses"].items():
            for content in answer.get("content", {}).values() if status < "300" else ():
                assert content.keys() & {"example", "examples"}, route
                shown = [each["value"] for each in content.get("examples", {}).values()] or [
                    content["example"]
                ]
                schema = {"components": told["components"], **content["schema"]}
                for example in shown:
                    jsonschema.validate(example, schema, format_checker=checked)


def test_a_list_tells_only_of_what_it_takes(told):
    def takes(plural):
        return {one["name"] for one in told["paths"][f"/api/crm/{plural}"]["get"]["parameters"]}

    assert {"q", "deleted"} <= takes("leads") & takes("deals")
    assert "q" not in takes("insights") | takes("goals") | takes("alerts") | takes("users")
    assert "deleted" in takes("goals")
    assert "deleted" not in takes("messages") | takes("teams")


def test_a_record_is_shown_as_it_is_entered(told):
    answer = told["paths"]["/api/crm/deals/{record_id}"]["get"]["responses"]["200"]
    deal = answer["content"]["application/json"]["example"]
    assert deal.keys() == told["components"]["schemas"]["Deal"]["properties"].keys()
    assert (deal["name"], deal["status"], deal["owner_id"]) == ("Analytical Engines, team plan", "open", None)


def test_what_capture_answers_is_either_one_event_or_several(told):
    answer = told["paths"]["/api/crm/capture/{source}"]["post"]["responses"]["202"]["content"][
        "application/json"
    ]
    for example in answer["examples"].values():
        jsonschema.validate(example["value"], answer["schema"])


def test_every_path_that_asks_for_a_key_says_how_it_fails_without(told):
    for route, one in operations(told):
        if one.get("security") and {} not in one["security"]:
            assert {"401", "403", "503"} <= one["responses"].keys(), route


def test_a_body_that_is_no_text_is_a_problem(admin):
    answer = admin.post("/api/crm/leads", content=b"\xda", headers={"Content-Type": "application/json"})
    is_problem(answer, 400, "unreadable_body")
