"""crm_find_ids: the same records in the same order as a plain reading of all of them, page by page, whatever is asked."""

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.queries import kinds, records
from crm_db.queries.records import Question
from crm_db.rules.asking import Moment, read_conditions, read_sort

NOW = Moment(datetime(2026, 11, 22, 12, 0, tzinfo=UTC), ZoneInfo("UTC"))
WORDS = ("alpha", "Beta", "50% off", "under_score", "back\\slash", "o'neill", "日本", "zz")
LEADS = 400


@pytest.fixture
def people(database, org) -> list[dict[str, Any]]:
    """Leads with gaps and repetitions in every column, and two in three of them found by some word."""
    chance = random.Random(7)
    made = [
        {
            "id": f"019a0000-0000-7000-8000-{number:012d}",
            "company": chance.choice([None, *WORDS]),
            "score": chance.choice([None, *range(5)]),
            "value": chance.choice([None, *range(0, 500, 100)]),
            "tags": chance.sample(["a", "b", "c"], chance.randrange(3)),
            "last_contact": chance.choice([None, *(f"2026-11-{day}T12:00:00Z" for day in (20, 21, 22))]),
            "custom": {
                "n": chance.choice([1, 2.5, "2", True, None, "x y"]),
                "list": chance.choice([["p"], ["q"], ["boxes", "y"]]),
            },
        }
        for number in range(LEADS)
    ]
    with session.bound_to(database.owner_url), session.unit_of_work() as work:
        work.execute(
            text(
                "insert into crm_leads (org_id, id, company, score, value, tags, last_contact, custom) select :org, id, company,"
                " score, value, tags, last_contact, custom from json_populate_recordset(cast(null as crm_leads), :rows)"
            ),
            {"org": org.org_id, "rows": json.dumps(made)},
        )
    session.bind(database.app_url)
    return made


def ids(org, *, where: tuple[str, ...] = (), sort: str = "id", q: str = "", size: int = 37) -> list[str]:
    """All pages of a list."""
    asked: dict[str, Any] = {
        "where": read_conditions(where, kinds.LEAD.types, lambda: NOW),
        "words": q,
        "limit": size,
        "fields": ("id",),
    }
    found: list[str] = []
    after: tuple[str | None, ...] | None = None
    while True:
        order = read_sort(sort, kinds.LEAD.types)
        page = records.listed(
            org.identity, org.org_id, kinds.LEAD, Question(**asked, order=order, after=after)
        )
        with session.unit_of_work(org.identity) as work:
            total = records.counted(work, kinds.LEAD, Question(**asked, order=order))
        found += [json.loads(row)["id"] for row in page.rows]
        if page.next is None:
            assert total == len(found)
            return found
        after = page.next


@pytest.mark.parametrize(
    "sort", ["value", "-value", "score,-value", "-score,value", "-score,-value,-id", "company,-id", "-id"]
)
@pytest.mark.parametrize("size", [1, 37, 500])
def test_pages_follow_one_another_without_gap_or_repetition(org, people, sort, size):
    if size == 1:
        people = people[:60]
        with session.unit_of_work(org.identity) as work:
            work.execute(
                text("update crm_leads set deleted_at = now() where id > :last"), {"last": people[-1]["id"]}
            )
    expected = people
    orders = [*read_sort(sort, kinds.LEAD.types)]
    if orders[-1].field != "id":
        expected = sorted(expected, key=lambda one: one["id"], reverse=orders[-1].down)
    for order in reversed(orders):
        there = sorted(
            (one for one in expected if one[order.field] is not None),
            key=lambda one: collated(one[order.field]),
            reverse=order.down,
        )
        expected = there + [one for one in expected if one[order.field] is None]
    assert ids(org, sort=sort, size=size) == [one["id"] for one in expected]


def collated(value: Any) -> Any:
    """A text as the database of the tests sorts it, byte by byte; anything else as it is."""
    return value.encode() if isinstance(value, str) else value


