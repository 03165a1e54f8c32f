"""Senders that sign: nothing that was changed on the way is taken, and a right one is taken once."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from starlette.datastructures import Headers

from api.proofs import schemes
from crm_db.actions.sources import NewSource
from tests.api.conftest import Serve
from tests.api.serving import client_of
from tests.api.signing import (
    CRM,
    HUBSPOT,
    META,
    PATH,
    PUBLIC_URL,
    SENDERS,
    Call,
    Sender,
    digest,
    forgeries,
)
from tests.conftest import Org

SECRET, STRANGER = "the secret of this org", "The Other Secret"
LEAST_FORGERIES = 20

Setup = Callable[..., NewSource]


@pytest.fixture
def client(serve: Serve) -> Iterator[httpx.Client]:
    """A client of an API that others reach under PUBLIC_URL."""
    with client_of(serve(public_url=PUBLIC_URL)) as client:
        yield client


@pytest.fixture
def source_of(
    org: Org,
    make_org: Callable[[str], Org],
    make_source: Callable[..., NewSource],
    owner: psycopg.Connection,
) -> Setup:
    """Makes the source of a sender's format, and one like it in another org with a secret of its own."""

    def make(format: str) -> NewSource:
        mine = make_source(org, "mine", secret=SECRET)
        make_source(make_org("Globex"), "theirs", secret=STRANGER)
        owner.execute("update crm_sources set format = %s", [format])
        return mine

    return make


def send(client: httpx.Client, ref: str, call: Call, **more: str) -> httpx.Response:
    headers = [(b"Content-Type", b"application/json")]
    headers += [(name.encode(), value) for name, value in (*call.headers, *_bytes(more))]
    return client.post(f"{PATH}{ref}{call.query}", content=call.body, headers=headers)


def _bytes(headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(name.replace("_", "-"), value.encode()) for name, value in headers.items()]


def kept(owner: psycopg.Connection) -> int:
    row = owner.execute("select count(*) from crm_inbox").fetchone()
    assert row is not None
    return int(row[0])


def claims(call: Call) -> bool:
    """Whether a call has any signature; without one, a key or token may prove what they always prove."""
    names = {other.header for other in SENDERS}
    return any(name in names for name, _ in call.headers)


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.header)
def test_a_forged_request_is_refused_and_a_right_one_is_kept_once(
    sender: Sender, client: httpx.Client, source_of: Setup, owner: psycopg.Connection
) -> None:
    source = source_of(sender.format)
    by_name, by_token = replace(sender, ref="mine"), replace(sender, ref=source.token)
    forged = list(forgeries(by_name, SECRET, STRANGER))
    assert len({words for words, _ in forged}) >= LEAST_FORGERIES
    for words, call in forged:
        assert send(client, "mine", call).status_code == 401, words
        if claims(call):  # then neither a key nor the token in the path helps
            assert send(client, "mine", call, X_API_Key=source.api_key).status_code == 401, words
    for words, call in forgeries(by_token, SECRET, STRANGER):
        if claims(call):
            assert send(client, source.token, call).status_code == 401, words
    assert kept(owner) == 0

    right = replace(sender, ref="mine").call(SECRET)
    first = send(client, "mine", right)
    assert (first.status_code, first.json()["repeated"]) == (sender.status, False)
    again = send(client, "mine", right)
    assert (again.status_code, again.json()) == (sender.status, {**first.json(), "repeated": True})
    assert kept(owner) == 1


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.header)
def test_without_a_signature_the_token_proves_only_what_need_not_sign(
    sender: Sender, client: httpx.Client, source_of: Setup
) -> None:
    source = source_of(sender.format)
    bare = Call(sender.body, ())
    by_token = send(client, source.token, bare).status_code
    assert by_token == (sender.status if sender.token_suffices or sender is CRM else 401)
    assert send(client, "mine", bare, X_API_Key=source.api_key).status_code == sender.status


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.header)
def test_our_own_signature_proves_a_source_of_any_format(
    sender: Sender, client: httpx.Client, source_of: Setup
) -> None:
    source_of(sender.format)
    ours = replace(CRM, body=sender.body).call(SECRET)
    assert send(client, "mine", ours).status_code == sender.status


