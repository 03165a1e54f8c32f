"""The flow runs of a period, as Prefect's REST API tells them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

PAGE = 200


@dataclass(frozen=True)
class Run:
    """One flow run; moments in seconds since 1970, None when it did not get so far."""

    flow: str
    state: str
    created: float
    started: float | None
    ended: float | None


def runs_between(api_url: str, auth: str, flow: str, since: float, until: float) -> list[Run]:
    """Every run of a flow made in the period, in the order of their making."""
    user, _, password = auth.partition(":")
    found: list[Run] = []
    with httpx.Client(base_url=api_url, auth=(user, password), timeout=30, trust_env=False) as client:
        while True:
            question = {
                "flows": {"name": {"any_": [flow]}},
                "flow_runs": {"expected_start_time": {"after_": _iso(since), "before_": _iso(until)}},
                "sort": "EXPECTED_START_TIME_ASC",
                "limit": PAGE,
                "offset": len(found),
            }
            page: list[dict[str, Any]] = (
                client.post("/flow_runs/filter", json=question).raise_for_status().json()
            )
            found += [_run(flow, item) for item in page]
            if len(page) < PAGE:
                return found


def most_in_a_second(starts: Sequence[float]) -> int:
    """The highest number of starts within any second."""
    ordered, first, most = sorted(starts), 0, 0
    for last, start in enumerate(ordered):
        while start - ordered[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


def _run(flow: str, item: dict[str, Any]) -> Run:
    return Run(
        flow=flow,
        state=item["state_type"] or "",
        created=_seconds(item["created"]) or 0.0,
        started=_seconds(item["start_time"]),
        ended=_seconds(item["end_time"]),
    )


def _seconds(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
