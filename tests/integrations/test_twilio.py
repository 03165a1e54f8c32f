"""Twilio: texts and calls, and how a lost one is found."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations import registry
from integrations.errors import Ambiguous, RateLimited, Rejected, SettingsProblem, Unavailable
from integrations.ports import Receipt
from integrations.settings import IntegrationSettings
from tests.integrations.samples import SINCE, make_call, make_sms, trace_of
from tests.integrations.test_http import SID, settings_for
from tests.integrations.web_servers import WebServer, as_json

TEXT_SID, CALL_SID = "SM" + "a" * 32, "CA" + "b" * 32
FROM = "+15005550006"


@pytest.fixture
def site() -> Iterator[WebServer]:
    with WebServer(as_json(201, {"sid": TEXT_SID, "status": "queued"})).running() as server:
        yield server


def listed(**changes: object) -> dict[str, object]:
    """A text in Twilio's list, as it is told of the sample."""
    told: dict[str, object] = {
        "sid": TEXT_SID,
        "to": "+4930901820",
        "from": FROM,
        "body": make_sms().text,
        "date_created": format_datetime(SINCE + timedelta(seconds=1)),
        "date_sent": None,
        "status": "queued",
    }
    return told | changes


def test_a_text_leaves_in_one_request(site: WebServer) -> None:
    assert registry.phone_line(settings_for(site.url)).text(make_sms()) == Receipt("twilio", TEXT_SID)
    (asked,) = site.asked
    assert (asked.method, asked.path) == ("POST", f"/2010-04-01/Accounts/{SID}/Messages.json")
    assert asked.form == {"To": "+4930901820", "From": FROM, "Body": "Hello Jürgen,\nwe called you."}
    assert asked.headers["Authorization"].startswith("Basic ")


def test_a_call_says_what_is_meant_for_the_lead_and_never_the_sheet(site: WebServer) -> None:
    site.reply = as_json(201, {"sid": CALL_SID, "status": "queued"})
    assert registry.phone_line(settings_for(site.url)).call(make_call()) == Receipt("twilio", CALL_SID)
    (asked,) = site.asked
    assert asked.path == f"/2010-04-01/Accounts/{SID}/Calls.json"
    assert asked.form["Twiml"].endswith(
        "<Response><Say>Good morning. We have an offer for you &amp; your &lt;team&gt;.</Say></Response>"
    )
    assert "Score" not in asked.body.decode()


@pytest.mark.parametrize(
    "sms",
    [
        make_sms(to="030 901820"),
        make_sms(to="+49 30"),
        make_sms(text=""),
        make_sms(text="a" * 1601),
        make_sms(text="a\x00b"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_here(site: WebServer, sms: object) -> None:
    with pytest.raises(Rejected):
        registry.phone_line(settings_for(site.url)).text(sms)  # type: ignore[arg-type]
    assert site.asked == []


@pytest.mark.parametrize("call", [make_call(to="1"), make_call(spoken=" \n"), make_call(spoken="&" * 1000)])
def test_a_call_that_cannot_be_made_is_refused_here(site: WebServer, call: object) -> None:
    with pytest.raises(Rejected):
        registry.phone_line(settings_for(site.url)).call(call)  # type: ignore[arg-type]
    assert site.asked == []


@pytest.mark.parametrize(
    ("status", "number", "kind", "code"),
    [
        (400, 21211, Rejected, "twilio-21211"),
        (400, 21610, Rejected, "twilio-21610"),
        (400, 21606, Unavailable, "twilio-21606"),
        (400, 21212, Unavailable, "twilio-21212"),
        (401, 20003, Unavailable, "http-401"),
        (429, 20429, RateLimited, "http-429"),
        (500, 20500, Ambiguous, "http-500"),
    ],
)
def test_twilios_own_numbers_tell_the_message_from_the_account(
    site: WebServer, status: int, number: int, kind: type[Exception], code: str
) -> None:
    site.reply = as_json(status, {"code": number, "message": "The number +4930901820 …", "status": status})
    with pytest.raises(kind) as caught:
        registry.phone_line(settings_for(site.url)).text(make_sms())
    assert code in str(caught.value)
    assert "4930901820" not in str(caught.value)


@pytest.mark.parametrize("body", [{"sid": "no sid"}, {}, {"sid": None}, [], "x"])
def test_an_answer_without_a_sid_leaves_a_doubt(site: WebServer, body: object) -> None:
    site.reply = as_json(201, body)
    with pytest.raises(Ambiguous):
        registry.phone_line(settings_for(site.url)).text(make_sms())


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (listed(), True),
        (listed(status="failed"), True),
        (listed(body="Sent from your Twilio trial account - " + make_sms().text), True),
        (listed(body=make_sms().text + " \n"), True),
        (listed(body="Something else"), False),
        (listed(date_created=format_datetime(SINCE - timedelta(minutes=2))), False),
        (listed(**{"from": "+15005550009"}), False),
        (listed(date_created=None), False),
    ],
)
def test_a_lost_text_is_found_by_number_words_and_time(
    site: WebServer, told: dict[str, object], found: bool
) -> None:
    site.reply = as_json(200, {"messages": [listed(body="Another"), told], "next_page_uri": None})
    receipt = registry.phone_line(settings_for(site.url)).lookup(trace_of(make_sms()))
    assert receipt == (Receipt("twilio", TEXT_SID) if found else None)
    (asked,) = site.asked
    assert asked.query == {"To": "+4930901820", "PageSize": "1000"}


def test_a_lost_call_is_found_by_number_and_time(site: WebServer) -> None:
    site.reply = as_json(200, {"calls": [listed(sid=CALL_SID)], "next_page_uri": None})
    line = registry.phone_line(settings_for(site.url))
    assert line.lookup(trace_of(make_call())) == Receipt("twilio", CALL_SID)
    assert line.lookup(trace_of(make_call(), since=datetime(2030, 1, 1, tzinfo=UTC))) is None
    assert site.asked[0].path.partition("?")[0] == f"/2010-04-01/Accounts/{SID}/Calls.json"


def test_a_list_too_long_to_read_is_no_proof_of_absence(site: WebServer) -> None:
    site.reply = as_json(200, {"messages": [listed(body="Another")] * 1000, "next_page_uri": None})
    with pytest.raises(Unavailable):
        registry.phone_line(settings_for(site.url)).lookup(trace_of(make_sms()))


def test_numbers_stay_out_of_the_log_though_the_library_would_write_them(
    site: WebServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    line = registry.phone_line(settings_for(site.url))
    line.text(make_sms())
    site.reply = as_json(200, {"messages": [], "next_page_uri": None})
    line.lookup(trace_of(make_sms()))
    assert "4930901820" not in caplog.text


def test_what_is_missing_is_named_at_once() -> None:
    with pytest.raises(
        SettingsProblem, match="CRM_TWILIO_ACCOUNT_SID and CRM_TWILIO_AUTH_TOKEN and CRM_TWILIO_FROM"
    ):
        registry.check(IntegrationSettings(provider_phone="twilio"))


def test_the_number_that_sends_has_to_be_one() -> None:
    with pytest.raises(SettingsProblem, match="CRM_TWILIO_FROM"):
        registry.phone_line(settings_for("https://api.example", twilio_from="Acme"))
