"""E-mail through SendGrid's v3 API: its own library words the request, our wire carries it once.

SendGrid takes no idempotency key. Our id travels as a custom argument, by which the Email Activity API (an add-on of
the account) finds the message after its answer was lost; without the add-on the doubt is left to a person.
"""

from __future__ import annotations

import base64
from typing import Any, ClassVar
from urllib.request import Request

import httpx
import python_http_client
from sendgrid import SendGridAPIClient
from sendgrid.helpers import mail
from sendgrid.helpers.mail.exceptions import SendGridException

from integrations import mime, safe_text
from integrations.clock import postmark
from integrations.errors import Ambiguous, Rejected, Unavailable
from integrations.http import Answer, Wire, doubtless, unsent, untold
from integrations.ports import Address, Email, Receipt, Trace
from integrations.registry import provides
from integrations.settings import IntegrationSettings

ID_ARGUMENT = "crm_message_id"
MOST_BYTES = 20_000_000

_TAKEN, _FOUND = 202, 200


@provides("email", "sendgrid")
class SendGridEmail:
    """Sends by one POST; looks up by one question to the Email Activity API."""

    name: ClassVar[str] = "sendgrid"
    has_lookup: ClassVar[bool] = True

    def __init__(self, settings: IntegrationSettings) -> None:
        settings.require("CRM_PROVIDER_EMAIL=sendgrid", "sendgrid_api_key")
        key = settings.sendgrid_api_key.get_secret_value() if settings.sendgrid_api_key else ""
        self._api = SendGridAPIClient(key, host=settings.sendgrid_base_url)
        self._api.client = _Client(Wire(self.name, settings), self._api.client)
        self._api.client.timeout = settings.http_timeout
        self._domain = settings.message_domain

    def send(self, email: Email) -> Receipt:
        """Hand the message over once; the receipt carries SendGrid's X-Message-Id."""
        answer = _whole(self._api.send(self._worded(email)))
        if answer.status != _TAKEN:
            raise unsent(self.name, answer)
        return Receipt(
            self.name, answer.headers.get("X-Message-Id") or safe_text.message_id(email.message_id)
        )

    def lookup(self, trace: Trace) -> Receipt | None:
        """The receipt of a message that the account's activity knows under our id."""
        query = f"unique_args['{ID_ARGUMENT}']=\"{safe_text.message_id(trace.message_id)}\""
        try:
            answer = _whole(self._api.client.messages.get(query_params={"query": query, "limit": 1}))
        except Ambiguous as lost:
            raise doubtless(lost) from None
        if answer.status != _FOUND:
            raise untold(self.name, answer)
        return self._first(answer)

    def _worded(self, email: Email) -> dict[str, Any]:
        """The request's body. What could forge a header or is too large is refused here, surely unsent."""
        if len(mime.build(email, domain=self._domain, date=postmark())) > MOST_BYTES:
            raise Rejected(self.name, "too-large", "the message is larger than the provider takes")
        try:
            body: dict[str, Any] = _mail(email).get()
        except (SendGridException, ValueError, TypeError) as error:
            raise Rejected(self.name, type(error).__name__.lower(), "the message cannot be worded") from None
        return body

    def _first(self, answer: Answer) -> Receipt | None:
        """The first message of an activity list; its `msg_id` begins with what X-Message-Id said."""
        found = answer.json().get("messages")
        if not isinstance(found, list):
            raise Unavailable(self.name, "answer", "the provider's answer cannot be read")
        if not found:
            return None
        known = found[0].get("msg_id") if isinstance(found[0], dict) else None
        return Receipt(self.name, str(known).partition(".")[0] if known else "found")


def _mail(email: Email) -> mail.Mail:
    worded = mail.Mail(subject=email.subject)
    worded.from_email = _mailbox(mail.From, "sender", email.sender)
    worded.add_to(_mailbox(mail.To, "recipient", email.to))
    for other in _others(email):
        worded.add_cc(_mailbox(mail.Cc, "copy", other))
    worded.add_content(email.text, mail.MimeType.text)
    if email.html:
        worded.add_content(email.html, mail.MimeType.html)
    if email.reply_to is not None:
        worded.reply_to = _mailbox(mail.ReplyTo, "reply-to", email.reply_to)
    for name, value in email.headers.items():
        worded.add_header(mail.Header(name, value))
    for part in email.attachments:
        content = base64.b64encode(part.content).decode("ascii")
        worded.add_attachment(mail.Attachment(content, part.filename, part.content_type, "attachment"))
    worded.add_custom_arg(mail.CustomArg(ID_ARGUMENT, email.message_id, p=0))
    return worded


def _others(email: Email) -> list[Address]:
    """Who gets a copy; SendGrid refuses a message in which an address stands twice."""
    copies = {other.email.lower(): other for other in email.cc}
    return [other for address, other in copies.items() if address != email.to.email.lower()]


def _mailbox(kind: type[mail.Email], field: str, address: Address) -> mail.Email:
    safe = safe_text.mailbox(field, address)
    return kind(safe.email, safe.name or None)


def _whole(response: python_http_client.client.Response) -> Answer:
    return Answer(response.status_code, response.headers, response.body)


class _Client(python_http_client.Client):  # type: ignore[misc]  # it ships no types
    """The library's client with our wire below it: no redirect, no log line, and errors that tell before from after."""

    def __init__(self, wire: Wire, like: python_http_client.Client, path: list[str] | None = None) -> None:
        super().__init__(like.host, dict(like.request_headers), like._version, path, timeout=like.timeout)
        self._wire = wire

    def _build_client(self, name: str | None = None) -> _Client:
        return _Client(self._wire, self, [*self._url_path, name] if name else self._url_path)

    def _make_request(self, _opener: object, request: Request, timeout: float | None = None) -> _Reply:
        headers = dict(request.header_items())
        content = request.data if isinstance(request.data, bytes) else None
        return _Reply(
            self._wire.exchange(request.get_method(), request.full_url, headers=headers, content=content)
        )


class _Reply:
    """An answer in the words of the standard library, which the SDK reads."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def getcode(self) -> int:
        return self._answer.status

    def read(self) -> bytes:
        return self._answer.body

    def info(self) -> httpx.Headers:
        return self._answer.headers
