"""E-mail on this machine: one `.eml` file a message under `CRM_HOME/outbox`, to open and to count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from integrations import mime, safe_text
from integrations.clock import postmark
from integrations.outbox import Outbox
from integrations.ports import Email, Receipt, Trace
from integrations.registry import provides
from integrations.settings import IntegrationSettings


@provides("email", "local")
class LocalEmail:
    """Sends by writing a file named after the message; the file's existence is the evidence."""

    name: ClassVar[str] = "local"
    has_lookup: ClassVar[bool] = True

    def __init__(self, settings: IntegrationSettings, *, clock: Callable[[], datetime] = postmark) -> None:
        self._outbox = Outbox(settings.outbox, self.name)
        self._domain = settings.message_domain
        self._clock = clock

    def send(self, email: Email) -> Receipt:
        """Write the file once; a message whose file exists was sent, and gets the same receipt."""
        wire = mime.build(email, domain=self._domain, date=self._clock())
        file_name = _file_name(email.message_id)
        self._outbox.keep(file_name, wire)
        return Receipt(self.name, file_name)

    def lookup(self, trace: Trace) -> Receipt | None:
        """The receipt of a message whose file exists."""
        file_name = _file_name(trace.message_id)
        return Receipt(self.name, file_name) if self._outbox.holds(file_name) else None


def _file_name(message_id: str) -> str:
    return f"{safe_text.message_id(message_id)}.eml"
