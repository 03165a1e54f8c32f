"""A client that posts many leads at once, in a process of its own.

`python -m benchmarks.bursting URL KEY COUNT CONNECTIONS FIRST OUT`; persons are numbered from FIRST on, and one in ten posts is
by somebody who is in another post of the burst too. OUT gets a JSON line for each answer: `event`, `email`, `status`, and in
seconds since 1970 `sent` and `answered`.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REPEATING = 10
"""One post in so many is by somebody who is there already."""
NEAR = 40
"""So close to the first post of the same person that both are often worked on at the same time."""
TIMEOUT_SECONDS = 60.0


def people(count: int, *, first: int = 0, seed: int = 1) -> list[dict[str, Any]]:
    """The posts of a burst: one in REPEATING by a person of a post shortly before, written differently."""
    chance = random.Random(seed)
    posts: list[dict[str, Any]] = []
    for number in range(count):
        if number % REPEATING == REPEATING - 1:
            earlier = posts[max(0, number - chance.randint(1, NEAR))]
            posts.append({**earlier, "email": earlier["email"].upper(), "title": "Head of Purchasing"})
        else:
            posts.append(_person(first + number, chance))
    return posts


def _person(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "email": f"person{number}@burst.example",
        "name": f"Person Number{number}",
        "company": f"Company {number % 200}",
        "phone": f"+447911{number % 1_000_000:06d}",
        "value": chance.randrange(0, 90_000, 500),
        "plan": chance.choice(("Free", "Team", "Business")),
        "utm_source": "burst",
    }


def burst(url: str, api_key: str, posts: list[dict[str, Any]], connections: int) -> list[dict[str, Any]]:
    """Post all as fast as answers come, on kept-open connections; returns what became of each."""
    waiting, answers, lock = iter(enumerate(posts)), list[dict[str, Any]](), threading.Lock()

    def next_post() -> tuple[int, dict[str, Any]] | None:
        with lock:
            return next(waiting, None)

    def send() -> None:
        answers.extend(_answers(url, api_key, iter(next_post, None)))

    senders = [threading.Thread(target=send) for _ in range(connections)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return answers


def _answers(
    url: str, api_key: str, posts: Iterator[tuple[int, dict[str, Any]] | None]
) -> Iterator[dict[str, Any]]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    headers = {"X-API-Key": api_key, "Content-Type": "application/json"}
    for number, post in (one for one in posts if one is not None):
        sent = time.time()
        connection.request(
            "POST", parts.path, json.dumps(post), {**headers, "Idempotency-Key": post["email"] + str(number)}
        )
        answer = connection.getresponse()
        body = json.loads(answer.read())
        yield {
            "event": body.get("event_id"),
            "email": post["email"].lower(),
            "status": answer.status,
            "sent": sent,
            "answered": time.time(),
        }
    connection.close()


def main() -> None:
    """Post as the arguments say."""
    url, api_key, count, connections, first, out = sys.argv[1:]
    answers = burst(url, api_key, people(int(count), first=int(first)), int(connections))
    Path(out).write_text("".join(json.dumps(answer) + "\n" for answer in answers), encoding="utf-8")


if __name__ == "__main__":
    main()
