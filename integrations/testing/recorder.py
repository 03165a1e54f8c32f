"""Providers in memory that record, and fail when told to, before or after their work.

Like most real providers they accept the same message as often as they are asked, so what a caller sends twice
shows up twice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import ClassVar, Generic, Protocol, TypeVar

from integrations.errors import SendError
from integrations.ports import Call, Email, Invite, Receipt, Sms, Trace


class _Message(Protocol):
    @property
    def message_id(self) -> str: ...


M = TypeVar("M", bound=_Message)


@dataclass(frozen=True, slots=True)
class _Fault:
    error: SendError
    after_accepting: bool


class Recorder(Generic[M]):
    """A provider in memory, safe to share between threads.

    `accepted` is the provider's own log, in order; `asked` counts the calls of `send`. With `answers=False`
    it cannot be looked up: `lookup` says None whatever happened.
    """

    name: ClassVar[str] = "recording"
    has_lookup: ClassVar[bool] = True

    def __init__(self, *, answers: bool = True) -> None:
        self.accepted: list[M] = []
        self.asked = 0
        self._answers = answers
        self._faults: deque[_Fault] = deque()
        self._lock = Lock()

    def fail_next(self, error: SendError, *, after_accepting: bool = False) -> None:
        """Raise `error` from the next send that has no fault yet; after the work when `after_accepting`."""
        with self._lock:
            self._faults.append(_Fault(error, after_accepting))

    def send(self, message: M) -> Receipt:
        """Record the message, or raise the fault that is due."""
        with self._lock:
            self.asked += 1
            fault = self._faults.popleft() if self._faults else None
            if fault is None or fault.after_accepting:
                self.accepted.append(message)
        if fault is not None:
            raise fault.error
        return self._receipt(message.message_id)

    def lookup(self, trace: Trace) -> Receipt | None:
        """The receipt of a message in the log."""
        known = self._answers and self.times_accepted(trace.message_id) > 0
        return self._receipt(trace.message_id) if known else None

    def times_accepted(self, message_id: str) -> int:
        """How often this message was accepted: more than once is what must never happen."""
        with self._lock:
            return sum(message.message_id == message_id for message in self.accepted)

    def _receipt(self, message_id: str) -> Receipt:
        return Receipt(self.name, f"recorded-{message_id}")


class RecordingSender(Recorder[Email]):
    """The fake `EmailSender`."""


class RecordingInviteSender(Recorder[Invite]):
    """The fake `InviteSender`."""


class RecordingPhoneLine(Recorder[Sms | Call]):
    """The fake `PhoneLine`: texts and calls in one log."""

    def text(self, sms: Sms) -> Receipt:
        """Record a text."""
        return self.send(sms)

    def call(self, call: Call) -> Receipt:
        """Record a call."""
        return self.send(call)
