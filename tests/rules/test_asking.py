"""What a list is asked for, read from texts: a row a case."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.asking import Condition, Moment, Order, Type, Unanswerable, read_conditions, read_sort

TYPES = {
    "name": Type.TEXT, "size": Type.INTEGER, "value": Type.NUMBER, "open": Type.BOOLEAN, "day": Type.DATE,
    "at": Type.MOMENT, "id": Type.ID, "tags": Type.TEXTS, "custom": Type.CUSTOM,
}  # fmt: skip
AT = Moment(
    datetime(2026, 3, 31, 22, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin")
)  # 1 April there, half past midnight
ID = "019a0000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("text", "field", "op", "value"),
    [
        ("name:eq:a:b", "name", "eq", "a:b"),
        ("name:eq", "name", "eq", ""),
        ("name:in:a,b", "name", "in", ["a", "b"]),
        ('name:in:["a,b","c"]', "name", "in", ["a,b", "c"]),
        ("name:contains:50%", "name", "contains", "50%"),
        ("name:null:", "name", "null", True),
        ("name:null:false", "name", "null", False),
        ("size:between:1,2", "size", "between", [1, 2]),
        ("value:gt:1e3", "value", "gt", "1000"),
        ("open:eq:true", "open", "eq", True),
        ("id:eq:" + ID.upper(), "id", "eq", ID),
        ("tags:contains:vip", "tags", "contains", "vip"),
        ("day:eq:today", "day", "eq", "2026-04-01"),
        ("day:lt:this_quarter", "day", "lt", "2026-04-01"),
        ("day:gte:-1m", "day", "gte", "2026-03-01"),
        ("at:gte:-7d", "at", "gte", "2026-03-24T22:30:00+00:00"),
        ("at:lt:today", "at", "lt", "2026-03-31T22:00:00+00:00"),
        ("at:lt:2026-12-31T09:00:00+01:00", "at", "lt", "2026-12-31T09:00:00+01:00"),
        ("at:lt:2026-12-31T09:00:00", "at", "lt", "2026-12-31T09:00:00+01:00"),
        ("custom.plan:eq:team", "custom.plan", "eq", ["team"]),
        ("custom.seats:eq:5", "custom.seats", "eq", ["5", 5]),
        ("custom.seats:gt:5", "custom.seats", "gt", 5),
        ("custom.seats:in:5,x", "custom.seats", "in", ["5", 5, "x"]),
        ("custom.a b.c:eq:true", "custom.a b.c", "eq", ["true", True]),
    ],
)  # fmt: skip
def test_a_condition_is_read(text, field, op, value):
    assert read_conditions([text], TYPES, lambda: AT) == (Condition(field, op, value),)


def test_a_day_of_a_moment_lasts_from_midnight_to_midnight_where_it_is_asked():
    before_the_clocks_go_forward = Moment(datetime(2026, 3, 29, 12, 0, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
    assert read_conditions(["at:eq:today"], TYPES, lambda: before_the_clocks_go_forward) == (
        Condition("at", "gte", "2026-03-28T23:00:00+00:00"),
        Condition("at", "lt", "2026-03-29T22:00:00+00:00"),
    )
    assert read_conditions(["at:ne:today"], TYPES, lambda: before_the_clocks_go_forward) == (
        Condition("at", "outside", ["2026-03-28T23:00:00+00:00", "2026-03-29T22:00:00+00:00"]),
    )


@pytest.mark.parametrize("given", ["today", "2026-12-31", "now,this_month"])
def test_a_list_of_moments_takes_no_days_and_says_what_to_ask_instead(given):
    with pytest.raises(Unanswerable, match="eq"):
        read_conditions([f"at:in:{given}"], TYPES, lambda: AT)
    assert read_conditions(["at:in:now"], TYPES, lambda: AT)[0].op == "in"


OWN = {"closed on": "date", "seen": "datetime", "num": "number", "seats": "integer", "boo": "boolean", "plan": "choice",
       "parts": "choices"}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "op", "value", "declared"),
    [
        ("custom.closed on:lt:today", "lt", "2026-04-01", "date"),
        ("custom.closed on:between:-1m,now", "between", ["2026-03-01", "2026-04-01"], "date"),
        ("custom.seen:gte:-7d", "gte", "2026-03-24T22:30:00+00:00", "moment"),
        ("custom.seen:ne:today", "outside", ["2026-03-31T22:00:00+00:00", "2026-04-01T22:00:00+00:00"], "moment"),
        ("custom.num:in:1e3,2.50", "in", ["1000", "2.50"], "number"),
        ("custom.seats:gt:5000000000", "gt", "5000000000", "whole"),
        ("custom.boo:eq:true", "eq", True, "boolean"),
        ("custom.plan:eq:5", "eq", "5", "text"),
        ("custom.parts:contains:a", "contains", "a", "texts"),
        ("custom.free:eq:5", "eq", ["5", 5], None),
    ],
)  # fmt: skip
def test_a_declared_field_is_read_as_what_it_is(text, op, value, declared):
    field = text.partition(":")[0]
    assert read_conditions([text], TYPES, lambda: AT, lambda: OWN) == (Condition(field, op, value, declared),)


def test_what_is_declared_is_asked_for_once_and_only_where_it_is_needed():
    asked = []

    def declared():
        asked.append(1)
        return OWN

    read_conditions(["name:eq:custom.num"], TYPES, lambda: AT, declared)
    assert not asked
    read_conditions(["custom.num:eq:1", "custom.seats:eq:1"], TYPES, lambda: AT, declared)
    assert len(asked) == 1


def test_what_only_conditions_are_made_of_cannot_be_asked_for():
    with pytest.raises(Unanswerable):
        read_conditions(["at:outside:now,now"], TYPES, lambda: AT)


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "nope:eq:1", "name:gt2:1", "size:eq:1.5", "size:eq:99999999999", "value:eq:nan", "value:gt:1e99",
        "open:eq:yes", "day:eq:2026-02-30", "at:gt:soon", "at:gt:-99999y", "id:eq:1",
        "id:gt:" + ID, "tags:eq:a", "size:between:1", "name:in:" + ",".join("a" * 201), "name:eq:a\0b",
        "custom:eq:1", "custom.:eq:1", "name:null:maybe", "open:gt:true",
        'name:in:["a\\u0000"]', 'name:in:["\\ud800"]',
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_without_repeating_it(text):
    with pytest.raises(Unanswerable) as refused:
        read_conditions([text], TYPES, lambda: AT)
    assert "99999" not in str(refused.value)


@pytest.mark.parametrize("nest", ['["a",["b"]]', "[" * 4900, "[" * 2400 + "]" * 2400])
@pytest.mark.parametrize("field", ["name", "custom.plan"])
def test_lists_inside_lists_are_refused_however_deep_they_are(field, nest):
    for op in ("in", "between"):
        with pytest.raises(Unanswerable):
            read_conditions([f"{field}:{op}:{nest}"], TYPES, lambda: AT)
    assert read_conditions([f"{field}:gt:{nest}"], TYPES, lambda: AT)[0].value == nest


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    for field in TYPES:
        for asked in (
            text,
            f"{field}:{text}",
            f"{field}:eq:{text}",
            f"custom.{text}:gt:{text}",
            f"{field}:between:{text}",
        ):
            try:
                read_conditions([asked], TYPES, lambda: AT)
            except Unanswerable:
                continue


def test_an_order_is_read():
    assert read_sort("-value, name", TYPES) == (Order("value", down=True), Order("name", down=False))


@pytest.mark.parametrize(
    "text", ["", "nope", "custom", "tags", "name,name", "name,-name", "name,size,value,open,day,at"]
)
def test_an_order_that_cannot_be_kept_is_refused(text):
    with pytest.raises(Unanswerable):
        read_sort(text, TYPES)
