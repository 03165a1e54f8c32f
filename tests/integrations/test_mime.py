"""Messages as they go over the wire, and what may not be written into them."""

from __future__ import annotations

from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations import mime
from integrations.errors import Rejected, UnsafeText
from integrations.ports import Address, Attachment, Email
from tests.integrations.samples import LINE_BREAKERS, SENDER, make_email

POSTED = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
PLACES = ["subject", "sender name", "sender address", "recipient name", "recipient address", "reply-to name"]
PLACES += ["header", "file name", "copy name", "copy address"]


def wire_of(email: Email) -> bytes:
    return mime.build(email, domain="example.com", date=POSTED)


def read(wire: bytes) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(wire)


def with_text_at(place: str, text: str) -> Email:
    """An e-mail that holds `text` in one of the places a stranger can write to."""
    changes: dict[str, dict[str, Any]] = {
        "subject": {"subject": text},
        "sender name": {"sender": Address(text, "crm@example.com")},
        "sender address": {"sender": Address("CRM", f"{text}@example.com")},
        "recipient name": {"to": Address(text, "jo@example.org")},
        "recipient address": {"to": Address("Jo", f"jo@{text}")},
        "copy name": {"cc": (Address(text, "jo@example.org"),)},
        "copy address": {"cc": (Address("Jo", f"jo@{text}"),)},
        "reply-to name": {"reply_to": Address(text, "jo@example.org")},
        "header": {"headers": {"List-Unsubscribe": text}},
        "file name": {"attachments": (Attachment(text, "application/pdf", b"x"),)},
    }
    return make_email(**changes[place])


def test_a_message_says_who_what_and_when() -> None:
    message = read(wire_of(make_email(reply_to=Address("", "reply@example.com"))))
    assert {name: str(message[name]) for name in ("From", "To", "Reply-To", "Subject", "Date")} == {
        "From": "Essentials CRM <crm@example.com>",
        "To": "Jürgen Müller <juergen@example.org>",
        "Reply-To": "reply@example.com",
        "Subject": "Grüße aus dem CRM",
        "Date": "Sun, 01 Mar 2026 08:30:00 +0000",
    }


def test_a_message_carries_our_id_twice() -> None:
    message = read(wire_of(make_email(message_id="abc-1")))
    assert (message["Message-ID"], message[mime.ID_HEADER]) == ("<abc-1@example.com>", "abc-1")


def test_text_and_html_are_alternatives_of_one_message() -> None:
    message = read(wire_of(make_email()))
    parts = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
    assert message.get_content_type() == "multipart/alternative"
    assert parts["text/plain"].startswith("Hello Jürgen,")
    assert parts["text/html"].strip() == "<p>Hello Jürgen</p>"


def test_without_html_only_the_text_is_sent() -> None:
    assert read(wire_of(make_email(html=""))).get_content_type() == "text/plain"


def test_an_attachment_arrives_byte_for_byte_under_its_name() -> None:
    content = bytes(range(256))
    email = make_email(attachments=(Attachment("Angebot März.pdf", "application/pdf", content),))
    (attachment,) = read(wire_of(email)).iter_attachments()
    assert attachment.get_filename() == "Angebot März.pdf"
    assert (attachment.get_content_type(), attachment.get_content()) == ("application/pdf", content)


def test_the_wire_is_ascii_in_lines_of_crlf() -> None:
    wire = wire_of(make_email(subject="Grüße " * 40, text="ü" * 2_000))
    assert wire.isascii()
    assert max(len(line) for line in wire.split(b"\r\n")) <= 998
    assert b"\n" not in wire.replace(b"\r\n", b"")


def test_a_long_unsubscribe_address_is_not_encoded() -> None:
    url = f"<https://crm.example.com/u/{'t' * 300}>"
    assert f"List-Unsubscribe: {url}\r\n".encode() in wire_of(make_email(headers={"List-Unsubscribe": url}))


def test_a_domain_with_other_letters_is_written_in_ascii() -> None:
    assert b"jo@xn--mller-kva.de" in wire_of(make_email(to=Address("", "jo@müller.de")))


CALENDAR = b"BEGIN:VCALENDAR\r\nSUMMARY:\xc3\xbc\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH"])
def test_an_invitation_is_an_alternative_that_names_its_method_and_a_file_as_well(method: str) -> None:
    event = Attachment("invite.ics", f"text/calendar; method={method}", CALENDAR)
    message = read(wire_of(make_email(attachments=(event,))))
    alternatives, file = message.iter_parts()
    assert message.get_content_type() == "multipart/mixed"
    shown = list(alternatives.iter_parts())[-1]
    kind = (shown.get_content_type(), shown.get_content_charset(), shown.get_param("method"))
    assert kind == ("text/calendar", "utf-8", method)
    assert not shown.is_attachment()
    assert "SUMMARY:ü" in shown.get_content()
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "invite.ics")
    assert file.get_content() == CALENDAR


