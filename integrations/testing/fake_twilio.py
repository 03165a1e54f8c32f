"""Twilio 2010-04-01 as far as the CRM needs it: Messages and Calls, made, listed and fetched.

Stricter than the real one in one thing: a parameter that no document names is refused (20001); Twilio would ignore it
silently. The telephone numbers that Twilio's test credentials give a meaning have it here too: +15005550004 has opted out,
and so on.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from integrations.testing.accepted import Accepted, Log
from integrations.testing.contracts import Contracts
from integrations.testing.segments import segments
from integrations.testing.wire import Answer, Request, as_json

OUR_ID = "crm_message_id"
"""A caller that wants to be recognised puts it into the query of its StatusCallback."""
MOST_BODY, MOST_TWIML = 1600, 4000
DEFAULT_PAGE_SIZE, MOST_PAGE_SIZE = 50, 1000
E164 = re.compile(r"\+[1-9]\d{6,14}")
SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{5,6}|[A-Za-z0-9 ]{3,11}")
_PATH = re.compile(
    r"/2010-04-01/Accounts/(?P<account>[^/]+)/(?P<what>Messages|Calls)(?:/(?P<sid>[^/]+))?\.json"
)
_MESSAGE_FIELDS = frozenset(
    (
        "To", "From", "MessagingServiceSid", "Body", "MediaUrl", "StatusCallback", "ApplicationSid", "MaxPrice",
        "ProvideFeedback", "Attempt", "ValidityPeriod", "ForceDelivery", "ContentRetention", "AddressRetention",
        "SmartEncoded", "PersistentAction", "TrafficType", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms",
        "ContentVariables", "RiskCheck", "FallbackFrom", "ContentSid",
    )
)  # fmt: skip
_CALL_FIELDS = frozenset(
    (
        "To", "From", "Url", "Twiml", "ApplicationSid", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback",
        "StatusCallbackEvent", "StatusCallbackMethod", "SendDigits", "Timeout", "Record", "RecordingChannels",
        "RecordingStatusCallback", "RecordingStatusCallbackMethod", "RecordingStatusCallbackEvent", "SipAuthUsername",
        "SipAuthPassword", "MachineDetection", "MachineDetectionTimeout", "MachineDetectionSpeechThreshold",
        "MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout", "Trim", "CallerId", "AsyncAmd",
        "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", "Byoc", "CallReason", "CallToken",
        "RecordingTrack", "TimeLimit", "ClientNotificationUrl",
    )
)  # fmt: skip
_PAGING = ("PageSize", "Page", "PageToken")
_MESSAGE_FILTERS = frozenset(("To", "From", "DateSent", "DateSent<", "DateSent>", *_PAGING))
_CALL_FILTERS = frozenset(
    (
        "To", "From", "ParentCallSid", "Status", *_PAGING,
        *(f"{name}{sign}" for name in ("StartTime", "EndTime") for sign in ("", "<", ">")),
    )
)  # fmt: skip
_LISTS = ("MediaUrl", "PersistentAction", "StatusCallbackEvent", "RecordingStatusCallbackEvent")

Form = Mapping[str, str]
Refusal = tuple[int, str]
"""Twilio's own error number, and its words."""

