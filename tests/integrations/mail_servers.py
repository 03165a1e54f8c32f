"""Real SMTP servers on 127.0.0.1 that behave, refuse, hang or drop as a test needs.

`MailServer` is aiosmtpd; `ScriptedServer` writes chosen bytes, for what no decent server can be made to do.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

Answer = Callable[[SMTP], Awaitable[str]]


def says(reply: str) -> Answer:
    """An answer like any other."""

    async def answer(_: SMTP) -> str:
        return reply

    return answer


async def drops(server: SMTP) -> str:
    """No answer: the connection ends instead."""
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    await asyncio.Event().wait()
    return ""


async def hangs(_: SMTP) -> str:
    """No answer, ever, while the connection stays open."""
    await asyncio.Event().wait()
    return ""


TAKEN = says("250 taken")


class MailServer:
    """aiosmtpd in a thread. `envelopes` and `contents` are what it answered 250 for, in order."""

    def __init__(
        self,
        *,
        to_content: Answer = TAKEN,
        to_recipient: str = "250 ok",
        starttls: ssl.SSLContext | None = None,
        implicit_tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.envelopes: list[Envelope] = []
        self.contents: list[bytes] = []
        self.logins: list[str] = []
        self._to_content = to_content
        self._to_recipient = to_recipient
        self._starttls = starttls
        self._implicit_tls = implicit_tls
        self._login = login

    @contextmanager
    def running(self) -> Iterator[int]:
        """Serve on a free port, which is given, until the end of the block."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            starting = asyncio.run_coroutine_threadsafe(self._start(loop), loop)
            server = starting.result(timeout=60)
            yield server.sockets[0].getsockname()[1]
            asyncio.run_coroutine_threadsafe(_stop(server), loop).result(timeout=60)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=60)
            loop.close()

    async def _start(self, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
        return await loop.create_server(lambda: self._protocol(loop), "127.0.0.1", 0, ssl=self._implicit_tls)

    def _protocol(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        return SMTP(
            self,
            hostname="mail.test",
            loop=loop,
            tls_context=self._starttls,
            require_starttls=self._starttls is not None,
            auth_required=self._login is not None and self._starttls is not None,
            auth_require_tls=self._starttls is not None,
            authenticator=self._authenticate if self._login else None,
        )

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        offered = (data.login.decode(), data.password.decode())
        self.logins.append(offered[0])
        return AuthResult(success=offered == self._login, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self._to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await self._to_content(server)
        if reply.startswith("250"):
            self.envelopes.append(envelope)
            self.contents.append(envelope.original_content or b"")
        return reply


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class ScriptedServer:
    """Answers each command with the bytes of a script; a missing command hangs up, None never answers.

    Keys: `greeting`, the four letters of a command, and `content` for the end of a message.
    """

    def __init__(self, script: Mapping[str, bytes | None]) -> None:
        self._script = script
        self._stopped = threading.Event()

    @contextmanager
    def running(self) -> Iterator[int]:
        """Serve one connection on a free port, which is given, until the end of the block."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            try:
                yield listener.getsockname()[1]
            finally:
                self._stopped.set()
                thread.join(timeout=60)

    def _serve(self, listener: socket.socket) -> None:
        listener.settimeout(60)
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            # With linger 0 the close is a reset, so the client learns of it at its next write.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            key = "greeting"
            while self._answer(connection, key):
                key = self._next_command(lines, key)

    def _answer(self, connection: socket.socket, key: str) -> bool:
        if key not in self._script:
            return False
        reply = self._script[key]
        if reply is None:
            self._stopped.wait(timeout=60)
            return False
        connection.sendall(reply)
        return True

    def _next_command(self, lines: Any, previous: str) -> str:
        if previous == "data" and "content" in self._script:
            while lines.readline() not in {b".\r\n", b""}:
                pass
            return "content"
        if previous == "data":
            return "content"
        return str(lines.readline()[:4].decode("ascii").strip().lower())


def closed_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
