"""GET /api/crm/live over real sockets: who is told what, from which place on, and when a socket is closed."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from api.live.listeners import MOST_IDS, Listener, cursor_at, place_at
from api.live.watch import LOOK_SECONDS
from crm_db.queries.live import Place
from tests.api.serving import Cable, client_of, eventually
from tests.conftest import Org

DEALS = "/api/crm/deals"


@contextmanager
def listening(url: str, key: str | None, cursor: str | None = None, **more: Any) -> Iterator[Connection]:
    """A socket of whoever holds this key."""
    place = url.replace("http://", "ws://") + "/api/crm/live" + (f"?cursor={cursor}" if cursor else "")
    headers = {"X-API-Key": key} if key else {}
    with connect(place, additional_headers=headers, proxy=None, **more) as socket:
        yield socket


def tick(socket: Connection, seconds: float = 10.0) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(socket.recv(timeout=seconds))
    return told


def begun(socket: Connection) -> str:
    """The cursor that the first message gives."""
    first = tick(socket)
    assert first["changes"] == {}
    cursor: str = first["cursor"]
    return cursor


def told_until(socket: Connection, wanted: set[str], kind: str = "deal") -> tuple[set[str], str]:
    """All ids of a kind that are told until these are among them, and the cursor then."""
    heard: set[str] = set()
    cursor = ""
    while not wanted <= heard:
        message = tick(socket)
        heard |= set(message["changes"].get(kind, []))
        cursor = message["cursor"]
    return heard, cursor


def silent(socket: Connection, seconds: float = 1.5) -> bool:
    try:
        return not tick(socket, seconds)["changes"]
    except TimeoutError:
        return True


def enter(client: httpx.Client, name: str = "Team plan", **fields: Any) -> str:
    response = client.post(DEALS, json={"name": name, **fields})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def write_event(connection: psycopg.Connection, org: Org, ids: list[str], kind: str = "deal.changed") -> None:
    connection.execute(
        "insert into crm_events (org_id, kind, entity, entity_ids, actor) values (%s, %s, %s, %s::uuid[], 'test')",
        [org.org_id, kind, kind.partition(".")[0], ids],
    )


def closing(socket: Connection) -> tuple[int, str]:
    """The code and the word with which a socket is closed."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def test_a_change_is_told_by_its_id_and_the_next_one_by_its_own(serve, org):
    url = serve()
    with client_of(url, org.api_key) as admin, listening(url, org.api_key) as socket:
        begun(socket)
        deal = enter(admin)
        message = tick(socket)
        assert message["changes"] == {"deal": [deal]}
        admin.delete(f"{DEALS}/{deal}")
        assert tick(socket)["changes"] == {"deal": [deal]}


def test_a_browser_gives_its_key_in_the_first_message(serve, org):
    url = serve()
    with listening(url, None) as socket:
        socket.send(json.dumps({"key": org.api_key}))
        cursor = begun(socket)
    with listening(url, None) as socket, client_of(url, org.api_key) as admin:
        deal = enter(admin)
        socket.send(json.dumps({"key": org.api_key, "cursor": cursor}))
        assert told_until(socket, {deal})[0] == {deal}


@pytest.mark.parametrize(
    "words", ["{}", '{"key": 5}', "no json", "[1]", '{"key": "crm_live_0123456789ab_0000000000000000"}']
)
def test_who_does_not_say_who_it_is_is_sent_away(serve, org, words):
    with listening(serve(), None) as socket:
        socket.send(words)
        assert closing(socket) == (4401, "unauthenticated")


@pytest.mark.parametrize(
    ("scopes", "status", "code"), [(("write",), 403, "forbidden"), ((), 401, "unauthenticated")]
)
def test_a_key_in_a_header_is_refused_before_the_socket_opens(serve, org, make_key, scopes, status, code):
    key = make_key(org, *scopes) if scopes else "crm_live_0123456789ab_0000000000000000"
    with pytest.raises(InvalidStatus) as refused, listening(serve(), key):
        pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["code"] == code


def test_nothing_of_another_org_is_told(serve, org, make_org):
    url, stranger = serve(), make_org("Globex")
    with (
        client_of(url, org.api_key) as ours,
        client_of(url, stranger.api_key) as theirs,
        listening(url, org.api_key) as here,
        listening(url, stranger.api_key) as there,
    ):
        begun(here), begun(there)
        mine, other = enter(ours), enter(theirs)
        assert told_until(here, {mine})[0] == {mine}
        assert told_until(there, {other})[0] == {other}
        assert silent(here)
        assert silent(there)


def test_a_rep_is_told_of_what_the_rep_may_see(serve, org, reps, make_key):
    url = serve()
    keys = [make_key(org, "read", "write", user_id=rep) for rep in reps[:2]]
    with (
        client_of(url, keys[0]) as ada,
        listening(url, keys[0]) as hers,
        listening(url, keys[1]) as his,
        listening(url, org.api_key) as admins,
    ):
        for socket in (hers, his, admins):
            begun(socket)
        deal = enter(ada)
        assert told_until(hers, {deal})[0] == {deal}
        assert told_until(admins, {deal})[0] == {deal}
        assert silent(his)
        given = ada.patch(f"{DEALS}/{deal}", json={"owner_id": str(reps[1])})
        assert given.status_code == 200, given.text
        assert told_until(his, {deal})[0] == {deal}
        assert silent(hers)


