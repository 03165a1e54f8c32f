"""How each sender signs: a function a scheme, and the table from a source's format to its scheme.

What a signature is made of, in the senders' own documentation:

    meta        X-Hub-Signature-256: sha256=<hex>           of the body, with the app's secret
    typeform    Typeform-Signature: sha256=<base64>         of the body
    webflow     X-Webflow-Signature: <hex>                  of `timestamp:body`; the timestamp in milliseconds
    hubspot     X-HubSpot-Signature-v3: <base64>            of method, URI, body and timestamp (milliseconds)
    google-ads  google_key in the body                      is the secret itself
    ours        X-CRM-Signature: sha256=<hex>               of the body

All are HMAC-SHA256 over the bytes as they came. What is expected is made and compared as a whole, in constant
time: nothing that was given is decoded, so nothing that was given can make a comparison fail.
"""

import hashlib
import hmac
import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from starlette.datastructures import Headers

WINDOW = timedelta(minutes=5)
REMOVED = "(removed)"
_MILLISECONDS = re.compile(r"[0-9]{1,15}", re.ASCII)
# HubSpot signs its URI with these characters decoded, and with no others.
_DECODED = {f"%{ord(char):02X}": char for char in ":/?@!$'()*,;"}
_ENCODED = re.compile("|".join(_DECODED), re.IGNORECASE)


@dataclass(frozen=True)
class Sent:
    """A request as its sender made it; `url` is the one that the sender called, with its query."""

    method: str
    url: str
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Scheme:
    """A way to sign: whether a request claims to be signed so, and whether that fits a secret at a time.

    `needed`: a source of this format is not proven by its path token alone.
    """

    is_claimed: Callable[[Sent], bool]
    fits: Callable[[Sent, str, datetime], bool]
    needed: bool


def crm(sent: Sent, secret: str, now: datetime) -> bool:
    """Ours, for senders that can be programmed."""
    return _is_header(sent, "x-crm-signature", b"sha256=" + _hex(secret, sent.body))


def meta(sent: Sent, secret: str, now: datetime) -> bool:
    """Webhooks of Meta's Graph API."""
    return _is_header(sent, "x-hub-signature-256", b"sha256=" + _hex(secret, sent.body))


def typeform(sent: Sent, secret: str, now: datetime) -> bool:
    """Webhooks of Typeform that have a secret."""
    return _is_header(sent, "typeform-signature", b"sha256=" + _base64(secret, sent.body))


def webflow(sent: Sent, secret: str, now: datetime) -> bool:
    """Webhooks of Webflow, of the last five minutes."""
    at = _recent(sent, "x-webflow-timestamp", now)
    return at is not None and _is_header(sent, "x-webflow-signature", _hex(secret, at + b":" + sent.body))


def hubspot(sent: Sent, secret: str, now: datetime) -> bool:
    """Version 3 of HubSpot's signature, of the last five minutes."""
    at = _recent(sent, "x-hubspot-request-timestamp", now)
    uri = _ENCODED.sub(lambda found: _DECODED[found[0].upper()], sent.url)
    return at is not None and _is_header(
        sent,
        "x-hubspot-signature-v3",
        _base64(secret, sent.method.encode() + uri.encode() + sent.body + at),
    )


def google_ads(sent: Sent, secret: str, now: datetime) -> bool:
    """Lead forms of Google Ads, which sign nothing but tell the secret."""
    given = google_keys(sent)
    return len(given) == 1 and isinstance(given[0], str) and _is_same(secret.encode(), given[0])


def google_keys(sent: Sent) -> list[object]:
    """What the body gives as google_key: nothing, one value, or several where a name stands twice."""
    try:
        members = json.loads(sent.body.decode("utf-8-sig"), object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        return []
    if not isinstance(members, tuple):  # a tuple is an object; an array stays a list
        return []
    return [value for name, value in members if name == "google_key"]


def without_proof(body: bytes) -> bytes:
    """The body to keep: a key that stands in it, once it has proven its sender, is nobody's business any more."""
    if b"google_key" not in body:
        return body
    try:
        members = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return body
    if not isinstance(members, dict) or "google_key" not in members:
        return body
    return json.dumps({**members, "google_key": REMOVED}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _claimed_by(header: str) -> Callable[[Sent], bool]:
    return lambda sent: header in sent.headers


OURS = Scheme(_claimed_by("x-crm-signature"), crm, needed=False)
BY_FORMAT: Mapping[str, Scheme] = MappingProxyType(
    {
        "meta": Scheme(_claimed_by("x-hub-signature-256"), meta, needed=True),
        "typeform": Scheme(_claimed_by("typeform-signature"), typeform, needed=True),
        "webflow": Scheme(_claimed_by("x-webflow-signature"), webflow, needed=True),
        "hubspot": Scheme(_claimed_by("x-hubspot-signature-v3"), hubspot, needed=False),
        "google-ads": Scheme(lambda sent: bool(google_keys(sent)), google_ads, needed=True),
    }
)
"""The scheme of each format whose sender signs."""

IN_HEADERS = (OURS, *(scheme for name, scheme in BY_FORMAT.items() if name != "google-ads"))
"""The schemes that a header claims, whatever the format of the source."""


def _is_header(sent: Sent, name: str, expected: bytes) -> bool:
    """Whether the header is there once and is what was expected."""
    given = sent.headers.getlist(name)
    return len(given) == 1 and _is_same(expected, given[0])


def _is_same(expected: bytes, given: str) -> bool:
    return hmac.compare_digest(expected, given.encode("utf-8", "surrogatepass"))


def _recent(sent: Sent, name: str, now: datetime) -> bytes | None:
    """A timestamp in milliseconds, as it was given, when it is at most WINDOW away from now."""
    given = sent.headers.getlist(name)
    if len(given) != 1 or not _MILLISECONDS.fullmatch(given[0]):
        return None
    away = abs(timedelta(milliseconds=int(given[0]) - now.timestamp() * 1000))
    return given[0].encode() if away <= WINDOW else None


def _digest(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


def _hex(secret: str, message: bytes) -> bytes:
    return _digest(secret, message).hex().encode()


def _base64(secret: str, message: bytes) -> bytes:
    return b64encode(_digest(secret, message))
