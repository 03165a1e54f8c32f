"""Failures as application/problem+json (RFC 9457): a stable `code` and words, never a value that was sent."""

import json
import logging
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.errors import ANSWERS, Answer, answer_to

logger = logging.getLogger("crm.api")

MEDIA_TYPE = "application/problem+json"
CAPTURE = "/api/crm/capture/"
_TITLES = {
    400: ("unreadable_body", "The body cannot be read"),
    404: ("no_such_path", "There is no such path"),
    405: ("method_not_allowed", "The path does not take this method"),
    413: ("body_too_large", "The body is too large"),
}
# Pydantic's own words are shown only where they cannot quote what was sent.
_QUOTES_NOTHING = frozenset({
    "missing", "extra_forbidden", "string_type", "int_type", "int_parsing", "float_type",
    "float_parsing", "bool_type", "bool_parsing", "decimal_type", "dict_type", "list_type",
    "model_attributes_type", "greater_than", "greater_than_equal", "less_than", "less_than_equal",
    "given_twice", "string_too_short", "string_too_long", "too_long", "literal_error", "enum"
})  # fmt: skip


def problem(answer: Answer, *, detail: str, instance: str, **more: Any) -> Response:
    """The answer to a failure; `more` are further members such as `field` or `errors`."""
    body = {
        "type": "about:blank",
        "title": answer.title,
        "status": answer.status,
        "code": answer.code,
        "detail": detail,
        "instance": instance,
        **more,
    }
    return Response(json.dumps(body), answer.status, headers=headers_of(answer), media_type=MEDIA_TYPE)


def headers_of(answer: Answer) -> dict[str, str]:
    """The headers that belong to a failure, whatever the form of its body."""
    headers = {}
    if answer.retry_after is not None:
        headers["Retry-After"] = str(answer.retry_after)
    if answer.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def instance_of(scope: Scope) -> str:
    """The path of a request without what must stay secret: a capture path may hold a source's token."""
    path = str(scope["path"])
    return f"{CAPTURE}{{source}}" if path.startswith(CAPTURE) else path


@dataclass(frozen=True)
class Failure:
    """A failure as it is told: by status and code to programs, in words to people."""

    answer: Answer
    detail: str
    field: str | None

    def as_problem(self, scope: Scope) -> Response:
        """The failure of a request in the form of RFC 9457."""
        more = {"field": self.field} if self.field else {}
        return problem(self.answer, detail=self.detail, instance=instance_of(scope), **more)


def failure_of(error: Exception) -> Failure:
    """How to tell a failure by the table of `api/errors.py`; 5xx are logged without the failure's words."""
    known = answer_to(error)
    if known.status >= 500:
        _log(error, known.status)
    answer = Answer(
        known.status,
        known.code or str(getattr(error, "code", "")),
        known.title,
        retry_after=getattr(error, "retry_after", None) or known.retry_after,
    )
    detail = str(error) if known.shows_words else known.title + "."
    return Failure(answer, detail, getattr(error, "field", None) or None)


def problem_for(error: Exception, scope: Scope) -> Response:
    """The answer to a failure."""
    return failure_of(error).as_problem(scope)


def install(app: FastAPI) -> None:
    """Answer every failure that the table knows, wrong requests and unknown paths as problems."""
    for kind in ANSWERS:
        app.add_exception_handler(kind, _on_known)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def _on_known(request: Request, error: Exception) -> Response:
    return problem_for(error, request.scope)


def _on_invalid(request: Request, error: Exception) -> Response:
    """A request that does not fit its schema: the paths of the fields at fault, not what they held."""
    assert isinstance(error, RequestValidationError)
    answer = Answer(422, "invalid_request", "The request does not fit")
    faults = faults_of(error.errors())
    detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults[:5])
    return problem(answer, detail=detail, instance=instance_of(request.scope), errors=faults)


def faults_of(items: Sequence[Any]) -> list[dict[str, str]]:
    """What is wrong with a request, by field and in words that quote nothing."""
    return [_fault(item) for item in items]


def _fault(item: Mapping[str, Any]) -> dict[str, str]:
    path: Sequence[object] = item["loc"]
    if item["type"] == "json_invalid":
        return {"field": "body", "code": "json_invalid", "message": "is not valid JSON"}
    words = item["msg"] if item["type"] in _QUOTES_NOTHING else "is not valid"
    return {"field": ".".join(str(part)[:100] for part in path), "code": item["type"], "message": words}


def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, title = _TITLES.get(error.status_code, ("http_error", "The request cannot be served"))
    answer = Answer(error.status_code, code, title)
    response = problem(answer, detail=title + ".", instance=instance_of(request.scope))
    response.headers.update(error.headers or {})
    return response


def _log(error: Exception, status: int) -> None:
    """Where a failure happened and its class; its words stay out, because they may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    where = "".join(f"\n  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-8:])
    level = logging.ERROR if status == 500 else logging.WARNING
    logger.log(level, "answered %s to %s%s", status, type(error).__name__, where if status == 500 else "")
