"""E-mail through an SMTP server, one connection a message, classified to the last byte.

A server may deliver a message only after the mark that ends its content (RFC 5321, 4.1.1.4). So the mark is
sent by itself: whatever fails before it was surely not sent; what fails after it, before the answer, may
have been. SMTP offers no look-up, and a doubt stays one until a person or a bounce settles it.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from integrations import mime, safe_text
from integrations.clock import postmark
from integrations.errors import Ambiguous, Rejected, SendError, SettingsProblem, Unavailable
from integrations.ports import Email, Receipt, Trace
from integrations.registry import provides
from integrations.settings import IntegrationSettings

Tls = Literal["implicit", "always", "auto", "never"]

FORM = "CRM_SMTP_URL reads smtp://user:password@host:port?starttls=always|auto|never, or smtps://…"

_END_OF_CONTENT = b".\r\n"
_ABOUT_THE_LOGIN = frozenset({530, 534, 535, 538})
_FAILURES = (smtplib.SMTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how to connect; `tls`: from the first byte, by STARTTLS always or if offered, or never."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)


def server_from(url: str) -> SmtpServer:
    """The server a URL names. With a user STARTTLS is the default, so that no password travels in clear.

    Ports default to 465 (smtps), 587 (with a user) and 25. Raises `SettingsProblem`.
    """
    try:
        parts, port = urlsplit(url), urlsplit(url).port
        query = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    except ValueError:
        raise SettingsProblem(FORM) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    tls = _tls(parts.scheme, query, with_user=bool(user))
    if tls is None or not parts.hostname:
        raise SettingsProblem(FORM)
    usual = 465 if tls == "implicit" else 587 if user else 25
    return SmtpServer(parts.hostname, port or usual, tls, user, password)


def _tls(scheme: str, query: dict[str, list[str]], *, with_user: bool) -> Tls | None:
    """How to encrypt, or None where the URL asks for something there is not."""
    if scheme == "smtps":
        return None if query else "implicit"
    if scheme != "smtp" or query.keys() - {"starttls"}:
        return None
    match query.get("starttls", ["always" if with_user else "auto"]):
        case [("always" | "auto" | "never") as choice]:
            return choice
        case _:
            return None


@provides("email", "smtp")
class SmtpEmail:
    """Sends by SMTP without retrying; a send takes at most four times the time-out."""

    name: ClassVar[str] = "smtp"
    has_lookup: ClassVar[bool] = False

    def __init__(self, settings: IntegrationSettings, *, clock: Callable[[], datetime] = postmark) -> None:
        if settings.smtp_url is None:
            raise SettingsProblem(f"CRM_PROVIDER_EMAIL=smtp needs a server: {FORM}")
        self._server = server_from(settings.smtp_url.get_secret_value())
        self._timeout = settings.smtp_timeout
        self._domain = settings.message_domain
        self._clock = clock

    def send(self, email: Email) -> Receipt:
        """Hand the message over once; the receipt carries its Message-ID."""
        wire = mime.build(email, domain=self._domain, date=self._clock())
        sender = safe_text.mailbox("sender", email.sender)
        recipients = [safe_text.mailbox("recipient", one) for one in (email.to, *email.cc)]
        deadline = time.monotonic() + 3 * self._timeout
        with closing(self._connect()) as smtp:
            self._log_in(smtp, deadline)
            self._give_sender(smtp, deadline, sender.email)
            for one in recipients:
                self._ask(smtp, deadline, f"RCPT TO:<{one.email}>", accepted=range(250, 260))
            self._ask(smtp, deadline, "DATA", accepted=range(354, 355))
            self._write_content(smtp, deadline, wire)
            self._finish(smtp)
        return Receipt(self.name, mime.message_id_header(email.message_id, self._domain))

    def lookup(self, trace: Trace) -> Receipt | None:
        """None, which proves nothing: SMTP cannot be asked."""
        return None

    def _connect(self) -> smtplib.SMTP:
        with self._not_sent("the server cannot be reached"):
            where = (self._server.host, self._server.port, self._domain, self._timeout)
            if self._server.tls == "implicit":
                host, port, ours, timeout = where
                return smtplib.SMTP_SSL(
                    host, port, ours, timeout=timeout, context=ssl.create_default_context()
                )
            return smtplib.SMTP(*where)

    def _log_in(self, smtp: smtplib.SMTP, deadline: float) -> None:
        """Greet, encrypt, prove who we are; what fails here is the session's fault, not the message's."""
        with self._not_sent("the server did not open a session"):
            self._limit(smtp, deadline)
            smtp.ehlo_or_helo_if_needed()
            offered = smtp.has_extn("starttls")
            if self._server.tls == "always" or (self._server.tls == "auto" and offered):
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo_or_helo_if_needed()
            self._limit(smtp, deadline)
            if self._server.user:
                smtp.login(self._server.user, self._server.password)

    def _give_sender(self, smtp: smtplib.SMTP, deadline: float, address: str) -> None:
        """Name the sender. A server that refuses it refuses every message until a person mends the setting: none may be lost."""
        try:
            self._ask(smtp, deadline, f"MAIL FROM:<{address}>", accepted=range(250, 260))
        except Rejected as refusal:
            raise Unavailable(self.name, refusal.code, "the server does not take our sender") from None

    def _ask(self, smtp: smtplib.SMTP, deadline: float, command: str, *, accepted: range) -> None:
        """One command and its answer, before any content has left."""
        with self._not_sent("the connection failed before the content was sent"):
            self._limit(smtp, deadline)
            code, _ = smtp.docmd(command)
        if code not in accepted:
            raise self._refusal(code)

    def _write_content(self, smtp: smtplib.SMTP, deadline: float, wire: bytes) -> None:
        with self._not_sent("the connection failed before the end of the content"):
            self._limit(smtp, deadline)
            smtp.send(re.sub(rb"(?m)^\.", b"..", wire))

    def _finish(self, smtp: smtplib.SMTP) -> None:
        """Send the mark that ends the content, and hear what became of it; the answer gets its full time."""
        try:
            self._limit(smtp, time.monotonic() + self._timeout)
            smtp.send(_END_OF_CONTENT)
            code, _ = smtp.getreply()
        except _FAILURES as error:
            words = "the connection failed before the server answered"
            raise Ambiguous(self.name, _code(error), words) from None
        if 200 <= code < 300:
            with suppress(*_FAILURES):  # The message is accepted; a failing farewell changes nothing.
                smtp.quit()
        elif 400 <= code < 600:
            raise self._refusal(code)
        else:
            raise Ambiguous(self.name, "smtp-answer", "the server's answer is no SMTP answer")

    def _refusal(self, code: int) -> SendError:
        """What an answer means: 5xx is about the message and final, unless it is about our login."""
        if 500 <= code < 600 and code not in _ABOUT_THE_LOGIN:
            return Rejected(self.name, f"smtp-{code}", "the server refused the message")
        return Unavailable(self.name, f"smtp-{code}", "the server did not take the message now")

    @contextmanager
    def _not_sent(self, words: str) -> Iterator[None]:
        """Whatever the library or the network raises in here happened before the message could be sent."""
        try:
            yield
        except _FAILURES as error:
            raise Unavailable(self.name, _code(error), words) from None

    def _limit(self, smtp: smtplib.SMTP, deadline: float) -> None:
        """Let the next answers take the time-out, or what is left of the whole conversation."""
        if smtp.sock is not None:
            smtp.sock.settimeout(max(0.01, min(self._timeout, deadline - time.monotonic())))


def _code(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"smtp-{error.smtp_code}"
    return f"smtp-{type(error).__name__.lower()}"
