"""SMTP, failure by failure: what each means for the message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from integrations.errors import Ambiguous, Rejected, SendError, SettingsProblem, Unavailable
from integrations.ports import Attachment, Receipt
from integrations.providers.smtp import SmtpEmail, SmtpServer, server_from
from integrations.settings import IntegrationSettings
from tests.integrations.certificates import TestAuthority
from tests.integrations.mail_servers import MailServer, ScriptedServer, closed_port, drops, hangs, says
from tests.integrations.samples import make_email

PATIENCE_SECONDS = 30.0
IMPATIENCE_SECONDS = 0.5

OPENING = {"greeting": b"220 hi\r\n", "ehlo": b"250 hi\r\n", "mail": b"250 ok\r\n", "rcpt": b"250 ok\r\n"}
UP_TO_CONTENT = OPENING | {"data": b"354 go\r\n"}


def sender_for(url: str, timeout: float = PATIENCE_SECONDS) -> SmtpEmail:
    return SmtpEmail(
        IntegrationSettings(smtp_url=SecretStr(url), smtp_timeout=timeout, email_from="crm@example.com")
    )


@contextmanager
def sending_to(server: MailServer | ScriptedServer, timeout: float = PATIENCE_SECONDS) -> Iterator[SmtpEmail]:
    with server.running() as port:
        yield sender_for(f"smtp://127.0.0.1:{port}", timeout)


def failure(server: MailServer | ScriptedServer, timeout: float = PATIENCE_SECONDS) -> SendError:
    with sending_to(server, timeout) as sender, pytest.raises(SendError) as caught:
        sender.send(make_email())
    return caught.value


def test_an_accepted_message_arrives_once_and_its_receipt_is_the_message_id() -> None:
    server = MailServer()
    with sending_to(server) as sender:
        receipt = sender.send(make_email())
    assert receipt == Receipt("smtp", "<01890000-0000-7000-8000-000000000001@example.com>")
    assert [envelope.rcpt_tos for envelope in server.envelopes] == [["juergen@example.org"]]
    assert receipt.provider_id.encode() in server.contents[0]


def test_a_line_that_starts_with_a_dot_arrives_as_it_was_written() -> None:
    server = MailServer()
    with sending_to(server) as sender:
        sender.send(make_email(text="one\n.two\n..three\n.\nfour\n", html=""))
    assert b"\r\none\r\n.two\r\n..three\r\n.\r\nfour\r\n" in server.contents[0]


@pytest.mark.parametrize(
    ("reply", "meaning", "code"),
    [
        ("421 closing", Unavailable, "smtp-421"),
        ("450 greylisted", Unavailable, "smtp-450"),
        ("451 try later", Unavailable, "smtp-451"),
        ("452 disk full", Unavailable, "smtp-452"),
        ("550 no such user", Rejected, "smtp-550"),
        ("552 too big", Rejected, "smtp-552"),
        ("554 spam", Rejected, "smtp-554"),
    ],
)
@pytest.mark.parametrize("where", ["recipient", "content"])
def test_a_refusal_means_what_its_code_says(
    where: str, reply: str, meaning: type[SendError], code: str
) -> None:
    server = MailServer(to_recipient=reply) if where == "recipient" else MailServer(to_content=says(reply))
    error = failure(server)
    assert (type(error), error.code) == (meaning, code)
    assert server.envelopes == []


def test_a_connection_lost_after_the_content_leaves_a_doubt() -> None:
    assert type(failure(MailServer(to_content=drops))) is Ambiguous


def test_a_server_that_never_answers_the_content_leaves_a_doubt() -> None:
    assert type(failure(MailServer(to_content=hangs), timeout=3.0)) is Ambiguous


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"greeting": b"421 busy\r\n"}, "smtp-421"),
        ({"greeting": b"554 not you\r\n"}, "smtp-554"),
        (OPENING | {"mail": b"421 busy\r\n"}, "smtp-421"),
        (OPENING | {"mail": b"530 log in first\r\n"}, "smtp-530"),
        (OPENING | {"data": b"451 not now\r\n"}, "smtp-451"),
        (OPENING | {"data": b"250 what\r\n"}, "smtp-250"),
    ],
)
def test_an_answer_about_the_session_keeps_the_message_for_later(
    script: dict[str, bytes | None], code: str
) -> None:
    error = failure(ScriptedServer(script))
    assert (type(error), error.code) == (Unavailable, code)


@pytest.mark.parametrize("fault", ["hangs", "hangs up", "talks nonsense"])
@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_what_fails_before_the_content_is_surely_not_sent(step: str, fault: str) -> None:
    script: dict[str, bytes | None] = dict(UP_TO_CONTENT)
    match fault:
        case "hangs":
            script[step] = None
        case "hangs up":
            del script[step]
        case _:
            script[step] = b"nonsense\r\n"
    assert type(failure(ScriptedServer(script), IMPATIENCE_SECONDS)) is Unavailable


def test_a_connection_lost_inside_the_content_is_surely_not_sent() -> None:
    attachment = Attachment("big.bin", "application/octet-stream", bytes(16_000_000))
    with sending_to(ScriptedServer(UP_TO_CONTENT)) as sender, pytest.raises(Unavailable):
        sender.send(make_email(attachments=(attachment,)))


@pytest.mark.parametrize("answer", [b"nonsense\r\n", b"354 again\r\n", b"x" * 10_000 + b"\r\n"])
def test_an_answer_to_the_content_that_is_no_answer_leaves_a_doubt(answer: bytes) -> None:
    assert type(failure(ScriptedServer(UP_TO_CONTENT | {"content": answer}))) is Ambiguous


def test_a_failing_farewell_does_not_unsend_a_message() -> None:
    with sending_to(ScriptedServer(UP_TO_CONTENT | {"content": b"250 taken\r\n"})) as sender:
        assert sender.send(make_email()).provider == "smtp"


def test_a_refused_connection_is_surely_not_sent() -> None:
    with pytest.raises(Unavailable):
        sender_for(f"smtp://127.0.0.1:{closed_port()}").send(make_email())


def test_a_host_that_has_no_address_is_surely_not_sent() -> None:
    with pytest.raises(Unavailable):
        sender_for("smtp://nowhere.invalid:25", IMPATIENCE_SECONDS).send(make_email())


def test_no_error_repeats_what_the_server_said() -> None:
    error = failure(MailServer(to_recipient="550 juergen@example.org is unknown"))
    assert "juergen" not in f"{error} {error.args} {error.words} {error.__cause__}"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestAuthority:
    """A certificate for 127.0.0.1 that this process trusts."""
    made = TestAuthority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    return made


def test_a_user_logs_in_after_starttls(authority: TestAuthority) -> None:
    server = MailServer(starttls=authority.server_context(), login=("crm", "s3cret/pass"))
    with server.running() as port:
        sender_for(f"smtp://crm:s3cret%2Fpass@127.0.0.1:{port}").send(make_email())
    assert (len(server.envelopes), server.logins) == (1, ["crm"])


def test_a_user_logs_in_over_smtps(authority: TestAuthority) -> None:
    server = MailServer(implicit_tls=authority.server_context(), login=("crm", "secret"))
    with server.running() as port:
        sender_for(f"smtps://crm:secret@127.0.0.1:{port}").send(make_email())
    assert (len(server.envelopes), server.logins) == (1, ["crm"])


def test_a_wrong_password_keeps_the_message_for_later(authority: TestAuthority) -> None:
    server = MailServer(starttls=authority.server_context(), login=("crm", "secret"))
    with server.running() as port, pytest.raises(Unavailable) as caught:
        sender_for(f"smtp://crm:wrong@127.0.0.1:{port}").send(make_email())
    assert caught.value.code == "smtp-535"


def test_a_password_is_never_sent_to_a_server_without_tls() -> None:
    server = MailServer(login=("crm", "secret"))
    with server.running() as port, pytest.raises(Unavailable):
        sender_for(f"smtp://crm:secret@127.0.0.1:{port}").send(make_email())
    assert server.logins == []


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server = MailServer(implicit_tls=TestAuthority(tmp_path).server_context())
    with server.running() as port, pytest.raises(Unavailable):
        sender_for(f"smtps://127.0.0.1:{port}").send(make_email())


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.test", SmtpServer("mail.test", 25, "auto")),
        ("smtp://mail.test:2525?starttls=never", SmtpServer("mail.test", 2525, "never")),
        ("smtp://a%40b:p%3Aw@mail.test", SmtpServer("mail.test", 587, "always", "a@b", "p:w")),
        ("smtp://a:b@mail.test?starttls=auto", SmtpServer("mail.test", 587, "auto", "a", "b")),
        ("smtps://a:b@mail.test", SmtpServer("mail.test", 465, "implicit", "a", "b")),
        ("smtp://[::1]:25", SmtpServer("::1", 25, "auto")),
    ],
)
def test_a_url_names_a_server(url: str, server: SmtpServer) -> None:
    assert server_from(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.test:25",
        "http://mail.test",
        "smtp://",
        "smtp://mail.test:many",
        "smtp://mail.test?starttls=perhaps",
        "smtp://mail.test?tls=always",
        "smtp://mail.test?starttls=auto&starttls=never",
        "smtps://mail.test?starttls=never",
        "smtp://[mail.test",
    ],
)
def test_a_url_that_names_no_server_is_one_clear_error(url: str) -> None:
    with pytest.raises(SettingsProblem, match="CRM_SMTP_URL reads smtp://"):
        server_from(url)


def test_a_server_does_not_show_its_password() -> None:
    assert "secret" not in repr(server_from("smtp://crm:secret@mail.test"))
