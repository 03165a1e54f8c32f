"""What prefect.yaml says of a deployment and ops may change in the Prefect UI, and how both are brought together. Pure.

The merge looks at three sides, field by field: what the code registered last, what it wants now, what the server has.
Where the server still has what was registered, nobody touched it and the code's wish holds; else ops' does.
Tags, default parameters and schedules are merged one by one, a schedule by its slug and again field by field.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

Value = TypeVar("Value")
Json = Mapping[str, Any]
NAMELESS: Final = "#"
"""Begins the name of a schedule without a slug, as the UI makes them; its id follows."""

FIRST_SCHEDULES: Final = frozenset({"every-minute", "every-5-minutes", "every-hour"})
"""The schedules there were before records were kept."""


@dataclass(frozen=True)
class Setup:
    """One side of the merge. Schedules: slug to {schedule, active, parameters}, in the words of Prefect's REST API."""

    description: str
    tags: frozenset[str]
    parameters: Json
    paused: bool
    concurrency_limit: int | None
    collision_strategy: str | None
    work_pool: str | None
    work_queue: str | None
    schedules: Mapping[str, Json]

    @property
    def off(self) -> bool:
        """Whether it is paused: as a whole, or because every schedule it has is switched off.

        Prefect's UI shows the switch of the whole only where there are more than three schedules.
        """
        return self.paused or is_off(one["active"] for one in self.schedules.values())

    def as_json(self) -> dict[str, Any]:
        """To be kept, and read again with `from_json`."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return plain | {"tags": sorted(self.tags)}

    @classmethod
    def from_json(cls, kept: Json) -> "Setup":
        """What `as_json` gave."""
        return cls(**{**kept, "tags": frozenset(kept["tags"])})


@dataclass(frozen=True)
class Change:
    """A field in which the server differs from the code; None stands for absent."""

    field: str
    code: Any
    server: Any


def canonical(schedule: Json) -> dict[str, Any]:
    """A schedule in the one form in which it is compared: seconds as a float, moments in UTC, defaults said."""
    said = {key: value for key, value in schedule.items() if value is not None}
    said.setdefault("timezone", "UTC")
    if "interval" in said:
        said["interval"] = float(said["interval"])
    if "cron" in said:
        said.setdefault("day_or", True)
    if "anchor_date" in said:
        moment = datetime.fromisoformat(str(said["anchor_date"]))
        said["anchor_date"] = (
            (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
        )
    return said


def is_off(switches: Iterable[bool]) -> bool:
    """Whether schedules with these switches never run: there are some, and none is on."""
    on = list(switches)
    return bool(on) and not any(on)


def merge(registered: Setup | None, code: Setup, server: Setup) -> Setup:
    """What the server shall have. `registered` None: an installation from before it was kept, see `presumed`."""
    base = registered or presumed(code, server)
    merged = {
        field.name: _one(getattr(base, field.name), getattr(code, field.name), getattr(server, field.name))
        for field in fields(Setup)
    }
    return Setup(
        **{
            **merged,
            "tags": (server.tags | (code.tags - base.tags)) - (base.tags - code.tags),
            "parameters": _each(base.parameters, code.parameters, server.parameters),
            "schedules": _schedules(base.schedules, code.schedules, server.schedules),
        }
    )


def presumed(code: Setup, server: Setup) -> Setup:
    """What an older version, which kept no record, registered: it overwrote the words and the place, and nothing else."""
    return replace(
        code,
        schedules={name: one for name, one in code.schedules.items() if name in FIRST_SCHEDULES},
        description=server.description,
        tags=server.tags,
        work_pool=server.work_pool,
        work_queue=server.work_queue,
    )


def changes(code: Setup, server: Setup) -> list[Change]:
    """Where the server differs from the code, in the order of the fields."""
    found = [
        Change(field.name, getattr(code, field.name), getattr(server, field.name))
        for field in fields(Setup)
        if field.name not in {"parameters", "schedules"}
    ]
    found += _by_key("parameters", code.parameters, server.parameters)
    for name in [*code.schedules, *(name for name in server.schedules if name not in code.schedules)]:
        here, there = code.schedules.get(name), server.schedules.get(name)
        if here is None or there is None:
            found.append(Change(f"schedules.{name}", here, there))
        else:
            found += _by_key(f"schedules.{name}", here, there)
    return [change for change in found if change.code != change.server]


def _by_key(field: str, code: Json, server: Json) -> list[Change]:
    return [
        Change(f"{field}.{key}", code.get(key), server.get(key)) for key in sorted({*code, *server}, key=str)
    ]


def _one(base: Value, code: Value, server: Value) -> Value:
    return code if server == base else server


def _each(base: Json, code: Json, server: Json) -> dict[str, Any]:
    """The merge of a mapping, key by key; a key may be absent on each side."""
    absent = object()
    merged = {
        key: _one(base.get(key, absent), code.get(key, absent), server.get(key, absent))
        for key in {**server, **code}
    }
    return {key: value for key, value in merged.items() if value is not absent}


def _schedules(
    base: Mapping[str, Json], code: Mapping[str, Json], server: Mapping[str, Json]
) -> dict[str, Json]:
    """A schedule that ops deleted stays deleted, one that they touched in any way outlives its removal from the code."""
    merged = _each(base, code, server)
    for name in merged:
        if name in base and name in code and name in server:
            merged[name] = _each(base[name], code[name], server[name])
    return merged
