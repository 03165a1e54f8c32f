"""The three-way merge of a deployment: what was registered last, what the code wants, what the server has."""

from dataclasses import replace
from typing import Any

import pytest

from deployments.lanes.entries import BadEntry, entry_of
from deployments.lanes.setups import Setup, canonical, changes, merge


def every(seconds, *, active=True, **parameters):
    return {"schedule": {"interval": float(seconds)}, "active": active, "parameters": parameters}


START = Setup(
    description="old",
    tags=frozenset({"lane:sweeps"}),
    parameters={"dry_run": False},
    paused=False,
    concurrency_limit=None,
    collision_strategy=None,
    work_pool="crm",
    work_queue="sweeps",
    schedules={"often": every(300)},
)
FIELDS: dict[str, tuple[Any, Any]] = {
    "description": ("new", "ops"),
    "paused": (False, True),
    "concurrency_limit": (2, 3),
    "collision_strategy": ("ENQUEUE", "CANCEL_NEW"),
    "work_pool": ("other", "ops"),
    "work_queue": ("default", "ops"),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("code_changed", [False, True])
@pytest.mark.parametrize("ops_changed", [False, True])
def test_a_field_is_the_codes_until_ops_change_it(field, code_changed, ops_changed):
    code_value, ops_value = FIELDS[field]
    code = replace(START, **{field: code_value}) if code_changed else START
    server = replace(START, **{field: ops_value}) if ops_changed else START
    assert merge(START, code, server) == (server if ops_changed else code)


def test_ops_and_code_change_to_the_same():
    both = replace(START, description="new")
    assert merge(START, both, both) == both


@pytest.mark.parametrize(
    ("registered", "code", "server", "merged"),
    [
        ("a", "a", "a", "a"),
        ("a", "ab", "a", "ab"),  # added in the code
        ("ab", "a", "ab", "a"),  # removed in the code
        ("a", "a", "ao", "ao"),  # added by ops
        ("ab", "ab", "a", "a"),  # removed by ops
        ("a", "ab", "ao", "abo"),  # added by both
        ("ab", "ac", "bo", "co"),  # removed and added by both
    ],
)
def test_tags_are_merged_one_by_one(registered, code, server, merged):
    sides = [replace(START, tags=frozenset(side)) for side in (registered, code, server)]
    assert merge(*sides).tags == frozenset(merged)


@pytest.mark.parametrize(
    ("registered", "code", "server", "merged"),
    [
        ({}, {}, {}, {}),
        ({}, {"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": 1}, {"a": 5}, {"a": 5}),
        ({"a": 1}, {"a": 2}, {"a": 5}, {"a": 5}),
        ({"a": 1}, {"a": 1}, {}, {}),
        ({"a": 1}, {"a": 2}, {}, {}),
        ({}, {"b": 1}, {"a": 5}, {"a": 5, "b": 1}),
        ({"a": 1}, {}, {"a": 5}, {"a": 5}),
    ],
)
def test_default_parameters_are_merged_one_by_one(registered, code, server, merged):
    sides = [replace(START, parameters=side) for side in (registered, code, server)]
    assert merge(*sides).parameters == merged


OLD, NEW, OPS = every(300), every(600), every(900)


@pytest.mark.parametrize(
    ("registered", "code", "server", "merged"),
    [
        ({"s": OLD}, {"s": OLD}, {"s": OLD}, {"s": OLD}),
        ({"s": OLD}, {"s": NEW}, {"s": OLD}, {"s": NEW}),  # changed in the code, untouched by ops
        ({"s": OLD}, {"s": OLD}, {"s": OPS}, {"s": OPS}),  # changed by ops
        ({"s": OLD}, {"s": NEW}, {"s": OPS}, {"s": OPS}),  # by both: ops'
        ({"s": OLD}, {"s": OLD}, {}, {}),  # deleted by ops
        ({"s": OLD}, {"s": NEW}, {}, {}),  # deleted by ops, changed in the code
        ({"s": OLD}, {}, {"s": OLD}, {}),  # removed from the code
        ({"s": OLD}, {}, {"s": OPS}, {"s": OPS}),  # removed from the code, changed by ops
        ({"s": OLD}, {}, {}, {}),  # gone on both sides
        ({}, {"s": NEW}, {}, {"s": NEW}),  # new in the code
        ({}, {"s": NEW}, {"s": OPS}, {"s": OPS}),  # made by both under one name
        ({}, {}, {"#1": OPS}, {"#1": OPS}),  # added by ops in the UI
        ({"s": OLD}, {"s": NEW}, {"s": OLD, "#1": OPS}, {"s": NEW, "#1": OPS}),
        ({"s": OLD}, {"t": NEW}, {"s": OLD}, {"t": NEW}),  # renamed in the code
        (
            {"s": OLD},
            {"s": NEW},
            {"s": every(300, active=False)},
            {"s": every(600, active=False)},
        ),  # switched off by ops: stays off, with the code's new interval
        ({"s": OLD}, {"s": OLD}, {"s": every(300, dry_run=True)}, {"s": every(300, dry_run=True)}),
    ],
)
def test_schedules_are_merged_by_their_slug(registered, code, server, merged):
    sides = [replace(START, schedules=side) for side in (registered, code, server)]
    assert merge(*sides).schedules == merged


def test_without_a_record_the_words_are_the_codes_and_all_else_is_ops():
    had = {"every-hour": NEW, "every-minute": NEW}
    code = replace(START, description="new", tags=frozenset({"a"}), schedules={**had, "since-then": NEW})
    server = replace(
        START, paused=True, parameters={"x": 1}, concurrency_limit=1, schedules={"every-hour": OPS}
    )
    left = {"every-hour": OPS, "since-then": NEW}  # every-minute they had deleted
    assert merge(None, code, server) == replace(
        server, description="new", tags=frozenset({"a"}), schedules=left
    )


def test_a_second_merge_changes_nothing():
    code = replace(START, description="new", schedules={"often": NEW})
    server = replace(START, paused=True, schedules={"often": OLD, "#1": OPS})
    once = merge(START, code, server)
    assert merge(code, code, once) == once
    assert merge(START, code, once) == once  # a register that was killed before it kept its record


def test_a_setup_is_kept_and_read_again():
    assert Setup.from_json(START.as_json()) == START


def test_changes_name_the_field_and_both_sides():
    server = replace(START, paused=True, parameters={}, schedules={"often": every(900), "#1": OPS})
    assert [(one.field, one.code, one.server) for one in changes(START, server)] == [
        ("paused", False, True),
        ("parameters.dry_run", False, None),
        ("schedules.often.schedule", {"interval": 300.0}, {"interval": 900.0}),
        ("schedules.#1", None, OPS),
    ]
    assert changes(START, START) == []


def test_schedules_are_compared_in_one_form():
    written = {"interval": 300, "anchor_date": "2026-01-01T01:00:00+01:00"}
    answered = {"interval": 300.0, "anchor_date": "2026-01-01T00:00:00Z", "timezone": "UTC"}
    assert canonical(written) == canonical(answered)
    assert canonical({"cron": "0 6 * * *"}) == canonical(
        {"cron": "0 6 * * *", "timezone": "UTC", "day_or": True}
    )


def test_a_strategy_that_drops_runs_is_refused():
    entry = {
        "name": "lead-scoring",
        "entrypoint": "flows.lead_scoring.lead_scoring",
        "description": "x",
        "tags": [],
        "work_pool": {"name": "crm", "work_queue_name": "sweeps"},
        "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
    }
    with pytest.raises(BadEntry, match="lead-scoring"):
        entry_of(entry)
    assert entry_of({**entry, "concurrency_limit": {"limit": 2}}).setup.collision_strategy == "ENQUEUE"


@pytest.mark.parametrize(
    ("paused", "schedules", "off"),
    [
        (False, {}, False),
        (True, {}, True),
        (False, {"s": OLD}, False),
        (True, {"s": OLD}, True),
        (False, {"s": every(300, active=False)}, True),
        (False, {"s": every(300, active=False), "#1": OPS}, False),
    ],
)
def test_a_flow_is_off_as_a_whole_or_when_every_schedule_it_has_is_off(paused, schedules, off):
    assert replace(START, paused=paused, schedules=schedules).off == off
