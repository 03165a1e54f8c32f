"""A good sender: posts people at a rate, tries again with the same Idempotency-Key until answered, and keeps its own log."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx

from tests.faults.breaches import Accepted
from tests.faults.own_stack import Source

SENDERS = 24
TIMEOUT_SECONDS = 20.0
GIVE_UP_SECONDS = 240.0
TRY_AGAIN_SECONDS = (0.1, 1.0)
DUPLICATES = 0.15
HOPELESS = 0.02
REPEATED = 0.05


@dataclass(frozen=True)
class Submission:
    """One post: its key, which repeats of it share, and the person it is about."""

    key: str
    email: str
    name: str
    hopeless: bool = False
    again: bool = False
    """Posted a second time after its answer, as senders do that lost it."""

    @property
    def body(self) -> dict[str, object]:
        """What is posted; a hopeless one names nobody."""
        if self.hopeless:
            return {"comment": f"nothing here {self.key}"}
        return {"email": self.email, "name": self.name, "company": "Load Ltd", "value": 30_000}


def submissions(count: int, *, seed: int) -> list[Submission]:
    """`count` posts in a fixed order: some are about a person that came before (spelt otherwise), a few are hopeless."""
    chance = random.Random(seed)
    people: list[str] = []
    made: list[Submission] = []
    for number in range(count):
        roll = chance.random()
        if roll < HOPELESS:
            made.append(Submission(f"fault-{seed}-{number}", "", "", hopeless=True))
            continue
        if people and roll < HOPELESS + DUPLICATES:
            email = chance.choice(people[-100:]).upper()
        else:
            email = f"person{number}.{seed}@faults.example"
            people.append(email)
        again = chance.random() < REPEATED
        made.append(Submission(f"fault-{seed}-{number}", email, f"Person Number{number}", again=again))
    return made


@dataclass
class Sender:
    """Posts to one source; `accepted` is the log of every 202, `unanswered` what it gave up on."""

    source: Source
    rate: float
    accepted: list[Accepted] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    tries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def wanting(self) -> list[str]:
        """What got no answer, as a row says it."""
        return [f"no answer to {key}" for key in self.unanswered]

    def post(self, posts: Sequence[Submission]) -> None:
        """Post them all at the rate; returns when each was answered or given up."""
        headers = {"X-API-Key": self.source.api_key}
        with (
            httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
            ThreadPoolExecutor(SENDERS) as pool,
        ):
            began = time.monotonic()
            for number, post in enumerate(posts):
                time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
                pool.submit(self._until_answered, client, post)

    def _until_answered(self, client: httpx.Client, post: Submission) -> None:
        until = time.monotonic() + GIVE_UP_SECONDS
        missing = 2 if post.again else 1
        while missing and time.monotonic() < until:
            answer = self._try(client, post)
            if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
                missing -= 1
                with self._lock:
                    self.accepted.append(
                        Accepted(post.key, answer.json()["event_id"], post.email, post.hopeless)
                    )
            elif answer is not None and not _may_pass(answer):
                break
            else:
                time.sleep(random.uniform(*TRY_AGAIN_SECONDS))
        if missing:
            with self._lock:
                self.unanswered.append(post.key)

    def _try(self, client: httpx.Client, post: Submission) -> httpx.Response | None:
        """One request; None when the connection failed, which says nothing about whether it was kept."""
        with self._lock:
            self.tries += 1
        try:
            return client.post(self.source.url, json=post.body, headers={"Idempotency-Key": post.key})
        except httpx.TransportError:
            return None


def _may_pass(answer: httpx.Response) -> bool:
    """Whether the same request may be answered otherwise later."""
    return answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
