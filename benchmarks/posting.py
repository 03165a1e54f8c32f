"""A client that posts leads at a steady rate, in a process of its own.

`python -m benchmarks.posting URL KEY RATE SECONDS FIRST OUT`; persons are numbered from FIRST on.
It posts on a fixed timetable whether or not answers come back (an open loop), so a slow answer hides no waiting. OUT gets a JSON
line for each answer: `event`, `email`, `status`, and in seconds since 1970 `due` (by the timetable), `sent` and `answered`.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

CONNECTIONS = 16
TIMEOUT_SECONDS = 30.0


def post_steadily(
    url: str, api_key: str, *, rate: float, seconds: float, first: int = 0
) -> list[dict[str, Any]]:
    """Post `rate` leads a second for `seconds`, each another person; returns what became of each post."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    run = f"{time.time_ns():x}"
    with (
        httpx.Client(
            headers={"X-API-Key": api_key}, timeout=TIMEOUT_SECONDS, limits=limits, trust_env=False
        ) as client,
        ThreadPoolExecutor(CONNECTIONS) as pool,
    ):
        futures = []
        began, wall = time.monotonic(), time.time()
        for number in range(int(rate * seconds)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            futures.append(pool.submit(_post, client, url, run, first + number, wall + number / rate))
        return [future.result() for future in futures]


def _post(client: httpx.Client, url: str, run: str, number: int, due: float) -> dict[str, Any]:
    email = f"person{number}.{run}@steady.example"
    person = {
        "email": email,
        "name": f"Person Number{number}",
        "company": f"Company {number % 50}",
        "phone": f"+447911{number % 1_000_000:06d}",
        "value": (number % 9) * 10_000,
        "utm_source": "benchmark",
    }
    sent = time.time()
    try:
        answer = client.post(url, json=person, headers={"Idempotency-Key": f"{run}-{number}"})
    except httpx.HTTPError as error:
        return {
            "email": email,
            "status": type(error).__name__,
            "due": due,
            "sent": sent,
            "answered": time.time(),
        }
    answered = time.time()
    event = answer.json().get("event_id") if answer.status_code == httpx.codes.ACCEPTED else None
    return {
        "event": event,
        "email": email,
        "status": answer.status_code,
        "due": due,
        "sent": sent,
        "answered": answered,
    }


def main() -> None:
    """Post as the arguments say."""
    url, api_key, rate, seconds, first, out = sys.argv[1:]
    answers = post_steadily(url, api_key, rate=float(rate), seconds=float(seconds), first=int(first))
    Path(out).write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")


if __name__ == "__main__":
    main()
