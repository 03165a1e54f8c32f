"""The telephone on this machine: a log of text messages, and a sheet for each call that somebody is to make."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from integrations import safe_text
from integrations.clock import postmark
from integrations.errors import Rejected
from integrations.outbox import Outbox
from integrations.ports import Address, Call, Receipt, Sms, Trace
from integrations.registry import provides
from integrations.settings import IntegrationSettings
from integrations.sms import measure

SMS_SUFFIX = ".sms.json"
CALL_SUFFIX = ".call.txt"

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@provides("phone", "local")
class LocalPhone:
    """Sends by writing a file named after the message; the file's existence is the evidence."""

    name: ClassVar[str] = "local"
    has_lookup: ClassVar[bool] = True

    def __init__(self, settings: IntegrationSettings, *, clock: Callable[[], datetime] = postmark) -> None:
        self._outbox = Outbox(settings.outbox, self.name)
        self._clock = clock

    def text(self, sms: Sms) -> Receipt:
        """Log the message once; one whose file exists was sent, and gets the same receipt."""
        return self._keep(
            f"{safe_text.message_id(sms.message_id)}{SMS_SUFFIX}", _log_entry(sms, self._clock())
        )

    def call(self, call: Call) -> Receipt:
        """Write the sheet once, for whoever makes the call."""
        return self._keep(
            f"{safe_text.message_id(call.message_id)}{CALL_SUFFIX}", _sheet(call, self._clock())
        )

    def lookup(self, trace: Trace) -> Receipt | None:
        """The receipt of a message or call whose file exists."""
        stem = safe_text.message_id(trace.message_id)
        names = (f"{stem}{SMS_SUFFIX}", f"{stem}{CALL_SUFFIX}")
        found = next((name for name in names if self._outbox.holds(name)), None)
        return Receipt(self.name, found) if found else None

    def _keep(self, file_name: str, content: str) -> Receipt:
        self._outbox.keep(file_name, content.encode("utf-8"))
        return Receipt(self.name, file_name)


def _log_entry(sms: Sms, now: datetime) -> str:
    text = safe_text.paragraphs("text", sms.text)
    if not text.strip():
        raise Rejected("local", "empty", "a text message says something")
    length = measure(text)
    entry = {
        "to": _number(sms.to),
        "text": text,
        "alphabet": length.alphabet,
        "segments": length.segments,
        "when": now.isoformat(),
    }
    return json.dumps(entry, ensure_ascii=False, indent=2) + "\n"


def _sheet(call: Call, now: datetime) -> str:
    """A page that a person can read from while the telephone rings."""
    lines = {
        "Call": safe_text.line("name", call.name) or "(no name)",
        "Number": _number(call.to),
        "About": safe_text.line("summary", call.summary),
        "For": _shown(safe_text.mailbox("rep", call.rep)),
        "Written": f"{now:%Y-%m-%d %H:%M} UTC",
    }
    head = "\n".join(f"{label + ':':<9}{value}" for label, value in lines.items())
    return f"{head}\n\n{safe_text.paragraphs('text', call.text).strip()}\n"


def _shown(person: Address) -> str:
    return f"{person.name} <{person.email}>" if person.name else person.email


def _number(value: str) -> str:
    if _E164.fullmatch(value) is None:
        raise Rejected("local", "number", "a telephone number is written in E.164, such as +4930901820")
    return value
