"""The watcher: one thread a process that reads the log for all listeners, twice a second, while there are any."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from threading import Condition, Thread
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from api.errors import TooManySockets, Unauthenticated
from api.identity import Caller, KeyParts, callers_of
from api.live.listeners import MOST_IDS, Farewell, Listener, place_at
from crm_db.errors import NotAllowed
from crm_db.queries import live
from crm_db.queries.live import News, Place
from crm_db.session import Identity, unit_of_work

LOOK_SECONDS = 0.5
CHECK_SECONDS = 2.0
NOT_ANY_MORE = Farewell(4401, "unauthenticated")
NOT_ALLOWED = Farewell(4403, "forbidden")
GOING_AWAY = Farewell(1012, "restart")

logger = logging.getLogger("crm.api")


class Watch:
    """Whoever listens, and the thread that tells them. A key may have so many sockets, the process so many in all."""

    def __init__(self, *, most: int, most_per_key: int) -> None:
        self._most, self._most_per_key = most, most_per_key
        self._changed = Condition()
        self._listeners: list[Listener] = []
        self._thread: Thread | None = None
        self._is_closed = False
        self._checked_at = monotonic()

    def admit(self, key: KeyParts | None, cursor: str | None, wake: Callable[[], None]) -> Listener:
        """A new listener, told from its cursor on. Raises Unauthenticated, NotAllowed, TooManySockets."""
        caller = callers_of([key]).get(key) if key is not None else None
        if key is None or caller is None:
            raise Unauthenticated
        if not caller.may("read"):
            raise NotAllowed("an API key with the scope read or admin")
        place = None if cursor is None else place_at(cursor)
        listener = Listener(key, caller, place, wake, is_lost=cursor is not None and place is None)
        with self._changed:
            of_key = sum(other.key == key for other in self._listeners)
            if of_key >= self._most_per_key or len(self._listeners) >= self._most or self._is_closed:
                raise TooManySockets
            self._listeners.append(listener)
            self._start()
            self._changed.notify()
        return listener

    def sockets_of(self, listener: Listener) -> int:
        """How many sockets there are for its key."""
        with self._changed:
            return sum(other.key == listener.key for other in self._listeners)

    def forget(self, listener: Listener) -> None:
        """Its socket is closed."""
        with self._changed:
            self._listeners = [other for other in self._listeners if other is not listener]

    def close(self) -> None:
        """Let everybody go, and stop."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="live", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Look, and look again; however this ends, nobody is left waiting for news that do not come."""
        try:
            while self._may_go_on():
                began = monotonic()
                self._look_once()
                with self._changed:
                    pause = began + LOOK_SECONDS - monotonic()
                    self._changed.wait_for(lambda: self._is_closed, timeout=max(0.0, pause))
        finally:
            with self._changed:
                left, self._listeners = self._listeners, []
                self._thread = None
            for listener in left:
                listener.dismiss(GOING_AWAY)

    def _may_go_on(self) -> bool:
        """Wait until somebody listens; whether it shall go on."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or bool(self._listeners))
            return not self._is_closed

    def _look_once(self) -> None:
        """While the database is away nobody is told anything; what happened meanwhile is told afterwards."""
        with self._changed:
            listeners = [*self._listeners]
        try:
            if monotonic() - self._checked_at >= CHECK_SECONDS:
                check_keys(listeners)
                self._checked_at = monotonic()
            for org_id, of_org in _by_org(listeners).items():
                look(org_id, of_org)
        except SQLAlchemyError as error:
            logger.warning("live updates wait: %s", type(error).__name__)


def check_keys(listeners: Sequence[Listener]) -> None:
    """Let go whose key does not count any more; who has another role or other teams now is told by these."""
    callers = callers_of({listener.key for listener in listeners})
    for listener in listeners:
        caller = callers.get(listener.key)
        if caller is None:
            listener.dismiss(NOT_ANY_MORE)
        elif not caller.may("read"):
            listener.dismiss(NOT_ALLOWED)
        else:
            listener.caller = caller


def look(org_id: UUID, listeners: Iterable[Listener]) -> None:
    """Tell the listeners of an org what happened since each was told last: one reading for all at the same place."""
    at_place: dict[Place | None, list[Listener]] = defaultdict(list)
    for listener in listeners:
        at_place[listener.place].append(listener)
    for place, here in at_place.items():
        with unit_of_work(Identity(org_id, role="system")) as session:
            news = live.since(session, org_id, place)
        _tell(here, news)


def _tell(listeners: Iterable[Listener], news: News) -> None:
    """Each what it may see, asked once for all that see the same."""
    alike: dict[Identity, list[Listener]] = defaultdict(list)
    for listener in listeners:
        alike[_sight(listener.caller)].append(listener)
    for identity, those in alike.items():
        known: dict[str, set[UUID]] = {}
        if news.changes:
            with unit_of_work(identity) as session:
                known = live.known_to(session, identity, news, most=MOST_IDS)
        for listener in those:
            listener.tell(news.place, known, is_lost=news.is_lost)


def _sight(caller: Caller) -> Identity:
    """What decides what a caller sees; all administrators see the same."""
    identity = caller.identity
    return replace(identity, user_id=None) if identity.role in {"admin", "system"} else identity


def _by_org(listeners: Iterable[Listener]) -> dict[UUID, list[Listener]]:
    found: dict[UUID, list[Listener]] = defaultdict(list)
    for listener in listeners:
        found[listener.caller.org_id].append(listener)
    return found