@pytest.mark.parametrize("format", ["auto", "json", "form", "jotform"])
def test_a_source_without_a_signing_format_takes_every_senders_signature(
    format: str, client: httpx.Client, source_of: Setup
) -> None:
    source_of(format)
    for sender in SENDERS:
        signer = replace(sender, ref="mine")
        assert send(client, "mine", signer.call(SECRET)).is_success, sender.header
        assert send(client, "mine", signer.call(STRANGER)).status_code == 401, sender.header


def test_two_signatures_that_both_fit_are_taken(client: httpx.Client, source_of: Setup) -> None:
    source_of("meta")
    both = META.call(SECRET)
    ours = replace(CRM, body=META.body).call(SECRET)
    assert send(client, "mine", replace(both, headers=both.headers + ours.headers)).status_code == 200


LEAD = {
    "lead_id": "TeSter-123-ABCDEFG",
    "user_column_data": [
        {"column_name": "Full Name", "string_value": "Ada Lovelace", "column_id": "FULL_NAME"},
        {"column_name": "User Email", "string_value": "ada@analytical.example", "column_id": "EMAIL"},
    ],
    "api_version": "1.0",
    "form_id": 40000000000,
    "campaign_id": 123456,
    "is_test": True,
}


def google(**more: Any) -> bytes:
    return json.dumps({**LEAD, **more}).encode()


def _keyed_twice(first: object, second: object) -> bytes:
    pair = f'"google_key": {json.dumps(first)}, "google_key": {json.dumps(second)}, '
    return b"{" + pair.encode() + google()[1:]


WRONG_KEYS: dict[str, bytes] = {
    "none": google(),
    "empty": google(google_key=""),
    "null": google(google_key=None),
    "true": google(google_key=True),
    "a number": google(google_key=0),
    "a list": google(google_key=[SECRET]),
    "an object": google(google_key={"google_key": SECRET}),
    "another secret": google(google_key="another secret"),
    "the secret of another org": google(google_key=STRANGER),
    "the case changed": google(google_key=SECRET.swapcase()),
    "the first character": google(google_key="T" + SECRET[1:]),
    "the last character": google(google_key=SECRET[:-1] + "G"),
    "one character less": google(google_key=SECRET[:-1]),
    "one character more": google(google_key=SECRET + "x"),
    "a blank before": google(google_key=" " + SECRET),
    "a line end after": google(google_key=SECRET + "\n"),
    "a zero byte after": google(google_key=SECRET + "\0"),
    "quoted": google(google_key=f'"{SECRET}"'),
    "not ASCII": google(google_key=SECRET[:-1] + "é"),
    "half a surrogate pair": google(google_key="\ud800"),
    "its hash": google(google_key=hashlib.sha256(SECRET.encode()).hexdigest()),
    "under another name": google(googleKey=SECRET, google_Key=SECRET, key=SECRET),
    "deeper down": google(data={"google_key": SECRET}),
    "twice, both right": _keyed_twice(SECRET, SECRET),
    "twice, the right one first": _keyed_twice(SECRET, "x"),
    "twice, the right one last": _keyed_twice("x", SECRET),
    "in an array": b"[" + google(google_key=SECRET) + b"]",
    "as a form": b"google_key=the+secret+of+this+org&lead_id=1",
    "in JSON that is broken": google(google_key=SECRET)[:-1],
    "in UTF-16": google(google_key=SECRET).decode().encode("utf-16"),
    "no JSON": b"\x00\xff",
    "nested too deep": b'{"google_key":' + b"[" * 100_000,
    "in an array of pairs": json.dumps([["google_key", SECRET]]).encode(),
}


