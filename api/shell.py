"""The outermost layer of the API: headers on each answer, a size limit, no failure that escapes in words."""

from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.body import declared_length
from api.problems import CAPTURE, failure_of, problem_for

MOST_BYTES = 1024 * 1024
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Shell:
    """Wraps the application; a failure that nobody foresaw becomes a bare 500, logged without its words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await self._converse(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = False

        async def send_with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, _limited(scope, receive), send_with_headers)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # the server would log its words, which may be personal data
            response = problem_for(error, scope)
            if not answered:
                await response(scope, receive, send_with_headers)

    async def _converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  # as above
            failure_of(error)
            with suppress(RuntimeError, OSError):
                await send({"type": "websocket.close", "code": 1011, "reason": "internal_error"})


def _limited(scope: Scope, receive: Receive) -> Receive:
    """`receive` that refuses a body beyond MOST_BYTES; capture reads its bodies with limits of its own."""
    if str(scope["path"]).startswith(CAPTURE):
        return receive
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if max(size, declared_length(Headers(scope=scope))) > MOST_BYTES:
            raise HTTPException(413)  # the one class that FastAPI lets through while it reads a body
        return message

    return receive_limited
