"""What a value must look like, said in a few words: the fake's own checks, for when no provider's contract is at hand.

A check takes a value and the name of its place and yields what is wrong with it. Fields that nobody named are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where (`personalizations.0.to`); the words hold no value that was given."""

    field: str
    words: str


Check = Callable[[object, str], Iterator[Problem]]

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")


def text(*, least: int = 0, most: int | None = None, like: re.Pattern[str] | None = None) -> Check:
    """Text of so many characters that looks so."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(at, "must be text")
        elif len(value) < least:
            yield Problem(at, f"must have at least {least} characters")
        elif most is not None and len(value) > most:
            yield Problem(at, f"must have at most {most} characters")
        elif like is not None and not like.fullmatch(value):
            yield Problem(at, "has not the form it must have")

    return check


def number(*, least: float | None = None, most: float | None = None, whole: bool = False) -> Check:
    """A number within bounds."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            yield Problem(at, "must be a whole number" if whole else "must be a number")
        elif (least is not None and value < least) or (most is not None and value > most):
            yield Problem(at, f"must be from {least} to {most}")

    return check


def boolean(value: object, at: str) -> Iterator[Problem]:
    """True or false."""
    if not isinstance(value, bool):
        yield Problem(at, "must be true or false")


def one_of(*allowed: object) -> Check:
    """One of these values."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if value not in allowed:
            yield Problem(at, f"must be one of {', '.join(str(one) for one in allowed)}")

    return check


def either(first: Check, second: Check) -> Check:
    """What the first or the second takes; the first one's complaint when neither does."""

    def check(value: object, at: str) -> Iterator[Problem]:
        problems = list(first(value, at))
        if problems and list(second(value, at)):
            yield from problems

    return check


def items(each: Check, *, least: int = 0, most: int | None = None) -> Check:
    """A list of so many."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem(at, "must be a list")
            return
        if len(value) < least:
            yield Problem(at, f"must have at least {least} items")
        if most is not None and len(value) > most:
            yield Problem(at, f"must have at most {most} items")
        for index, item in enumerate(value):
            yield from each(item, f"{at}.{index}")

    return check


def record(fields: Mapping[str, Check], *, required: Sequence[str] = ()) -> Check:
    """An object with these fields and no other."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(at, "must be an object")
            return
        start = f"{at}." if at else ""
        for name in required:
            if name not in value:
                yield Problem(f"{start}{name}", "is required")
        for name, item in value.items():
            if name in fields:
                yield from fields[name](item, f"{start}{name}")
            else:
                yield Problem(f"{start}{name}", "is unknown")

    return check


def table(each: Check | None = None) -> Check:
    """An object with names of the caller's own choice."""

    def check(value: object, at: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem(at, "must be an object")
        elif each is not None:
            for name, item in value.items():
                yield from each(item, f"{at}.{name}")

    return check


def mailbox(value: object, at: str) -> Iterator[Problem]:
    """An e-mail address, as far as a provider looks at it."""
    return text(most=320, like=EMAIL)(value, at)
