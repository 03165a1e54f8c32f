"""What every provider promises, run over all the registry knows and over the shipped fakes.

A new provider needs an entry in `SITES`: how it is reached, how its other side is read, and how that is made unreachable.
Providers over HTTP meet the shipped fake, with the provider's own contract before it where that is at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import SecretStr

from integrations import registry
from integrations.errors import Ambiguous, Rejected, Unavailable
from integrations.ports import (
    Address,
    Call,
    Email,
    EmailSender,
    Invite,
    InviteSender,
    PhoneLine,
    Receipt,
    Sms,
    Trace,
)
from integrations.settings import IntegrationSettings
from integrations.testing import RecordingInviteSender, RecordingSender, running_fakes
from integrations.testing.credentials import TWILIO_FROM
from tests.integrations.mail_servers import MailServer, closed_port
from tests.integrations.samples import (
    LINE_BREAKERS,
    make_call,
    make_email,
    make_invite,
    make_sms,
    trace_of,
)

Message = Email | Invite | Sms | Call
AnyCarrier = EmailSender | InviteSender | PhoneLine
Port = registry.Port


@dataclass(frozen=True)
class Site:
    """A provider and its other side: how many messages that took, and the same provider cut off from it.

    repeats: whether handing the same message over again does no harm; else the ledger alone prevents it.
    """

    settings: IntegrationSettings
    accepted: Callable[[], int]
    cut_off: IntegrationSettings
    repeats: bool = True


@dataclass(frozen=True)
class Case:
    """A site, and what is handed over there."""

    port: Port
    site: Site
    make: Callable[..., Message]

    @property
    def carrier(self) -> AnyCarrier:
        return carrier(self.port, self.site.settings)

    def hand_over(self, message: Message, *, cut_off: bool = False) -> Receipt:
        where = self.site.cut_off if cut_off else self.site.settings
        return hand_over(carrier(self.port, where), message)


@contextmanager
def local(folder: Path, files: str, **chosen: Any) -> Iterator[Site]:
    (folder / "file").touch()
    settings = IntegrationSettings(home=folder / "home", **chosen)
    blocked = IntegrationSettings(home=folder / "file", **chosen)
    yield Site(settings, lambda: len(list(settings.outbox.glob(files))), blocked)


def local_email(folder: Path) -> AbstractContextManager[Site]:
    return local(folder, "*.eml", provider_email="local")


def local_calendar(folder: Path) -> AbstractContextManager[Site]:
    return local(folder, "*.eml", provider_calendar="local")


def email_calendar(folder: Path) -> AbstractContextManager[Site]:
    return local(folder, "*.eml", provider_calendar="email", provider_email="local")


def local_phone(folder: Path) -> AbstractContextManager[Site]:
    return local(folder, "*", provider_phone="local")


@contextmanager
def smtp_email(_: Path) -> Iterator[Site]:
    server = MailServer()
    with server.running() as port:
        settings = IntegrationSettings(smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
        nobody = IntegrationSettings(smtp_url=SecretStr(f"smtp://127.0.0.1:{closed_port()}"))
        yield Site(settings, lambda: len(server.envelopes), nobody)


@contextmanager
def over_http(_: Path) -> Iterator[Site]:
    with running_fakes() as server:
        known = server.fakes.credentials
        chosen = IntegrationSettings(
            provider_email="sendgrid",
            provider_phone="twilio",
            sendgrid_base_url=server.url,
            twilio_base_url=server.url,
            sendgrid_api_key=SecretStr(known.sendgrid_key),
            twilio_account_sid=known.twilio_sid,
            twilio_auth_token=SecretStr(known.twilio_token),
            twilio_from=TWILIO_FROM,
        )
        nowhere = f"http://127.0.0.1:{closed_port()}"
        cut_off = chosen.model_copy(update={"sendgrid_base_url": nowhere, "twilio_base_url": nowhere})
        yield Site(chosen, lambda: len(server.fakes.log.entries), cut_off, repeats=False)


SITES: dict[tuple[Port, str], Callable[[Path], AbstractContextManager[Site]]] = {
    ("email", "local"): local_email,
    ("email", "smtp"): smtp_email,
    ("email", "sendgrid"): over_http,
    ("calendar", "local"): local_calendar,
    ("calendar", "email"): email_calendar,
    ("phone", "local"): local_phone,
    ("phone", "twilio"): over_http,
}
PORTS: dict[Port, tuple[Callable[..., Message], ...]] = {
    "email": (make_email,),
    "calendar": (make_invite,),
    "phone": (make_sms, make_call),
}
CASES = [
    pytest.param((port, name, make), id=f"{name}-{make.__name__.removeprefix('make_')}")
    for port, makers in PORTS.items()
    for name in registry.provider_names(port)
    for make in makers
]


def carrier(port: Port, settings: IntegrationSettings) -> AnyCarrier:
    makers: dict[str, Callable[[IntegrationSettings], AnyCarrier]] = {
        "email": registry.email_sender,
        "calendar": registry.invite_sender,
        "phone": registry.phone_line,
    }
    return makers[port](settings)


def hand_over(carrier: AnyCarrier, message: Message) -> Receipt:
    match message:
        case Email():
            return cast("EmailSender", carrier).send(message)
        case Invite():
            return cast("InviteSender", carrier).send(message)
        case Sms():
            return cast("PhoneLine", carrier).text(message)
        case Call():
            return cast("PhoneLine", carrier).call(message)


def trace(message_id: str) -> Trace:
    """Of a message of which nothing but the id matters."""
    return trace_of(make_email(message_id=message_id))


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    port, name, make = request.param
    with SITES[port, name](tmp_path) as site:
        yield Case(port, site, make)


def test_one_message_handed_over_is_one_accepted(case: Case) -> None:
    receipt = case.hand_over(case.make())
    assert (receipt.provider, bool(receipt.provider_id)) == (case.carrier.name, True)
    assert case.site.accepted() == 1


def test_every_attempt_gets_the_same_receipt_where_repeats_do_no_harm(case: Case) -> None:
    first, second = case.hand_over(case.make()), case.hand_over(case.make())
    assert (first == second) is case.site.repeats


def test_a_message_is_known_after_it_was_sent_and_not_before(case: Case) -> None:
    message = case.make()
    assert case.carrier.lookup(trace_of(message)) is None
    receipt = case.hand_over(message)
    assert case.carrier.lookup(trace_of(message)) == (receipt if case.carrier.has_lookup else None)
    stranger = replace(trace_of(message), message_id="another", to="+4930901821")
    assert case.carrier.lookup(stranger) is None


@pytest.mark.parametrize("text", LINE_BREAKERS)
def test_text_that_breaks_a_line_never_leaves_in_a_header(case: Case, text: str) -> None:
    person = Address(text, "jo@example.org")
    hostile: dict[str, list[Message]] = {
        "email": [make_email(subject=text), make_email(to=person), make_email(cc=(person,))],
        "calendar": [make_invite(summary=text), make_invite(attendees=(person,))],
        "phone": [make_sms(to=text), make_call(to=text)],
    }
    for message in hostile[case.port]:
        with pytest.raises(Rejected):
            case.hand_over(message)
    assert case.site.accepted() == 0


def test_a_message_to_an_unreachable_provider_is_surely_not_sent(case: Case) -> None:
    with pytest.raises(Unavailable) as caught:
        case.hand_over(case.make(), cut_off=True)
    assert (caught.value.provider, case.site.accepted()) == (case.carrier.name, 0)


def test_what_leaves_over_http_keeps_to_the_providers_own_contract(case: Case) -> None:
    if case.site.repeats:
        pytest.skip("not a provider over HTTP")
    with running_fakes() as server:
        if not server.fakes.has_contracts:
            pytest.skip("the providers' contracts are not on this machine (CRM_CONTRACTS_DIR)")
    case.hand_over(case.make())
    if isinstance(case.make(), Email):
        case.hand_over(make_email(message_id="m-2", html="", cc=(Address("", "ada@example.com"),)))
    assert case.carrier.lookup(trace_of(case.make())) is not None


def test_every_provider_has_its_site() -> None:
    assert {(port, name) for port in PORTS for name in registry.provider_names(port)} == set(SITES)


def test_the_fake_keeps_a_log_and_answers_from_it() -> None:
    sender = RecordingSender()
    port: EmailSender = sender
    receipt = port.send(make_email(message_id="m-1"))
    assert (port.lookup(trace("m-1")), port.lookup(trace("m-2"))) == (receipt, None)
    assert (sender.asked, sender.times_accepted("m-1")) == (1, 1)


def test_the_fake_shows_what_was_sent_twice() -> None:
    sender = RecordingInviteSender()
    port: InviteSender = sender
    for _ in range(2):
        port.send(make_invite(message_id="i-1"))
    assert sender.times_accepted("i-1") == 2


@pytest.mark.parametrize(("after_accepting", "accepted"), [(False, 0), (True, 1)])
def test_the_fake_fails_once_before_or_after_its_work(after_accepting: bool, accepted: int) -> None:
    sender = RecordingSender()
    sender.fail_next(Ambiguous("recording", "test", "told to"), after_accepting=after_accepting)
    with pytest.raises(Ambiguous):
        sender.send(make_email(message_id="m-1"))
    assert sender.times_accepted("m-1") == accepted
    sender.send(make_email(message_id="m-2"))
    assert sender.times_accepted("m-2") == 1


def test_the_fake_can_keep_silent_about_what_it_took() -> None:
    sender = RecordingSender(answers=False)
    sender.send(make_email(message_id="m-1"))
    assert sender.lookup(trace("m-1")) is None
