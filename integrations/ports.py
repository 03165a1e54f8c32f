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
    """One e-mail to one person. `html` may be empty: then only the text is sent."""

    message_id: str
    sender: Address
    to: Address
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(default="", repr=False)
    reply_to: Address | None = None
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Invite:
    """One calendar invitation to one person.

    uid names the event through all its versions and `sequence` counts them; `starts` and `ends` carry a
    zone, and `zone` (an IANA name) is the one in which the attendee reads the time.
    """

    message_id: str
    uid: str
    sequence: int
    method: Literal["REQUEST", "CANCEL"]
    starts: datetime
    ends: datetime
    zone: str
    summary: str = field(repr=False)
    description: str = field(repr=False)
    organizer: Address
    attendee: Address


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

    def lookup(self, message_id: str, /) -> Receipt | None:
        """Evidence that the message was taken. None proves nothing unless `has_lookup` is true."""


class InviteSender(Protocol):
    """Who carries calendar invitations, on the same terms as `EmailSender`."""

    name: ClassVar[str]
    has_lookup: ClassVar[bool]

    def send(self, invite: Invite, /) -> Receipt:
        """Hand the invitation over once; raises a leaf of `SendError`, and nothing else."""

    def lookup(self, message_id: str, /) -> Receipt | None:
        """Evidence that the invitation was taken. None proves nothing unless `has_lookup` is true."""
