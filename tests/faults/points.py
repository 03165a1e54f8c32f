"""The named points at which a worker can die: P1 to P12, where the outside world and the database can disagree.

The product has no hooks for this: a child process (see crashing.py) changes its own copy of the code so that it comes by a
counter at the point. On the way of an e-mail P6 to P9 lie inside the client's socket; on the way of a local invitation they lie
between the bytes of its files. Capture calls nobody outside, so P6 to P9 do not exist there, and its batches are too short to
renew a lease. Leads that a person entered are prepared without a claim.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

from httpcore._backends.sync import SyncStream

from crm_db.actions import arrivals, attempts, messages, preparation, submissions
from crm_db.queries import outgoing
from integrations import outbox
from integrations.outbox import Outbox
from tasks import capture, delivery, senders
from tasks.tally import Tally, Window

Step = Callable[[], object]
Die = Callable[[], None]
"""Counts an arrival at the point, and ends the process if it is the one."""
Arm = Callable[[Die], None]
"""Changes the code of this process so that it comes by a `Die`."""

CAPTURE, PREPARE, EMAIL, CALENDAR = "capture", "prepare", "email", "calendar"
SLOW_SECONDS = 11.0
"""Longer than a third of a claim's lease: a claim whose messages each took this long is renewed before each."""


def capture_step() -> object:
    """Submissions become leads, and leads get their score, owner, place in the sequence, and first messages."""
    return capture.capture_and_prepare.fn(Window())


def deliver_step() -> Tally:
    """Due messages leave."""
    return delivery.deliver_due.fn(Window())


def settle_step() -> Tally:
    """Attempts in doubt are settled by evidence."""
    return delivery.settle_doubtful.fn(Window())


def everything() -> None:
    """One pass of all lanes."""
    capture_step()
    deliver_step()
    settle_step()


@dataclass(frozen=True)
class Point:
    """A place to die at: its name, what is true there, and how a process comes by it on `lane`."""

    lane: str
    name: str
    words: str
    arm: Arm

    @property
    def step(self) -> Step:
        """The work that comes by."""
        return capture_step if self.lane in (CAPTURE, PREPARE) else deliver_step

    def __str__(self) -> str:
        return f"{self.lane} {self.name}"


def change(owner: Any, name: str, value: object) -> None:
    """Put something else in the place of a part of this process's code."""
    setattr(owner, name, value)


def before(owner: Any, name: str) -> Arm:
    """Die as this function is called."""
    return _around(owner, name, first=True)


def after(owner: Any, name: str) -> Arm:
    """Die when this function has done its work and its caller does not know yet."""
    return _around(owner, name, first=False)


def _around(owner: Any, name: str, *, first: bool) -> Arm:
    def arm(die: Die) -> None:
        original = getattr(owner, name)

        def dying(*args: Any, **kwargs: Any) -> Any:
            if first:
                die()
            result = original(*args, **kwargs)
            if not first:
                die()
            return result

        change(owner, name, dying)

    return arm


def _no_byte_written(die: Die) -> None:
    original, begun = SyncStream.write, WeakSet[SyncStream]()

    def write(stream: SyncStream, buffer: bytes, timeout: float | None = None) -> None:
        if stream not in begun:
            begun.add(stream)
            die()
        original(stream, buffer, timeout)

    change(SyncStream, "write", write)


def _half_written(die: Die) -> None:
    """The head of a request comes in one write and its body in the next: half of the body."""
    original, begun = SyncStream.write, WeakSet[SyncStream]()

    def write(stream: SyncStream, buffer: bytes, timeout: float | None = None) -> None:
        if stream not in begun or not buffer:
            begun.add(stream)
            original(stream, buffer, timeout)
            return
        middle = len(buffer) // 2
        original(stream, buffer[:middle], timeout)
        die()
        original(stream, buffer[middle:], timeout)

    change(SyncStream, "write", write)


