"""Reading the raw bytes of a submission: JSON, a form, or a form with files.

Reading is strict about what a body is and lenient about what it is called: without a content type that we
know, the first character tells, and JSON that is called a form (as curl does) is read as JSON. Nothing here
repeats content, because words and codes are kept and shown.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import NoReturn
from urllib.parse import parse_qsl

MAX_DEPTH = 32
MAX_FORM_FIELDS = 1000
ITEMS_PER_BATCH = 1000

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
_CHARSETS = {"latin-1": "cp1252", "latin1": "cp1252", "iso-8859-1": "cp1252", "windows-1252": "cp1252"}
_CHARSET = re.compile(r"""charset\s*=\s*"?([\w.:-]+)""", re.ASCII | re.IGNORECASE)
_BLANKS = b" \t\r\n"
# How the e-mail package fails on headers that nobody would write.
_EMAIL_PACKAGE_FAILURES = (AttributeError, LookupError, TypeError, ValueError)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """A body that cannot be understood: a stable `code`, and `words` for people without the content."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


class TooMany(Exception):
    """An array with more items than one call may bring."""

    code = "too_many_items"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"{count} items are too many for one call; {limit} are allowed")
        self.count, self.limit = count, limit


@dataclass(frozen=True)
class Batch:
    """The submissions in one body, each as bytes of `content_type`; `is_array`: they came as a JSON array."""

    items: tuple[bytes, ...]
    content_type: str
    is_array: bool


def payload_of(content_type: str, body: bytes) -> dict[str, object]:
    """The names and values of one submission; a name given twice in a form has a list of values.

    A file in a form becomes {"filename": text, "bytes": its size}. Raises Unreadable.
    """
    kind = _kind(content_type, body)
    if kind == JSON:
        payload = _one_object(_json(_text(body, content_type)))
    elif kind == MULTIPART:
        payload = _merged(_parts(content_type, body))
    else:
        payload = _merged(_pairs(_text(body, content_type), content_type))
    if not payload:
        raise Unreadable("empty_payload", "The submission is empty.")
    return payload


def split(content_type: str, body: bytes, *, limit: int = ITEMS_PER_BATCH) -> Batch:
    """Take a body apart: a JSON array into its elements, anything else is one submission as it came.

    A body that cannot be read is one submission too: it is kept, and a person can look at it later.
    Raises Unreadable for a body or an array with nothing in it, TooMany for more than `limit` items.
    """
    if not body.removeprefix(_BYTE_ORDER_MARK).strip(_BLANKS):
        raise Unreadable("empty_payload", "The body is empty.")
    if looks_like_array(content_type, body):
        try:
            elements = _json(_text(body, content_type))
        except Unreadable:
            elements = None
        if isinstance(elements, list):
            return Batch(tuple(_elements(elements, limit)), JSON, is_array=True)
    return Batch((body,), content_type, is_array=False)


def is_json(content_type: str, body: bytes) -> bool:
    """Whether a body is read as JSON; else it is a form."""
    return _kind(content_type, body) == JSON


def looks_like_array(content_type: str, body: bytes) -> bool:
    """Whether a body, or its beginning, is meant as a JSON array."""
    start = body.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANKS)[:1]
    return start == b"[" and _kind(content_type, body) == JSON


def _kind(content_type: str, body: bytes) -> str:
    """What a body is: JSON, FORM or MULTIPART; by its content type, else by how it begins."""
    named = _named(content_type)
    if named == JSON or named.endswith("+json"):
        return JSON
    if named == MULTIPART:
        return MULTIPART
    start = body.removeprefix(_BYTE_ORDER_MARK).lstrip(_BLANKS)[:1]
    return JSON if start in {b"{", b"["} else FORM


def _named(content_type: str) -> str:
    """The content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def _text(body: bytes, content_type: str) -> str:
    try:
        return body.decode(_charset(content_type))
    except UnicodeDecodeError:
        raise Unreadable("not_text", "The body is not valid text in its character set.") from None


def _charset(content_type: str) -> str:
    found = _CHARSET.search(content_type)
    return _CHARSETS.get(found[1].lower(), "utf-8-sig") if found else "utf-8-sig"