def test_a_lead_form_of_google_ads_tells_the_secret_and_nothing_else_will_do(
    client: httpx.Client, source_of: Setup, owner: psycopg.Connection
) -> None:
    source = source_of("google-ads")
    assert len(WRONG_KEYS) >= LEAST_FORGERIES
    for words, body in WRONG_KEYS.items():
        for ref in ("mine", source.token):
            assert send(client, ref, Call(body, ())).status_code == 401, words
            assert send(client, ref, Call(body, (), f"?google_key={SECRET}")).status_code == 401, words
    given = Call(google(google_key="wrong"), ())
    assert send(client, "mine", given, X_API_Key=source.api_key).status_code == 401
    signed = replace(CRM, body=given.body).call(SECRET)
    assert send(client, "mine", signed).status_code == 401
    assert kept(owner) == 0

    answers = [send(client, "mine", Call(google(google_key=SECRET), ())) for _ in range(2)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {}), (200, {})]
    assert kept(owner) == 1
    assert send(client, "mine", Call(google(lead_id="2"), ()), X_API_Key=source.api_key).status_code == 200
    assert kept(owner) == 2
    bodies = [bytes(row[0]) for row in owner.execute("select body from crm_inbox")]
    assert not [body for body in bodies if SECRET.encode() in body]  # the key did its work


def test_google_ads_is_refused_in_its_own_words_whether_there_is_such_a_source_or_not(
    client: httpx.Client, source_of: Setup
) -> None:
    source_of("google-ads")
    answers = [send(client, ref, Call(google(google_key="wrong"), ())) for ref in ("mine", "nobody")]
    for answer in answers:
        assert answer.status_code == 401
        assert list(answer.json()) == ["message"]
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "wrong" not in answer.text
    assert answers[0].content == answers[1].content
    broken = send(client, "mine", Call(b"{", ()))
    assert broken.headers["content-type"] == "application/problem+json"


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BOUNDARIES = [
    (-301_000, False), (-300_001, False), (-300_000, True), (-1, True), (0, True), (1, True),
    (300_000, True), (300_001, False), (301_000, False),
]  # fmt: skip


@pytest.mark.parametrize(("away", "fits"), BOUNDARIES)
def test_a_signed_time_counts_five_minutes_both_ways(away: int, fits: bool) -> None:
    at = str(int(NOW.timestamp() * 1000) + away)
    raw = [(b"x-webflow-timestamp", at.encode())]
    raw += [(b"x-webflow-signature", digest(SECRET, at, ":", b"{}").hex().encode())]
    sent = schemes.Sent("POST", PUBLIC_URL, Headers(raw=raw), b"{}")
    assert schemes.webflow(sent, SECRET, NOW) is fits
    assert not schemes.webflow(sent, SECRET, NOW + timedelta(minutes=11))


def test_hubspot_signs_its_address_with_some_characters_decoded(
    client: httpx.Client, source_of: Setup
) -> None:
    source_of("hubspot")
    queries = {
        "": "",
        "?a=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B": "?a=:/?@!$'()*,;",
        "?a=%3a%2f": "?a=:/",
        "?a=%20%26%3D%2B%25": "?a=%20%26%3D%2B%25",
        "?a=b+c&d=%C3%A9": "?a=b+c&d=%C3%A9",
    }
    for number, (query, signed) in enumerate(queries.items()):
        body = HUBSPOT.body.replace(b"4f2e", str(number).encode())
        sender = replace(HUBSPOT, body=body, ref="mine", query=query)
        call = sender.call(SECRET, url=f"{PUBLIC_URL}{PATH}mine{signed}")
        assert send(client, "mine", call).status_code == 200, query


def test_a_webhook_of_a_page_that_tells_of_no_lead_is_taken_and_nothing_kept(
    client: httpx.Client, source_of: Setup, owner: psycopg.Connection
) -> None:
    source_of("meta")
    body = json.dumps({"object": "page", "entry": [{"id": "1", "changes": [{"field": "feed", "value": {}}]}]})
    answer = send(client, "mine", replace(META, body=body.encode()).call(SECRET))
    assert answer.status_code == 200, answer.text
    assert kept(owner) == 0
