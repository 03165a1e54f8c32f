"""The outside world in the CRM's words: what is handed over, what comes back, who can do it.

A port is a Protocol; a provider is a class under `providers/` that keeps to it. `message_id` is the
ledger's opaque id, the same for every attempt at one message and free of personal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox; `name` may be empty."""

    name: str
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that travels with an e-mail; `content_type` such as `application/pdf`."""

    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail to one person, and to those in `cc`. `html` may be empty: then only the text is sent.

    An attachment whose content type is `text/calendar; method=…` is an invitation that mail programs show as such.
    """

    message_id: str
    sender: Address
    to: Address
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(default="", repr=False)
    reply_to: Address | None = None
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cc: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Invite:
    """One version of a calendar event, to everybody who takes part.

    method: REQUEST asks the attendees, CANCEL takes back, PUBLISH puts a block into the calendars of those it goes to
    without asking. uid names the event through all its versions and `sequence` counts them. `starts` and `ends` carry a
    zone, and `zone` (an IANA name) is the one in which the first attendee reads the time. attendees: the first is asked,
    the others have accepted. reply_to: whom a written answer reaches. whole: a CANCEL is of the event, not only of
    these attendees' part in it.
    """

    message_id: str
    uid: str
    sequence: int
    method: Literal["REQUEST", "CANCEL", "PUBLISH"]
    starts: datetime
    ends: datetime
    zone: str
    summary: str = field(repr=False)
    description: str = field(repr=False)
    organizer: Address
    attendees: tuple[Address, ...]
    reply_to: Address | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Sms:
    """One text message to one phone; `to` in E.164, such as +4930901820."""

    message_id: str
    to: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One phone call: `rep` is who makes it, and `to` and `name` whom they call.

    text: the sheet for the rep, what to say and why. spoken: what is said to the person called, where a machine makes the
    call; never the sheet, which is not for their ears.
    """

    message_id: str
    to: str = field(repr=False)
    name: str = field(repr=False)
    rep: Address
    summary: str = field(repr=False)
    text: str = field(repr=False)
    spoken: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of an attempt whose end is not: enough for its carrier to find the message, if it was taken.

    to: the address or number it went to. text: its words. since: when the attempt began.
    """

    message_id: str
    channel: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    since: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider took the message: `provider_id` is its own name for it."""

    provider: str
    provider_id: str


class EmailSender(Protocol):
    """Who carries e-mail. It classifies and never retries: the ledger decides about another attempt."""

    name: ClassVar[str]
    has_lookup: ClassVar[bool]

    def send(self, email: Email, /) -> Receipt:
        """Hand the e-mail over once; raises a leaf of `SendError`, and nothing else."""

    def lookup(self, trace: Trace, /) -> Receipt | None:
        """Evidence that the message was taken; raises a leaf of `SendError` where it cannot be asked for now.

        None proves nothing unless `has_lookup` is true, and little before the carrier had time to note it.
        """


class InviteSender(Protocol):
    """Who carries calendar invitations, on the same terms as `EmailSender`."""

    name: ClassVar[str]
    has_lookup: ClassVar[bool]

    def send(self, invite: Invite, /) -> Receipt:
        """Hand the invitation over once; raises a leaf of `SendError`, and nothing else."""

    def lookup(self, trace: Trace, /) -> Receipt | None:
        """Evidence that the invitation was taken, on the same terms."""


class PhoneLine(Protocol):
    """Who carries text messages and calls, on the same terms as `EmailSender`."""

    name: ClassVar[str]
    has_lookup: ClassVar[bool]

    def text(self, sms: Sms, /) -> Receipt:
        """Hand the text over once; raises a leaf of `SendError`, and nothing else."""

    def call(self, call: Call, /) -> Receipt:
        """Have the call made once; raises a leaf of `SendError`, and nothing else."""

    def lookup(self, trace: Trace, /) -> Receipt | None:
        """Evidence that the text or call was taken, on the same terms."""


class LeadFetcher(Protocol):
    """Who tells a lead of which a post brought only the id."""

    name: ClassVar[str]

    def fetch(self, lead_id: str, /, *, access_token: str, app_secret: str) -> bytes:
        """The lead as its keeper answers, a JSON object; either secret may be empty.

        Raises `Rejected` (it will never be told), `RateLimited` or `Unavailable` (ask again), and nothing else.
        """
