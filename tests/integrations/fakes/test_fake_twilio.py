"""Twilio's fake takes what its library posts and refuses what the real one refuses, by its numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException

from integrations.testing import FakeServer
from integrations.testing.contracts import Contracts
from integrations.testing.credentials import TWILIO_FROM
from integrations.testing.segments import segments
from tests.integrations.fakes.conftest import twilio_client

TO = "+4930901820123"
TWIML = "<Response><Say>Please call back.</Say></Response>"


def path(server: FakeServer, what: str) -> str:
    return f"/2010-04-01/Accounts/{server.fakes.credentials.twilio_sid}/{what}.json"


def login(server: FakeServer) -> tuple[str, str]:
    known = server.fakes.credentials
    return known.twilio_sid, known.twilio_token


def test_a_text_and_a_call_of_the_library_are_taken_and_found_again(server: FakeServer) -> None:
    client, began = twilio_client(server), datetime.now(UTC) - timedelta(minutes=1)
    text = client.messages.create(to=TO, from_=TWILIO_FROM, body="Grüße")
    call = client.calls.create(to=TO, from_=TWILIO_FROM, twiml=TWIML, timeout=30)
    assert (text.status, call.status, text.num_segments) == ("queued", "queued", "1")
    assert [entry.provider_id for entry in server.fakes.log.entries] == [text.sid, call.sid]
    (listed,) = client.messages.list(to=TO, date_sent_after=began)
    assert (listed.sid, listed.body) == (text.sid, "Grüße")
    assert listed.date_created is not None and listed.date_created >= began
    (called,) = client.calls.list(to=TO, start_time_after=began)
    assert called.sid == call.sid
    assert client.messages(text.sid).fetch().sid == text.sid
    assert client.messages.list(to="+4930901820124") == []
    assert client.messages.list(to=TO, date_sent_after=datetime.now(UTC) + timedelta(days=1)) == []


def test_a_long_list_is_read_page_by_page(plain: FakeServer) -> None:
    client = twilio_client(plain)
    made = [client.messages.create(to=TO, from_=TWILIO_FROM, body=str(number)).sid for number in range(7)]
    assert [one.sid for one in client.messages.list(to=TO, page_size=3)] == made[::-1]


def test_the_same_text_twice_shows_though_it_carries_no_id_of_ours(server: FakeServer) -> None:
    client = twilio_client(server)
    for body in ("Hello", "Hello", "Bye"):
        client.messages.create(to=TO, from_=TWILIO_FROM, body=body)
    (twice,) = server.fakes.summary()["twice"].items()
    assert twice[0].startswith("sms:") and twice[1] == 2


def test_an_id_in_the_callback_is_taken_for_ours(server: FakeServer) -> None:
    callback = "http://127.0.0.1:9/hook?crm_message_id=m-1"
    twilio_client(server).messages.create(to=TO, from_=TWILIO_FROM, body="Hello", status_callback=callback)
    assert server.fakes.summary()["ids"] == {"m-1": 1}


def test_a_wrong_token_is_refused(server: FakeServer) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio_client(server, "wrong").messages.create(to=TO, from_=TWILIO_FROM, body="Hello")
    assert (caught.value.status, caught.value.code) == (401, 20003)


TEXT = {"To": TO, "From": TWILIO_FROM, "Body": "Hello"}
CALL = {"To": TO, "From": TWILIO_FROM, "Twiml": TWIML}
BAD_TEXTS: dict[str, tuple[int, dict[str, Any]]] = {
    "nobody": (21604, {"To": ""}),
    "a number that is none": (21211, {"To": "12345"}),
    "an invalid number": (21211, {"To": "+15005550001"}),
    "somebody who opted out": (21610, {"To": "+15005550004"}),
    "a land line": (21614, {"To": "+15005550009"}),
    "a region without permission": (21408, {"To": "+15005550003"}),
    "no sender": (21603, {"From": ""}),
    "a sender that is not ours": (21606, {"From": "+15005550007"}),
    "a sender that is none": (21212, {"From": "+"}),
    "a queue that is full": (21611, {"From": "+15005550008"}),
    "no words": (21602, {"Body": ""}),
    "too many words": (21617, {"Body": "x" * 1601}),
    "a misspelt parameter": (20001, {"body": "Hello"}),
    "a parameter twice": (20001, {"Body": ["Hello", "Bye"]}),
    "a callback that is no address": (21609, {"StatusCallback": "nowhere"}),
    "a validity out of range": (20001, {"ValidityPeriod": "36001"}),
}
BAD_CALLS: dict[str, tuple[int, dict[str, Any]]] = {
    "nobody": (21201, {"To": ""}),
    "a number that is none": (21217, {"To": "12345"}),
    "a country without permission": (21215, {"To": "+15005550003"}),
    "no caller": (21213, {"From": ""}),
    "a caller that is not verified": (21210, {"From": "+15005550001"}),
    "nothing to do": (21205, {"Twiml": ""}),
    "two things to do": (21205, {"Url": "https://example.com/twiml"}),
    "an address that is none": (21205, {"Twiml": "", "Url": "twiml"}),
    "too long a script": (21218, {"Twiml": "x" * 4001}),
    "too patient": (21220, {"Timeout": "601"}),
    "a misspelt parameter": (20001, {"Machine": "Enable"}),
}


@pytest.mark.parametrize("case", BAD_TEXTS)
def test_a_bad_text_is_refused_by_twilios_number(server: FakeServer, http: httpx.Client, case: str) -> None:
    code, change = BAD_TEXTS[case]
    answer = http.post(path(server, "Messages"), data={**TEXT, **change}, auth=login(server))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json().keys() == {"code", "message", "more_info", "status"}
    assert server.fakes.log.entries == ()


@pytest.mark.parametrize("case", BAD_CALLS)
def test_a_bad_call_is_refused_by_twilios_number(server: FakeServer, http: httpx.Client, case: str) -> None:
    code, change = BAD_CALLS[case]
    answer = http.post(path(server, "Calls"), data={**CALL, **change}, auth=login(server))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert server.fakes.log.entries == ()


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("Messages", TEXT),
    (
        "Messages",
        {
            **TEXT,
            "ValidityPeriod": "600",
            "SmartEncoded": "true",
            "StatusCallback": "https://a.example/b?c=d",
        },
    ),
    ("Messages", {**TEXT, "MediaUrl": ["https://a.example/1.png", "https://a.example/2.png"]}),
    ("Messages", {"To": TO, "MessagingServiceSid": "MG" + "0" * 32, "Body": "x" * 1600}),
    ("Calls", CALL),
    (
        "Calls",
        {**CALL, "StatusCallbackEvent": ["initiated", "completed"], "StatusCallback": "https://a.example/b"},
    ),
    (
        "Calls",
        {"To": TO, "From": TWILIO_FROM, "Url": "https://a.example/twiml", "Method": "GET", "Record": "true"},
    ),
]


@pytest.mark.parametrize(("what", "form"), GOOD)
def test_a_good_request_is_taken(
    server: FakeServer, http: httpx.Client, what: str, form: dict[str, Any]
) -> None:
    assert http.post(path(server, what), data=form, auth=login(server)).status_code == 201


def test_another_account_and_an_unknown_sid_are_not_found(server: FakeServer, http: httpx.Client) -> None:
    other = f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
    assert http.post(other, data=TEXT, auth=login(server)).json()["code"] == 20404
    unknown = path(server, f"Messages/SM{'0' * 32}")
    assert http.get(unknown, auth=login(server)).status_code == 404


@pytest.mark.parametrize(
    "query", [{"PageSize": "0"}, {"PageSize": "1001"}, {"Sent": "x"}, {"DateSent>": "soon"}]
)
def test_a_bad_question_is_refused(server: FakeServer, http: httpx.Client, query: dict[str, str]) -> None:
    twilio_client(server).messages.create(to=TO, from_=TWILIO_FROM, body="Hello")
    answer = http.get(path(server, "Messages"), params=query, auth=login(server))
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_our_answers_keep_to_the_contract(
    plain: FakeServer, http: httpx.Client, contracts: Contracts
) -> None:
    for what, form in (("Messages", TEXT), ("Calls", CALL)):
        made = http.post(path(plain, what), data=form, auth=login(plain)).json()
        listed = http.get(path(plain, what), params={"PageSize": "1"}, auth=login(plain)).json()
        fetched = http.get(path(plain, f"{what}/{made['sid']}"), auth=login(plain)).json()
        call = f"twilio {what}"
        found = [
            *contracts.problems_of_answer(call, "post", 201, made),
            *contracts.problems_of_answer(call, "get", 200, listed),
            *contracts.problems_of_answer(f"{call}/Sid", "get", 200, fetched),
        ]
        assert found == []
        assert list(contracts.problems_of_answer(call, "post", 201, {**made, "status": "dialing"})) != []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("😀" * 35, 1),
    ],
)
def test_a_text_is_billed_by_its_alphabet(text: str, parts: int) -> None:
    assert segments(text) == parts
