"""News of the fakes carry signatures that the providers' own validators take, come several times, and out of order."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from sendgrid import EventWebhook
from twilio.request_validator import RequestValidator

from integrations.testing import FakeServer
from integrations.testing.credentials import TWILIO_FROM
from tests.integrations.fakes.conftest import PATIENCE_SECONDS, sendgrid_client, twilio_client
from tests.integrations.fakes.test_fake_sendgrid import a_mail

TO = "+4930901820123"


@dataclass
class Receiver:
    """A server that keeps what is posted to it; the first `refusing` posts get a 500."""

    url: str = ""
    refusing: int = 0
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        """Every event of every batch, in the order they came."""
        return [event for _, _, body in self.posts for event in json.loads(body)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The receiver on a port."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if found.refusing:
                found.refusing -= 1
                self.send_response(500)
            else:
                found.posts.append((self.path, dict(self.headers.items()), body))
                self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def ask_for_news(http: httpx.Client, receiver: Receiver, **manner: object) -> None:
    http.post("/_fake/webhooks", json={"url": f"{receiver.url}/events?a=b", **manner}).raise_for_status()


def test_events_are_signed_over_the_raw_body(
    plain: FakeServer, http: httpx.Client, receiver: Receiver
) -> None:
    ask_for_news(http, receiver)
    sendgrid_client(plain).send(a_mail())
    eventually(lambda: len(receiver.events()) == 3)
    known = EventWebhook(http.get("/_fake/status").json()["event_webhook_public_key"])
    for path, headers, body in receiver.posts:
        signature = headers["X-Twilio-Email-Event-Webhook-Signature"]
        timestamp = headers["X-Twilio-Email-Event-Webhook-Timestamp"]
        assert path == "/events?a=b"
        assert known.verify_signature(body.decode(), signature, timestamp) is True
        assert known.verify_signature(body.decode() + " ", signature, timestamp) is False
        assert known.verify_signature(body.decode(), signature, str(int(timestamp) + 1)) is False
        # Parsed and written again it is another body, which is why receivers must keep the raw one.
        assert known.verify_signature(json.dumps(json.loads(body)), signature, timestamp) is False


def test_events_carry_our_id_and_an_id_of_their_own(
    plain: FakeServer, http: httpx.Client, receiver: Receiver
) -> None:
    ask_for_news(http, receiver)
    sent = sendgrid_client(plain).send(a_mail("m-1"))
    eventually(lambda: len(receiver.events()) == 3)
    events = receiver.events()
    assert {event["crm_message_id"] for event in events} == {"m-1"}
    assert {event["sg_message_id"].partition(".")[0] for event in events} == {sent.headers["X-Message-Id"]}
    assert len({event["sg_event_id"] for event in events}) == 3
    assert {event["event"] for event in events} == {"processed", "delivered", "open"}
    assert all({"email", "timestamp", "event"} <= event.keys() for event in events)


def test_events_come_several_times_and_out_of_order_and_keep_their_ids(
    plain: FakeServer, http: httpx.Client, receiver: Receiver
) -> None:
    ask_for_news(http, receiver, copies=4, spread_seconds=0.5, batch=5)
    for number in range(5):
        sendgrid_client(plain).send(a_mail(f"m-{number}"))
    eventually(lambda: len(receiver.events()) == 5 * 3 * 4)
    times = Counter(event["sg_event_id"] for event in receiver.events())
    assert set(times.values()) == {4} and len(times) == 15
    told = [(event["crm_message_id"], event["timestamp"]) for event in receiver.events()]
    assert told != sorted(told)
    assert max(len(json.loads(body)) for _, _, body in receiver.posts) <= 5


@pytest.mark.parametrize(
    ("to", "events"),
    [
        ("bounce@example.org", {"processed", "bounce"}),
        ("drop.me@example.org", {"dropped"}),
        ("spam@example.org", {"processed", "delivered", "spamreport"}),
        ("late@example.org", {"processed", "deferred", "delivered"}),
    ],
)
def test_how_a_mail_ends_is_read_from_its_address(
    plain: FakeServer, http: httpx.Client, receiver: Receiver, to: str, events: set[str]
) -> None:
    ask_for_news(http, receiver)
    sendgrid_client(plain).send(a_mail(to=to))
    eventually(lambda: {event["event"] for event in receiver.events()} == events)


def test_what_the_receiver_refuses_is_posted_again(
    plain: FakeServer, http: httpx.Client, receiver: Receiver
) -> None:
    receiver.refusing = 1
    ask_for_news(http, receiver)
    sendgrid_client(plain).send(a_mail())
    eventually(lambda: len(receiver.events()) == 3)
    assert http.get("/_fake/status").json()["webhooks"]["tried_again"] >= 1


@pytest.mark.parametrize("kind", ["sms", "call"])
def test_statuses_are_signed_over_address_and_parameters(
    plain: FakeServer, http: httpx.Client, receiver: Receiver, kind: str
) -> None:
    http.post("/_fake/webhooks", json={"copies": 2, "spread_seconds": 0.3}).raise_for_status()
    callback, client = f"{receiver.url}/status?crm_message_id=m-1", twilio_client(plain)
    if kind == "sms":
        made: Any = client.messages.create(to=TO, from_=TWILIO_FROM, body="Grüße", status_callback=callback)
    else:
        events = ["initiated", "ringing", "completed"]
        made = client.calls.create(
            to=TO,
            from_=TWILIO_FROM,
            twiml="<Response/>",
            status_callback=callback,
            status_callback_event=events,
        )
    eventually(lambda: len(receiver.posts) == 6)
    known = RequestValidator(plain.fakes.credentials.twilio_token)
    seen: Counter[str] = Counter()
    for path, headers, body in receiver.posts:
        params = dict(parse_qsl(body.decode(), keep_blank_values=True))
        signature = headers["X-Twilio-Signature"]
        assert known.validate(f"{receiver.url}{path}", params, signature) is True
        assert known.validate(f"{receiver.url}{path}", {**params, "To": "+1"}, signature) is False
        assert known.validate(f"{receiver.url}{path}&x=y", params, signature) is False
        assert params.get("MessageSid", params.get("CallSid")) == made.sid
        assert params["AccountSid"] == plain.fakes.credentials.twilio_sid
        seen[params.get("MessageStatus", params.get("CallStatus", ""))] += 1
    assert set(seen.values()) == {2}
    assert seen.keys() == (
        {"queued", "sent", "delivered"} if kind == "sms" else {"initiated", "ringing", "completed"}
    )


@pytest.mark.parametrize("manner", [{"url": ""}, {"copies": 0}, {"batch": 0}, {"reorder": True}, []])
def test_a_manner_that_is_none_is_refused(http: httpx.Client, plain: FakeServer, manner: object) -> None:
    assert http.post("/_fake/webhooks", json=manner).status_code == 400
