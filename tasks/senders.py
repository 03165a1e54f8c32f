"""From the ledger's words to a provider's, and from what a provider did to an outcome of the ledger."""

from datetime import timedelta
from functools import cache

from crm_db.actions.attempts import Carrier, OpenAttempt
from crm_db.rules.outcomes import Ambiguous, NotSent, Outcome, Refused, Sent
from integrations import errors, registry
from integrations.ports import Address, Email, EmailSender, Invite, InviteSender
from integrations.settings import IntegrationSettings, load_settings

LOCAL_LEASE = timedelta(seconds=30)
STEPS_OF_A_CONVERSATION = 5
INSIDE = "crm"  # the provider of what never leaves: tasks for people


@cache
def _settings() -> IntegrationSettings:
    return load_settings()


@cache
def _email_sender() -> EmailSender:
    return registry.email_sender(_settings())


@cache
def _invite_sender() -> InviteSender:
    return registry.invite_sender(_settings())


def check() -> None:
    """Make each provider now; raises SettingsProblem rather than at the first message."""
    _email_sender()
    _invite_sender()


def carrier_of(channel: str) -> Carrier:
    """Who carries a channel, as the ledger notes it.

    An attempt may last as long as the slowest conversation: every step of it may take the provider's time-out.
    """
    if channel not in ("email", "invite"):
        return Carrier(INSIDE, LOCAL_LEASE)
    name = _email_sender().name if channel == "email" else _invite_sender().name
    slowest = timedelta(seconds=STEPS_OF_A_CONVERSATION * _settings().smtp_timeout)
    return Carrier(name, LOCAL_LEASE if name == "local" else LOCAL_LEASE + slowest)


def send(attempt: OpenAttempt) -> Outcome:
    """Hand the message over once and say how that ended; never an exception of a vendor."""
    try:
        if attempt.channel == "email":
            receipt = _email_sender().send(_email(attempt))
        elif attempt.channel == "invite" and attempt.slot is not None:
            receipt = _invite_sender().send(_invite(attempt))
        else:
            return Refused("no-provider")
    except errors.RateLimited as limit:
        return NotSent(limit.code, timedelta(seconds=limit.retry_after))
    except errors.Unavailable as trouble:
        return NotSent(trouble.code)
    except errors.Rejected as refusal:
        return Refused(refusal.code)
    except errors.Ambiguous as doubt:
        return Ambiguous(doubt.code)
    return Sent(receipt.provider, receipt.provider_id)


def evidence(channel: str, provider: str, message_id: str) -> Outcome:
    """What can be known of an attempt whose worker vanished."""
    if provider == INSIDE:
        return NotSent("interrupted")  # made and recorded in one transaction: not recorded is not made
    sender = _email_sender() if channel == "email" else _invite_sender()
    if sender.name != provider or not sender.has_lookup:
        return Ambiguous("interrupted")
    receipt = sender.lookup(message_id)
    return NotSent("interrupted") if receipt is None else Sent(receipt.provider, receipt.provider_id)


def _email(attempt: OpenAttempt) -> Email:
    return Email(
        message_id=str(attempt.message_id),
        sender=_settings().sender,
        to=Address(attempt.to.name, attempt.to.email),
        subject=attempt.rendered.subject,
        text=attempt.rendered.text,
        html=attempt.rendered.html,
        reply_to=Address(attempt.reply_to.name, attempt.reply_to.email) if attempt.reply_to else None,
    )


def _invite(attempt: OpenAttempt) -> Invite:
    if attempt.slot is None:
        raise ValueError("an invitation needs a slot")
    organizer = attempt.reply_to
    return Invite(
        message_id=str(attempt.message_id),
        uid=str(attempt.message_id),
        sequence=0,
        method="REQUEST",
        starts=attempt.slot.starts,
        ends=attempt.slot.ends,
        zone=attempt.slot.zone,
        summary=attempt.rendered.subject,
        description=attempt.rendered.text,
        organizer=Address(organizer.name, organizer.email) if organizer else _settings().sender,
        attendee=Address(attempt.to.name, attempt.to.email),
    )
