"""Invitations by e-mail (iMIP): whoever carries e-mail carries them, and knows what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from integrations import ics, registry
from integrations.clock import postmark
from integrations.invitations import covering_email
from integrations.ports import EmailSender, Invite, InviteSender, Receipt, Trace
from integrations.registry import provides
from integrations.settings import IntegrationSettings


class EmailCalendar:
    """Writes an event as an e-mail and hands that to an `EmailSender`, whose outcome and evidence are its own.

    It has no name of its own either: the ledger notes who carried the e-mail, which is whom to ask about it.
    """

    name: ClassVar[str]
    has_lookup: ClassVar[bool]

    def __init__(self, carrier: EmailSender, *, clock: Callable[[], datetime] = postmark) -> None:
        self._carrier = carrier
        self._clock = clock

    def send(self, invite: Invite) -> Receipt:
        """Hand the event over once, to everybody who takes part."""
        return self._carrier.send(covering_email(invite, ics.render(invite, stamped=self._clock())))

    def lookup(self, trace: Trace) -> Receipt | None:
        """What the carrier of the e-mail knows of it."""
        return self._carrier.lookup(trace)


@provides("calendar", "email")
def email_calendar(settings: IntegrationSettings) -> InviteSender:
    """The calendar over the e-mail provider in force; raises `SettingsProblem`."""
    return over(registry.email_sender(settings))


def over(carrier: EmailSender, *, clock: Callable[[], datetime] = postmark) -> InviteSender:
    """The calendar over this carrier of e-mail."""

    class Over(EmailCalendar):
        name: ClassVar[str] = carrier.name
        has_lookup: ClassVar[bool] = carrier.has_lookup

    return Over(carrier, clock=clock)