def _no_answer_read(die: Die) -> None:
    original, begun = SyncStream.read, WeakSet[SyncStream]()

    def read(stream: SyncStream, max_bytes: int, timeout: float | None = None) -> bytes:
        if stream not in begun:
            begun.add(stream)
            die()
        return original(stream, max_bytes, timeout)

    change(SyncStream, "read", read)


def _draft_made(die: Die) -> None:
    def make(*args: Any, **kwargs: Any) -> Any:
        made = tempfile.mkstemp(*args, **kwargs)
        die()
        return made

    change(outbox, "tempfile", SimpleNamespace(mkstemp=make))


def _half_the_file(die: Die) -> None:
    original = Outbox._write_draft

    def write(box: Outbox, content: bytes) -> Any:
        half = original(box, content[: len(content) // 2])
        die()
        half.unlink()
        return original(box, content)

    change(Outbox, "_write_draft", write)


def _inside_renewal(die: Die) -> None:
    """As if every message before had been slow, so that the claim is renewed before the next one."""
    after(messages, "renew")(die)
    looks = count()
    slow = SimpleNamespace(monotonic=lambda: time.monotonic() + SLOW_SECONDS * next(looks), sleep=time.sleep)
    change(delivery, "time", slow)


def _of_delivery(lane: str, outside: Mapping[str, tuple[str, Arm]]) -> list[Point]:
    """The points of a channel: those of the ledger, and between them those of its carrier."""
    arms: dict[str, tuple[str, Arm]] = {
        "P1": ("nothing is claimed", before(messages, "claim")),
        "P2": ("claimed, not committed", after(messages, "claim")),
        "P3": ("the claim is committed", before(delivery, "deliver_one")),
        "P4": ("the message is rendered", after(outgoing, "compose")),
        "P5": ("the attempt is committed, nothing is sent", before(senders, "send")),
        **outside,
        "P9": ("it is sent, nothing is recorded", after(senders, "send")),
        "P10": ("the outcome is written, not committed", after(attempts, "record")),
        "P11": ("the outcome is committed, Prefect does not know", after(delivery, "deliver_one")),
        "P12": ("the lease is renewed, not committed", _inside_renewal),
    }
    return [Point(lane, name, words, arm) for name, (words, arm) in arms.items()]


POINTS: tuple[Point, ...] = (
    Point(CAPTURE, "P1", "nothing is claimed", before(submissions, "claim")),
    Point(CAPTURE, "P2", "claimed, not committed", after(submissions, "claim")),
    Point(CAPTURE, "P3", "the claim is committed", before(submissions, "capture")),
    Point(CAPTURE, "P4", "understood, nothing is kept", before(arrivals, "keep")),
    Point(CAPTURE, "P10", "the leads are made, not committed", after(submissions, "capture")),
    Point(CAPTURE, "P11", "the leads are committed, Prefect does not know", after(capture, "capture_batch")),
    Point(PREPARE, "P1", "no lead is locked", before(preparation, "prepare")),
    Point(PREPARE, "P4", "scored and given away, nobody is told", before(messages, "schedule")),
    Point(PREPARE, "P10", "prepared, not committed", after(preparation, "prepare")),
    Point(PREPARE, "P11", "prepared and committed, Prefect does not know", after(capture, "prepare_batch")),
    *_of_delivery(
        EMAIL,
        {
            "P6": ("connected, not a byte is written", _no_byte_written),
            "P7": ("half the request is written", _half_written),
            "P8": ("the request is written, no answer is read", _no_answer_read),
        },
    ),
    *_of_delivery(
        CALENDAR,
        {
            "P6": ("the draft of the file is made, not a byte is in it", _draft_made),
            "P7": ("half the file is written", _half_the_file),
            "P8": ("the file has its name, its folder is synced, nobody is told", after(Outbox, "_publish")),
        },
    ),
)


def point(lane: str, name: str) -> Point:
    """The point of this name."""
    return next(one for one in POINTS if (one.lane, one.name) == (lane, name))
