"""SendGrid: what leaves, what comes back, and how a lost message is found."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from integrations import registry
from integrations.errors import Rejected, SettingsProblem
from integrations.ports import Address, Attachment, Email, Receipt
from integrations.settings import IntegrationSettings
from tests.integrations.samples import make_email, trace_of
from tests.integrations.test_http import settings_for
from tests.integrations.web_servers import Reply, WebServer, as_json

TAKEN = Reply(202, headers={"X-Message-Id": "mLZq"})


@pytest.fixture
def site() -> Iterator[WebServer]:
    with WebServer(TAKEN).running() as server:
        yield server


def test_the_whole_message_leaves_in_one_request(site: WebServer) -> None:
    email = make_email(
        reply_to=Address("Ada, Inc.", "ada@example.com"),
        cc=(Address("", "bo@example.com"), Address("Again", "JUERGEN@example.org")),
        headers={"List-Unsubscribe": "<https://example.com/u/1>"},
        attachments=(Attachment("offer.pdf", "application/pdf", b"%PDF"),),
    )
    receipt = registry.email_sender(settings_for(site.url)).send(email)
    assert receipt == Receipt("sendgrid", "mLZq")
    (asked,) = site.asked
    assert (asked.method, asked.path) == ("POST", "/v3/mail/send")
    assert asked.headers["Authorization"] == "Bearer SG.secret"
    assert asked.json == {
        "from": {"email": "crm@example.com", "name": "Essentials CRM"},
        "reply_to": {"email": "ada@example.com", "name": "Ada, Inc."},
        "subject": "Grüße aus dem CRM",
        "personalizations": [
            {
                "to": [{"email": "juergen@example.org", "name": "Jürgen Müller"}],
                "cc": [{"email": "bo@example.com"}],
                "custom_args": {"crm_message_id": email.message_id},
            }
        ],
        "content": [
            {"type": "text/plain", "value": "Hello Jürgen,\n.a line that starts with a dot\n"},
            {"type": "text/html", "value": "<p>Hello Jürgen</p>"},
        ],
        "headers": {"List-Unsubscribe": "<https://example.com/u/1>"},
        "attachments": [
            {
                "content": base64.b64encode(b"%PDF").decode(),
                "filename": "offer.pdf",
                "type": "application/pdf",
                "disposition": "attachment",
            }
        ],
    }


def test_an_email_without_html_is_sent_as_text_alone(site: WebServer) -> None:
    registry.email_sender(settings_for(site.url)).send(make_email(html=""))
    assert [part["type"] for part in site.asked[0].json["content"]] == ["text/plain"]


def test_a_domain_of_other_letters_leaves_in_ascii(site: WebServer) -> None:
    registry.email_sender(settings_for(site.url)).send(make_email(to=Address("", "a@bücher.example")))
    (to,) = site.asked[0].json["personalizations"][0]["to"]
    assert to == {"email": "a@xn--bcher-kva.example"}


def test_an_answer_without_an_id_still_says_that_it_was_taken(site: WebServer) -> None:
    site.reply = Reply(202)
    email = make_email()
    assert registry.email_sender(settings_for(site.url)).send(email).provider_id == email.message_id


@pytest.mark.parametrize(
    "email",
    [
        make_email(subject="hi\r\nBcc: evil@x.test"),
        make_email(to=Address("hi\nBcc: evil@x.test", "jo@example.org")),
        make_email(cc=(Address("", "no address"),)),
        make_email(headers={"Bcc": "evil@x.test"}),
        make_email(text="SG.aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbb"),
        make_email(attachments=(Attachment("a.bin", "application/pdf", b"0" * 16_000_000),)),
    ],
)
def test_what_must_not_leave_is_refused_before_anything_is_sent(site: WebServer, email: Email) -> None:
    with pytest.raises(Rejected):
        registry.email_sender(settings_for(site.url)).send(email)
    assert site.asked == []


def test_a_lost_message_is_looked_for_by_our_id(site: WebServer) -> None:
    site.reply = as_json(200, {"messages": [{"msg_id": "mLZq.filter0001.1-0", "status": "delivered"}]})
    email = make_email()
    found = registry.email_sender(settings_for(site.url)).lookup(trace_of(email))
    assert found == Receipt("sendgrid", "mLZq")
    (asked,) = site.asked
    assert asked.query == {"query": f"unique_args['crm_message_id']=\"{email.message_id}\"", "limit": "1"}


def test_a_message_that_nobody_knows_is_not_found(site: WebServer) -> None:
    site.reply = as_json(200, {"messages": []})
    assert registry.email_sender(settings_for(site.url)).lookup(trace_of(make_email())) is None


def test_an_account_without_the_activity_add_on_never_says_no(site: WebServer) -> None:
    site.reply = as_json(403, {"errors": [{"message": "access forbidden"}]})
    with pytest.raises(Rejected):
        registry.email_sender(settings_for(site.url)).lookup(trace_of(make_email()))


def test_an_id_that_could_change_the_question_is_refused(site: WebServer) -> None:
    with pytest.raises(Rejected):
        registry.email_sender(settings_for(site.url)).lookup(trace_of(make_email(message_id='x" OR "1"="1')))


def test_without_a_key_the_choice_is_refused_at_once() -> None:
    with pytest.raises(SettingsProblem, match="CRM_SENDGRID_API_KEY"):
        registry.check(IntegrationSettings(provider_email="sendgrid"))
