"""The flows as ops see them: what runs when, what they changed against the code, and the way back to the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployments.errors import DeploymentError
from deployments.lanes.entries import Entry, read_entries
from deployments.lanes.prefect_api import Known, PrefectApi
from deployments.lanes.setups import Change, Json, changes

LANE_TAG = "lane:"
HOT = {"capture", "delivery"}
"""Lanes whose intake starts their flow whenever there is work."""
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


class UnknownFlow(DeploymentError):
    """No flow of this name is registered."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"There is no flow {name}; there are {', '.join(known)}.")


@dataclass(frozen=True)
class Line:
    """One flow: `paused` is whether nothing starts it, `by_ops` whether the code says otherwise; runs are {id, state, at}."""

    name: str
    lane: str
    schedule: str
    paused: bool
    by_ops: bool
    last_run: dict[str, Any] | None
    next_run: dict[str, Any] | None

    @property
    def state(self) -> str:
        """Paused or not, in words."""
        return ("paused by ops" if self.by_ops else "paused") if self.paused else "on"


def every(api: PrefectApi) -> list[Line]:
    """All flows that Prefect knows, by name."""
    code = {entry.name: entry for entry in read_entries()}
    return [_line(api, known, code.get(known.name)) for known in api.deployments()]


def paused_by_ops(api: PrefectApi) -> list[str]:
    """The names of the flows that ops paused."""
    code = {entry.name: entry for entry in read_entries()}
    return [known.name for known in api.deployments() if _by_ops(known, code.get(known.name))]


def differences(api: PrefectApi, name: str | None = None) -> dict[str, list[Change]]:
    """What ops changed against prefect.yaml, of one flow or of each; raises UnknownFlow."""
    return {
        entry.name: changes(entry.setup, known.setup)
        for entry, known in _pairs(api, name)
        if known is not None
    }


def reset(api: PrefectApi, name: str | None = None) -> dict[str, list[Change]]:
    """Take back what ops changed, of one flow or of each, and say what that was; raises UnknownFlow."""
    found = differences(api, name)
    for entry, known in _pairs(api, name):
        if known is not None and found[entry.name]:
            api.update(known, {}, entry.setup)
    return found


def pause(api: PrefectApi, name: str, *, paused: bool) -> None:
    """Pause a flow as a whole, or let it run again; raises UnknownFlow."""
    api.pause(deployment(api, name).id, paused=paused)


def deployment(api: PrefectApi, name: str) -> Known:
    """A registered flow; raises UnknownFlow."""
    known = api.deployment(name)
    if known is None:
        raise UnknownFlow(name, tuple(entry.name for entry in read_entries()))
    return known


def schedule_in_words(schedule: Json) -> str:
    """When a schedule runs, such as `every 5 minutes`."""
    rule, note = schedule["schedule"], "" if schedule["active"] else " (off)"
    if "interval" in rule:
        return f"every {_span(rule['interval'])}{note}"
    return f"{rule.get('cron') or rule.get('rrule')} {rule.get('timezone', 'UTC')}{note}"


def _pairs(api: PrefectApi, name: str | None) -> list[tuple[Entry, Known | None]]:
    entries = read_entries()
    if name is not None and name not in {entry.name for entry in entries}:
        raise UnknownFlow(name, tuple(entry.name for entry in entries))
    return [(entry, api.deployment(entry.name)) for entry in entries if name in {None, entry.name}]


def _line(api: PrefectApi, known: Known, entry: Entry | None) -> Line:
    lanes = sorted(tag.removeprefix(LANE_TAG) for tag in known.setup.tags if tag.startswith(LANE_TAG))
    when = ", ".join(schedule_in_words(one) for one in known.setup.schedules.values())
    return Line(
        name=known.name,
        lane=", ".join(lanes),
        schedule=", ".join(filter(None, ["when there is work" if HOT & set(lanes) else "", when])),
        paused=known.setup.off,
        by_ops=_by_ops(known, entry),
        last_run=_run(api.last_run(known.id), "start_time"),
        next_run=_run(api.next_run(known.id), "next_scheduled_start_time"),
    )


def _by_ops(known: Known, entry: Entry | None) -> bool:
    return known.setup.off and not (entry is not None and entry.setup.off)


def _run(run: Mapping[str, Any] | None, moment: str) -> dict[str, Any] | None:
    if run is None:
        return None
    return {"id": run["id"], "state": run["state_name"], "at": run[moment] or run["expected_start_time"]}


def _span(seconds: float) -> str:
    for size, word in UNITS:
        if seconds % size == 0:
            count = int(seconds // size)
            return word if count == 1 else f"{count} {word}s"
    return f"{seconds:g} seconds"
