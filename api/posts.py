"""What a call of the capture endpoint brings, as it came."""

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import Headers, QueryParams

from api.identity import KeyParts, key_in
from api.proofs import Sent

MAX_CONTENT_TYPE_CHARS = 300
_NO = frozenset({"false", "0", "off", "no"})


@dataclass(frozen=True)
class Post:
    """One call of the capture endpoint. `ref`: the token, name or id of a source, as it stood in the path.

    `address`: of the client that called, as the server knows it.
    """

    ref: str
    sent: Sent
    content_type: str
    key: KeyParts | None
    idempotency_key: str | None
    automation: bool
    address: str

    @property
    def body(self) -> bytes:
        """The bytes as they came."""
        return self.sent.body


def post_of(ref: str, request: Request, body: bytes, *, public_url: str) -> Post:
    """What a request brings; nothing is judged yet."""
    headers = request.headers
    keys = headers.getlist("idempotency-key")
    return Post(
        ref=ref,
        sent=Sent(request.method, public_url + _path_and_query(request), headers, body),
        content_type=headers.get("content-type", "")[:MAX_CONTENT_TYPE_CHARS],
        key=key_in(headers),
        idempotency_key=",".join(keys) if keys else None,
        automation=not _declines_automation(headers, request.query_params),
        address=request.client.host if request.client else "",
    )


def _path_and_query(request: Request) -> str:
    """The path and query as they were sent, nothing decoded."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _declines_automation(headers: Headers, query: QueryParams) -> bool:
    words = (query.get("automation", ""), headers.get("x-crm-automation", ""))
    return any(word.lower() in _NO for word in words)
