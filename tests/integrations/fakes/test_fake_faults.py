"""The fakes fail as told: before or after the work, by share and by script; and the log tells the truth."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from python_http_client.exceptions import HTTPError
from twilio.base.exceptions import TwilioRestException

from integrations.testing import Fakes, FakeServer, running_fakes
from integrations.testing.accepted import Log
from integrations.testing.credentials import TWILIO_FROM
from integrations.testing.faults import BadPlan, Fault, Faults, Plan, Scripted, read_plan
from integrations.testing.wire import Reply, Request
from tests.integrations.fakes.conftest import sendgrid_client, twilio_client
from tests.integrations.fakes.test_fake_sendgrid import a_mail

TO = "+4930901820123"
MAIL_BODY = (
    b'{"personalizations":[{"to":[{"email":"jo@example.org"}],"custom_args":{"crm_message_id":"%s"}}],'
    b'"from":{"email":"crm@example.com"},"subject":"Hi","content":[{"type":"text/plain","value":"Hi"}]}'
)


def mail(fakes: Fakes, message_id: str = "m-1") -> Reply:
    """Post a mail without any network."""
    headers = {
        "authorization": f"Bearer {fakes.credentials.sendgrid_key}",
        "content-type": "application/json",
    }
    return fakes.reply(Request("POST", "/v3/mail/send", "", headers, MAIL_BODY % message_id.encode()))


def look_up(fakes: Fakes, message_id: str = "m-1") -> bool:
    """Whether the activity query finds it."""
    headers = {"authorization": f"Bearer {fakes.credentials.sendgrid_key}"}
    query = f"query=unique_args%5B%27crm_message_id%27%5D%3D%22{message_id}%22"
    answer = fakes.reply(Request("GET", "/v3/messages", query, headers)).answer
    assert answer is not None and answer.status == 200
    return b"msg_id" in answer.body


def draws(seed: int, count: int = 400) -> list[Fault | None]:
    faults = Faults()
    faults.follow(Plan(seed=seed, share=0.3))
    return [faults.next("sendgrid", "send") for _ in range(count)]


def test_the_same_seed_draws_the_same_faults_and_another_seed_others() -> None:
    assert draws(7) == draws(7) != draws(8)


def test_about_the_share_fails_and_about_half_of_that_after_the_work() -> None:
    struck = [fault for fault in draws(1, 2000) if fault is not None]
    assert 500 < len(struck) < 700
    assert 0.4 < sum(fault.after for fault in struck) / len(struck) < 0.6
    assert all(fault.kind not in ("429", "503") for fault in struck if fault.after)


@pytest.mark.parametrize(
    ("kind", "after", "accepted", "seen"),
    [
        ("500", False, 0, 500),
        ("503", False, 0, 503),
        ("429", False, 0, 429),
        ("cut", False, 0, None),
        ("500", True, 1, 500),
        ("502", True, 1, 502),
        ("cut", True, 1, None),
        ("hang", True, 1, None),
    ],
)
def test_a_fault_before_the_work_takes_nothing_and_one_after_it_takes_all(
    kind: str, after: bool, accepted: int, seen: int | None
) -> None:
    fakes = Fakes()
    fakes.follow(Plan(script=(Scripted(kind, after),)))
    reply = mail(fakes)
    assert (reply.answer.status if reply.answer else None) == seen
    assert (len(fakes.log.entries), look_up(fakes)) == (accepted, bool(accepted))
    assert [entry.told for entry in fakes.log.entries] == [kind] * accepted
    assert mail(fakes, "m-2").answer is not None
    assert fakes.faults.counts == {f"sendgrid send {kind} {'after' if after else 'before'}": 1}


def test_a_refused_request_is_refused_whatever_was_to_fail_after_it() -> None:
    fakes = Fakes()
    fakes.follow(Plan(script=(Scripted("cut", after=True),)))
    headers = {
        "authorization": f"Bearer {fakes.credentials.sendgrid_key}",
        "content-type": "application/json",
    }
    reply = fakes.reply(Request("POST", "/v3/mail/send", "", headers, b"{}"))
    assert reply.answer is not None and reply.answer.status == 400


def test_a_script_fits_its_provider_and_its_kind_of_call_only() -> None:
    fakes = Fakes()
    fakes.follow(Plan(script=(Scripted("500", provider="twilio"), Scripted("500", on="lookup", times=2))))
    assert (first := mail(fakes).answer) is not None and first.status == 202
    headers = {"authorization": f"Bearer {fakes.credentials.sendgrid_key}"}
    asked = Request("GET", "/v3/messages", "query=to_email%3D%22a%22", headers)
    assert [reply.answer.status for reply in map(fakes.reply, [asked] * 3) if reply.answer] == [500, 500, 200]


def test_a_lookup_lags_behind_the_truth() -> None:
    seconds = [0.0]
    fakes = Fakes(timer=lambda: seconds[0])
    fakes.follow(Plan(lag_seconds=60))
    mail(fakes)
    seconds[0] = 59.9
    assert not look_up(fakes) and len(fakes.log.entries) == 1
    seconds[0] = 60.0
    assert look_up(fakes)


def test_a_limit_counts_by_the_second_and_tells_how_much_is_left() -> None:
    seconds = [100.0]
    fakes = Fakes(timer=lambda: seconds[0])
    fakes.follow(Plan(most_a_second=2))
    answers = [mail(fakes, str(number)).answer for number in range(3)]
    assert [answer.status for answer in answers if answer] == [202, 202, 429]
    left = [answer.headers["X-RateLimit-Remaining"] for answer in answers if answer]
    assert left == ["1", "0", "0"]
    seconds[0] = 101.0
    assert (again := mail(fakes, "4").answer) is not None and again.status == 202
    assert len(fakes.log.entries) == 3


@pytest.mark.parametrize(
    "plan",
    [
        None,
        {"share": 2},
        {"share": "0.3"},
        {"shares": 0.3},
        {"before": ["600"]},
        {"after": ["429"]},
        {"script": [{"kind": "503", "after": True}]},
        {"script": [{"after": True}]},
        {"script": [{"kind": "500", "times": 0}]},
        {"on": []},
        {"provider": "mailgun"},
        {"latency": [1]},
        {"share": 0.5, "after_share": 1, "after": []},
        {"most_a_second": 0},
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(plan: object) -> None:
    with pytest.raises(BadPlan):
        read_plan(plan)


def test_a_plan_over_http_replaces_the_one_before(plain: FakeServer, http: httpx.Client) -> None:
    kept = http.post("/_fake/faults", json={"share": 0.3, "script": [{"kind": "cut", "after": True}]}).json()
    assert (kept["share"], kept["script"][0]["times"]) == (0.3, 1)
    assert http.post("/_fake/faults", json={}).json()["share"] == 0
    assert http.post("/_fake/faults", json={"x": 1}).status_code == 400
    assert http.post("/_fake/faults", content=b"{").status_code == 400


def test_the_libraries_see_every_fault_once_and_never_ask_again(plain: FakeServer) -> None:
    """A library that repeated a request by itself would show here as accepted twice."""
    plain.fakes.follow(
        Plan(script=(Scripted("500", after=True, times=2), Scripted("cut", after=True, times=2)))
    )
    mailer, phone = sendgrid_client(plain), twilio_client(plain)
    with pytest.raises(HTTPError):
        mailer.send(a_mail("m-1"))
    with pytest.raises(TwilioRestException):
        phone.messages.create(to=TO, from_=TWILIO_FROM, body="one")
    with pytest.raises(OSError):
        mailer.send(a_mail("m-2"))
    with pytest.raises(OSError):
        phone.calls.create(to=TO, from_=TWILIO_FROM, twiml="<Response/>")
    assert plain.fakes.summary()["twice"] == {}
    assert plain.fakes.summary()["answer_lost"] == {"email": 2, "sms": 1, "call": 1}


def test_a_call_that_hangs_is_taken_and_its_caller_gives_up(plain: FakeServer) -> None:
    plain.fakes.follow(Plan(script=(Scripted("hang", after=True),), hang_seconds=600))
    client = sendgrid_client(plain)
    client.client.timeout = 0.3
    with pytest.raises(OSError):
        client.send(a_mail())
    assert [entry.told for entry in plain.fakes.log.entries] == ["hang"]


def test_with_thirty_faults_in_a_hundred_the_log_and_the_callers_agree(
    plain: FakeServer, http: httpx.Client
) -> None:
    http.post("/_fake/faults", json={"share": 0.3, "seed": 3, "hang_seconds": 0}).raise_for_status()
    headers = {
        "Authorization": f"Bearer {plain.fakes.credentials.sendgrid_key}",
        "Content-Type": "application/json",
    }

    def send(number: int) -> int | None:
        body = MAIL_BODY % f"m-{number}".encode()
        try:
            return http.post("/v3/mail/send", content=body, headers=headers).status_code
        except httpx.TransportError:
            return None

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(send, range(200)))
    summary = http.get("/_fake/summary").json()
    late = sum(count for name, count in summary["faults"].items() if name.endswith("after"))
    assert summary["accepted"]["email"] == seen.count(202) + late
    assert summary["answer_lost"] == {"email": late} and late > 10
    assert (summary["twice"], len(summary["ids"])) == ({}, summary["accepted"]["email"])
    listed = http.get("/_fake/log").json()["accepted"]
    assert [entry["number"] for entry in listed] == list(range(len(listed)))
    assert len(http.get("/_fake/log", params={"since": "150"}).json()["accepted"]) == len(listed) - 150


def a_log() -> Log:
    seconds: Iterator[float] = iter(range(100))
    return Log(lambda: datetime(2026, 11, 22, tzinfo=UTC), lambda: next(seconds))


def take(log: Log, **changes: Any) -> None:
    values = {"message_id": "m-1", "provider_id": "p", "to": "jo@example.org", "words": "Hello"}
    log.accept("sendgrid", "email", **(values | changes))


@pytest.mark.parametrize(
    ("second", "twice"),
    [
        ({}, {"m-1": 2}),
        ({"provider_id": "q", "to": "al@example.org", "words": "other"}, {"m-1": 2}),
        ({"message_id": "m-2"}, {}),
    ],
)
def test_the_summary_goes_by_our_id_alone_where_there_is_one(
    second: dict[str, str], twice: dict[str, int]
) -> None:
    log = a_log()
    take(log)
    take(log, **second)
    assert log.summary()["twice"] == twice


@pytest.mark.parametrize(
    ("second", "is_twice"), [({}, True), ({"to": "al@example.org"}, False), ({"words": "Bye"}, False)]
)
def test_without_an_id_recipient_and_words_tell_copies(second: dict[str, str], is_twice: bool) -> None:
    log = a_log()
    for changes in ({}, second):
        take(log, message_id="", **changes)
    assert bool(log.summary()["twice"]) is is_twice


def test_a_reset_forgets_everything(plain: FakeServer, http: httpx.Client) -> None:
    sendgrid_client(plain).send(a_mail())
    http.post("/_fake/faults", json={"share": 1})
    http.post("/_fake/reset").raise_for_status()
    assert http.get("/_fake/summary").json()["accepted"] == {}
    assert http.get("/_fake/status").json()["plan"]["share"] == 0


def test_an_unknown_page_names_the_ones_there_are(plain: FakeServer, http: httpx.Client) -> None:
    answer = http.get("/_fake/what")
    assert answer.status_code == 404 and "GET /_fake/summary" in answer.json()["error"]
    assert http.get("/v3/nothing").status_code == 404


def test_latency_is_waited_out_and_within_its_bounds() -> None:
    fakes = Fakes()
    fakes.follow(Plan(latency=(0.1, 0.2)))
    waits = [mail(fakes, str(number)).wait_seconds for number in range(20)]
    assert 0.1 <= min(waits) < max(waits) <= 0.2


def test_a_stop_cuts_what_hangs_and_leaves_no_thread() -> None:
    import threading

    before = set(threading.enumerate())
    with running_fakes(Fakes()) as server, ThreadPoolExecutor(1) as pool:
        server.fakes.follow(Plan(script=(Scripted("hang", after=True),), hang_seconds=600))
        client = httpx.Client(base_url=server.url, timeout=60, trust_env=False)
        client.get("/_fake/status")  # keeps its connection open
        hanging = pool.submit(sendgrid_client(server).send, a_mail())
        while not server.fakes.log.entries:
            assert not hanging.done()
        server.stopping.set()
        with pytest.raises(OSError):
            hanging.result(20)
    client.close()
    assert set(threading.enumerate()) == before
