"""An event as the e-mail that carries it (RFC 6047): what a person reads, and the calendar for the program."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrations.errors import Rejected
from integrations.ports import Attachment, Email, Invite

FILE_NAME = "invite.ics"


def covering_email(invite: Invite, calendar: bytes) -> Email:
    """The e-mail to everybody who takes part: the time in the first attendee's zone, the words, the calendar.

    It comes from the organizer, as calendar programs expect; a written answer goes to `reply_to`.
    Raises `Rejected` for nobody to write to, or a zone that is none.
    """
    if not invite.attendees:
        raise Rejected("ics", "nobody", "an invitation needs somebody to invite")
    to, *others = invite.attendees
    return Email(
        message_id=invite.message_id,
        sender=invite.organizer,
        to=to,
        cc=tuple(others),
        subject=_subject(invite),
        text=f"{invite.summary}\n{_when(invite)}\n\n{invite.description}\n",
        reply_to=invite.reply_to,
        attachments=(Attachment(FILE_NAME, f"text/calendar; method={invite.method}", calendar),),
    )


def _subject(invite: Invite) -> str:
    """The summary, and before it what this version does to the ones before."""
    if invite.method == "CANCEL":
        return f"{'Cancelled' if invite.whole else 'No longer yours'}: {invite.summary}"
    return f"Updated: {invite.summary}" if invite.sequence else invite.summary


def _when(invite: Invite) -> str:
    try:
        zone = ZoneInfo(invite.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Rejected("ics", "zone", "an invitation's zone is an IANA name such as Europe/Berlin") from None
    starts, ends = invite.starts.astimezone(zone), invite.ends.astimezone(zone)
    until = f"{ends:%H:%M}" if ends.date() == starts.date() else f"{ends:%Y-%m-%d %H:%M}"
    return f"{starts:%A, %Y-%m-%d, %H:%M} to {until} ({invite.zone})"