@pytest.mark.parametrize(
    "kind", ["text/calendar; method=STEAL", "text/calendar; method=REQUEST\n", "text/calendar;"]
)
def test_a_calendar_of_another_method_is_refused(kind: str) -> None:
    with pytest.raises(Rejected):
        wire_of(make_email(attachments=(Attachment("a.ics", kind, CALENDAR),)))


def test_others_are_told_in_a_copy_and_by_name() -> None:
    others = (Address("Ada", "ada@example.com"), Address("", "bo@example.com"))
    assert str(read(wire_of(make_email(cc=others)))["Cc"]) == "Ada <ada@example.com>, bo@example.com"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", LINE_BREAKERS)
def test_text_that_breaks_a_line_is_refused_wherever_it_stands(place: str, text: str) -> None:
    with pytest.raises(UnsafeText):
        wire_of(with_text_at(place, text))


@pytest.mark.parametrize(
    "forged", [b"Bcc: evil@x.test\r\n", b" folded\r\nBcc: evil@x.test\r\n", b"To: jo\r\n"]
)
def test_a_message_with_a_header_nobody_set_does_not_leave(forged: bytes) -> None:
    wire = b"Subject: hi\r\nTo: jo@example.org\r\n\r\nBcc: this is text\r\n"
    assert mime.only_with(["Subject", "To"], wire) == wire
    with pytest.raises(UnsafeText):
        mime.only_with(["Subject", "To"], wire.replace(b"To:", forged + b"To:"))


def test_an_encoded_word_without_a_line_break_is_just_text() -> None:
    assert str(read(wire_of(make_email(subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?=")))["Subject"]) == "Grüße"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jo",
        "@example.org",
        "jo@",
        "jo smith@example.org",
        "jo@example..org",
        "jo@exa mple.org",
        "<jo@x.de>",
        "jo@x.de, evil@x.test",
        "jo@x.de>",
        '"jo"@x.de',
        "jö@x.de",
        f"{'a' * 65}@x.de",
        f"jo@{'a' * 64}.de",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Rejected) as caught:
        wire_of(make_email(to=Address("Jo", address)))
    assert caught.value.code in {"address", "unsafe-text"}


@pytest.mark.parametrize(
    "name", ["Bcc", "cc", "From", "Content-Type", "content-x", "Message-ID", "X:Y", "X Y", ""]
)
def test_an_extra_header_may_not_take_the_place_of_ours(name: str) -> None:
    with pytest.raises(Rejected) as caught:
        wire_of(make_email(headers={name: "x"}))
    assert caught.value.code == "header-name"


@pytest.mark.parametrize("message_id", ["", "a b", "a/b", "../a", "a\n", "a>b", "ä", "a" * 129, ".hidden"])
def test_an_id_that_is_no_file_name_is_refused(message_id: str) -> None:
    with pytest.raises(Rejected) as caught:
        wire_of(make_email(message_id=message_id))
    assert caught.value.code == "message-id"


@pytest.mark.parametrize(
    "content_type", ["", "pdf", "multipart/mixed", "message/rfc822", "text/x; a=b", "a/b\n"]
)
def test_an_attachment_of_a_forbidden_type_is_refused(content_type: str) -> None:
    with pytest.raises(Rejected) as caught:
        wire_of(make_email(attachments=(Attachment("a", content_type, b"x"),)))
    assert caught.value.code == "attachment-type"


def test_a_subject_longer_than_a_line_is_refused() -> None:
    with pytest.raises(Rejected) as caught:
        wire_of(make_email(subject="x" * 901))
    assert caught.value.code == "too-long"


HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from('=?utf-8?q?b?=0A=0D\r\n\t :;,<>@"\\()[]%\x00\x85\u2028')),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), text=HOSTILE, encoded=st.booleans())
def test_whatever_is_typed_the_message_has_our_headers_or_is_refused(
    place: str, text: str, encoded: bool
) -> None:
    hostile = f"=?utf-8?q?{text}?=" if encoded else text
    try:
        message = read(wire_of(with_text_at(place, hostile)))
    except Rejected:
        return
    ours = {"from", "to", "subject", "date", "message-id", "x-crm-message-id", "mime-version", "content-type"}
    assert {name.lower() for name in message} - {"reply-to", "list-unsubscribe", "cc"} <= ours
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1


@settings(max_examples=100, deadline=None)
@given(name=st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=10))
def test_a_name_of_usual_length_arrives_as_it_is(name: str) -> None:
    email = make_email(sender=Address(name, SENDER.email))
    if "=?" not in name:
        assert read(wire_of(email))["From"].addresses[0].display_name.split() == name.split()


def test_a_domain_with_a_sharp_s_keeps_it() -> None:
    assert b"jo@xn--strae-oqa.de" in wire_of(make_email(to=Address("", "jo@straße.de")))
