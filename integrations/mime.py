"""The only place that builds a message: every e-mail that leaves was written here.

What a stranger may have typed (names, addresses, subjects, file names) passes `safe_text` first; at the
end the bytes are read back, and a message with a header nobody set is refused.
"""

from __future__ import annotations

import re
from datetime import datetime
from email import headerregistry
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import EmailPolicy
from email.utils import format_datetime

from integrations import safe_text
from integrations.errors import Rejected, UnsafeText
from integrations.ports import Address, Attachment, Email

ID_HEADER = "X-CRM-Message-Id"

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_CONTENT_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/([A-Za-z0-9.+-]{1,100})")
_CALENDAR = re.compile(r"text/calendar; method=(CANCEL|PUBLISH|REQUEST)")
_OURS = frozenset(
    {"bcc", "cc", "date", "from", "message-id", "mime-version", "reply-to", "sender", "subject", "to"}
    | {"received", "return-path", ID_HEADER.lower()}
)


class _WirePolicy(EmailPolicy):
    """SMTP's policy, but a header of plain ASCII is folded only where RFC 5322 demands it.

    The standard policy encodes every long word, and a `List-Unsubscribe` so encoded no longer works.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        policy = _WIDE if str(value).isascii() else _NARROW
        return policy.fold_binary(name, value)


_NARROW = EmailPolicy(linesep="\r\n", cte_type="7bit")
_WIDE = _NARROW.clone(max_line_length=998)
_WIRE = _WirePolicy(linesep="\r\n", cte_type="7bit")


def message_id_header(message_id: str, domain: str) -> str:
    """The Message-ID of our message: the same for every attempt at it."""
    return f"<{safe_text.message_id(message_id)}@{domain}>"


def build(email: Email, *, domain: str, date: datetime) -> bytes:
    """The message as it goes over the wire (CRLF, ASCII only).

    domain: right-hand side of the Message-ID. date: when it is posted, with a zone.
    Raises `UnsafeText` or another `Rejected`, and nothing else.
    """
    try:
        message = EmailMessage(policy=_WIRE)
        _write_headers(message, email, domain, date)
        _write_body(message, email)
        wire = message.as_bytes()
    except (MessageError, ValueError, LookupError, AttributeError) as error:
        # The standard library's header parser fails in many ways on hostile text; each means: unwritable.
        raise Rejected(
            "mime", "unwritable", f"the message cannot be written ({type(error).__name__})"
        ) from None
    return only_with(message.keys(), wire)


def only_with(names: list[str], wire: bytes) -> bytes:
    """The message, if exactly these headers can be read from it; raises `UnsafeText`."""
    if BytesHeaderParser().parsebytes(wire).keys() != names:
        raise UnsafeText("header")
    return wire


def _write_headers(message: EmailMessage, email: Email, domain: str, date: datetime) -> None:
    message["From"] = _mailbox("sender", email.sender)
    message["To"] = _mailbox("recipient", email.to)
    if email.cc:
        message["Cc"] = [_mailbox("recipient", one) for one in email.cc]
    if email.reply_to is not None:
        message["Reply-To"] = _mailbox("reply-to", email.reply_to)
    message["Subject"] = safe_text.line("subject", email.subject)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = message_id_header(email.message_id, domain)
    message[ID_HEADER] = email.message_id
    for name, value in email.headers.items():
        if (
            _HEADER_NAME.fullmatch(name) is None
            or name.lower() in _OURS
            or name.lower().startswith("content-")
        ):
            raise Rejected("mime", "header-name", "an extra header has a name that may not be set")
        message[name] = safe_text.line("header", value)


def _mailbox(field: str, address: Address) -> headerregistry.Address:
    safe = safe_text.mailbox(field, address)
    local, _, domain = safe.email.rpartition("@")
    return headerregistry.Address(safe.name, local, domain)


def _write_body(message: EmailMessage, email: Email) -> None:
    message.set_content(email.text)
    if email.html:
        message.add_alternative(email.html, subtype="html")
    for attachment in email.attachments:
        if method := _CALENDAR.fullmatch(attachment.content_type):
            _invite(message, attachment, method[1])
    for attachment in email.attachments:
        _attach(message, attachment)


def _invite(message: EmailMessage, attachment: Attachment, method: str) -> None:
    """The event as an alternative of the text: what mail programs show as an invitation (RFC 6047, 2.4)."""
    text = attachment.content.decode("utf-8")
    message.add_alternative(text, subtype="calendar", params={"method": method, "component": "VEVENT"})


def _attach(message: EmailMessage, attachment: Attachment) -> None:
    """A file. An event is attached too, as a plain file: some programs look for it there only."""
    filename = safe_text.line("file name", attachment.filename)
    content_type = attachment.content_type
    kind = _CONTENT_TYPE.fullmatch("application/ics" if _CALENDAR.fullmatch(content_type) else content_type)
    if kind is None:
        raise Rejected("mime", "attachment-type", "an attachment's content type is not one that may be sent")
    message.add_attachment(attachment.content, maintype=kind[1], subtype=kind[2], filename=filename)