def _json(text: str) -> object:
    try:
        value: object = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Unreadable("not_json", "The body is not valid JSON.") from None
    check_nest(value)
    return value


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _too_deep() -> Unreadable:
    return Unreadable("too_deep", f"The JSON is nested more than {MAX_DEPTH} levels deep.")


def check_nest(value: object) -> None:
    """Refuse what cannot be written as JSON again (1e999 is read as infinity) or is nested too deep."""
    level: list[object] = [value]
    for _ in range(MAX_DEPTH + 1):
        if any(isinstance(item, float) and not math.isfinite(item) for item in level):
            raise Unreadable("not_json", "The body holds a number that JSON does not have.")
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return
    raise _too_deep()


def _inside(item: object) -> Iterable[object]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _one_object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Unreadable("not_an_object", "The JSON is not an object with names and values.")
    return value


def _elements(elements: list[object], limit: int) -> Iterator[bytes]:
    if not elements:
        raise Unreadable("empty_payload", "The array is empty.")
    if len(elements) > limit:
        raise TooMany(len(elements), limit)
    return (compact(element) for element in elements)


def compact(value: object) -> bytes:
    """A JSON value as the bytes of a submission of its own."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8; it stays the escape it came as
        return json.dumps(value, separators=(",", ":")).encode()


def _pairs(text: str, content_type: str) -> Iterator[tuple[str, object]]:
    if "=" not in text and _named(content_type) != FORM:
        raise Unreadable("unknown_format", "The body is neither JSON nor a form.")
    charset = _charset(content_type).removesuffix("-sig")
    try:
        yield from parse_qsl(
            text.strip(),
            keep_blank_values=True,
            encoding=charset,
            errors="strict",
            max_num_fields=MAX_FORM_FIELDS,
        )
    except UnicodeDecodeError:
        raise Unreadable("not_text", "A value of the form is not valid text.") from None
    except ValueError:
        raise _too_many_fields() from None


def _too_many_fields() -> Unreadable:
    return Unreadable("too_many_fields", f"The form has more than {MAX_FORM_FIELDS} fields.")


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, object]]:
    """The named parts of a multipart form."""
    printable = "".join(char for char in content_type if char.isprintable())
    head = b"Content-Type: " + printable.encode("ascii", "ignore") + b"\r\n\r\n"
    try:
        message = BytesParser(EmailMessage, policy=policy.HTTP).parsebytes(head + body)
    except _EMAIL_PACKAGE_FAILURES:
        raise _odd_part() from None
    parts = message.get_payload() if message.is_multipart() else []
    if not isinstance(parts, list) or not parts:
        raise Unreadable("not_multipart", "The body does not hold the parts that its content type promises.")
    if len(parts) > MAX_FORM_FIELDS:
        raise _too_many_fields()
    for part in parts:
        if isinstance(part, EmailMessage) and (name := _part_name(part)):
            yield name, _part_value(part)


def _part_name(part: EmailMessage) -> str:
    """A part's name, empty without one."""
    try:
        name = part.get_param("name", header="content-disposition")
    except _EMAIL_PACKAGE_FAILURES:
        raise _odd_part() from None
    return _utf8(name) if isinstance(name, str) else ""


def _part_value(part: EmailMessage) -> object:
    try:
        content = part.get_payload(decode=True)
        filename = part.get_filename()
        content_type = str(part.get("content-type", ""))
    except _EMAIL_PACKAGE_FAILURES:
        raise _odd_part() from None
    raw = content if isinstance(content, bytes) else b""
    if filename is not None:
        return {"filename": _utf8(filename), "bytes": len(raw)}
    return _text(raw, content_type)


def _odd_part() -> Unreadable:
    return Unreadable("not_multipart", "A part of the form has a header that cannot be read.")


def _utf8(name: str) -> str:
    """Browsers write names as bare UTF-8, which the e-mail parser keeps as surrogates."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _merged(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """One value for each name; several values become a list in their order."""
    several: dict[str, list[object]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    merged: Mapping[str, object] = {
        name: values[0] if len(values) == 1 else values for name, values in several.items()
    }
    return dict(merged)
