"""Which web pages' scripts may call the API (CORS). Capture has rules of its own, by source (`api/browser.py`)."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import CAPTURE

TAKEN = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-API-Key")
SHOWN = ("ETag", "Location", "Retry-After")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PREFLIGHT_SECONDS = 600


class CrossOrigin:
    """Wraps the application; without origins nothing is said, and so nothing is allowed.

    Keys travel in headers that a script sets itself; cookies are never asked for.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._open = app
        if origins:
            self._open = CORSMiddleware(
                app,
                allow_origins=origins,
                allow_methods=METHODS,
                allow_headers=TAKEN,
                expose_headers=SHOWN,
                max_age=PREFLIGHT_SECONDS,
            )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_capture = str(scope.get("path", "")).startswith(CAPTURE)
        await (self._app if is_capture else self._open)(scope, receive, send)
