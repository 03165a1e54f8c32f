"""Single HTTP posts to the capture endpoint, each with what is expected of it."""

import hashlib
import hmac
import random
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from crm_db.actions.sources import NewSource
from deployments.demo import formats
from deployments.demo.payloads import as_form, as_json, as_multipart
from deployments.demo.people import Person

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Post:
    """One call: `count` submissions, all to be accepted (202) or, when `refused`, none (401).

    status: what its sender takes for success, where that is another one; silent: and it hears of no events then. stamped_by:
    the secret of a sender that signs with the time of the post.
    """

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    count: int = 1
    refused: bool = False
    status: int = 202
    silent: bool = False
    stamped_by: str = field(default="", repr=False)

    def with_header(self, name: str, value: str) -> "Post":
        """The same with one more header."""
        return replace(self, headers={**self.headers, name: value})

    def headers_at(self, now: datetime) -> dict[str, str]:
        """The headers of a post at this moment."""
        if not self.stamped_by:
            return dict(self.headers)
        stamp = str(int(now.timestamp() * 1000))
        signature = hmac.new(self.stamped_by.encode(), f"{stamp}:".encode() + self.body, hashlib.sha256)
        return {**self.headers, "X-Webflow-Timestamp": stamp, "X-Webflow-Signature": signature.hexdigest()}


def with_key(source: NewSource, body: bytes, *, count: int = 1, key: str | None = None) -> Post:
    """JSON from a sender with an API key; `key` to send another one than the source's."""
    headers = {**JSON, "X-API-Key": source.api_key if key is None else key}
    return Post(_path(source.name), body, headers, count)


def signed(source: NewSource, body: bytes, *, count: int = 1, secret: str | None = None) -> Post:
    """JSON with a signature over the raw bytes; `secret` to sign with another one than the source's."""
    digest = hmac.new((secret or source.secret).encode(), body, hashlib.sha256).hexdigest()
    return Post(_path(source.name), body, {**JSON, "X-CRM-Signature": f"sha256={digest}"}, count)


def form(source: NewSource, values: Mapping[str, Any], chance: random.Random) -> Post:
    """A form, urlencoded or with parts, to the source's unguessable path."""
    if chance.random() < 0.5:
        return form_to(source.token, values)
    boundary = f"----demo{chance.getrandbits(64):016x}"
    content_type = f"multipart/form-data; boundary={boundary}"
    return Post(_path(source.token), as_multipart(values, boundary), {"Content-Type": content_type})


def form_to(token: str, values: Mapping[str, Any]) -> Post:
    """An urlencoded form to a path, whoever's it is."""
    return Post(_path(token), as_form(values), FORM)


def json_single(source: NewSource, values: Mapping[str, Any], *, sign: bool) -> Post:
    """One lead as a JSON object, signed or with the key."""
    body = as_json(values)
    return signed(source, body) if sign else with_key(source, body)


def in_format(source: NewSource, name: str, person: Person) -> Post:
    """A person in the words, with the proof and for the answer of a maker of forms or ads (but Meta)."""
    if name == "google-ads":
        body = formats.google_ads(person, source.secret)
        return Post(_path(source.token), body, JSON, status=200, silent=True)
    body = formats.BODIES[name](person)
    headers = FORM if name == "jotform" else JSON
    if name == "typeform":
        proof = b64encode(hmac.digest(source.secret.encode(), body, "sha256")).decode()
        headers = {**headers, "Typeform-Signature": f"sha256={proof}"}
    stamped_by = source.secret if name == "webflow" else ""
    return Post(_path(source.token), body, headers, status=200, stamped_by=stamped_by)


def of_meta(source: NewSource, person: Person, number: int, *, by_webhook: bool) -> Post:
    """A lead of Meta's: a signed webhook that names it, or the lead itself from a program with the key."""
    if not by_webhook:
        lead = with_key(source, as_json(formats.meta_lead(person, number)))
        return replace(lead, status=200)
    body = formats.meta_webhook(number)
    proof = hmac.new(source.secret.encode(), body, hashlib.sha256).hexdigest()
    return Post(_path(source.token), body, {**JSON, "X-Hub-Signature-256": f"sha256={proof}"}, status=200)


def refused(post: Post) -> Post:
    """A post that nobody should take."""
    return replace(post, refused=True)


def _path(ref: str) -> str:
    return f"/api/crm/capture/{quote(ref, safe='')}"
