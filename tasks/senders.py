"""From the ledger's words to a provider's, and from what a provider did to an outcome of the ledger."""

from datetime import timedelta
from functools import cache

from crm_db import clock
from crm_db.actions.attempts import BY_PHONE, Carrier, Doubt, OpenAttempt
from crm_db.queries.people import Person
from crm_db.rules import evidence as rules
from crm_db.rules.outcomes import Ambiguous, NotSent, Outcome, Refused, Sent
from integrations import errors, registry
from integrations.http import STEPS_OF_A_REQUEST
from integrations.ports import (
    Address,
    Call,
    Email,
    EmailSender,
    Invite,
    InviteSender,
    LeadFetcher,
    PhoneLine,
    Receipt,
    Sms,
    Trace,
)
from integrations.settings import IntegrationSettings, load_settings

LOCAL_LEASE = timedelta(seconds=30)
STEPS_OF_A_CONVERSATION = 5  # of SMTP; each may take the time-out
INSIDE = "crm"  # the provider of what never leaves: tasks for people
LOCAL = "local"

AnyCarrier = EmailSender | InviteSender | PhoneLine


@cache
def _settings() -> IntegrationSettings:
    return load_settings()


@cache
def _email_sender() -> EmailSender:
    return registry.email_sender(_settings())


@cache
def _invite_sender() -> InviteSender:
    return registry.invite_sender(_settings())


@cache
def _phone_line() -> PhoneLine:
    return registry.phone_line(_settings())


def check() -> None:
    """Make each provider now; raises SettingsProblem rather than at the first message."""
    registry.check(_settings())


@cache
def lead_fetcher() -> LeadFetcher:
    """Who is asked for leads of which a post brought only the id."""
    return registry.lead_fetcher(_settings())


@cache
def _former(port: registry.Port, name: str) -> AnyCarrier | None:
    return registry.for_evidence(port, name, _settings())


def forget() -> None:
    """Read the settings anew at the next use, as tests do that change them."""
    for remembered in (_settings, _email_sender, _invite_sender, _phone_line, lead_fetcher, _former):
        remembered.cache_clear()


def carrier_of(channel: str) -> Carrier:
    """Who carries a channel, as the ledger notes it.

    An attempt may last as long as the slowest conversation: every step of it may take the provider's time-out.
    """
    in_force = _in_force(channel)
    if in_force is None:
        return Carrier(INSIDE, LOCAL_LEASE)
    slowest = _slowest(in_force.name)
    return Carrier(in_force.name, LOCAL_LEASE + slowest, slowest)


def send(attempt: OpenAttempt, began: float) -> Outcome:
    """Hand the message over once and say how that ended; never an exception of a vendor.

    began: when the attempt was begun, in `clock.seconds()`. A worker that was paused for so long that others may look for its
    attempt hands over nothing.
    """
    if clock.seconds() - began > attempt.good_for.total_seconds():
        return NotSent("late")
    try:
        receipt = _hand_over(attempt)
    except errors.RateLimited as limit:
        return NotSent(limit.code, timedelta(seconds=limit.retry_after))
    except errors.Unavailable as trouble:
        return NotSent(trouble.code)
    except errors.Rejected as refusal:
        return Refused(refusal.code)
    except errors.Ambiguous as doubt:
        return Ambiguous(doubt.code, look_after=_settle_time(_in_force(attempt.channel)))
    return Refused("no-provider") if receipt is None else Sent(receipt.provider, receipt.provider_id)


def evidence(doubt: Doubt) -> Outcome:
    """What its carrier knows of an attempt in doubt, and what follows; a doubt that nobody can settle stays one."""
    if doubt.provider == INSIDE:
        return NotSent(doubt.code)  # made and recorded in one transaction: not recorded is not made
    carrier = _carrier_then(doubt)
    settle = _settle_time(carrier)
    if carrier is None or settle is None:
        return Ambiguous(doubt.code, looks=doubt.looks)
    return _looked_up(carrier, doubt, settle)


