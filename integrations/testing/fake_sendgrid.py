"""SendGrid v3 as far as the CRM needs it: mail/send, and the Email Activity query by which a lost answer is looked up.

Stricter than the real one in one thing: a field that no document names is refused, because a typo there would be lost silently.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from integrations.testing import shapes
from integrations.testing.accepted import Accepted, Log
from integrations.testing.contracts import Contracts
from integrations.testing.shapes import Problem
from integrations.testing.wire import Answer, Request, as_json

OUR_ID = "crm_message_id"
MOST_BYTES = 20_000_000
MOST_CUSTOM_ARGS_BYTES = 10_000
MOST_AHEAD_SECONDS = 72 * 3600
CALLS = {("POST", "/v3/mail/send"): "send", ("GET", "/v3/messages"): "lookup"}
RESERVED_HEADERS = frozenset(
    (
        "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
        "to", "from", "subject", "reply-to", "cc", "bcc",
    )
)  # fmt: skip
_CONDITION = re.compile(
    r"\(?\s*(?:unique_args\[['\"](?P<arg>[\w-]+)['\"]\]|(?P<name>msg_id|to_email))\s*=\s*\"(?P<value>[^\"]*)\"\s*\)?"
)


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted message to one recipient."""

    entry: Accepted
    msg_id: str
    from_email: str
    subject: str
    custom_args: dict[str, Any]

    @property
    def events(self) -> dict[str, Any]:
        """What every event about it carries."""
        return {**self.custom_args, "email": self.entry.to, "sg_message_id": self.msg_id}


class FakeSendGrid:
    """Takes mail by bearer token and knows what it took. `taken` is called with each accepted mail."""

    name: ClassVar[str] = "sendgrid"

    def __init__(
        self,
        key: str,
        log: Log,
        *,
        contracts: Contracts | None,
        is_visible: Callable[[Accepted], bool],
        taken: Callable[[Mail], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._key, self._log, self._contracts = key, log, contracts
        self._is_visible, self._taken, self._clock = is_visible, taken, clock
        self._mails: list[Mail] = []

    def call_of(self, request: Request) -> str | None:
        """`send` or `lookup`; None for what it does not know."""
        return CALLS.get((request.method, request.path))

    def answer(self, request: Request) -> Answer:
        """The real thing's answer, without faults."""
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._key}".encode()):
            return _refused(
                401, [Problem("", "The provided authorization grant is invalid, expired, or revoked")]
            )
        return self._send(request) if request.method == "POST" else self._look_up(request)

    def failure(self, status: int, retry_after: float) -> Answer:
        """An error in SendGrid's shape. It documents no Retry-After, only the time at which the limit ends."""
        if status == 429:
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(self._reset(retry_after))}
            return _refused(429, [Problem("", "too many requests")], headers)
        headers = {"Retry-After": f"{retry_after:g}"} if status == 503 else {}
        return _refused(status, [Problem("", "an unexpected error occurred")], headers)

    def limits(self, most: int, left: int) -> dict[str, str]:
        """The headers that tell a caller how many calls it has left."""
        return {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str(self._reset(1)),
        }

    def _reset(self, seconds: float) -> int:
        return int(self._clock().timestamp() + seconds + 0.999)

    def _send(self, request: Request) -> Answer:
        if request.media_type != "application/json":
            return _refused(415, [Problem("", "Content-Type should be application/json.")])
        if len(request.body) > MOST_BYTES:
            return _refused(413, [Problem("", "the message is too large")])
        try:
            value = json.loads(request.body)
        except ValueError:
            return _refused(400, [Problem("", "Bad Request")])
        problems = [*self._problems(value)]
        if problems:
            return _refused(400, problems)
        return self._accepted(value)

    def _problems(self, value: object) -> Iterator[Problem]:
        problems = [*MAIL(value, "")]
        if self._contracts is not None:
            problems += self._contracts.problems_of_body("sendgrid send", value)
        if not problems and isinstance(value, dict):
            problems += _problems_of_sense(value, self._clock())
        yield from problems

    def _accepted(self, value: dict[str, Any]) -> Answer:
        numbers: list[int] = []
        words = json.dumps(value.get("content", value.get("template_id")), sort_keys=True)
        stem = f"fake{len(self._mails):08x}sg"
        for personal in value["personalizations"]:
            args = {**value.get("custom_args", {}), **personal.get("custom_args", {})}
            subject = personal.get("subject", value.get("subject", ""))
            for to in personal["to"]:
                msg_id = f"{stem}.recvd-fake-{len(self._mails)}.0"
                entry = self._log.accept(
                    self.name,
                    "email",
                    message_id=str(args.get(OUR_ID, "")),
                    provider_id=stem,
                    to=to["email"],
                    words=f"{subject}\n{words}",
                )
                mail = Mail(entry, msg_id, value["from"]["email"], subject, args)
                self._mails.append(mail)
                self._taken(mail)
                numbers.append(entry.number)
        return Answer(202, b"", {"X-Message-Id": stem}, tuple(numbers))

    def _look_up(self, request: Request) -> Answer:
        params = request.params
        problems = [*_QUERY(_single(params), "")]
        if self._contracts is not None:
            problems += self._contracts.problems_of_query("sendgrid lookup", params)
        conditions = _conditions(params.get("query", [""])[0])
        if problems or conditions is None:
            return as_json(400, {"errors": [{"message": "invalid query"}]})
        limit = int(params.get("limit", ["10"])[0])
        found = [mail for mail in self._mails if self._is_visible(mail.entry) and _fits(mail, conditions)]
        return as_json(200, {"messages": [_shown(mail) for mail in found[:limit]]})


