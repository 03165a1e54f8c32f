"""scoring: seconds in which the sweep scores 50,000 leads again, next to one plain UPDATE that gives them the same scores.

The UPDATE writes no reasons and no history, and holds all rows in one transaction; the change log and the indexes are the same
for both. Every lead loses a bonus, so each score changes.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

from benchmarks import figures, machine
from benchmarks.figures import Line
from benchmarks.own_database import OwnDatabase, own_database
from crm_db import session
from tasks.scoring import rescore_leads
from tasks.tally import Window

LEADS = 50_000
_FILL = """
    insert into crm_leads (org_id, first_name, last_name, email, probability, value, last_contact, score, score_band, scored_at,
                           rescore_at, automation)
    select %(org)s, 'Person', 'Number' || n, 'person' || n || '@scoring.example', n %% 60, (n %% 9) * 10000,
           now() - interval '8 days', n %% 60 + 5, 'cold', now() - interval '8 days', now() - interval '1 day', 'done'
    from generate_series(1, %(leads)s) as n
"""
_PLAIN = """
    update crm_leads set
        score = least(100, coalesce(probability, 0) + case when value > 50000 then 10 when value > 25000 then 5 else 0 end
                           + case when last_contact > now() - interval '7 days' then 5 else 0 end),
        scored_at = now(), rescore_at = null
    where org_id = %(org)s and rescore_at <= now()
"""
_SCORES = "select sum(score), count(*) filter (where rescore_at is null) from crm_leads"


def measure() -> dict[str, Any]:
    """Run it, print the table, keep the JSON; returns the result."""
    before = machine.facts()
    with own_database() as database:
        plain, by_sql = _timed(database, lambda: _execute(database, _PLAIN))
    with own_database() as database, _as_flow(database):
        sweep, by_sweep = _timed(database, lambda: rescore_leads.fn(Window()))
    result = {
        "machine": before,
        "load_after": machine.load(),
        "leads": LEADS,
        "seconds": round(sweep, 2),
        "baseline_seconds": round(plain, 2),
        "ratio": round(sweep / plain, 2),
        "same": by_sql == by_sweep,
    }
    return figures.conclude("scoring", result, _lines(result))


def _timed(database: OwnDatabase, work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of the work on leads that all have to be scored again, and what the scores are afterwards."""
    _execute(database, _FILL)
    _execute(database, "analyze crm_leads")
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    with psycopg.connect(database.addresses.owner) as connection:
        return seconds, connection.execute(_SCORES).fetchone()


def _execute(database: OwnDatabase, statement: str) -> None:
    with psycopg.connect(database.addresses.owner) as connection:
        if "%" in statement:
            connection.execute(statement.encode(), {"org": database.org_id, "leads": LEADS})
        else:
            connection.execute(statement.encode())


@contextmanager
def _as_flow(database: OwnDatabase) -> Iterator[None]:
    """This process works with the flows' login."""
    with (
        patch.dict(os.environ, {"CRM_FLOW_DATABASE_URL": database.addresses.flow}),
        session.bound_to(database.addresses.flow),
    ):
        yield


def _lines(result: dict[str, Any]) -> list[Line]:
    return [
        Line(f"seconds in which the sweep scores {result['leads']:,} leads", f"{result['seconds']:.1f}"),
        Line("seconds of a plain UPDATE", f"{result['baseline_seconds']:.1f}"),
        Line("ratio", f"{result['ratio']:.1f}"),
        Line("the scores are the same", "yes" if result["same"] else "no", "yes", result["same"]),
    ]
