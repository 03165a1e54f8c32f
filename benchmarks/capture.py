"""capture: requests a second of POST /api/crm/capture, next to a minimal baseline on the same database in the same minutes.

Both are served by two uvicorn workers with a pool of six connections each, over 32 kept-open connections, on a durable
database (fsync on) with nothing else running on it. Rounds alternate; figures are medians of the rounds, the ratio that of
the rounds' ratios. Arrays are counted in leads. Few connections are shared out unevenly: of eight, one worker often has most.
"""

from statistics import median
from typing import Any

import psycopg

from benchmarks import figures, machine, minimal_capture
from benchmarks.figures import Line
from benchmarks.own_database import OwnDatabase, own_database
from benchmarks.serving import CONNECTIONS, WORKERS, hammered, served
from crm_db import session
from crm_db.actions import sources
from crm_db.session import Identity
from deployments.addresses import Addresses

SECONDS = 10.0
ROUNDS = 3
LEADS_OF_AN_ARRAY = 100
TARGET_RATIO = 0.75
TARGET_OF_ARRAYS = 10_000.0


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Run it, print the table, keep the JSON; returns the result."""
    before = machine.facts()
    with own_database() as database:
        key, addresses = _source(database), database.addresses
        with (
            served("api.app:create_app", _product(addresses), "/api/crm/health") as product,
            served(
                "benchmarks.minimal_capture:create_app",
                {"MINIMAL_DATABASE_URL": addresses.owner},
                "/openapi.json",
            ) as baseline,
        ):
            captures = f"{product}/api/crm/capture/benchmark"
            ways = {
                "capture": (captures, key, 1),
                "baseline": (f"{baseline}/capture", "none", 1),
                "arrays": (captures, key, LEADS_OF_AN_ARRAY),
            }
            for way in ways.values():
                hammered(*way, min(2.0, seconds))
            warm_up = _kept(addresses)
            rounds = [{name: hammered(*way, seconds) for name, way in ways.items()} for _ in range(ROUNDS)]
        missing = _answered(rounds) - (_kept(addresses) - warm_up)
    result = {"machine": before, "load_after": machine.load(), "missing": missing, **_sum(rounds)}
    _print(result)
    return figures.conclude("capture", result, _lines(result))


def _source(database: OwnDatabase) -> str:
    """A source of the first org, and the baseline's tables; returns the source's API key."""
    identity = Identity(database.org_id, None, "admin")
    with session.bound_to(database.addresses.app), session.unit_of_work(identity) as work:
        key = sources.add(work, identity, "benchmark").api_key
    with psycopg.connect(database.addresses.owner, autocommit=True) as connection:
        connection.execute(minimal_capture.SCHEMA)
    return key


def _product(addresses: Addresses) -> dict[str, str]:
    return {
        "CRM_APP_DATABASE_URL": addresses.app,
        "CRM_CAPTURE_DATABASE_URL": addresses.capture,
        "CRM_CAPTURE_POOL_SIZE": str(minimal_capture.POOL_SIZE),
        "CRM_CAPTURE_RATE_PER_MINUTE": "10000000",
    }


def _kept(addresses: Addresses) -> int:
    """How many submissions are in the inbox."""
    with psycopg.connect(addresses.owner) as connection:
        row = connection.execute("select count(*) from crm_inbox").fetchone()
    assert row is not None
    return int(row[0])


def _answered(rounds: list[dict[str, dict[str, Any]]]) -> int:
    """How many submissions of the rounds got a 202; one that is not in the inbox makes the figures worthless."""
    singles = sum(one["capture"]["answered"] for one in rounds)
    arrays = sum(one["arrays"]["answered"] for one in rounds)
    return int(singles + LEADS_OF_AN_ARRAY * arrays)


def _sum(rounds: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    middle = {name: median(one[name]["per_second"] for one in rounds) for name in rounds[0]}
    return {
        "per_second": middle["capture"],
        "baseline_per_second": middle["baseline"],
        "ratio": round(
            median(one["capture"]["per_second"] / one["baseline"]["per_second"] for one in rounds), 3
        ),
        "leads_in_arrays_per_second": middle["arrays"],
        "rounds": rounds,
    }


def _lines(result: dict[str, Any]) -> list[Line]:
    ratio, arrays = result["ratio"], result["leads_in_arrays_per_second"]
    return [
        Line("requests/s with one lead each", f"{result['per_second']:,.0f}"),
        Line("requests/s of the minimal baseline", f"{result['baseline_per_second']:,.0f}"),
        Line(
            "ratio, median of those of the rounds",
            f"{ratio:.2f}",
            f"at least {TARGET_RATIO:g}",
            ratio >= TARGET_RATIO,
        ),
        Line(
            f"leads/s in arrays of {LEADS_OF_AN_ARRAY}",
            f"{arrays:,.0f}",
            f"at least {TARGET_OF_ARRAYS:,.0f}",
            arrays >= TARGET_OF_ARRAYS,
        ),
        Line("202s that are not in the inbox", str(result["missing"]), "0", result["missing"] <= 0),
    ]


def _print(result: dict[str, Any]) -> None:
    figures.show(
        f"A second, {CONNECTIONS} connections, {WORKERS} workers",
        ("round", "capture", "p95 ms", "baseline", "p95 ms", "leads in arrays", "p95 ms", "load"),
        [
            (
                number,
                *(
                    value
                    for name in ("capture", "baseline", "arrays")
                    for value in (one[name]["per_second"], one[name]["milliseconds"]["p95"])
                ),
                one["capture"]["load"],
            )
            for number, one in enumerate(result["rounds"], start=1)
        ],
    )
