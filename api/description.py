"""The description of the API (/openapi.json) completed: what holds for every route is said once, here."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.examples import example_of
from api.problems import MEDIA_TYPE

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_OF_FASTAPI = {"$ref": "#/components/schemas/HTTPValidationError"}
_TOO_LARGE = {"description": "The body is too large", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
_UNREADABLE = {"description": "The body is no text in UTF-8", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
_JSON = {"application/json"}


def install(app: FastAPI) -> None:
    """Let the application describe itself completely; told anew while routes are added, kept afterwards."""
    tell = app.openapi
    app.openapi = lambda: _complete(tell())  # type: ignore[method-assign]


def operation_id(route: APIRoute) -> str:
    """What generated clients call an operation; routes of records bring a name of their own."""
    return route.name


def _complete(description: dict[str, Any]) -> dict[str, Any]:
    """Failures are problems (RFC 9457); a body may be too large, and JSON no text. What is complete stays as it is."""
    for operation in _operations(description):
        responses = operation["responses"]
        if "requestBody" in operation:
            responses.setdefault("413", _TOO_LARGE)
            if operation["requestBody"]["content"].keys() == _JSON:  # capture keeps what it cannot read
                responses.setdefault("400", _UNREADABLE)
        for status, response in responses.items():
            told = response.get("content", {}).values()
            if status < "300":
                _show(told, description["components"]["schemas"])
            if status >= "400" and any(content.get("schema") in (_PROBLEM, _OF_FASTAPI) for content in told):
                response["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
    for unused in ("HTTPValidationError", "ValidationError"):
        description["components"]["schemas"].pop(unused, None)
    return description


def _show(answers: Iterable[dict[str, Any]], schemas: dict[str, Any]) -> None:
    """An answer that brings no example gets one."""
    for answer in answers:
        if not answer.keys() & {"example", "examples"}:
            answer["example"] = example_of(answer["schema"], schemas)


def _operations(description: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in description["paths"].values():
        yield from methods.values()
