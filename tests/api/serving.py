"""The API as callers meet it: a real uvicorn on a free port, and a cable to its database that can be cut."""

import asyncio
import hashlib
import hmac
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import uvicorn

from api.app import create_app
from api.settings import Settings

PATIENCE_SECONDS = 30.0
TURNS = 10
"""Of an event loop: more than it needs to take somebody."""
_NO_AUTHORITIES = ssl.SSLContext(
    ssl.PROTOCOL_TLS_CLIENT
)  # reading those of the machine takes longer than many a test


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve the API with these settings; gives its base URL."""
    config = uvicorn.Config(
        create_app(settings), host="127.0.0.1", port=0, log_level="warning", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)


@contextmanager
def client_of(url: str, api_key: str | None = None) -> Iterator[httpx.Client]:
    """An HTTP client of the API, with an API key unless none is given."""
    headers = {"X-API-Key": api_key} if api_key else {}
    limits = httpx.Limits(max_connections=100)
    with httpx.Client(
        base_url=url,
        headers=headers,
        timeout=PATIENCE_SECONDS,
        limits=limits,
        trust_env=False,
        verify=_NO_AUTHORITIES,
    ) as client:
        yield client


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fails after PATIENCE_SECONDS."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


def signed(secret: str, body: bytes) -> str:
    """The signature that a sender puts into X-CRM-Signature."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is this problem in the form of RFC 9457; its members."""
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["title"] and problem["detail"] and problem["instance"].startswith("/")
    return problem


class Cable:
    """A line to a database server that can be cut and mended, as when Postgres stops and starts."""

    def __init__(self, url: str) -> None:
        self._target = _target(url)
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.mend()

    def through(self, url: str) -> str:
        """The address of the same database by way of this cable."""
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        return f"postgresql://{login}@127.0.0.1:{self.port}{parts.path}"

    def mend(self) -> None:
        """Take connections, always on the same port."""
        self._run(self._listen())

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        self._run(self._stop())

    def close(self) -> None:
        """Cut for good."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            for (
                listening
            ) in self._server.sockets:  # asyncio forgets whoever it is taking while it closes a server
                asyncio.get_running_loop().remove_reader(listening.fileno())
            for _ in range(TURNS):
                await asyncio.sleep(0)
            self._server.close()
        # Who was just taken has a task, and no writer yet.
        while self._writers or len(asyncio.all_tasks()) > 1:
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)  # till what was aborted is closed

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._target
        ends = {writer}
        self._writers.add(writer)
        try:
            if host.startswith("/"):
                there = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            else:
                there = await asyncio.open_connection(host, port)
            ends.add(there[1])
            self._writers.add(there[1])
            if self._server is not None and self._server.is_serving():  # else it was cut meanwhile
                await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        finally:
            for end in ends:
                end.transport.abort()
            self._writers -= ends


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.transport.abort()


def _target(url: str) -> tuple[str, int]:
    """Host (or socket folder) and port of a database address."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    host = parts.hostname or query.get("host", ["127.0.0.1"])[0]
    return host, parts.port or int(query.get("port", ["5432"])[0])
