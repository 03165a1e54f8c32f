"""What the description of the API (/openapi.json) says beyond the code: words, examples, failures."""

from collections.abc import Collection
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.examples import ID

TITLE = "Essentials CRM"
DESCRIPTION = """
Leads come in by `POST /api/crm/capture/{source}` and are scored, assigned and followed up by flows.

Every path except capture, health and this description needs an API key, as `X-API-Key` or
`Authorization: Bearer`. Lists answer `{"items": [...], "next_cursor": "..." | null}`; failures are
`application/problem+json` with a stable `code`.
"""
TAGS = [
    {"name": "capture", "description": "Leads from other systems, kept at once and understood later."},
    {"name": "leads", "description": "People who may become customers."},
    {"name": "timelines", "description": "What happened with a lead, deal or customer, in one list."},
    {"name": "messages", "description": "The ledger of everything that leaves."},
    {"name": "alerts", "description": "What a person should look at."},
    {"name": "flows", "description": "Automations, run by Prefect."},
    {"name": "teams", "description": "People who work records together."},
    {"name": "users", "description": "People who use the CRM."},
    {"name": "keys", "description": "What programs and people call with."},
    {"name": "sources", "description": "The systems that post leads."},
    {"name": "sequences", "description": "Plans of contacts."},
    {"name": "templates", "description": "The words of messages."},
    {"name": "suppressions", "description": "Whom not to contact."},
    {"name": "service", "description": "This process."},
]
LEAD_EXAMPLE: dict[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@analytical.example",
    "phone": "+44 20 7946 0958",
    "company": "Analytical Engines",
    "value": 60000,
    "probability": 40,
    "tags": ["demo"],
    "custom": {"plan": "team"},
}

MESSAGE_EXAMPLE: dict[str, Any] = {
    "lead_id": ID,
    "channel": "email",
    "subject": "Your question",
    "text": "Thank you for asking. Here is what we can do.",
}
MOVE_EXAMPLE: dict[str, Any] = {"starts_at": "2026-12-01T10:00:00+01:00", "minutes": 45}


class FieldFault(BaseModel):
    """One field of a request that does not fit; never its value."""

    field: str = Field(examples=["body.email"])
    code: str = Field(examples=["string_too_long"])
    message: str


class Problem(BaseModel):
    """A failure (RFC 9457). `code` is stable, for programs; `detail` is for people."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(examples=["not_found"])
    detail: str
    instance: str
    field: str | None = None
    errors: list[FieldFault] | None = None


Responses = dict[int | str, dict[str, Any]]


def like(**example: Any) -> ConfigDict:
    """How a model says what it looks like."""
    return ConfigDict(json_schema_extra={"examples": [example]})


READ_RESPONSES: Responses = {
    401: {"model": Problem, "description": "No valid API key"},
    403: {"model": Problem, "description": "The key lacks the scope"},
    404: {"model": Problem, "description": "No such record in this org"},
    422: {"model": Problem, "description": "The request does not fit"},
    503: {"model": Problem, "description": "The database or Prefect is not available; see Retry-After"},
}
BY_KEY: list[dict[str, list[str]]] = [{"ApiKey": []}, {"Bearer": []}]
"""How routes say that they need a key whose code takes it apart by itself."""


def parameters_of(form: type[BaseModel], *, without: Collection[str] = ()) -> list[dict[str, Any]]:
    """The query parameters that a form describes, without those that a route does not take."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": {key: value for key, value in schema.items() if key != "description"},
            **({"description": schema["description"]} if "description" in schema else {}),
        }
        for name, schema in form.model_json_schema()["properties"].items()
        if name not in without
    ]


FAILURES: Responses = {
    304: {"description": "It is still what If-None-Match names"},
    409: {"model": Problem, "description": "It clashes with what is there"},
    412: {"model": Problem, "description": "It was changed meanwhile"},
}


def body_example(example: dict[str, Any]) -> dict[str, Any]:
    """An example of the body, for a route that takes JSON."""
    return {"requestBody": {"content": {"application/json": {"example": example}}}}


HEALTH_RESPONSES: Responses = {503: {"model": Problem, "description": "The database does not answer"}}
_EVENT = {"event_id": ID, "status_url": f"/api/crm/events/{ID}", "repeated": False}
_KEPT = {
    "type": "object",
    "properties": {
        "event_id": {"type": "string", "format": "uuid"},
        "status_url": {"type": "string"},
        "repeated": {"type": "boolean"},
    },
    "required": ["event_id"],
}
_PARAMETER = {"in": "query", "required": True, "schema": {"type": "string"}}
HANDSHAKE_REQUEST: dict[str, Any] = {
    "security": [{}],
    "parameters": [
        {**_PARAMETER, "name": "hub.mode", "description": "subscribe"},
        {**_PARAMETER, "name": "hub.challenge", "description": "Given back as it came"},
        {**_PARAMETER, "name": "hub.verify_token", "description": "The token in the source's URL"},
    ],
}
HANDSHAKE_RESPONSES: Responses = {
    200: {"description": "The challenge", "content": {"text/plain": {"schema": {"type": "string"}}}},
    403: {"model": Problem, "description": "No such source, or another verify token"},
    405: {"model": Problem, "description": "No handshake: submissions are posted"},
    503: {"model": Problem, "description": "The database is not available; see Retry-After"},
}
CAPTURE_RESPONSES: Responses = {
    200: {
        "description": "Kept; to senders that take nothing else for success, Google Ads with an empty object",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    202: {
        "description": "Kept; an array is answered with the events in its order",
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        _KEPT,
                        {
                            "type": "object",
                            "properties": {"events": {"type": "array", "items": _KEPT}},
                            "required": ["events"],
                        },
                    ]
                },
                "examples": {"one": {"value": _EVENT}, "array": {"value": {"events": [_EVENT]}}},
            }
        },
    },
    303: {"description": "Kept; a browser goes on to the source's thank-you page"},
    401: {"model": Problem, "description": "No such source, or the sender is not proven"},
    403: {"model": Problem, "description": "A browser form from a page that is not its own"},
    413: {"model": Problem, "description": "Too many bytes or items"},
    422: {"model": Problem, "description": "Nothing in it, or its idempotency key cannot be used"},
    429: {"model": Problem, "description": "Faster than the source may post; see Retry-After"},
    503: {"model": Problem, "description": "Not kept: the database is not available; see Retry-After"},
}
_ANY_OBJECT = {"schema": {"type": "object", "additionalProperties": True}, "example": LEAD_EXAMPLE}
_BATCH = {"type": "array", "maxItems": 1000, "items": {"type": "object"}}
CAPTURE_REQUEST: dict[str, Any] = {
    "security": [{}, {"ApiKey": []}, {"Bearer": []}],  # declared here: as dependencies they cost each request
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [{"type": "object"}, _BATCH]},
                "example": LEAD_EXAMPLE,
            },
            "application/x-www-form-urlencoded": _ANY_OBJECT,
            "multipart/form-data": _ANY_OBJECT,
        },
    },
    "parameters": [
        {
            "name": name,
            "in": place,
            "required": False,
            "schema": {"type": "string"},
            "description": words,
        }
        for name, place, words in (
            (
                "X-CRM-Signature",
                "header",
                "sha256=<hex>: HMAC-SHA256 of the raw body with the source's secret",
            ),
            (
                "Idempotency-Key",
                "header",
                "1 to 255 visible ASCII characters; a repeat answers with the first event",
            ),
            ("X-CRM-Automation", "header", "off: no scoring, assignment or follow-up"),
            ("automation", "query", "false: no scoring, assignment or follow-up"),
        )
    ],
}
