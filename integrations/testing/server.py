"""The fakes on a port of 127.0.0.1, with the standard library alone; when it stops, no thread and no connection is left."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from integrations.testing.app import Fakes
from integrations.testing.contracts import load_contracts
from integrations.testing.webhooks import Delivery
from integrations.testing.wire import Answer, Reply, Request

HOST = "127.0.0.1"
IDLE_SECONDS = 60.0
COURIER_SECONDS = 0.05
POST_SECONDS = 10.0
MOST_BYTES = 25_000_000


class FakeServer(ThreadingHTTPServer):
    """Serves `fakes`; port 0 takes a free one."""

    daemon_threads = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, fakes: Fakes, port: int = 0) -> None:
        self.fakes = fakes
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)
        self._courier = threading.Thread(target=self._post_news, name="fakes-courier")
        self._acceptor = threading.Thread(target=self.serve_forever, args=(0.02,), name="fakes-acceptor")

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    @property
    def connections(self) -> int:
        """How many are open and were taken already."""
        with self._open_lock:
            return len(self._open)

    def start(self) -> None:
        """Serve from threads of its own."""
        self._courier.start()
        self._acceptor.start()

    def stop(self) -> None:
        """Cut what is open, end every thread, give the port back."""
        self.stopping.set()
        self.shutdown()
        self.hang_up()
        self.server_close()
        self._acceptor.join()
        self._courier.join()

    def hang_up(self) -> None:
        """Cut what is open, as a provider does with callers that stand still."""
        with self._open_lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Remember the connection, so that a stop can cut it."""
        assert isinstance(request, socket.socket)
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Forget the connection."""
        assert isinstance(request, socket.socket)
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that went away is nothing to tell anybody; our own defects show as a cut connection and here."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def _post_news(self) -> None:
        with httpx.Client(timeout=POST_SECONDS, trust_env=False) as client:
            while not self.stopping.wait(COURIER_SECONDS):
                newsroom = self.fakes.newsroom
                for delivery in newsroom.due():
                    if self.stopping.is_set():
                        return
                    newsroom.was_taken() if _post(client, delivery) else newsroom.not_taken(delivery)


def _post(client: httpx.Client, delivery: Delivery) -> bool:
    try:
        return client.post(delivery.url, content=delivery.body, headers=delivery.headers).is_success
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open."""

    server: FakeServer
    protocol_version = "HTTP/1.1"
    timeout: ClassVar[float] = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self._refuse(411)
        elif int(length) > MOST_BYTES:
            self._refuse(413)
        else:
            self._obey(self.server.fakes.reply(self._request(int(length))))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815

    def _request(self, length: int) -> Request:
        target = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, target.path, target.query, headers, self.rfile.read(length))

    def _obey(self, reply: Reply) -> None:
        if reply.wait_seconds:
            self.server.stopping.wait(reply.wait_seconds)
        if reply.answer is None or self.server.stopping.is_set():
            self.close_connection = True
            return
        self._write(reply.answer)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self._write(Answer(status, headers={"Connection": "close"}))

    def log_message(self, format: str, *args: object) -> None:
        """No access log: it would hold addresses."""


@contextmanager
def running_fakes(fakes: Fakes | None = None, *, port: int = 0) -> Iterator[FakeServer]:
    """The fakes on a port as long as the block lasts; with the providers' contracts where they are at hand."""
    server = FakeServer(fakes or Fakes(contracts=load_contracts()), port)
    server.start()
    try:
        yield server
    finally:
        server.stop()
