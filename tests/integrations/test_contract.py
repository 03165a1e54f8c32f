"""What every provider promises, run over all the registry knows and over the shipped fakes.

A new provider needs an entry in `EMAIL_SITES` or `CALENDAR_SITES`: how it is reached, how its other side is
read, and how that other side is made unreachable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import pytest
from pydantic import SecretStr

from integrations import registry
from integrations.errors import Ambiguous, Rejected, Unavailable
from integrations.ports import Address, Email, EmailSender, Invite, InviteSender
from integrations.settings import IntegrationSettings
from integrations.testing import RecordingInviteSender, RecordingSender
from tests.integrations.mail_servers import MailServer, closed_port
from tests.integrations.samples import LINE_BREAKERS, make_email, make_invite

S = TypeVar("S")


@dataclass(frozen=True)
class Site(Generic[S]):
    """A provider and its other side: how many messages that took, and the same provider cut off from it."""

    sender: S
    accepted: Callable[[], int]
    cut_off: S


@contextmanager
def local_email(folder: Path) -> Iterator[Site[EmailSender]]:
    (folder / "file").touch()
    settings = IntegrationSettings(home=folder / "home", provider_email="local")
    blocked = IntegrationSettings(home=folder / "file", provider_email="local")
    yield Site(
        registry.email_sender(settings),
        lambda: len(list(settings.outbox.glob("*.eml"))),
        registry.email_sender(blocked),
    )


@contextmanager
def smtp_email(_: Path) -> Iterator[Site[EmailSender]]:
    server = MailServer()
    with server.running() as port:
        settings = IntegrationSettings(smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"))
        nobody = IntegrationSettings(smtp_url=SecretStr(f"smtp://127.0.0.1:{closed_port()}"))
        yield Site(
            registry.email_sender(settings), lambda: len(server.envelopes), registry.email_sender(nobody)
        )


@contextmanager
def local_calendar(folder: Path) -> Iterator[Site[InviteSender]]:
    (folder / "file").touch()
    settings = IntegrationSettings(home=folder / "home", provider_calendar="local")
    blocked = IntegrationSettings(home=folder / "file", provider_calendar="local")
    yield Site(
        registry.invite_sender(settings),
        lambda: len(list(settings.outbox.glob("*.eml"))),
        registry.invite_sender(blocked),
    )


EMAIL_SITES: dict[str, Callable[[Path], AbstractContextManager[Site[EmailSender]]]] = {
    "local": local_email,
    "smtp": smtp_email,
}
CALENDAR_SITES: dict[str, Callable[[Path], AbstractContextManager[Site[InviteSender]]]] = {
    "local": local_calendar
}


@pytest.fixture(params=registry.provider_names("email"))
def email_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site[EmailSender]]:
    with EMAIL_SITES[request.param](tmp_path) as site:
        yield site


@pytest.fixture(params=registry.provider_names("calendar"))
def calendar_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site[InviteSender]]:
    with CALENDAR_SITES[request.param](tmp_path) as site:
        yield site


def test_one_email_handed_over_is_one_accepted(email_site: Site[EmailSender]) -> None:
    receipt = email_site.sender.send(make_email())
    assert (receipt.provider, bool(receipt.provider_id)) == (email_site.sender.name, True)
    assert email_site.accepted() == 1


def test_one_invitation_handed_over_is_one_accepted(calendar_site: Site[InviteSender]) -> None:
    receipt = calendar_site.sender.send(make_invite())
    assert (receipt.provider, bool(receipt.provider_id)) == (calendar_site.sender.name, True)
    assert calendar_site.accepted() == 1


def test_every_attempt_at_an_email_gets_the_same_receipt(email_site: Site[EmailSender]) -> None:
    assert email_site.sender.send(make_email()) == email_site.sender.send(make_email())


def test_every_attempt_at_an_invitation_gets_the_same_receipt(calendar_site: Site[InviteSender]) -> None:
    assert calendar_site.sender.send(make_invite()) == calendar_site.sender.send(make_invite())


def test_an_email_is_known_after_it_was_sent_and_not_before(email_site: Site[EmailSender]) -> None:
    sender, email = email_site.sender, make_email()
    assert sender.lookup(email.message_id) is None
    receipt = sender.send(email)
    assert sender.lookup(email.message_id) == (receipt if sender.has_lookup else None)
    assert sender.lookup("another") is None


def test_an_invitation_is_known_after_it_was_sent_and_not_before(calendar_site: Site[InviteSender]) -> None:
    sender, invite = calendar_site.sender, make_invite()
    assert sender.lookup(invite.message_id) is None
    receipt = sender.send(invite)
    assert sender.lookup(invite.message_id) == (receipt if sender.has_lookup else None)
    assert sender.lookup("another") is None


@pytest.mark.parametrize("text", LINE_BREAKERS)
def test_text_that_breaks_a_line_never_leaves_in_an_email(email_site: Site[EmailSender], text: str) -> None:
    hostile: list[Email] = [make_email(subject=text), make_email(to=Address(text, "jo@example.org"))]
    for email in hostile:
        with pytest.raises(Rejected):
            email_site.sender.send(email)
    assert email_site.accepted() == 0


@pytest.mark.parametrize("text", LINE_BREAKERS)
def test_text_that_breaks_a_line_never_leaves_in_an_invitation(
    calendar_site: Site[InviteSender], text: str
) -> None:
    hostile: list[Invite] = [make_invite(summary=text), make_invite(attendee=Address(text, "jo@example.org"))]
    for invite in hostile:
        with pytest.raises(Rejected):
            calendar_site.sender.send(invite)
    assert calendar_site.accepted() == 0


def test_an_email_to_an_unreachable_provider_is_surely_not_sent(email_site: Site[EmailSender]) -> None:
    with pytest.raises(Unavailable) as caught:
        email_site.cut_off.send(make_email())
    assert (caught.value.provider, email_site.accepted()) == (email_site.sender.name, 0)


def test_an_invitation_to_an_unreachable_provider_is_surely_not_sent(
    calendar_site: Site[InviteSender],
) -> None:
    with pytest.raises(Unavailable) as caught:
        calendar_site.cut_off.send(make_invite())
    assert (caught.value.provider, calendar_site.accepted()) == (calendar_site.sender.name, 0)


def test_the_fake_keeps_a_log_and_answers_from_it() -> None:
    sender = RecordingSender()
    port: EmailSender = sender
    receipt = port.send(make_email(message_id="m-1"))
    assert (port.lookup("m-1"), port.lookup("m-2")) == (receipt, None)
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
    assert sender.lookup("m-1") is None
