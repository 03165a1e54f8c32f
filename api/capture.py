"""Taking a submission in: prove the sender, find the key that makes a repeat harmless, keep the raw bytes."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from api import browser, idempotency
from api.capture_store import CaptureStore, Conflict, Keyed, Receipt
from api.errors import FormRefused, IdempotencyKeyReused, TooManyRequests
from api.gathering import Gathering
from api.identity import KeyParts
from api.limits import RateLimits
from api.posts import Post
from api.proofs import Candidate, is_signed, proven_source, token_suffices, without_proof
from crm_db import clock as utc
from crm_db.rules import formats
from crm_db.rules.formats import Reading
from crm_db.rules.keys import body_hash
from crm_db.rules.parsing import Batch, Unreadable, looks_like_array, payload_of

T = TypeVar("T")

MAX_REF_CHARS = 200
SMALL_BYTES = 16 * 1024


@dataclass(frozen=True)
class Admitted:
    """A proven sender. `origin`: the web page from which a browser posted its form; None for other senders."""

    source: Candidate
    origin: str | None = None


@dataclass(frozen=True)
class Taken:
    """What was kept: a receipt for each submission; `is_array` when they came as one.

    `format`: the shape that all of them have; that of the source where they cannot be read; "" when they differ.
    """

    receipts: list[Receipt]
    is_array: bool
    format: str


class Intake:
    """Takes submissions in; one for a process, used from its event loop.

    What waits for the database, and reading large bodies, is done in `threads`. `clock` counts seconds for the limits,
    `now` tells the time that signatures are compared with.
    """

    def __init__(
        self,
        store: CaptureStore,
        threads: CapacityLimiter,
        *,
        rate_per_minute: int,
        form_rate_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc.utc_now,
    ) -> None:
        self._store = store
        self._threads = threads
        self._gathering = Gathering(store.keep, threads)
        self._rate = rate_per_minute
        self._form_rate = form_rate_per_minute
        self._limits = RateLimits()
        self._clock = clock
        self._now = now

    async def sources(self, ref: str, key: KeyParts | None = None) -> list[Candidate]:
        """The sources that a path may mean, nothing being proven; none for what can be no path of a source."""
        if not 0 < len(ref) <= MAX_REF_CHARS or "\0" in ref:
            return []
        known = self._store.remembered(ref, key)
        return await self._in_thread(self._store.candidates, ref, key) if known is None else known

    async def admit(self, post: Post) -> Admitted:
        """The source that a post is proven for; raises Unproven, FormRefused."""
        candidates = await self.sources(post.ref, post.key)
        return await self._worked(post, self._admitted, post, candidates)

    async def keep(self, post: Post, admitted: Admitted) -> Taken:
        """Keep what was posted; committed when this returns.

        Raises Unreadable (nothing in it), TooMany, TooManyRequests, IdempotencyKeyReused,
        FormRefused; psycopg's OperationalError when the database is not there.
        """
        asked = await self._worked(post, self._asked, post, admitted)
        return Taken(await self._kept(asked), asked.is_array, asked.format)

    def _admitted(self, post: Post, candidates: Sequence[Candidate]) -> Admitted:
        form = next((one for one in candidates if _is_form_post(one, post)), None)
        if form is None:
            return Admitted(proven_source(candidates, post.sent, now=self._now()))
        origin = browser.allowed_origin([form], browser.origin_of(post.sent.headers))
        if origin is None:
            raise FormRefused("This form is posted from a page that is not one of its own.")
        return Admitted(form, origin)

    def _asked(self, post: Post, admitted: Admitted) -> "_Asked":
        """Read what was posted, as far as its keys ask for, and count it; raises as `keep` does."""
        source = admitted.source
        if admitted.origin is not None:
            self._check_form(post, source)
        idempotency_key = idempotency.checked_key(post.idempotency_key)
        batch = formats.split(source.format, post.content_type, post.body)
        readings = [_reading(source, batch.content_type, item) for item in batch.items]
        if admitted.origin is not None and any(reading and reading.fetch_id for reading in readings):
            raise FormRefused("A form brings what its visitor entered, and nothing to be fetched.")
        self._count(source, len(batch.items))
        ids = _sender_ids(readings, is_form=admitted.origin is not None)
        items = tuple(keyed(source, batch, ids, idempotency_key, post))
        return _Asked(items, batch.is_array, _common_format(source, readings), idempotency_key is not None)

    def _check_form(self, post: Post, source: Candidate) -> None:
        """What holds for everybody who knows a public form token."""
        visitor = (source.source_id, browser.visitor(post.address))
        wait = self._limits.take(visitor, 1, per_minute=self._form_rate, now=self._clock())
        if wait:
            raise TooManyRequests(wait)
        if post.idempotency_key is not None:
            raise FormRefused("A form is posted without an Idempotency-Key.")
        if looks_like_array(post.content_type, post.body):
            raise FormRefused("A form is posted one at a time.")

    def _count(self, source: Candidate, submissions: int) -> None:
        rate = self._rate if source.rate_per_minute is None else source.rate_per_minute
        wait = self._limits.take(source.source_id, submissions, per_minute=rate, now=self._clock())
        if wait:
            raise TooManyRequests(wait)

    async def _kept(self, asked: "_Asked") -> list[Receipt]:
        """One submission goes with whatever else waits; an array is kept by itself, and under a key of its own as a whole."""
        if len(asked.items) == 1:
            receipts = [await self._gathering.keep(asked.items[0])]
            if asked.has_key and receipts[0].conflict:
                raise IdempotencyKeyReused
            return receipts
        keep = self._store.keep_all_or_none if asked.has_key else self._store.keep
        try:
            return await self._in_thread(keep, asked.items)
        except Conflict:
            raise IdempotencyKeyReused from None

    async def _worked(self, post: Post, work: Callable[..., T], *arguments: object) -> T:
        """Do what takes no longer than its body is: at once, or in a thread lest a large one keep all others waiting."""
        if len(post.body) <= SMALL_BYTES:
            return work(*arguments)
        return await self._in_thread(work, *arguments)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await to_thread.run_sync(work, *arguments, limiter=self._threads)


@dataclass(frozen=True)
class _Asked:
    """What a post asks to keep; `has_key`: by an Idempotency-Key, which another body must not have."""

    items: tuple[Keyed, ...]
    is_array: bool
    format: str
    has_key: bool


def keyed(
    source: Candidate, batch: Batch, sender_ids: Sequence[str | None], idempotency_key: str | None, post: Post
) -> Iterator[Keyed]:
    """The submissions of a batch with their keys.

    The header's key comes first (of an array: with the index, and the whole body must repeat), then the
    sender's own id, then the hash of the bytes, which counts for 24 hours only.
    """
    whole = body_hash(post.body)
    for index, (item, sender_id) in enumerate(zip(batch.items, sender_ids, strict=True)):
        if idempotency_key is not None:
            scope, told = "header", whole
            key = f"{idempotency_key}#{index}" if batch.is_array else idempotency_key
        else:
            told = body_hash(item)
            scope, key = ("body", told.hex()) if sender_id is None else ("sender", sender_id)
        yield Keyed(
            org_id=source.org_id,
            source_id=source.source_id,
            content_type=batch.content_type,
            automation=post.automation,
            scope=f"{scope}:{source.source_id}",
            key=key,
            hash=told,
            body=without_proof(item),
        )


def _is_form_post(source: Candidate, post: Post) -> bool:
    """Whether nothing but a public form token tells the source; where the sender has to sign, it tells nothing."""
    proves_otherwise = source.by_token or source.by_key or is_signed(source, post.sent)
    return source.by_form and token_suffices(source) and not proves_otherwise


def _sender_ids(readings: Sequence[Reading | None], *, is_form: bool) -> list[str | None]:
    """The senders' own ids; none of a public form, where anybody could use up the ids of others."""
    return [reading.sender_id if reading and not is_form else None for reading in readings]


def _reading(source: Candidate, content_type: str, item: bytes) -> Reading | None:
    try:
        return formats.read(source.format, payload_of(content_type, item), source.mapping)
    except Unreadable:
        return None


def _common_format(source: Candidate, readings: Sequence[Reading | None]) -> str:
    shapes = {source.format if reading is None else reading.format for reading in readings} or {source.format}
    return shapes.pop() if len(shapes) == 1 else ""
