"""Prefect's REST API, as far as registering and looking after deployments needs it. Only this module knows its words.

By plain httpx, because a command that imports Prefect takes seconds to start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from deployments.errors import DeploymentError
from deployments.lanes.setups import NAMELESS, Json, Setup, canonical

SECONDS = 30.0
MOST_DEPLOYMENTS = 200
RECORD = "crm-registered-"
"""Begins the name of the Prefect variable that holds what the code registered last; the deployment's name follows."""
FINISHED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class PrefectAway(DeploymentError):
    """Prefect's server does not answer."""

    def __init__(self) -> None:
        super().__init__("Prefect does not answer; start it with crm up.")


class PrefectRefused(DeploymentError):
    """Prefect's server answered that it will not; `status` is its HTTP status."""

    def __init__(self, what: str, status: int) -> None:
        self.status = status
        super().__init__(f"Prefect refused ({status}): {what}.")


@dataclass(frozen=True)
class Known:
    """A deployment as the server has it."""

    id: UUID
    name: str
    version: str | None
    setup: Setup
    schedule_ids: Mapping[str, str]


class PrefectApi:
    """A client of one server; `api_url` ends in /api, `auth` is user:password."""

    def __init__(self, api_url: str, auth: str | None) -> None:
        user, _, password = (auth or "").partition(":")
        self._client = httpx.Client(
            base_url=api_url.rstrip("/") + "/",
            auth=httpx.BasicAuth(user, password) if auth else None,
            timeout=SECONDS,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def deployment(self, name: str) -> Known | None:
        """The deployment `name` of the flow of that name."""
        found = self._read(f"deployments/name/{name}/{name}")
        return known_of(found) if found is not None else None

    def deployments(self) -> list[Known]:
        """Every deployment, by name."""
        wanted = {"limit": MOST_DEPLOYMENTS, "sort": "NAME_ASC"}
        return [known_of(found) for found in self._ask("POST", "deployments/filter", wanted)]

    def create(self, name: str, code_owned: Json, setup: Setup) -> None:
        """Make a deployment, and its flow where it is missing."""
        flow = self._ask("POST", "flows/", {"name": name})
        schedules = [{"slug": slug, **schedule} for slug, schedule in setup.schedules.items()]
        body = {"flow_id": flow["id"], "name": name, "schedules": schedules, **_plain(setup), **code_owned}
        self._ask("POST", "deployments/", body)

    def update(self, known: Known, code_owned: Json, wanted: Setup) -> None:
        """Bring a deployment from what it has to what is wanted; what both have alike is not sent."""
        had, will = _plain(known.setup), _plain(wanted)
        fields = {key: value for key, value in will.items() if value != had[key]}
        if "work_queue_name" in fields:
            fields["work_pool_name"] = wanted.work_pool
        self._ask("PATCH", f"deployments/{known.id}", {**fields, **code_owned})
        for name in {**known.setup.schedules, **wanted.schedules}:
            self._bring_schedule(known, name, known.setup.schedules.get(name), wanted.schedules.get(name))

    def _bring_schedule(self, known: Known, name: str, had: Json | None, will: Json | None) -> None:
        place = f"deployments/{known.id}/schedules"
        if will == had:
            return
        if had is None:
            # Another register may have made it in between: 409.
            self._ask("POST", place, [{"slug": name, **(will or {})}], unless=409)
        elif will is None:
            self._ask("DELETE", f"{place}/{known.schedule_ids[name]}", unless=404)
        else:
            self._ask("PATCH", f"{place}/{known.schedule_ids[name]}", dict(will), unless=404)

    def record(self, name: str) -> Setup | None:
        """What the code registered last for a deployment; None when nothing usable was kept."""
        found = self._read(f"variables/name/{RECORD}{name}")
        try:
            return Setup.from_json(found["value"]) if found is not None else None
        except (TypeError, KeyError):
            return None

    def keep_record(self, name: str, setup: Setup) -> None:
        """Remember what the code registered."""
        value = {"name": f"{RECORD}{name}", "value": setup.as_json(), "tags": ["crm"]}
        if self._read(f"variables/name/{RECORD}{name}") is not None:
            self._ask("PATCH", f"variables/name/{RECORD}{name}", value)
        else:
            self._ask("POST", "variables/", value, unless=409)

    def ensure_pool(self, pool: str, purpose: str, queue: str, queue_purpose: str) -> None:
        """Make the process work pool and its second queue where they are missing."""
        if self._read(f"work_pools/{pool}") is None:
            self._ask(
                "POST", "work_pools/", {"name": pool, "type": "process", "description": purpose}, unless=409
            )
        if self._read(f"work_pools/{pool}/queues/{queue}") is None:
            self._ask(
                "POST",
                f"work_pools/{pool}/queues",
                {"name": queue, "description": queue_purpose},
                unless=409,
            )

    def last_run(self, deployment_id: UUID) -> dict[str, Any] | None:
        """The run of a deployment that began last."""
        return self._run(deployment_id, {"not_any_": ["SCHEDULED"]}, "START_TIME_DESC")

    def next_run(self, deployment_id: UUID) -> dict[str, Any] | None:
        """The run of a deployment that is planned next."""
        return self._run(deployment_id, {"any_": ["SCHEDULED"]}, "NEXT_SCHEDULED_START_TIME_ASC")

    def pause(self, deployment_id: UUID, *, paused: bool) -> None:
        """Pause a deployment as a whole, or resume it."""
        self._ask("POST", f"deployments/{deployment_id}/{'pause' if paused else 'resume'}_deployment")

    def start(self, deployment_id: UUID, parameters: Json) -> dict[str, Any]:
        """Start a run of a deployment."""
        run: dict[str, Any] = self._ask(
            "POST", f"deployments/{deployment_id}/create_flow_run", {"parameters": dict(parameters)}
        )
        return run

    def run(self, run_id: str) -> dict[str, Any]:
        """One run."""
        found: dict[str, Any] = self._ask("GET", f"flow_runs/{run_id}")
        return found

    def _run(self, deployment_id: UUID, state: Json, sort: str) -> dict[str, Any] | None:
        runs = {"deployment_id": {"any_": [str(deployment_id)]}, "state": {"type": state}}
        found = self._ask("POST", "flow_runs/filter", {"flow_runs": runs, "sort": sort, "limit": 1})
        return found[0] if found else None

    def _read(self, path: str) -> Any:
        return self._ask("GET", path, unless=404)

    def _ask(self, method: str, path: str, body: Any = None, *, unless: int | None = None) -> Any:
        """The answer's JSON; None for an empty one and for the status `unless`."""
        try:
            response = self._client.request(method, path, json=body)
        except httpx.HTTPError:
            raise PrefectAway from None
        if response.status_code == unless:
            return None
        if not response.is_success:
            raise PrefectRefused(f"{method} {path}", response.status_code)
        return response.json() if response.content else None


def known_of(found: Json) -> Known:
    """A deployment in the words of the REST API."""
    schedules = {one.get("slug") or f"{NAMELESS}{one['id']}": one for one in found["schedules"]}
    limit, options = found.get("global_concurrency_limit"), found.get("concurrency_options")
    setup = Setup(
        description=found["description"] or "",
        tags=frozenset(found["tags"]),
        parameters=found["parameters"] or {},
        paused=found["paused"],
        concurrency_limit=limit["limit"] if limit else None,
        collision_strategy=(options or {}).get("collision_strategy") if limit else None,
        work_pool=found["work_pool_name"],
        work_queue=found["work_queue_name"],
        schedules={
            name: {
                "schedule": canonical(one["schedule"]),
                "active": one["active"],
                "parameters": one["parameters"] or {},
            }
            for name, one in schedules.items()
        },
    )
    ids = {name: one["id"] for name, one in schedules.items()}
    return Known(UUID(found["id"]), found["name"], found["version"], setup, ids)


def _plain(setup: Setup) -> dict[str, Any]:
    """A setup without its schedules, in the words of the REST API."""
    options = {"collision_strategy": setup.collision_strategy} if setup.collision_strategy else None
    return {
        "description": setup.description,
        "tags": sorted(setup.tags),
        "parameters": dict(setup.parameters),
        "paused": setup.paused,
        "concurrency_limit": setup.concurrency_limit,
        "concurrency_options": options,
        "work_pool_name": setup.work_pool,
        "work_queue_name": setup.work_queue,
    }