def _conditions(query: str) -> list[tuple[str, str, str]] | None:
    """The parts of an Email Activity query, joined by AND; None when it is none that we understand."""
    found = []
    for part in re.split(r"\s+AND\s+", query.strip()):
        match = _CONDITION.fullmatch(part)
        if match is None:
            return None
        found.append((match["arg"] or "", match["name"] or "", match["value"]))
    return found


def _fits(mail: Mail, conditions: list[tuple[str, str, str]]) -> bool:
    known = {"msg_id": mail.msg_id, "to_email": mail.entry.to}
    return all(
        (str(mail.custom_args.get(arg)) if arg else known[name]) == value for arg, name, value in conditions
    )


def _shown(mail: Mail) -> dict[str, Any]:
    return {
        "from_email": mail.from_email,
        "msg_id": mail.msg_id,
        "subject": mail.subject,
        "to_email": mail.entry.to,
        "status": "delivered",
        "opens_count": 0,
        "clicks_count": 0,
        "last_event_time": mail.entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _problems_of_sense(value: dict[str, Any], now: datetime) -> Iterator[Problem]:
    """What the API refuses though each field by itself looks right."""
    templated = "template_id" in value
    if not templated and "content" not in value:
        yield Problem("content", "is required")
    kinds = [part["type"] for part in value.get("content", [])]
    if (
        "text/html" in kinds
        and "text/plain" in kinds
        and kinds.index("text/html") < kinds.index("text/plain")
    ):
        yield Problem("content", "text/plain must come before text/html")
    for place, holder in _holders(value):
        yield from _problems_of_headers(place, holder.get("headers", {}))
        if len(json.dumps(holder.get("custom_args", {})).encode()) > MOST_CUSTOM_ARGS_BYTES:
            yield Problem(f"{place}custom_args", "must have at most 10000 bytes")
        if holder.get("send_at", 0) > now.timestamp() + MOST_AHEAD_SECONDS:
            yield Problem(f"{place}send_at", "must be within the next 72 hours")
    for index, personal in enumerate(value["personalizations"]):
        if not templated and not personal.get("subject", value.get("subject")):
            yield Problem(f"personalizations.{index}.subject", "is required")
        everybody = [one["email"].lower() for name in ("to", "cc", "bcc") for one in personal.get(name, [])]
        if len(set(everybody)) < len(everybody):
            yield Problem(f"personalizations.{index}", "each address must be unique between to, cc and bcc")


def _holders(value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "", value
    for index, personal in enumerate(value["personalizations"]):
        yield f"personalizations.{index}.", personal


def _problems_of_headers(place: str, headers: dict[str, str]) -> Iterator[Problem]:
    for name, text in headers.items():
        if name.lower() in RESERVED_HEADERS:
            yield Problem(f"{place}headers", "names a header that may not be set")
        if not f"{name}{text}".isprintable():
            yield Problem(f"{place}headers", "holds a control character")


def _refused(status: int, problems: list[Problem], headers: dict[str, str] | None = None) -> Answer:
    errors = [{"message": one.words, "field": one.field or None} for one in problems]
    return as_json(status, {"errors": errors}, headers)


def _single(params: dict[str, list[str]]) -> dict[str, object]:
    return {name: values[0] if len(values) == 1 else values for name, values in params.items()}


_QUERY = shapes.record(
    {"query": shapes.text(least=1), "limit": shapes.text(like=re.compile(r"[1-9]\d{0,2}|1000"))},
    required=("query",),
)
_LINE = re.compile(r"[^\r\n]*")
_MAILBOX = shapes.record(
    {"email": shapes.mailbox, "name": shapes.text(most=1000, like=_LINE)}, required=("email",)
)
_SWITCH = {"enable": shapes.boolean}
_WORDS = shapes.text()
_SUBJECT = shapes.text(least=1, most=998, like=_LINE)
_PERSONALIZATION = shapes.record(
    {
        "from": _MAILBOX,
        "to": shapes.items(_MAILBOX, least=1, most=1000),
        "cc": shapes.items(_MAILBOX, most=1000),
        "bcc": shapes.items(_MAILBOX, most=1000),
        "subject": _SUBJECT,
        "headers": shapes.table(_WORDS),
        "substitutions": shapes.table(_WORDS),
        "dynamic_template_data": shapes.table(),
        "custom_args": shapes.table(),
        "send_at": shapes.number(whole=True),
    },
    required=("to",),
)
_ATTACHMENT = shapes.record(
    {
        "content": shapes.text(least=1),
        "type": shapes.text(least=1),
        "filename": _WORDS,
        "disposition": shapes.one_of("inline", "attachment"),
        "content_id": _WORDS,
    },
    required=("content", "filename"),
)
_TRACKING = {
    "click_tracking": shapes.record({**_SWITCH, "enable_text": shapes.boolean}),
    "open_tracking": shapes.record({**_SWITCH, "substitution_tag": _WORDS}),
    "subscription_tracking": shapes.record(
        {**_SWITCH, "text": _WORDS, "html": _WORDS, "substitution_tag": _WORDS}
    ),
    "ganalytics": shapes.record(
        _SWITCH | {f"utm_{name}": _WORDS for name in ("source", "medium", "term", "content", "campaign")}
    ),
}
_BYPASSES = ("list", "spam", "bounce", "unsubscribe")
MAIL = shapes.record(
    {
        "personalizations": shapes.items(_PERSONALIZATION, least=1, most=1000),
        "from": _MAILBOX,
        "reply_to": _MAILBOX,
        "reply_to_list": shapes.items(_MAILBOX, most=1000),
        "subject": _SUBJECT,
        "content": shapes.items(
            shapes.record(
                {"type": shapes.text(least=1), "value": shapes.text(least=1)}, required=("type", "value")
            ),
            least=1,
        ),
        "attachments": shapes.items(_ATTACHMENT),
        "template_id": _WORDS,
        "headers": shapes.table(_WORDS),
        "categories": shapes.items(shapes.text(most=255), most=10),
        "custom_args": shapes.table(),
        "send_at": shapes.number(whole=True),
        "batch_id": _WORDS,
        "asm": shapes.record(
            {
                "group_id": shapes.number(whole=True),
                "groups_to_display": shapes.items(shapes.number(whole=True), most=25),
            },
            required=("group_id",),
        ),
        "ip_pool_name": shapes.text(least=2, most=64),
        "mail_settings": shapes.record(
            {
                **{f"bypass_{what}_management": shapes.record(_SWITCH) for what in _BYPASSES},
                "footer": shapes.record({**_SWITCH, "text": _WORDS, "html": _WORDS}),
                "sandbox_mode": shapes.record(_SWITCH),
            }
        ),
        "tracking_settings": shapes.record(_TRACKING),
    },
    required=("personalizations", "from"),
)
"""The body of mail/send by our own reading of its documentation."""
