"""Taking a submission in: prove the sender, find the key that makes a repeat harmless, keep the raw bytes."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from api import browser
from api.capture_store import CaptureStore, Conflict, Keyed, Receipt
from api.errors import BadIdempotencyKey, FormRefused, IdempotencyKeyReused, TooManyRequests
from api.identity import KeyParts
from api.limits import RateLimits
from api.posts import Post
from api.proofs import Candidate, is_signed, proven_source, token_suffices, without_proof
from crm_db import clock as utc
from crm_db.rules import formats
from crm_db.rules.formats import Reading
from crm_db.rules.keys import body_hash
from crm_db.rules.parsing import Batch, Unreadable, looks_like_array, payload_of

MAX_REF_CHARS = 200
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


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
    """Takes submissions in; one for a process, safe to use from several threads.

    `clock` counts seconds for the limits, `now` tells the time that signatures are compared with.
    """

    def __init__(
        self,
        store: CaptureStore,
        *,
        rate_per_minute: int,
        form_rate_per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc.utc_now,
    ) -> None:
        self._store = store
        self._rate = rate_per_minute
        self._form_rate = form_rate_per_minute
        self._limits = RateLimits()
        self._clock = clock
        self._now = now

    def sources(self, ref: str, key: KeyParts | None = None) -> list[Candidate]:
        """The sources that a path may mean, nothing being proven; none for what can be no path of a source."""
        if not 0 < len(ref) <= MAX_REF_CHARS or "\0" in ref:
            return []
        return self._store.candidates(ref, key)

    def admit(self, post: Post) -> Admitted:
        """The source that a post is proven for; raises Unproven, FormRefused."""
        candidates = self.sources(post.ref, post.key)
        form = next((one for one in candidates if _is_form_post(one, post)), None)
        if form is None:
            return Admitted(proven_source(candidates, post.sent, now=self._now()))
        origin = browser.allowed_origin([form], browser.origin_of(post.sent.headers))
        if origin is None:
            raise FormRefused("This form is posted from a page that is not one of its own.")
        return Admitted(form, origin)

    def keep(self, post: Post, admitted: Admitted) -> Taken:
        """Keep what was posted; committed when this returns.

        Raises Unreadable (nothing in it), TooMany, TooManyRequests, BadIdempotencyKey, IdempotencyKeyReused,
        FormRefused; psycopg's OperationalError when the database is not there.
        """
        source = admitted.source
        if admitted.origin is not None:
            self._check_form(post, source)
        idempotency_key = checked_key(post.idempotency_key)
        batch = formats.split(source.format, post.content_type, post.body)
        readings = [_reading(source, batch.content_type, item) for item in batch.items]
        if admitted.origin is not None and any(reading and reading.fetch_id for reading in readings):
            raise FormRefused("A form brings what its visitor entered, and nothing to be fetched.")
        self._count(source, len(batch.items))
        ids = _sender_ids(readings, is_form=admitted.origin is not None)
        items = list(keyed(source, batch, ids, idempotency_key, post.body))
        receipts = self._kept(source, batch, items, post)
        return Taken(receipts, batch.is_array, _common_format(source, readings))

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

    def _kept(self, source: Candidate, batch: Batch, items: list[Keyed], post: Post) -> list[Receipt]:
        try:
            return self._store.keep(
                source,
                batch.content_type,
                items,
                automation=post.automation,
                same_bodies=post.idempotency_key is not None,
            )
        except Conflict:
            raise IdempotencyKeyReused from None


def checked_key(given: str | None) -> str | None:
    """An Idempotency-Key that can be used, or None when none was sent; raises BadIdempotencyKey."""
    if given is not None and not _IDEMPOTENCY_KEY.fullmatch(given):
        raise BadIdempotencyKey
    return given


def keyed(
    source: Candidate,
    batch: Batch,
    sender_ids: Sequence[str | None],
    idempotency_key: str | None,
    body: bytes,
) -> Iterator[Keyed]:
    """The submissions of a batch with their keys.

    The header's key comes first (of an array: with the index, and the whole body must repeat), then the
    sender's own id, then the hash of the bytes, which counts for 24 hours only.
    """
    whole = body_hash(body)
    for index, (item, sender_id) in enumerate(zip(batch.items, sender_ids, strict=True)):
        kept = without_proof(item)
        if idempotency_key is not None:
            key = f"{idempotency_key}#{index}" if batch.is_array else idempotency_key
            yield Keyed(kept, f"header:{source.source_id}", key, whole)
            continue
        own = body_hash(item)
        if sender_id is not None:
            yield Keyed(kept, f"sender:{source.source_id}", sender_id, own)
        else:
            yield Keyed(kept, f"body:{source.source_id}", own.hex(), own)


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
