"""Invitations on this machine: an `.ics` file, and the `.eml` that would carry it to the attendee."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrations import ics, mime, safe_text
from integrations.clock import postmark
from integrations.errors import Rejected
from integrations.outbox import Outbox
from integrations.ports import Email, Invite, Receipt
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
        email, calendar = _covering_email(invite), ics.render(invite, stamped=now)
        mime.build(email, domain=self._domain, date=now)  # refuse hostile text before the first file is there
        self._outbox.keep(f"{stem}.ics", calendar)
        part = mime.CalendarPart(self._outbox.read(f"{stem}.ics"), invite.method)
        self._outbox.keep(f"{stem}.eml", mime.build(email, domain=self._domain, date=now, calendar=part))
        return Receipt(self.name, f"{stem}.ics")

    def lookup(self, message_id: str) -> Receipt | None:
        """The receipt of an invitation whose e-mail exists."""
        stem = safe_text.message_id(message_id)
        return Receipt(self.name, f"{stem}.ics") if self._outbox.holds(f"{stem}.eml") else None


def _covering_email(invite: Invite) -> Email:
    """What a person reads: the summary, the time in the attendee's own zone, the description."""
    subject = f"Cancelled: {invite.summary}" if invite.method == "CANCEL" else invite.summary
    return Email(
        message_id=invite.message_id,
        sender=invite.organizer,
        to=invite.attendee,
        subject=subject,
        text=f"{invite.summary}\n{_when(invite)}\n\n{invite.description}\n",
    )


def _when(invite: Invite) -> str:
    try:
        zone = ZoneInfo(invite.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Rejected(
            "local", "zone", "an invitation's zone is an IANA name such as Europe/Berlin"
        ) from None
    starts, ends = invite.starts.astimezone(zone), invite.ends.astimezone(zone)
    until = f"{ends:%H:%M}" if ends.date() == starts.date() else f"{ends:%Y-%m-%d %H:%M}"
    return f"{starts:%A, %Y-%m-%d, %H:%M} to {until} ({invite.zone})"