_BAD_TO = {
    "+15005550001": (21211, "The 'To' number is not a valid phone number."),
    "+15005550002": (21612, "The 'To' number is not reachable via SMS."),
    "+15005550003": (21408, "Permission to send an SMS to this region has not been enabled."),
    "+15005550004": (21610, "Attempt to send to an unsubscribed recipient."),
    "+15005550009": (21614, "The 'To' number is not a valid mobile number."),
}
_BAD_FROM = {
    "+15005550001": (21212, "The 'From' number is not a valid phone number."),
    "+15005550007": (21606, "The 'From' number is not owned by your account or cannot send SMS."),
    "+15005550008": (21611, "The 'From' number has too many messages waiting to be sent."),
}
_BAD_CALLED = {
    "+15005550001": (21217, "The phone number to be called is not valid."),
    "+15005550002": (21214, "The phone number to be called cannot be reached."),
    "+15005550003": (21215, "The account may not call this country."),
    "+15005550004": (21216, "The account may not call this number."),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One accepted text or call: what the account sees of it, and where its news go."""

    entry: Accepted
    what: str
    sender: str
    text: str
    account: str
    form: Form = field(repr=False)
    events: tuple[str, ...] = ()

    @property
    def sid(self) -> str:
        """Twilio's name for it."""
        return self.entry.provider_id

    @property
    def callback(self) -> str:
        """Where its status is posted; empty when nobody asked."""
        return self.form.get("StatusCallback", "")


class FakeTwilio:
    """Takes texts and calls by the account's login and knows what it took. `taken` is called with each of them."""

    name: ClassVar[str] = "twilio"

    def __init__(
        self,
        account: str,
        token: str,
        log: Log,
        *,
        contracts: Contracts | None,
        is_visible: Callable[[Accepted], bool],
        taken: Callable[[Resource], None],
    ) -> None:
        self._account, self._log, self._contracts = account, log, contracts
        self._login = base64.b64encode(f"{account}:{token}".encode()).decode()
        self._is_visible, self._taken = is_visible, taken
        self._resources: list[Resource] = []

    def call_of(self, request: Request) -> str | None:
        """`send` or `lookup`; None for what it does not know."""
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        if request.method == "POST" and match["sid"] is None:
            return "send"
        return "lookup" if request.method == "GET" else None

    def answer(self, request: Request) -> Answer:
        """The real thing's answer, without faults."""
        match = _PATH.fullmatch(request.path)
        assert match is not None
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Basic {self._login}".encode()):
            return _refused(401, (20003, "Authenticate"))
        if match["account"] != self._account:
            return _not_found()
        what, sid = match["what"], match["sid"]
        if request.method == "POST":
            return self._make(what, request)
        return self._fetch(what, sid) if sid else self._list(what, request)

    def failure(self, status: int, retry_after: float) -> Answer:
        """An error in Twilio's shape; a 429 and a 503 say when to come again."""
        headers = {"Retry-After": f"{retry_after:g}"} if status in (429, 503) else {}
        words = (20429, "Too Many Requests") if status == 429 else (20500, "Internal Server Error")
        return _refused(status, words, headers)

    def limits(self, _most: int, _left: int) -> dict[str, str]:
        """Twilio tells nobody in advance."""
        return {}

    def _make(self, what: str, request: Request) -> Answer:
        if request.media_type != "application/x-www-form-urlencoded":
            return _refused(415, (20415, "Unsupported Media Type"))
        lists = parse_qs(request.body.decode(errors="replace"), keep_blank_values=True)
        form = {name: values[-1] for name, values in lists.items()}
        refusal = next(self._refusals(what, lists, form), None)
        if refusal is not None:
            return _refused(400, refusal)
        resource = self._took(what, form, tuple(lists.get("StatusCallbackEvent", ())))
        return as_json(201, self._shown(resource, is_new=True), accepted=(resource.entry.number,))

    def _refusals(self, what: str, lists: Mapping[str, list[str]], form: Form) -> Iterator[Refusal]:
        known = _MESSAGE_FIELDS if what == "Messages" else _CALL_FIELDS
        for name, values in lists.items():
            if name not in known:
                yield 20001, "The request names a parameter that there is not."
            elif len(values) > 1 and name not in _LISTS:
                yield 20001, "A parameter was given more than once."
        yield from _message_refusals(form) if what == "Messages" else _call_refusals(form)
        callback = form.get("StatusCallback")
        if callback is not None and not _is_address(callback):
            yield 21609, "The 'StatusCallback' URL is not a valid URL."
        if self._contracts is not None:
            call = f"twilio {what}"
            for problem in self._contracts.problems_of_body(call, self._contracts.form(call, lists)):
                yield 20001, f"The parameter {problem.field} {problem.words}."

    def _took(self, what: str, form: Form, events: tuple[str, ...]) -> Resource:
        prefix, kind = ("SM", "sms") if what == "Messages" else ("CA", "call")
        words = form.get("Body", "") if what == "Messages" else form.get("Twiml", form.get("Url", ""))
        query = parse_qs(urlsplit(form.get("StatusCallback", "")).query)
        entry = self._log.accept(
            self.name,
            kind,
            message_id=query.get(OUR_ID, [""])[0],
            provider_id=f"{prefix}fa4e{len(self._resources):028x}",
            to=form["To"],
            words=words,
        )
        sender = form.get("From", "")
        resource = Resource(entry, what, sender, words, self._account, form, events)
        self._resources.append(resource)
        self._taken(resource)
        return resource

    def _fetch(self, what: str, sid: str) -> Answer:
        for resource in self._resources:
            if resource.sid == sid and resource.what == what and self._is_visible(resource.entry):
                return as_json(200, self._shown(resource))
        return _not_found()

    def _list(self, what: str, request: Request) -> Answer:
        params = request.params
        known = _MESSAGE_FILTERS if what == "Messages" else _CALL_FILTERS
        problems = sorted(params.keys() - known)
        if self._contracts is not None and not problems:
            problems = [one.field for one in self._contracts.problems_of_query(f"twilio {what}", params)]
        query = {name: values[-1] for name, values in params.items()}
        size, page = query.get("PageSize", str(DEFAULT_PAGE_SIZE)), query.get("Page", "0")
        if problems or not (size.isdecimal() and 1 <= int(size) <= MOST_PAGE_SIZE and page.isdecimal()):
            return _refused(400, (20001, "The request names a parameter that there is not, or a bad value."))
        try:
            found = [one for one in reversed(self._resources) if one.what == what and self._fits(one, query)]
        except ValueError:
            return _refused(400, (20001, "A date cannot be read."))
        return as_json(200, self._page(what, query, found, int(page), int(size)))

    def _fits(self, resource: Resource, query: Form) -> bool:
        if not self._is_visible(resource.entry):
            return False
        if query.get("To", resource.entry.to) != resource.entry.to:
            return False
        if query.get("From", resource.sender) != resource.sender:
            return False
        return all(
            _is_within(resource.entry.at, name.removeprefix(start), value)
            for name, value in query.items()
            for start in ("DateSent", "StartTime")
            if name.startswith(start)
        )

    def _page(self, what: str, query: Form, found: list[Resource], page: int, size: int) -> dict[str, Any]:
        part = found[page * size : (page + 1) * size]

        def address(number: int) -> str:
            asked = {**query, "PageSize": str(size), "Page": str(number)}
            return f"{self._uri(what)}.json?{urlencode(asked)}"

        return {
            "end": page * size + max(0, len(part) - 1),
            "first_page_uri": address(0),
            "next_page_uri": address(page + 1) if len(found) > (page + 1) * size else None,
            "page": page,
            "page_size": size,
            "previous_page_uri": address(page - 1) if page else None,
            "start": page * size,
            "uri": address(page),
            what.lower(): [self._shown(one) for one in part],
        }

    def _uri(self, what: str) -> str:
        return f"/2010-04-01/Accounts/{self._account}/{what}"

    def _shown(self, resource: Resource, *, is_new: bool = False) -> dict[str, Any]:
        at = format_datetime(resource.entry.at)
        common = {
            "sid": resource.sid,
            "account_sid": self._account,
            "api_version": "2010-04-01",
            "date_created": at,
            "date_updated": at,
            "direction": "outbound-api",
            "from": resource.sender or None,
            "to": resource.entry.to,
            "price": None,
            "price_unit": "USD",
            "uri": f"{self._uri(resource.what)}/{resource.sid}.json",
        }
        return common | (
            _message_part(resource, at, is_new) if resource.what == "Messages" else _call_part(at, is_new)
        )


def _message_part(resource: Resource, at: str, is_new: bool) -> dict[str, Any]:
    return {
        "body": resource.text,
        "date_sent": None if is_new else at,
        "error_code": None,
        "error_message": None,
        "messaging_service_sid": resource.form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": str(segments(resource.text)),
        "status": "queued" if is_new else "delivered",
        "subresource_uris": {},
    }


def _call_part(at: str, is_new: bool) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            "parent_call_sid", "to_formatted", "from_formatted", "phone_number_sid", "answered_by", "forwarded_from",
            "group_sid", "caller_name", "trunk_sid",
        )
    )  # fmt: skip
    return {
        **nothing,
        "start_time": None if is_new else at,
        "end_time": None if is_new else at,
        "duration": None if is_new else "12",
        "queue_time": "0",
        "status": "queued" if is_new else "completed",
        "subresource_uris": {},
    }