def like(word: str):
    return lambda one: word.lower() in (one["company"] or "").lower()


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("value:gt:100", lambda one: one["value"] is not None and one["value"] > 100),
        ("value:between:100,300", lambda one: one["value"] is not None and 100 <= one["value"] <= 300),
        ("value:ne:100", lambda one: one["value"] != 100),
        ("score:in:1,3", lambda one: one["score"] in (1, 3)),
        ("score:null:true", lambda one: one["score"] is None),
        ("score:null:false", lambda one: one["score"] is not None),
        *((f"company:contains:{word}", like(word)) for word in (*WORDS, "%", "_", "\\", "'")),
        *((f"company:eq:{word}", lambda one, word=word: one["company"] == word) for word in WORDS),
        ("tags:contains:b", lambda one: "b" in one["tags"]),
        ("custom.n:eq:2", lambda one: one["custom"]["n"] == "2"),
        ("custom.n:eq:1", lambda one: one["custom"]["n"] in (1, "1") and one["custom"]["n"] is not True),
        ("custom.n:eq:true", lambda one: one["custom"]["n"] is True),
        ("custom.n:ne:1", lambda one: one["custom"]["n"] != 1 or one["custom"]["n"] is True),
        ("custom.n:in:1,x y", lambda one: one["custom"]["n"] in (1, "x y") and one["custom"]["n"] is not True),
        ("custom.n:gt:1", lambda one: one["custom"]["n"] == Decimal("2.5")),
        ("custom.n:contains:X", lambda one: one["custom"]["n"] == "x y"),
        *(
            (f"custom.list:contains:{word}", lambda one, word=word: word in one["custom"]["list"])
            for word in ("q", "boxes", "x", "[", '", "')
        ),
        ("last_contact:eq:2026-11-21", lambda one: "2026-11-21" in (one["last_contact"] or "")),
        ("last_contact:ne:2026-11-21", lambda one: "2026-11-21" not in (one["last_contact"] or "")),
        ("custom.n:null:true", lambda one: one["custom"]["n"] is None),
        ("custom.no'such:null:true", lambda _: True),
    ],
)  # fmt: skip
def test_a_filter_lets_through_what_a_reader_would(org, people, where, holds):
    expected = {one["id"] for one in people if holds(one)}
    assert set(ids(org, where=(where,))) == expected


@pytest.mark.parametrize("q", [*WORDS, "%", "beta", "ALPHA", "off 50%", "alpha zz", "a' or true --"])
def test_words_are_found_wherever_they_stand(org, people, q):
    expected = {one["id"] for one in people if all(like(word)(one) for word in q.split())}
    assert set(ids(org, q=q)) == expected


def test_many_that_do_not_fit_at_the_front_do_not_hide_one_at_the_end(org, people, database):
    with session.bound_to(database.owner_url), session.unit_of_work() as work:
        work.execute(
            text(
                "insert into crm_leads (org_id, company) select :org, 'filler ' || n from generate_series(1, 2500) n"
            ),
            {"org": org.org_id},
        )
    expected = [one["id"] for one in people if one["company"] == "o'neill"]
    assert ids(org, q="o'neill", sort="-id")[::-1] == expected


@pytest.mark.parametrize(
    "filter_",
    [
        {
            "where": [{"field": "org_id; drop table crm_leads", "op": "eq", "value": "x"}],
            "sort": [{"field": "id"}],
        },
        {"where": [{"field": "id", "op": "= id or true --", "value": "x"}], "sort": [{"field": "id"}]},
        {"sort": [{"field": "id desc; select 1"}]},
        {"sort": [{"field": "id", "down": "x"}]},
        {
            "where": [{"field": "custom.n", "op": "gt", "value": "1", "declared": "money"}],
            "sort": [{"field": "id"}],
        },
    ],
)
def test_only_fields_and_operators_that_there_are_reach_the_database(org, people, filter_):
    with (
        pytest.raises(Exception, match=r"no such|does not exist|invalid input"),
        session.unit_of_work(org.identity) as work,
    ):
        work.execute(text("select crm_find_ids('lead', cast(:f as jsonb), 10)"), {"f": json.dumps(filter_)})


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("user", "password_hash"),
        ("source", "secret"),
        ("source", "token"),
        ("key", "secret_hash"),
        ("lead", "xmin"),
    ],
)
def test_what_nobody_may_read_nobody_may_ask_about(org, database, kind, field):
    session.bind(database.app_url)
    asked: dict[str, Any] = {
        "where": [{"field": field, "op": "contains", "value": "a"}],
        "sort": [{"field": "id"}],
    }
    with pytest.raises(Exception, match="no such field"), session.unit_of_work(org.identity) as work:
        work.execute(
            text("select crm_find_ids(:kind, cast(:f as jsonb), 10)"), {"kind": kind, "f": json.dumps(asked)}
        )