def test_who_saw_what_is_deleted_for_good_is_told_of_it_and_nobody_else(serve, org, reps, make_key):
    url = serve()
    keys = [make_key(org, "read", "write", user_id=rep) for rep in reps[:2]]
    with (
        client_of(url, keys[0]) as ada,
        client_of(url, org.api_key) as admin,
        listening(url, keys[0]) as hers,
        listening(url, keys[1]) as his,
    ):
        begun(hers), begun(his)
        said = {"kind": "risk", "title": "Quiet", "deal_id": enter(ada)}
        insight = ada.post("/api/crm/insights", json=said).json()["id"]
        assert told_until(hers, {insight}, "insight")[0] == {insight}
        assert admin.delete(f"/api/crm/insights/{insight}").status_code == 204
        assert told_until(hers, {insight}, "insight")[0] == {insight}
        assert silent(his)


def test_who_comes_back_is_told_what_happened_meanwhile(serve, org):
    url = serve()
    with client_of(url, org.api_key) as admin:
        with listening(url, org.api_key) as socket:
            begun(socket)
            _, cursor = told_until(socket, {enter(admin)})
        missed = {enter(admin) for _ in range(5)}
        with listening(url, org.api_key, cursor) as socket:
            assert told_until(socket, missed)[0] == missed


def test_what_a_slow_transaction_wrote_is_not_left_out(serve, org, database, owner):
    """It takes its id first and commits last; in between another one commits and is told of."""
    url = serve()
    with client_of(url, org.api_key) as admin, psycopg.connect(database.owner_url) as slow:
        with listening(url, org.api_key) as socket:
            cursor = begun(socket)
            one, other = enter(admin), enter(admin)
            _, cursor = told_until(socket, {one, other})
            write_event(slow, org, [one])
            write_event(owner, org, [other])
            assert silent(socket), "what came later waits for what is under way"
            slow.commit()
            heard, _ = told_until(socket, {one, other})
            assert heard == {one, other}
        with listening(url, org.api_key, cursor) as socket:
            assert told_until(socket, {one, other})[0] == {one, other}


def test_a_burst_is_told_in_few_messages(serve, org, owner):
    url = serve()
    with client_of(url, org.api_key) as admin, listening(url, org.api_key) as socket:
        begun(socket)
        deals = [enter(admin, f"Deal {n}") for n in range(20)]
        told_until(socket, set(deals))
        began, messages, until = time.monotonic(), 0, time.monotonic() + 3
        stop = threading.Event()

        def busy() -> None:
            with psycopg.connect(admin_url, autocommit=True) as connection:
                while not stop.is_set():
                    write_event(connection, org, [deals[0]])

        admin_url = owner.info.dsn + f" password={owner.info.password}"
        writer = threading.Thread(target=busy)
        writer.start()
        try:
            while time.monotonic() < until:
                tick(socket)
                messages += 1
        finally:
            stop.set()
            writer.join()
        assert 1 <= messages <= (time.monotonic() - began) / LOOK_SECONDS + 1


def test_who_hears_nothing_gets_a_sign_of_life_with_a_cursor(serve, org, monkeypatch):
    monkeypatch.setattr("api.live.socket.HEARTBEAT_SECONDS", 0.5)
    with listening(serve(), org.api_key) as socket:
        first, second = begun(socket), tick(socket)
        assert second["changes"] == {}
        assert place_at(second["cursor"]) != place_at(first)


def test_a_large_batch_is_told_as_many(serve, org, owner):
    url = serve()
    with listening(url, org.api_key) as socket:
        begun(socket)
        ids = owner.execute(
            "insert into crm_leads (org_id, email, source, status) select %s, 'p' || n || '@many.example', 'api', 'new'"
            " from generate_series(1, %s) as n returning id",
            [org.org_id, MOST_IDS + 1],
        ).fetchall()
        write_event(owner, org, [str(row[0]) for row in ids], "lead.changed")
        assert tick(socket)["changes"] == {"lead": "many"}


def test_more_than_is_read_at_once_is_told_in_the_end(serve, org, owner, monkeypatch):
    monkeypatch.setattr("crm_db.queries.live.EVENTS_AT_ONCE", 3)
    url = serve()
    with client_of(url, org.api_key) as admin:
        with listening(url, org.api_key) as socket:
            cursor = begun(socket)
        deals = {enter(admin) for _ in range(8)}
        with listening(url, org.api_key, cursor) as socket:
            assert told_until(socket, deals)[0] == deals


@pytest.fixture
def line(database) -> Iterator[Cable]:
    """A line to the database that can be cut."""
    line = Cable(database.app_url)
    yield line
    line.close()


def at(**differing: Any) -> str:
    return cursor_at(Place(**{"xid": 1, "id": UUID(int=0), "at": datetime.now(UTC), **differing}))


