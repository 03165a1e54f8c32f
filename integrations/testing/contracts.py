"""The providers' own machine-readable contracts as a gate in front of the fake, where they are on this machine.

They are never part of the project: the folder is CRM_CONTRACTS_DIR, else `../shared/contracts` beside the checkout. An
OpenAPI document is turned into plain JSON Schema once, every object in it closed to unknown fields. Its known mistakes are
`EXEMPTIONS`, each with a reason.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from integrations.testing.shapes import EMAIL, Problem

if TYPE_CHECKING:
    from jsonschema.protocols import Validator  # type: ignore[import-untyped]

FOLDER = Path(__file__).parents[3] / "shared" / "contracts"
SEND, ACTIVITY, TWILIO = (
    "sendgrid_mail_v3.json",
    "sendgrid_email_activity_v3.json",
    "twilio_api_v2010.trim.json",
)
_ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
PATHS = {
    "sendgrid send": (SEND, "/v3/mail/send"),
    "sendgrid lookup": (ACTIVITY, "/v3/messages"),
    **{f"twilio {what}": (TWILIO, f"{_ACCOUNT}/{what}.json") for what in ("Messages", "Calls")},
    **{f"twilio {what}/Sid": (TWILIO, f"{_ACCOUNT}/{what}/{{Sid}}.json") for what in ("Messages", "Calls")},
}


@dataclass(frozen=True, slots=True)
class Exemption:
    """A place where a contract errs: a pointer into the document, what stands there rightly, and why."""

    file: str
    at: tuple[str, ...]
    becomes: Mapping[str, Any]
    reason: str


_MAIL = ("components", "requestBodies", "PostMailSend", "content", "application/json", "schema", "properties")
EXEMPTIONS = (
    Exemption(
        SEND,
        (*_MAIL, "custom_args"),
        {"type": "object"},
        "declared as a string; SendGrid's own libraries post an object, and the API takes it",
    ),
    Exemption(
        SEND,
        (*_MAIL, "personalizations"),
        {"minItems": 1},
        "has no lower bound; the API refuses an empty list",
    ),
    Exemption(
        TWILIO,
        ("components", "schemas", "api.v2010.account.message", "properties", "subresource_uris"),
        {"type": "object", "format": None},
        "named uri-map, which is no format; the values are relative addresses",
    ),
)


class Contracts:
    """The contracts of one folder; a document is read when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents = cache(self._read)
        self._validators: dict[str, Validator] = {}

    def problems_of_body(self, call: str, value: object) -> Iterator[Problem]:
        """What the contract says against a JSON body, or against a form whose values have been given their types."""
        yield from self._problems(f"{call} body", self._body_schema(call), call, value)

    def problems_of_query(self, call: str, query: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
        """What the contract says against the parameters of a GET."""
        schema = self._query_schema(call)
        yield from self._problems(f"{call} query", schema, call, typed(query, schema["properties"]))

    def problems_of_answer(self, call: str, method: str, status: int, value: object) -> Iterator[Problem]:
        """What the contract says against an answer of ours; a status that it does not declare is not judged."""
        declared = self._operation(call, method)["responses"].get(str(status), {})
        declared = self._resolved(call, declared)
        schema = declared.get("content", {}).get("application/json", {}).get("schema")
        if schema is not None:
            yield from self._problems(f"{call} {method} {status}", schema, call, value)

    def form(self, call: str, form: Mapping[str, Sequence[str]]) -> dict[str, object]:
        """A form's values as the types that the contract declares for them."""
        return typed(form, self._body_schema(call)["properties"])

    def is_still_needed(self, exemption: Exemption) -> bool:
        """Whether the document errs where the exemption says so."""
        place: Any = json.loads((self._folder / exemption.file).read_text(encoding="utf-8"))
        for step in exemption.at:
            place = place[step]
        return any(place.get(name) != value for name, value in exemption.becomes.items())

    def _operation(self, call: str, method: str) -> Any:
        file, path = PATHS[call]
        return self._documents(file)["paths"][path][method.lower()]

    def _body_schema(self, call: str) -> Any:
        body = self._resolved(call, self._operation(call, "post")["requestBody"])
        (content,) = body["content"].values()
        return content["schema"]

    def _query_schema(self, call: str) -> Any:
        listed = [self._resolved(call, one) for one in self._operation(call, "get").get("parameters", [])]
        asked = [one for one in listed if one["in"] == "query"]
        return {
            "type": "object",
            "properties": {one["name"]: one["schema"] for one in asked},
            "required": [one["name"] for one in asked if one.get("required")],
            "additionalProperties": False,
        }

    def _resolved(self, call: str, value: Any) -> Any:
        reference = value.get("$ref") if isinstance(value, dict) else None
        if reference is None:
            return value
        place = self._documents(PATHS[call][0])
        for step in reference.removeprefix("#/").split("/"):
            place = place[step.replace("~1", "/").replace("~0", "~")]
        return place

    def _problems(self, name: str, schema: Any, call: str, value: object) -> Iterator[Problem]:
        if name not in self._validators:
            self._validators[name] = _validator(self._documents(PATHS[call][0]), schema)
        for error in self._validators[name].iter_errors(value):
            # The validator's own words would quote the value.
            yield Problem(".".join(str(step) for step in error.absolute_path), f"breaks {error.validator}")

    def _read(self, file: str) -> Any:
        document = json.loads((self._folder / file).read_text(encoding="utf-8"))
        for exemption in EXEMPTIONS:
            if exemption.file == file:
                _mend(document, exemption)
        return _closed(document)


def load_contracts(folder: Path | None = None) -> Contracts | None:
    """The contracts at hand; None where there are none, or no library to read them with (it is one of the tests')."""
    place = folder or Path(os.environ.get("CRM_CONTRACTS_DIR") or FOLDER)
    if not (place / SEND).is_file():
        return None
    try:
        import jsonschema  # type: ignore[import-untyped]  # noqa: F401, PLC0415
        import referencing  # noqa: F401, PLC0415
    except ImportError:
        return None
    return Contracts(place)


def typed(form: Mapping[str, Sequence[str]], properties: Mapping[str, Any]) -> dict[str, object]:
    """Texts of a form or query as the types declared for them; what does not read so stays text, and is refused."""
    found: dict[str, object] = {}
    for name, values in form.items():
        declared = properties.get(name, {})
        if declared.get("type") == "array":
            found[name] = list(values)
        else:
            found[name] = _typed(values[0], declared.get("type")) if len(values) == 1 else list(values)
    return found


def _typed(value: str, kind: str | None) -> object:
    if kind == "boolean":
        return {"true": True, "false": False}.get(value.lower(), value)
    if kind in ("integer", "number"):
        try:
            return int(value) if kind == "integer" else float(value)
        except ValueError:
            return value
    return value


def _validator(document: Any, schema: Any) -> Validator:
    from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.jsonschema import DRAFT202012  # noqa: PLC0415

    formats = FormatChecker(formats=())
    formats.checks("email")(lambda value: not isinstance(value, str) or EMAIL.fullmatch(value) is not None)
    registry: Registry[Any] = Registry().with_resource("urn:contract", DRAFT202012.create_resource(document))
    validator: Validator = Draft202012Validator(_anchored(schema), registry=registry, format_checker=formats)
    return validator


def _anchored(schema: Any) -> Any:
    """The schema with its references led into the document."""
    if isinstance(schema, list):
        return [_anchored(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: f"urn:contract{value}" if name == "$ref" else _anchored(value) for name, value in schema.items()
    }


def _mend(document: Any, exemption: Exemption) -> None:
    place = document
    for step in exemption.at:
        place = place[step]
    place.update(exemption.becomes)


def _closed(document: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` becomes a type, and an object that lists its fields takes no others."""
    if isinstance(document, list):
        return [_closed(one) for one in document]
    if not isinstance(document, dict):
        return document
    found = {name: _closed(value) for name, value in document.items() if name not in ("example", "examples")}
    if found.get("type") == "object" and isinstance(found.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    if found.pop("nullable", False) is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    if not isinstance(found.get("format", ""), str):
        del found["format"]
    return found
