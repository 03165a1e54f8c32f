"""Whether a submission comes from its source: by path token, API key, or a signature over the raw bytes."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.errors import Unproven

_SCHEME = b"sha256="


@dataclass(frozen=True)
class Candidate:
    """A source that a path may mean; what is proven already: its token was the path, or its key was given."""

    org_id: UUID
    source_id: UUID
    name: str
    secret: str
    mapping: Mapping[str, Any]
    rate_per_minute: int | None
    by_token: bool
    by_key: bool


def proven_source(candidates: Sequence[Candidate], signatures: Sequence[str], body: bytes) -> Candidate:
    """The one source that the sender is proven for; raises Unproven.

    A signature that is given must fit, whatever else proves the sender. Several orgs may have a source of one
    name: the proof says which is meant, and where it fits more than one, it proves nothing.
    """
    if signatures:
        if not candidates:
            _is_signed("", signatures, body)  # takes as long as for a source that exists
        fitting = [one for one in candidates if _is_signed(one.secret, signatures, body)]
    else:
        fitting = [one for one in candidates if one.by_token or one.by_key]
    if len(fitting) > 1:
        fitting = [one for one in fitting if one.by_token or one.by_key]
    if len(fitting) != 1:
        raise Unproven
    return fitting[0]


def _is_signed(secret: str, signatures: Sequence[str], body: bytes) -> bool:
    """Whether there is one signature, and it is the one that the secret makes; compared in constant time."""
    expected = _SCHEME + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
    given = ",".join(signatures).encode("utf-8", "surrogateescape")
    return hmac.compare_digest(expected, given) and secret != ""
