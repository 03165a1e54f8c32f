"""Reading the raw body of a submission within its size limit."""

from fastapi import Request
from starlette.datastructures import Headers

from api.errors import BodyTooLarge
from crm_db.rules.parsing import looks_like_array

# A sender that still writes would not see our answer: somewhat too large a body is read and dropped.
READ_AND_DROP = 4


async def read_body(request: Request, *, most: int, most_for_arrays: int) -> bytes:
    """The body as it came; raises BodyTooLarge beyond `most` bytes, or `most_for_arrays` for a JSON array."""
    if declared_length(request.headers) > most_for_arrays * READ_AND_DROP:
        raise BodyTooLarge(most_for_arrays)
    chunks: list[bytes] = []
    size, limit, known = 0, most, False
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif not known:
            known = True
            chunks.append(chunk)
            limit = _limit(request.headers, b"".join(chunks), most, most_for_arrays)
        elif size > most_for_arrays * READ_AND_DROP:
            break
    if size > limit:
        raise BodyTooLarge(limit)
    return b"".join(chunks)


def declared_length(headers: Headers) -> int:
    """The Content-Length of a request; 0 when it is not told beforehand."""
    given = headers.get("content-length", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 20 else 0


def _limit(headers: Headers, start: bytes, most: int, most_for_arrays: int) -> int:
    """The limit for a body that begins like this."""
    return most_for_arrays if looks_like_array(headers.get("content-type", ""), start) else most
