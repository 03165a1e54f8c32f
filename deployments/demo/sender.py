"""Posting like many senders at once: several threads, real HTTP, trying again where a good sender would."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event

import httpx

from crm_db import clock
from deployments.demo.plan import Group
from deployments.demo.posts import Post
from deployments.errors import DeploymentError

THREADS = 8
TICK_SECONDS = 0.25
TRY_AGAIN_SECONDS = 60.0
PAUSE_SECONDS = 0.5


class NotTaken(DeploymentError):
    """The API did not answer a post with a yes or a no, for too long."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The API took no posts for {TRY_AGAIN_SECONDS:.0f} s ({why}); crm status shows its state."
        )


@dataclass(frozen=True)
class Answer:
    """How one post ended: status, an event for each submission that was accepted, how often it was tried."""

    post: Post
    status: int
    event_ids: tuple[str, ...]
    tries: int

    @property
    def as_intended(self) -> bool:
        """Refused for want of proof when it had none, else kept in full."""
        if self.post.refused:
            return self.status == httpx.codes.UNAUTHORIZED
        return self.status == self.post.status and self.kept == self.post.count

    @property
    def kept(self) -> int:
        """Submissions that were accepted: those an event id was given for, or all of a sender that hears of none."""
        return self.post.count if self.is_silent_yes else len(self.event_ids)

    @property
    def is_silent_yes(self) -> bool:
        """Whether it was accepted without a word of its events."""
        return self.post.silent and self.status == self.post.status


@dataclass(frozen=True)
class Answers:
    """All answers of a run, counted in submissions."""

    every: tuple[Answer, ...]

    @property
    def accepted(self) -> int:
        """Submissions that were kept."""
        return sum(answer.kept for answer in self.every)

    @property
    def refused(self) -> int:
        """Submissions of posts that were not taken."""
        return sum(answer.post.count for answer in self.every if not answer.kept)

    @property
    def events(self) -> int:
        """The distinct events that were answered with, and those that nobody was told of."""
        told = {event_id for answer in self.every for event_id in answer.event_ids}
        return len(told) + sum(answer.kept for answer in self.every if answer.is_silent_yes)

    @property
    def tried_again(self) -> int:
        """Tries beyond the first of each post."""
        return sum(answer.tries - 1 for answer in self.every)


def post_all(
    groups: Sequence[Group], base_url: str, *, rate: float, watch: Callable[[Answers], None]
) -> Answers:
    """Post everything; `rate` is in submissions a second, 0 for as fast as it goes.

    The posts of a group go out together. `watch` is told several times a second what was answered so far.
    When it raises, or Ctrl-C comes, nothing more is posted and what is under way is waited for.
    """
    stop = Event()
    limits = httpx.Limits(max_connections=THREADS)
    with (
        httpx.Client(base_url=base_url, timeout=30.0, limits=limits, trust_env=False) as client,
        ThreadPoolExecutor(THREADS, thread_name_prefix="demo-sender") as pool,
    ):
        try:
            return _post_paced(groups, rate, lambda post: pool.submit(_send, client, post, stop), watch)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _post_paced(
    groups: Sequence[Group],
    rate: float,
    submit: Callable[[Post], Future[Answer]],
    watch: Callable[[Answers], None],
) -> Answers:
    answers: list[Answer] = []
    under_way: set[Future[Answer]] = set()
    due = time.monotonic()
    for group in groups:
        while time.monotonic() < due or len(under_way) > THREADS * 4:
            under_way = _collect(under_way, answers, due - time.monotonic())
            watch(Answers(tuple(answers)))
        under_way |= {submit(post) for post in group}
        due += sum(post.count for post in group) / rate if rate else 0.0
    while under_way:
        under_way = _collect(under_way, answers, TICK_SECONDS)
        watch(Answers(tuple(answers)))
    return Answers(tuple(answers))


def _collect(under_way: set[Future[Answer]], answers: list[Answer], seconds: float) -> set[Future[Answer]]:
    """Take the answers that came, waiting a little for the next; what is still under way."""
    pause = min(max(seconds, 0.001), TICK_SECONDS)
    if not under_way:
        time.sleep(pause)
        return under_way
    done, pending = wait(under_way, timeout=pause, return_when=FIRST_COMPLETED)
    answers += [future.result() for future in done]
    return pending


def _send(client: httpx.Client, post: Post, stop: Event) -> Answer:
    """Post until there is a yes or a no; its key makes a second try of a kept submission harmless."""
    began, tries = time.monotonic(), 0
    while True:
        tries += 1
        try:
            response = client.post(post.path, content=post.body, headers=post.headers_at(clock.utc_now()))
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS and response.status_code < 500:
                return Answer(post, response.status_code, _events(response), tries)
            why = f"status {response.status_code}"
        except httpx.TransportError as error:
            why = type(error).__name__
        if time.monotonic() - began > TRY_AGAIN_SECONDS or stop.wait(PAUSE_SECONDS):
            raise NotTaken(why)


def _events(response: httpx.Response) -> tuple[str, ...]:
    """The event ids of a yes, of one submission or of an array; none of any other answer."""
    if not response.is_success:
        return ()
    body = response.json()
    receipts = body.get("events", [body])
    return tuple(str(receipt["event_id"]) for receipt in receipts if "event_id" in receipt)