def _message_refusals(form: Form) -> Iterator[Refusal]:
    to, sender = form.get("To", ""), form.get("From", "")
    if not to:
        yield 21604, "A 'To' phone number is required."
    if not sender and not form.get("MessagingServiceSid"):
        yield 21603, "A 'From' phone number is required."
    if not E164.fullmatch(to):
        yield _BAD_TO["+15005550001"]
    if sender and not SENDER.fullmatch(sender):
        yield _BAD_FROM["+15005550001"]
    if to in _BAD_TO:
        yield _BAD_TO[to]
    if sender in _BAD_FROM:
        yield _BAD_FROM[sender]
    if not any(form.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
        yield 21602, "Message body is required."
    if len(form.get("Body", "")) > MOST_BODY:
        yield 21617, "The concatenated message body exceeds the 1600 character limit."
    validity = form.get("ValidityPeriod", "1")
    if not (validity.isdecimal() and 1 <= int(validity) <= 36_000):
        yield 20001, "ValidityPeriod is out of its range."


def _call_refusals(form: Form) -> Iterator[Refusal]:
    to, sender = form.get("To", ""), form.get("From", "")
    if not to:
        yield 21201, "No 'To' number is specified."
    if not sender:
        yield 21213, "The 'From' number is required."
    if not E164.fullmatch(to):
        yield _BAD_CALLED["+15005550001"]
    if to in _BAD_CALLED:
        yield _BAD_CALLED[to]
    if not E164.fullmatch(sender) or sender in _BAD_FROM:
        yield 21210, "The 'From' number is not verified for this account."
    instructions = [name for name in ("Url", "Twiml", "ApplicationSid") if form.get(name)]
    if len(instructions) != 1 or ("Url" in instructions and not _is_address(form["Url"])):
        yield 21205, "Exactly one of Url, Twiml and ApplicationSid says what the call is to do."
    if len(form.get("Twiml", "")) > MOST_TWIML:
        yield 21218, "Twiml exceeds 4000 characters."
    timeout = form.get("Timeout", "60")
    if not (timeout.isdecimal() and int(timeout) <= 600):
        yield 21220, "Timeout is out of its range."


def _is_address(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_within(at: datetime, sign: str, value: str) -> bool:
    """Whether a moment meets a filter: a whole day, or before (`<`) or after (`>`) a day or moment, itself included."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=at.tzinfo)
    is_day = len(value) == len("2026-11-22")
    if sign == "<":
        return at < moment + timedelta(days=1) if is_day else at <= moment
    if sign == ">":
        return at >= moment
    return moment <= at < moment + timedelta(days=1) if is_day else at == moment


def _not_found() -> Answer:
    return _refused(404, (20404, "The requested resource was not found"))


def _refused(status: int, refusal: Refusal, headers: dict[str, str] | None = None) -> Answer:
    code, words = refusal
    more = f"https://www.twilio.com/docs/errors/{code}"
    value = {"code": code, "message": words, "more_info": more, "status": status}
    return as_json(status, value, headers)
