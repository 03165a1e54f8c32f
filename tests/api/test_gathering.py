"""Submissions that are kept together: each gets its own answer, whatever the others are."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from anyio import CapacityLimiter, to_thread

from api.capture_store import CaptureStore, Keyed, Receipt, open_pool
from api.gathering import CALLS_AT_ONCE, Gathering
from crm_db.actions.sources import NewSource
from tests.conftest import Database, Org


@pytest.fixture
def store(database: Database) -> Iterator[CaptureStore]:
    """The capture login's own store."""
    pool = open_pool(database.capture_url, size=2, wait_seconds=10)
    yield CaptureStore(pool)
    pool.close()


def keyed(org: Org, source: NewSource, key: str, body: bytes = b"{}") -> Keyed:
    """A submission of a source under a key."""
    return Keyed(org.org_id, source.id, "application/json", True, "header:test", key, body, body)


def gathered(
    keep: Callable[[Sequence[Keyed]], Sequence[Receipt]], items: Sequence[Keyed]
) -> list[Receipt | BaseException]:
    """What callers hear who come at the same moment with one submission each."""

    async def together() -> list[Receipt | BaseException]:
        gathering = Gathering(keep, CapacityLimiter(4))
        return await asyncio.gather(*(gathering.keep(item) for item in items), return_exceptions=True)

    return asyncio.run(together())


def test_what_waits_at_one_moment_is_kept_by_one_call(
    store: CaptureStore, org: Org, source: NewSource
) -> None:
    calls: list[int] = []

    def counted(items: Sequence[Keyed]) -> list[Receipt]:
        calls.append(len(items))
        return store.keep(items)

    answers = gathered(counted, [keyed(org, source, f"key-{number}") for number in range(50)])
    assert len({answer.event_id for answer in answers if isinstance(answer, Receipt)}) == 50
    assert calls == [50]


def test_who_comes_in_the_moment_in_which_all_calls_end_is_not_left_waiting(
    org: Org, source: NewSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[asyncio.Future[None]] = []

    async def call(_keep: object, items: Sequence[Keyed], **_: object) -> list[Receipt]:
        """A call to the database that ends when the test says so."""
        calls.append(asyncio.get_running_loop().create_future())
        await calls[-1]
        return [Receipt(uuid4(), repeated=False) for _ in items]

    async def come_when_all_end() -> None:
        gathering = Gathering(lambda items: [], CapacityLimiter(4))
        posts = []
        for number in range(CALLS_AT_ONCE):
            posts.append(asyncio.create_task(gathering.keep(keyed(org, source, f"key-{number}"))))
            while len(calls) <= number:
                await asyncio.sleep(0)
        for begun in calls:
            begun.set_result(None)
        last = asyncio.create_task(gathering.keep(keyed(org, source, "last")))
        await asyncio.gather(*posts)
        for _ in range(1_000):  # turns of the loop, of which one should do
            if len(calls) > CALLS_AT_ONCE:
                break
            await asyncio.sleep(0)
        calls[-1].set_result(None)
        await last

    monkeypatch.setattr(to_thread, "run_sync", call)
    asyncio.run(come_when_all_end())


def test_what_the_database_refuses_fails_alone(store: CaptureStore, org: Org, source: NewSource) -> None:
    answers = gathered(
        store.keep, [keyed(org, source, key) for key in ("first", "nul \0", "half \ud800", "last")]
    )
    assert isinstance(answers[0], Receipt)
    assert isinstance(answers[1], psycopg.DataError)
    assert isinstance(answers[2], UnicodeEncodeError)
    assert isinstance(answers[3], Receipt)


def test_one_key_with_two_bodies_at_one_moment_is_one_event_and_one_conflict(
    store: CaptureStore, org: Org, source: NewSource
) -> None:
    items = [keyed(org, source, "k", body) for body in (b"one", b"one", b"two")]
    first, second, third = gathered(store.keep, items)
    assert isinstance(first, Receipt)
    assert (first.repeated, first.conflict) == (False, False)
    assert second == Receipt(first.event_id, repeated=True, conflict=False)
    assert third == Receipt(first.event_id, repeated=True, conflict=True)


def test_posts_of_several_sources_at_once_stay_apart(
    anyone: httpx.Client, make_source: Callable[..., NewSource], org: Org, owner: psycopg.Connection
) -> None:
    named = [make_source(org, f"source-{number}") for number in range(4)]

    def post(number: int) -> tuple[UUID, UUID]:
        source = named[number % 4]
        answer = anyone.post(f"/api/crm/capture/{source.token}", json={"n": number // 8})
        return UUID(answer.json()["event_id"]), source.id

    with ThreadPoolExecutor(40) as threads:
        told = set(threads.map(post, range(80)))
    assert set(owner.execute("select id, source_id from crm_inbox").fetchall()) == told
    assert len(told) == 40
