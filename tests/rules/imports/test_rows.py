"""What a row means: fields, history, numbers and dates, and each reason for which no lead can be made of it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_db.rules.imports.cells import read_moment, read_number
from crm_db.rules.imports.plan import read_plan
from crm_db.rules.imports.rows import Unfit, identify, read_row
from tests.crm_db.test_capture import NOW

HEADER = ("Id", "Mail", "Name", "Amount", "Created", "Outcome", "Closed", "Seats", "Note", "Owner")
MAPPING: dict[str, Any] = {
    "source": "old",
    "region": "DE",
    "empty": ["Select", "-"],
    "decimal": ",",
    "numbers": ["Seats"],
    "columns": {
        "external_id": "Id",
        "email": "Mail",
        "name": "Name",
        "value": "Amount",
        "created_at": "Created",
        "owner": "Owner",
    },
    "constants": {"currency": "EUR", "tags": ["past"], "custom.batch": 7},
    "values": {"Name": {"n.n.": ""}},
    "dates": {"formats": ["%d.%m.%Y %H:%M", "iso"], "timezone": "Europe/Berlin"},
    "outcome": {"column": "Outcome", "converted": ["won"], "lost": ["Lost", "gone"], "at": "Closed"},
}


def cells(**given: str) -> tuple[str, ...]:
    return tuple(given.get(name, "") for name in HEADER)


def read(mapping=None, **given: str):
    plan, row = read_plan({**MAPPING, **(mapping or {})}, HEADER), cells(**given)
    return read_row(plan, 2, row, identify(plan, row, enrol=False), now=NOW)


def fault(mapping=None, **given: str) -> str:
    with pytest.raises(Unfit) as unfit:
        read(mapping, **given)
    assert not any(value in unfit.value.fault.words for value in given.values() if len(value) > 3)
    return unfit.value.fault.code


def test_a_row_becomes_a_draft_and_its_history():
    row = read(
        Id="7", Mail="Ada@Old.example", Name="ada lovelace", Amount="1.234,50", Created="24.12.2025 18:30",
        Outcome="WON ", Closed="2026-01-02T09:00:00+01:00", Seats="1.200", Note="x", Owner="Rep@Acme.example",
    )  # fmt: skip
    draft, history = row.draft, row.history
    assert (draft.external_id, draft.email, draft.first_name, draft.last_name) == (
        "7",
        "ada@old.example",
        "Ada",
        "Lovelace",
    )
    assert (draft.value, draft.currency, draft.tags) == (Decimal("1234.50"), "EUR", ("past",))
    assert draft.custom == {"batch": 7, "Seats": 1200, "Note": "x"}
    assert history.status == "converted"
    assert history.created_at == datetime(2025, 12, 24, 17, 30, tzinfo=UTC)
    assert history.closed_at == datetime(2026, 1, 2, 8, 0, tzinfo=UTC)
    assert history.owner == "rep@acme.example"


def test_what_counts_as_empty_is_nothing():
    draft = read(Id="7", Mail="select", Name="N.N.", Amount=" - ", Note="Select").draft
    assert (draft.email, draft.first_name, draft.value, draft.custom) == (None, None, None, {"batch": 7})
    assert draft.remarks == ()


@pytest.mark.parametrize("given", [{"Id": "7"}, {"Mail": "a@b.example"}, {"Name": "Ada"}])
def test_an_id_or_an_address_or_a_name_is_enough(given):
    assert read(**given).number == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Note": "somebody"}, "no_identity"),
        ({"Mail": "ada at home"}, "no_identity"),
        ({"Id": "x" * 201}, "bad_id"),
        ({"Id": "7", "Outcome": "perhaps"}, "unknown_outcome"),
        ({"Id": "7", "Created": "31.02.2026 10:00"}, "unreadable_date"),
        ({"Id": "7", "Created": "2030-01-01"}, "unreadable_date"),
        ({"Id": "7", "Outcome": "won", "Closed": "soon"}, "unreadable_date"),
    ],
)
def test_a_row_that_makes_no_lead_says_why_without_its_content(given, code):
    assert fault(**given) == code


def test_nothing_but_empty_cells_that_are_read_is_nobody():
    assert fault({"others": "ignore", "constants": {}}, Note="x") == "no_identity"


def test_what_cannot_be_used_is_a_remark_and_kept_as_it_was_sent():
    draft = read(Id="7", Mail="nowhere", Seats="many").draft
    assert draft.remarks == ("email: not an address", "Seats: not a number")
    assert draft.custom == {"batch": 7, "Seats": "many", "email_as_sent": "nowhere"}


@pytest.mark.parametrize(
    ("outcome", "text", "status"),
    [
        ({}, "", "new"),
        ({}, "Gone", "lost"),
        ({"otherwise": "contacted"}, "perhaps", "contacted"),
        ({"lost": [""]}, "", "lost"),
        ({"qualified": ["hot"]}, "hot", "qualified"),
    ],
)
def test_the_mapping_says_what_an_outcome_means(outcome, text, status):
    row = read({"outcome": {**MAPPING["outcome"], **outcome}}, Id="7", Outcome=text)
    assert row.history.status == status


def test_without_a_column_every_row_had_one_outcome():
    assert read({"outcome": {"otherwise": "lost"}}, Id="7").history.status == "lost"


def test_an_open_lead_was_not_closed():
    assert read(Id="7", Closed="2026-01-02").history.closed_at is None


def test_a_row_is_known_by_its_id_or_else_by_all_it_says():
    old = read_plan(MAPPING, HEADER)
    first, second = cells(Id="7", Note="a"), cells(Id="7", Note="b")
    assert identify(old, first, enrol=False).key == identify(old, second, enrol=False).key == "id:7"
    assert identify(old, first, enrol=False).digest != identify(old, second, enrol=False).digest
    assert identify(old, cells(Note="a"), enrol=False).key != identify(old, cells(Note="b"), enrol=False).key


def test_a_row_is_another_one_when_it_is_read_otherwise_or_is_to_be_followed_up():
    row = cells(Id="7", Note="a")
    plan, other = read_plan(MAPPING, HEADER), read_plan({**MAPPING, "decimal": "."}, HEADER)
    digests = {identify(plan, row, enrol=False).digest, identify(other, row, enrol=False).digest}
    assert len(digests | {identify(plan, row, enrol=True).digest}) == 3


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1,234.5", ".", Decimal("1234.5")),
        ("1.234,5", ",", Decimal("1234.5")),
        ("1.500", ".", Decimal("1.5")),
        ("1.500", ",", Decimal(1500)),
        ("-3", "", Decimal(-3)),
        ("1 000", "", Decimal(1000)),
        ("1,5", "", None),
        ("NaN", ".", None),
        ("1e99", ".", None),
        ("", ".", None),
    ],
)
def test_numbers_are_read_by_their_decimal_mark(text, decimal, number):
    assert read_number(text, decimal) == number


def test_a_time_without_an_offset_is_that_of_the_wall():
    plan = read_plan(MAPPING, HEADER)
    assert read_moment("2026-07-01", ["iso"], plan.zone, now=NOW) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert read_moment("2026-07-01T00:00Z", ["iso"], plan.zone, now=NOW) == datetime(2026, 7, 1, tzinfo=UTC)
    assert read_moment("1066-10-14", ["iso"], plan.zone, now=NOW) is None
    assert read_moment("01/07/2026", ["iso", "%d/%m/%Y"], plan.zone, now=NOW) is not None
