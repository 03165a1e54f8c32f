"""Prefect's REST API, as far as the CRM needs it: which automations there are, and start one.

Only this module knows Prefect's paths and words. Nothing here is repeated by itself: whoever starts a run
may give an idempotency key and ask again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from api.errors import BadParameters, PrefectUnavailable, UnknownFlow

TIMEOUT = httpx.Timeout(10, connect=2)
MOST_DEPLOYMENTS = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_HYDRATED = "__prefect_kind"  # Prefect would replace such a parameter by a variable or a rendered template


@dataclass(frozen=True)
class StartedRun:
    """A run that Prefect accepted."""

    run_id: str
    state: str
    ui_url: str


class PrefectRest:
    """A client of one Prefect server. `auth` is user:password; `transport` lets tests answer instead."""

    def __init__(
        self, api_url: str, auth: str | None = None, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        user, _, password = (auth or "").partition(":")
        self._ui = api_url.rstrip("/").removesuffix("/api")
        self._client = httpx.Client(
            base_url=api_url.rstrip("/") + "/",
            auth=httpx.BasicAuth(user, password) if auth else None,
            timeout=TIMEOUT,
            trust_env=False,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def flows(self) -> list[dict[str, Any]]:
        """Every deployment with its schedules and its last run; raises PrefectUnavailable."""
        deployments = self._asked(
            "POST", "deployments/filter", {"limit": MOST_DEPLOYMENTS, "sort": "NAME_ASC"}
        )
        return [self._described(deployment) for deployment in deployments]

    def start(
        self, name: str, parameters: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> StartedRun:
        """Start a run of the flow `name`; raises UnknownFlow, BadParameters, PrefectUnavailable."""
        if not _NAME.fullmatch(name):
            raise UnknownFlow
        deployment = self._asked("GET", f"deployments/name/{name}/{name}")
        properties = (deployment.get("parameter_openapi_schema") or {}).get("properties", {})
        known = sorted(properties)
        if _is_hydrated(parameters) or not all(
            name in properties and _is_well_formed(value, properties[name])
            for name, value in parameters.items()
        ):
            raise BadParameters(known)
        wanted = {"parameters": dict(parameters), "idempotency_key": idempotency_key}
        response = self._sent("POST", f"deployments/{deployment['id']}/create_flow_run", wanted)
        if response.status_code in {400, 409, 422}:
            raise BadParameters(known)
        run = _content(response)
        return StartedRun(run["id"], run["state_name"], self._run_url(run["id"]))

    def _described(self, deployment: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "name": deployment["name"],
            "description": deployment["description"],
            "paused": deployment["paused"],
            "schedules": [
                {**schedule["schedule"], "active": schedule["active"]} for schedule in deployment["schedules"]
            ],
            "tags": deployment["tags"],
            "last_run": self._last_run(deployment["id"]),
            "ui_url": f"{self._ui}/deployments/deployment/{deployment['id']}",
        }

    def _last_run(self, deployment_id: str) -> dict[str, Any] | None:
        """The run of a deployment that began last; one that is only planned has not begun."""
        wanted = {
            "flow_runs": {
                "deployment_id": {"any_": [deployment_id]},
                "state": {"type": {"not_any_": ["SCHEDULED"]}},
            },
            "sort": "START_TIME_DESC",
            "limit": 1,
        }
        runs = self._asked("POST", "flow_runs/filter", wanted)
        if not runs:
            return None
        run = runs[0]
        at = run["start_time"] or run["expected_start_time"]
        return {"id": run["id"], "state": run["state_name"], "at": at, "ui_url": self._run_url(run["id"])}

    def _run_url(self, run_id: str) -> str:
        return f"{self._ui}/runs/flow-run/{run_id}"

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        response = self._sent(method, path, body)
        if response.status_code == 404:
            raise UnknownFlow
        return _content(response)

    def _sent(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body)
        except httpx.HTTPError:
            raise PrefectUnavailable from None


def _content(response: httpx.Response) -> Any:
    """The JSON of a good answer; anything else means that Prefect cannot be used now."""
    if not response.is_success:
        raise PrefectUnavailable
    try:
        return response.json()
    except ValueError:
        raise PrefectUnavailable from None


def _is_well_formed(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a text that must be a moment is one; Prefect checks types but not formats."""
    options = schema.get("anyOf", [schema])
    formats = {option.get("format") for option in options if option.get("type") == "string"}
    if not isinstance(value, str) or formats != {"date-time"}:
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_hydrated(value: object) -> bool:
    if isinstance(value, Mapping):
        return _HYDRATED in value or any(_is_hydrated(inner) for inner in value.values())
    return isinstance(value, list) and any(_is_hydrated(inner) for inner in value)
