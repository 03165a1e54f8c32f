"""Taking a submission in: prove the sender, find the key that makes a repeat harmless, keep the raw bytes."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, QueryParams

from api.capture_store import CaptureStore, Conflict, Keyed, Receipt
from api.errors import BadIdempotencyKey, IdempotencyKeyReused, TooManyRequests, Unproven
from api.identity import KeyParts, key_in
from api.limits import RateLimits
from api.proof import Candidate, proven_source
from crm_db.rules.keys import body_hash
from crm_db.rules.mapping import sender_id
from crm_db.rules.parsing import Batch, Unreadable, payload_of, split

MAX_REF_CHARS = 200
MAX_CONTENT_TYPE_CHARS = 300
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NO = frozenset({"false", "0", "off", "no"})


@dataclass(frozen=True)
class Post:
    """One call of the capture endpoint. `ref`: the token, name or id of a source, as it stood in the path."""

    ref: str
    body: bytes
    content_type: str
    key: KeyParts | None
    signatures: tuple[str, ...]
    idempotency_key: str | None
    automation: bool


def post_of(ref: str, headers: Headers, query: QueryParams, body: bytes) -> Post:
    """What a request brings; nothing is judged yet."""
    keys = headers.getlist("idempotency-key")
    wants_none = (
        query.get("automation", "").lower() in _NO or headers.get("x-crm-automation", "").lower() in _NO
    )
    return Post(
        ref=ref,
        body=body,
        content_type=headers.get("content-type", "")[:MAX_CONTENT_TYPE_CHARS],
        key=key_in(headers),
        signatures=tuple(headers.getlist("x-crm-signature")),
        idempotency_key=",".join(keys) if keys else None,
        automation=not wants_none,
    )


@dataclass(frozen=True)
class Taken:
    """What was kept: a receipt for each submission; `is_array` when they came as one."""

    receipts: list[Receipt]
    is_array: bool


class Intake:
    """Takes submissions in; one for a process, safe to use from several threads."""

    def __init__(
        self, store: CaptureStore, *, rate_per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._rate = rate_per_minute
        self._limits = RateLimits()
        self._clock = clock

    def take(self, post: Post) -> Taken:
        """Keep what was posted; committed when this returns.

        Raises Unproven, Unreadable (nothing in it), TooMany, TooManyRequests, BadIdempotencyKey,
        IdempotencyKeyReused; psycopg's OperationalError when the database is not there.
        """
        source = self._proven(post)
        idempotency_key = checked_key(post.idempotency_key)
        batch = split(post.content_type, post.body)
        rate = self._rate if source.rate_per_minute is None else source.rate_per_minute
        wait = self._limits.take(source.source_id, len(batch.items), per_minute=rate, now=self._clock())
        if wait:
            raise TooManyRequests(wait)
        items = list(keyed(source, batch, idempotency_key, post.body))
        try:
            receipts = self._store.keep(
                source,
                batch.content_type,
                items,
                automation=post.automation,
                same_bodies=idempotency_key is not None,
            )
        except Conflict:
            raise IdempotencyKeyReused from None
        return Taken(receipts, batch.is_array)

    def _proven(self, post: Post) -> Candidate:
        if not 0 < len(post.ref) <= MAX_REF_CHARS or "\0" in post.ref:
            raise Unproven
        return proven_source(self._store.candidates(post.ref, post.key), post.signatures, post.body)


def checked_key(given: str | None) -> str | None:
    """An Idempotency-Key that can be used, or None when none was sent; raises BadIdempotencyKey."""
    if given is not None and not _IDEMPOTENCY_KEY.fullmatch(given):
        raise BadIdempotencyKey
    return given


def keyed(source: Candidate, batch: Batch, idempotency_key: str | None, body: bytes) -> Iterator[Keyed]:
    """The submissions of a batch with their keys.

    The header's key comes first (of an array: with the index, and the whole body must repeat), then the
    sender's own id, then the hash of the bytes, which counts for 24 hours only.
    """
    whole = body_hash(body)
    for index, item in enumerate(batch.items):
        if idempotency_key is not None:
            key = f"{idempotency_key}#{index}" if batch.is_array else idempotency_key
            yield Keyed(item, f"header:{source.source_id}", key, whole)
            continue
        own = body_hash(item)
        named = _sender_id(batch.content_type, item, source.mapping)
        if named is not None:
            yield Keyed(item, f"sender:{source.source_id}", named, own)
        else:
            yield Keyed(item, f"body:{source.source_id}", own.hex(), own)


def _sender_id(content_type: str, item: bytes, mapping: Mapping[str, Any]) -> str | None:
    try:
        return sender_id(payload_of(content_type, item), mapping)
    except Unreadable:
        return None


def answer(taken: Taken) -> Mapping[str, object]:
    """The body of the answer 202."""
    events: Sequence[dict[str, object]] = [
        {
            "event_id": str(receipt.event_id),
            "status_url": f"/api/crm/events/{receipt.event_id}",
            "repeated": receipt.repeated,
        }
        for receipt in taken.receipts
    ]
    return {"events": events} if taken.is_array else events[0]