@pytest.mark.parametrize(
    "cursor",
    [at(at=datetime.now(UTC) - timedelta(days=2)), at(xid=2**62), "nonsense", "e30", at(xid=-1)],
    ids=["too old", "of another database", "nonsense", "no list", "below zero"],
)
def test_a_cursor_from_which_nobody_can_go_on_says_so(serve, org, cursor):
    url = serve()
    with client_of(url, org.api_key) as admin, listening(url, org.api_key, cursor) as socket:
        first = tick(socket)
        assert (first["reset"], first["changes"]) == (True, {})
        assert place_at(first["cursor"]) is not None
        deal = enter(admin)
        after = tick(socket)
        assert after["changes"] == {"deal": [deal]}
        assert "reset" not in after


@pytest.mark.parametrize(
    "change", ["update crm_api_keys set revoked_at = now()", "update crm_users set active = false"]
)
def test_a_key_that_counts_no_more_ends_its_sockets(serve, org, owner, change):
    with listening(serve(), org.api_key) as socket:
        begun(socket)
        began = time.monotonic()
        owner.execute(change)
        assert closing(socket) == (4401, "unauthenticated")
        assert time.monotonic() - began < 8


def test_who_gets_another_role_is_told_by_it(serve, org, reps, make_key, owner):
    url, key = serve(), make_key(org, "read", user_id=reps[0])
    with client_of(url, org.api_key) as admin, listening(url, key) as socket:
        begun(socket)
        enter(admin)
        assert silent(socket)
        owner.execute("update crm_users set role = 'viewer' where id = %s", [reps[0]])
        time.sleep(3)
        deal = enter(admin)
        assert told_until(socket, {deal})[0] == {deal}


def test_a_key_has_only_so_many_sockets(serve, org, make_key):
    url = serve(live_sockets_per_key=2, live_sockets=3)
    other = make_key(org, "read")
    with listening(url, org.api_key) as first, listening(url, org.api_key):
        with pytest.raises(InvalidStatus) as refused, listening(url, org.api_key):
            pass
        assert refused.value.response.status_code == 429
        with listening(url, other), pytest.raises(InvalidStatus), listening(url, make_key(org, "read")):
            pass
        first.close()

        def room() -> bool:
            try:
                with listening(url, org.api_key) as again:
                    begun(again)
            except InvalidStatus:
                return False
            return True

        eventually(room)


def test_a_slow_listener_holds_up_nobody(serve, org):
    url = serve()
    with (
        client_of(url, org.api_key) as admin,
        listening(url, org.api_key, max_queue=1, ping_interval=None) as slow,
        listening(url, org.api_key) as quick,
    ):
        begun(quick)
        deals = []
        for _ in range(3):  # the slow one reads nothing meanwhile
            deals.append(enter(admin))
            told_until(quick, {deals[-1]})
        assert told_until(slow, set(deals))[0] == set(deals)


def test_what_waits_for_a_listener_is_laid_together_and_does_not_grow() -> None:
    woken: list[bool] = []
    listener = Listener(None, None, None, lambda: woken.append(True))  # type: ignore[arg-type]
    assert listener.take() is None
    place = Place(5, UUID(int=1), datetime(2026, 11, 22, tzinfo=UTC))
    for _ in range(3):
        listener.tell(place, {"lead": {uuid4() for _ in range(MOST_IDS // 2)}, "deal": {UUID(int=7)}})
    told = json.loads(listener.take() or "")
    assert told == {"cursor": cursor_at(place), "changes": {"deal": [str(UUID(int=7))], "lead": "many"}}
    assert json.loads(listener.take() or "")["changes"] == {}
    assert place_at(cursor_at(place)) == place
    assert len(woken) == 3


def test_news_come_again_when_the_database_does(serve, org, database, line: Cable):
    url = serve(app_database_url=line.through(database.app_url))
    with client_of(url, org.api_key) as admin, listening(url, org.api_key) as socket:
        begun(socket)
        line.cut()
        time.sleep(1)
        line.mend()
        deal = None
        until = time.monotonic() + 20
        while deal is None and time.monotonic() < until:
            response = admin.post(DEALS, json={"name": "After"})
            deal = response.json()["id"] if response.status_code == 201 else None
        assert told_until(socket, {str(deal)})[0] == {str(deal)}


def test_the_sockets_of_one_key_share_two_messages_a_second(admin: httpx.Client, org: Org) -> None:
    url, sockets = str(admin.base_url), 3
    with ExitStack() as many:
        heard = [many.enter_context(listening(url, org.api_key)) for _ in range(sockets)]
        for socket in heard:
            begun(socket)
        told = []
        for number in range(4):
            wanted = {enter(admin, f"Deal {number}")}
            told_until(heard[0], wanted)
            told.append(time.monotonic())
        pause = 0.5 * sockets
        assert told[-1] - told[0] > (len(told) - 1) * pause - 1.0  # one of them may have come late


def test_a_slip_in_the_cursors_name_is_told_not_taken_for_none(serve, org):
    url = serve()
    with pytest.raises(InvalidStatus) as refused, listening(url, org.api_key, "x&cursr=y"):
        pass
    assert refused.value.response.status_code == 422
