"""A source as the door for leads knows it: what it may be proven by, and how it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Candidate:
    """A source that a path may mean; what is proven already: its token was the path, or its key was given.

    `by_form`: the path was its public form token, which proves nothing without one of `allowed_origins`.
    `verify_token` is the source's path token, which Meta repeats in its handshake.
    """

    org_id: UUID
    source_id: UUID
    name: str
    secret: str
    mapping: Mapping[str, Any]
    rate_per_minute: int | None
    by_token: bool
    by_key: bool
    format: str = "auto"
    by_form: bool = False
    allowed_origins: Sequence[str] = ()
    thank_you_url: str | None = None
    verify_token: str = ""
