"""An HTTP server on this machine that answers as it is told, well or badly, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CUT, HANG, HALF, NOISE = "cut", "hang", "half", "noise"
"""No answer; none in time; half of one; something that is no HTTP."""


@dataclass(frozen=True)
class Reply:
    """An answer; `trouble`: one of the four above in its place."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    trouble: str | None = None


def as_json(status: int, value: object, **headers: str) -> Reply:
    """An answer of JSON; in the names of `headers` a `_` stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the address."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}

    @property
    def form(self) -> dict[str, str]:
        """A body as forms send it."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        """A body of JSON."""
        return json.loads(self.body)


class WebServer:
    """Answers every request with `reply`, which may be changed between two."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply or Reply()
        self.asked: list[Asked] = []
        self.url = ""
        self._ending = threading.Event()

    @contextmanager
    def running(self) -> Iterator[WebServer]:
        """Serve on a free port; whoever still hangs is let go at the end."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            self._ending.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """What one request meets."""
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        self.asked.append(Asked(handler.command, handler.path, dict(handler.headers), body))
        reply = self.reply
        if reply.trouble == HANG:
            self._ending.wait(60)
        elif reply.trouble == NOISE:
            handler.wfile.write(b"220 this is no web server\r\n")
        elif reply.trouble is None or reply.trouble == HALF:
            handler.send_response(reply.status)
            for name, text in reply.headers.items():
                handler.send_header(name, text)
            handler.send_header("Content-Length", str(len(reply.body) + (10 if reply.trouble else 0)))
            handler.end_headers()
            handler.wfile.write(reply.body)
        handler.close_connection = True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                site.answer(self)

            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, format: str, *_: object) -> None:
                pass

        return Handler