def _looked_up(carrier: AnyCarrier, doubt: Doubt, settle: timedelta) -> Outcome:
    try:
        receipt = carrier.lookup(_trace(doubt))
    except errors.Rejected:  # it will not be told, now or later
        return Ambiguous(doubt.code, looks=doubt.looks)
    except errors.SendError as trouble:
        wait = timedelta(seconds=trouble.retry_after if isinstance(trouble, errors.RateLimited) else 0)
        return rules.not_told(doubt.code, before=doubt.looks, settle=settle, asked_to_wait=wait)
    if receipt is not None:
        return Sent(receipt.provider, receipt.provider_id)
    if doubt.vanished and settle:
        return Ambiguous(
            doubt.code, look_after=settle
        )  # too early to prove anything: it may have left just now
    return rules.nothing_found(doubt.code, before=doubt.looks, settle=settle)


def _in_force(channel: str) -> AnyCarrier | None:
    if channel == "email":
        return _email_sender()
    if channel == "invite":
        return _invite_sender()
    return _phone_line() if channel in BY_PHONE else None


def _carrier_then(doubt: Doubt) -> AnyCarrier | None:
    """Who carried the message, who may not be in force any more."""
    in_force = _in_force(doubt.channel)
    if in_force is None or in_force.name == doubt.provider:
        return in_force
    if doubt.channel in BY_PHONE:
        return _former("phone", doubt.provider)
    invited = _former("calendar", doubt.provider) if doubt.channel == "invite" else None
    return invited or _former("email", doubt.provider)


def _settle_time(carrier: AnyCarrier | None) -> timedelta | None:
    """How long a message takes at most to show in its carrier's log; None: there is no log to look into."""
    if carrier is None or not carrier.has_lookup:
        return None
    return timedelta(0) if carrier.name == LOCAL else timedelta(seconds=_settings().settle_seconds)


def _slowest(name: str) -> timedelta:
    """The longest that handing one message over to a provider may take."""
    settings = _settings()
    if name == LOCAL:
        return timedelta(0)
    if name == "smtp":
        return timedelta(seconds=STEPS_OF_A_CONVERSATION * settings.smtp_timeout)
    return timedelta(seconds=settings.http_connect_timeout + STEPS_OF_A_REQUEST * settings.http_timeout)


def _hand_over(attempt: OpenAttempt) -> Receipt | None:
    match attempt.channel:
        case "email":
            return _email_sender().send(_email(attempt))
        case "invite":
            return _invite_sender().send(_invite(attempt))
        case "sms":
            return _phone_line().text(Sms(str(attempt.message_id), attempt.address, attempt.rendered.text))
        case "call":
            return _phone_line().call(_call(attempt))
        case _:
            return None


def _email(attempt: OpenAttempt) -> Email:
    return Email(
        message_id=str(attempt.message_id),
        sender=_settings().sender,
        to=_mailbox(attempt.to),
        subject=attempt.rendered.subject,
        text=attempt.rendered.text,
        html=attempt.rendered.html,
        reply_to=_mailbox(attempt.reply_to) if attempt.reply_to else None,
    )


def _invite(attempt: OpenAttempt) -> Invite:
    """The version of a calendar entry.

    The organizer is ourselves: the time is kept here, and a mail server would refuse what claims to come from a
    colleague's address.
    """
    entry = attempt.entry
    if entry is None:
        raise ValueError("an invitation needs a calendar entry")
    return Invite(
        message_id=str(attempt.message_id),
        uid=entry.uid,
        sequence=entry.sequence,
        method=entry.method,
        starts=entry.slot.starts,
        ends=entry.slot.ends,
        zone=entry.slot.zone,
        summary=attempt.rendered.subject,
        description=attempt.rendered.text,
        organizer=_settings().sender,
        attendees=tuple(_mailbox(person) for person in entry.people),
        reply_to=_mailbox(attempt.reply_to) if attempt.reply_to else None,
        whole=entry.whole,
    )


def _call(attempt: OpenAttempt) -> Call:
    return Call(
        message_id=str(attempt.message_id),
        to=attempt.address,
        name=attempt.to.name,
        rep=_mailbox(attempt.reply_to) if attempt.reply_to else _settings().sender,
        summary=attempt.rendered.subject,
        text=attempt.rendered.text,
        spoken=attempt.spoken,
    )


def _trace(doubt: Doubt) -> Trace:
    return Trace(str(doubt.message_id), doubt.channel, doubt.address, doubt.text, doubt.started_at)


def _mailbox(person: Person) -> Address:
    return Address(person.name, person.email)
