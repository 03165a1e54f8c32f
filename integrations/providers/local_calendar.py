"""Invitations on this machine: an `.ics` file, and the `.eml` that would carry it to those who take part."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from integrations import ics, mime, safe_text
from integrations.clock import postmark
from integrations.invitations import covering_email
from integrations.outbox import Outbox
from integrations.ports import Invite, Receipt, Trace
from integrations.registry import provides
from integrations.settings import IntegrationSettings


@provides("calendar", "local")
class LocalCalendar:
    """Sends by writing two files named after the message.

    The e-mail is written last, so it alone is the evidence: a kill between the two leaves an `.ics` that
    the next attempt keeps and mails as it stands.
    """

    name: ClassVar[str] = "local"
    has_lookup: ClassVar[bool] = True

    def __init__(self, settings: IntegrationSettings, *, clock: Callable[[], datetime] = postmark) -> None:
        self._outbox = Outbox(settings.outbox, self.name)
        self._domain = settings.message_domain
        self._clock = clock

    def send(self, invite: Invite) -> Receipt:
        """Write both files once; an invitation whose e-mail exists was sent, and gets the same receipt."""
        now, stem = self._clock(), safe_text.message_id(invite.message_id)
        calendar = ics.render(invite, stamped=now)
        self._wire(invite, calendar, now)  # refuse hostile text before the first file is there
        self._outbox.keep(f"{stem}.ics", calendar)
        self._outbox.keep(f"{stem}.eml", self._wire(invite, self._outbox.read(f"{stem}.ics"), now))
        return Receipt(self.name, f"{stem}.ics")

    def lookup(self, trace: Trace) -> Receipt | None:
        """The receipt of an invitation whose e-mail exists."""
        stem = safe_text.message_id(trace.message_id)
        return Receipt(self.name, f"{stem}.ics") if self._outbox.holds(f"{stem}.eml") else None

    def _wire(self, invite: Invite, calendar: bytes, now: datetime) -> bytes:
        return mime.build(covering_email(invite, calendar), domain=self._domain, date=now)
