"""SendGrid's fake takes what its library posts and refuses what the real one refuses, in its words."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from python_http_client.exceptions import UnauthorizedError
from sendgrid.helpers.mail import (
    Attachment,
    Category,
    ContentId,
    CustomArg,
    Disposition,
    FileContent,
    FileName,
    FileType,
    Header,
    Mail,
    ReplyTo,
)

from integrations.testing import FakeServer
from integrations.testing.contracts import EXEMPTIONS, Contracts
from tests.integrations.fakes.conftest import sendgrid_client

SEND_URL = "/v3/mail/send"


def a_mail(message_id: str = "m-1", to: str = "jo@example.org") -> Mail:
    """A mail with all that the CRM may put into one."""
    mail = Mail(
        from_email=("crm@example.com", "Essentials CRM"),
        to_emails=to,
        subject="Grüße",
        plain_text_content="Hello",
        html_content="<p>Hello</p>",
    )
    mail.reply_to = ReplyTo("rep@example.com", "Ada")
    mail.add_header(Header("List-Unsubscribe", "<https://example.com/u/1>"))
    mail.add_category(Category("welcome"))
    mail.add_custom_arg(CustomArg("crm_message_id", message_id, p=0))
    mail.add_attachment(
        Attachment(
            FileContent("QkVHSU4="),
            FileName("invite.ics"),
            FileType("text/calendar"),
            Disposition("attachment"),
            ContentId("i"),
        )
    )
    return mail


def good() -> dict[str, Any]:
    """The smallest body that is taken."""
    return {
        "personalizations": [{"to": [{"email": "jo@example.org"}], "custom_args": {"crm_message_id": "m-1"}}],
        "from": {"email": "crm@example.com"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Hello"}],
    }


def post(http: httpx.Client, server: FakeServer, body: Any, **headers: str) -> httpx.Response:
    proof = {"Authorization": f"Bearer {server.fakes.credentials.sendgrid_key}"}
    return http.post(SEND_URL, json=body, headers={**proof, **headers})


def test_what_the_library_posts_is_taken_under_our_id(server: FakeServer) -> None:
    answer = sendgrid_client(server).send(a_mail())
    (entry,) = server.fakes.log.entries
    assert (answer.status_code, answer.body) == (202, b"")
    assert (entry.message_id, entry.kind, entry.to) == ("m-1", "email", "jo@example.org")
    assert answer.headers["X-Message-Id"] == entry.provider_id


def test_the_same_mail_twice_is_taken_twice_and_shows(server: FakeServer) -> None:
    for _ in range(2):
        sendgrid_client(server).send(a_mail())
    assert server.fakes.summary()["twice"] == {"m-1": 2}


def test_the_activity_query_finds_a_mail_by_our_id_and_no_other(server: FakeServer) -> None:
    client = sendgrid_client(server)
    sent = client.send(a_mail("m-7"))
    client.send(a_mail("m-8"))
    asked = {"query": "unique_args['crm_message_id']=\"m-7\"", "limit": 10}
    (found,) = json.loads(client.client.messages.get(query_params=asked).body)["messages"]
    assert found["msg_id"].partition(".")[0] == sent.headers["X-Message-Id"]
    nothing = client.client.messages.get(query_params={"query": "unique_args['crm_message_id']=\"m-9\""})
    assert json.loads(nothing.body) == {"messages": []}
    both = {"query": '(unique_args[\'crm_message_id\']="m-7") AND (to_email="jo@example.org")'}
    assert len(json.loads(client.client.messages.get(query_params=both).body)["messages"]) == 1


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"query": "every mail"},
        {"query": 'to_email="a@b.c"', "limit": "5000"},
        {"query": 'to_email="a@b.c"', "x": "1"},
    ],
)
def test_a_query_that_is_none_is_refused(
    server: FakeServer, http: httpx.Client, params: dict[str, str]
) -> None:
    proof = {"Authorization": f"Bearer {server.fakes.credentials.sendgrid_key}"}
    answer = http.get("/v3/messages", params=params, headers=proof)
    assert (answer.status_code, answer.json()) == (400, {"errors": [{"message": "invalid query"}]})


def test_a_wrong_key_is_refused_and_nothing_is_taken(server: FakeServer) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        sendgrid_client(server, "SG.wrong").send(a_mail())
    assert json.loads(caught.value.body)["errors"][0]["message"]
    assert server.fakes.log.entries == ()


Change = Callable[[dict[str, Any]], object]
BAD: dict[str, Change] = {
    "no from": lambda body: body.pop("from"),
    "no personalizations": lambda body: body.pop("personalizations"),
    "empty personalizations": lambda body: body.update(personalizations=[]),
    "1001 personalizations": lambda body: body.update(personalizations=body["personalizations"] * 1001),
    "nobody to send to": lambda body: body["personalizations"][0].update(to=[]),
    "no to": lambda body: body["personalizations"][0].pop("to"),
    "an address that is none": lambda body: body["personalizations"][0]["to"][0].update(email="jo"),
    "an address twice": lambda body: body["personalizations"][0].update(cc=[{"email": "JO@example.org"}]),
    "no subject": lambda body: body.pop("subject"),
    "an empty subject": lambda body: body.update(subject=""),
    "a subject of two lines": lambda body: body.update(subject="Hi\r\nBcc: eve@example.org"),
    "no content": lambda body: body.pop("content"),
    "empty content": lambda body: body.update(content=[]),
    "a part without words": lambda body: body["content"][0].update(value=""),
    "html before text": lambda body: body["content"].insert(0, {"type": "text/html", "value": "<p>"}),
    "an unknown field": lambda body: body.update(text="Hello"),
    "an unknown field of a person": lambda body: body["personalizations"][0].update(unique_args={}),
    "an unknown field of an address": lambda body: body["from"].update(address="crm@example.com"),
    "eleven categories": lambda body: body.update(categories=[str(number) for number in range(11)]),
    "a long category": lambda body: body.update(categories=["x" * 256]),
    "custom arguments too large": lambda body: body["personalizations"][0].update(
        custom_args={"a": "x" * 10_001}
    ),
    "custom arguments as text": lambda body: body["personalizations"][0].update(custom_args="crm"),
    "a header that is SendGrid's": lambda body: body.update(headers={"Subject": "Hi"}),
    "a header of two lines": lambda body: body.update(headers={"X-A": "b\r\nBcc: eve@example.org"}),
    "too far ahead": lambda body: body.update(send_at=4_000_000_000),
    "a time in words": lambda body: body.update(send_at="tomorrow"),
    "26 groups": lambda body: body.update(asm={"group_id": 1, "groups_to_display": [1] * 26}),
    "a short pool": lambda body: body.update(ip_pool_name="x"),
    "an attachment without content": lambda body: body.update(attachments=[{"filename": "a.ics"}]),
    "an unknown disposition": lambda body: body.update(
        attachments=[{"filename": "a", "content": "QQ==", "disposition": "beside"}]
    ),
}
GOOD: dict[str, Change] = {
    "the least": lambda body: None,
    "html after text": lambda body: body["content"].append({"type": "text/html", "value": "<p>"}),
    "a template": lambda body: body.update(template_id="d-1"),
    "arguments for all": lambda body: body.update(custom_args={"crm_org": "1"}),
    "a subject of its own": lambda body: body["personalizations"][0].update(subject=body.pop("subject")),
    "copies": lambda body: body["personalizations"][0].update(cc=[{"email": "al@example.org", "name": "Al"}]),
    "a thousand": lambda body: body.update(personalizations=body["personalizations"] * 1000),
    "one click": lambda body: body.update(headers={"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}),
    "no tracking": lambda body: body.update(tracking_settings={"click_tracking": {"enable": False}}),
    "a sandbox": lambda body: body.update(mail_settings={"sandbox_mode": {"enable": True}}),
    "two to answer": lambda body: body.update(
        reply_to_list=[{"email": "a@b.example"}, {"email": "c@d.example"}]
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_is_refused_with_its_field_and_leaves_no_trace(
    server: FakeServer, http: httpx.Client, case: str
) -> None:
    body = copy.deepcopy(good())
    BAD[case](body)
    answer = post(http, server, body)
    assert answer.status_code == 400
    assert all(error.keys() == {"message", "field"} for error in answer.json()["errors"])
    assert server.fakes.log.entries == ()
    assert server.fakes.status()["refused"] == 1


@pytest.mark.parametrize("case", GOOD)
def test_a_good_request_is_taken(server: FakeServer, http: httpx.Client, case: str) -> None:
    body = copy.deepcopy(good())
    GOOD[case](body)
    answer = post(http, server, body)
    assert (answer.status_code, answer.text) == (202, "")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(server: FakeServer, http: httpx.Client, content: bytes) -> None:
    headers = {
        "Authorization": f"Bearer {server.fakes.credentials.sendgrid_key}",
        "Content-Type": "application/json",
    }
    assert http.post(SEND_URL, content=content, headers=headers).status_code == 400
    form = http.post(SEND_URL, data={"a": "b"}, headers={"Authorization": headers["Authorization"]})
    assert form.status_code == 415


@pytest.mark.parametrize("case", BAD)
def test_our_own_checks_refuse_what_the_contract_refuses(contracts: Contracts, case: str) -> None:
    """The contract alone lets some of these pass; none of what it refuses may pass our own checks."""
    from integrations.testing.fake_sendgrid import MAIL

    body = copy.deepcopy(good())
    BAD[case](body)
    if list(contracts.problems_of_body("sendgrid send", body)):
        assert list(MAIL(body, ""))


@pytest.mark.parametrize("exemption", EXEMPTIONS, ids=lambda one: one.at[-1])
def test_an_exemption_has_a_reason_and_is_still_needed(contracts: Contracts, exemption: Any) -> None:
    assert exemption.reason
    assert contracts.is_still_needed(exemption)


def test_our_answers_keep_to_the_contract(
    plain: FakeServer, http: httpx.Client, contracts: Contracts
) -> None:
    post(http, plain, good())
    proof = {"Authorization": f"Bearer {plain.fakes.credentials.sendgrid_key}"}
    listed = http.get(
        "/v3/messages", params={"query": "unique_args['crm_message_id']=\"m-1\""}, headers=proof
    )
    assert list(contracts.problems_of_answer("sendgrid lookup", "get", 200, listed.json())) == []
    refused = post(http, plain, {})
    assert list(contracts.problems_of_answer("sendgrid send", "post", 400, refused.json())) == []
    wrong = {"messages": [{"msg_id": 1}]}
    assert list(contracts.problems_of_answer("sendgrid lookup", "get", 200, wrong)) != []
