"""The door for leads: who may post, what is kept, and that a repeat is harmless."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from crm_db.actions.sources import NewSource
from tests.api.conftest import Serve
from tests.api.serving import client_of, eventually, is_problem, signed
from tests.api.test_proof import FORGED, GOOD, LEAD
from tests.conftest import Org

JSON = {"Content-Type": "application/json"}


def url(ref: object) -> str:
    return f"/api/crm/capture/{ref}"


def inbox(owner: psycopg.Connection) -> list[tuple[Any, ...]]:
    return owner.execute(
        "select id, source_id, status, content_type, body, automation from crm_inbox order by id"
    ).fetchall()


def test_a_lead_posted_with_the_path_token_is_kept_byte_by_byte(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    response = anyone.post(url(source.token), content=LEAD, headers=JSON)
    assert response.status_code == 202
    event_id = response.json()["event_id"]
    assert response.json() == {
        "event_id": event_id,
        "status_url": f"/api/crm/events/{event_id}",
        "repeated": False,
    }
    assert inbox(owner) == [(UUID(event_id), source.id, "pending", "application/json", LEAD, True)]


def test_the_key_of_a_source_proves_it_however_it_is_named(anyone: httpx.Client, source: NewSource) -> None:
    for header, given in (("X-API-Key", source.api_key), ("Authorization", f"Bearer {source.api_key}")):
        for ref in (source.token, source.name, source.id):
            assert anyone.post(url(ref), content=LEAD, headers={header: given}).status_code == 202


def test_a_signature_over_the_raw_bytes_proves_the_sender(anyone: httpx.Client, source: NewSource) -> None:
    headers = {"X-CRM-Signature": signed(source.secret, LEAD)}
    for ref in (source.token, source.name, source.id):
        assert anyone.post(url(ref), content=LEAD, headers=headers).status_code == 202


def test_an_administrators_key_may_post_to_every_source(
    anyone: httpx.Client, org: Org, source: NewSource
) -> None:
    response = anyone.post(url("website"), content=LEAD, headers={"X-API-Key": org.api_key})
    assert response.status_code == 202


def test_a_forged_signature_is_refused_even_beside_a_good_token_and_key(
    anyone: httpx.Client, org: Org, make_source: Callable[..., NewSource], owner: psycopg.Connection
) -> None:
    signer = make_source(org, "signer", secret="the secret")
    for name, given in FORGED.items():
        headers = [(b"X-API-Key", signer.api_key.encode()), (b"X-CRM-Signature", given.encode())]
        for ref in (signer.name, signer.token):
            answer = anyone.post(url(ref), content=LEAD, headers=headers)
            assert answer.status_code == 401, name
            is_problem(answer, 401, "unproven")
    assert inbox(owner) == []


def test_a_signature_given_twice_is_refused(
    anyone: httpx.Client, org: Org, make_source: Callable[..., NewSource]
) -> None:
    make_source(org, "signer", secret="the secret")
    headers = [("X-CRM-Signature", GOOD), ("X-CRM-Signature", GOOD)]
    is_problem(anyone.post(url("signer"), content=LEAD, headers=headers), 401, "unproven")
    assert anyone.post(url("signer"), content=LEAD, headers=headers[:1]).status_code == 202


def test_an_unknown_source_and_an_unproven_sender_get_the_same_answer(
    anyone: httpx.Client, source: NewSource
) -> None:
    unproven = anyone.post(url("website"), content=LEAD)
    problem = is_problem(unproven, 401, "unproven")
    for unknown in ("no-such-source", "x" * 300, "%00", str(UUID(int=1))):
        response = anyone.post(url(unknown), content=LEAD)
        assert (response.json(), response.headers["www-authenticate"]) == (problem, "Bearer")


def test_a_key_without_the_scope_capture_proves_nothing(
    anyone: httpx.Client, org: Org, make_key: Callable[..., str]
) -> None:
    for scopes in (["read"], ["write"], ["read", "write"]):
        headers = {"X-API-Key": make_key(org, *scopes)}
        is_problem(anyone.post(url("website"), content=LEAD, headers=headers), 401, "unproven")


def test_the_key_of_one_source_does_not_open_another(
    anyone: httpx.Client, org: Org, source: NewSource, make_source: Callable[..., NewSource]
) -> None:
    other = make_source(org, "other")
    headers = {"X-API-Key": source.api_key}
    is_problem(anyone.post(url(other.name), content=LEAD, headers=headers), 401, "unproven")


def test_the_proof_says_which_orgs_source_of_one_name_is_meant(
    anyone: httpx.Client,
    source: NewSource,
    make_org: Callable[[str], Org],
    make_source: Callable[..., NewSource],
    owner: psycopg.Connection,
) -> None:
    twin = make_source(make_org("Globex"), source.name)
    for one in (source, twin):
        headers = {"X-CRM-Signature": signed(one.secret, LEAD)}
        assert anyone.post(url("website"), content=LEAD, headers=headers).status_code == 202
    assert [row[1] for row in inbox(owner)] == [source.id, twin.id]


def test_a_signature_that_fits_the_sources_of_two_orgs_proves_neither(
    anyone: httpx.Client, org: Org, make_org: Callable[[str], Org], make_source: Callable[..., NewSource]
) -> None:
    one = make_source(org, "same", secret="the secret")
    make_source(make_org("Globex"), "same", secret="the secret")
    headers = {"X-CRM-Signature": GOOD}
    is_problem(anyone.post(url("same"), content=LEAD, headers=headers), 401, "unproven")
    assert (
        anyone.post(url("same"), content=LEAD, headers={**headers, "X-API-Key": one.api_key}).status_code
        == 202
    )


def test_an_array_is_kept_item_by_item_in_its_order(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    items: list[object] = [{"email": f"{n}@x.example"} for n in range(50)] + ["not a lead", {"id": 7}]
    response = anyone.post(url(source.token), json=items)
    assert response.status_code == 202
    ids = [event["event_id"] for event in response.json()["events"]]
    bodies = {str(row[0]): json.loads(row[4]) for row in inbox(owner)}
    assert [bodies[event_id] for event_id in ids] == items


def test_a_form_and_what_nobody_can_read_are_kept_too(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    sent = [
        ("application/x-www-form-urlencoded", b"email=a%40b.example"),
        ("multipart/form-data; boundary=X", b"--X\r\n\r\nbroken"),
        ("application/json", b'{"email": '),
        ("image/png", b"\x89PNG\x00\xff"),
    ]
    for content_type, body in sent:
        response = anyone.post(url(source.token), content=body, headers={"Content-Type": content_type})
        assert response.status_code == 202
    assert [(row[3], row[4]) for row in inbox(owner)] == sent


def test_a_body_without_a_submission_is_refused(anyone: httpx.Client, source: NewSource) -> None:
    for body in (b"", b"  ", b"[]"):
        is_problem(anyone.post(url(source.token), content=body, headers=JSON), 422, "empty_payload")


def test_an_array_brings_a_thousand_items_at_the_most(anyone: httpx.Client, source: NewSource) -> None:
    items = [{"n": n} for n in range(1001)]
    is_problem(anyone.post(url(source.token), json=items), 413, "too_many_items")
    answer = anyone.post(url(source.token), json=items[:1000])
    assert (answer.status_code, len(answer.json()["events"])) == (202, 1000)


LIMITED = [
    (b'{"a":"' + b"x" * (2000 - 8) + b'"}', True),
    (b'{"a":"' + b"x" * (2001 - 8) + b'"}', False),
    (b'["' + b"x" * (16_000 - 4) + b'"]', True),
    (b'["' + b"x" * (16_001 - 4) + b'"]', False),
    (b"x" * 60_000, False),
    (b"x" * 1_000_000, False),
]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_limited_and_an_array_may_be_eight_times_as_large(
    serve: Serve, source: NewSource, chunked: bool
) -> None:
    with client_of(serve(capture_max_bytes=2000)) as client:
        for body, fits in LIMITED:
            pieces = (body[at : at + 5000] for at in range(0, len(body), 5000))
            answer = client.post(url(source.token), content=pieces if chunked else body, headers=JSON)
            if fits:
                assert answer.status_code == 202
            else:
                is_problem(answer, 413, "body_too_large")


def test_a_source_may_post_as_fast_as_its_rate(
    serve: Serve,
    org: Org,
    source: NewSource,
    make_source: Callable[..., NewSource],
    owner: psycopg.Connection,
) -> None:
    slow = make_source(org, "slow")
    owner.execute("update crm_sources set rate_per_minute = 3 where id = %s", [slow.id])
    with client_of(serve()) as client:
        answers = [client.post(url(slow.token), json={"n": n}) for n in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        is_problem(answers[3], 429, "too_many_requests")
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert client.post(url(source.token), json={"n": 1}).status_code == 202
    assert len(inbox(owner)) == 4


def test_an_unproven_sender_uses_up_nothing_of_a_sources_rate(serve: Serve, source: NewSource) -> None:
    with client_of(serve(capture_rate_per_minute=2)) as client:
        for _ in range(5):
            assert client.post(url(source.name), content=LEAD).status_code == 401
        assert client.post(url(source.token), content=LEAD).status_code == 202


AUTOMATION = [
    ("", None, True),
    ("?automation=false", None, False),
    ("?automation=0", None, False),
    ("?automation=true", None, True),
    ("", "off", False),
    ("", "on", True),
]


def test_automation_can_be_declined(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    for number, (query, header, wanted) in enumerate(AUTOMATION):
        headers = {"X-CRM-Automation": header} if header else {}
        answer = anyone.post(url(source.token) + query, json={"n": number}, headers=headers)
        kept = {str(row[0]): row[5] for row in inbox(owner)}
        assert kept[answer.json()["event_id"]] is wanted, (query, header)


def test_a_hundred_parallel_posts_with_one_key_are_one_event(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    def post(_: int) -> httpx.Response:
        return anyone.post(url(source.token), content=LEAD, headers={"Idempotency-Key": "order-1"})

    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(post, range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["event_id"] for answer in answers}) == 1
    assert sorted(answer.json()["repeated"] for answer in answers) == [False] + [True] * 99
    assert len(inbox(owner)) == 1


def test_an_idempotency_key_with_another_body_is_refused(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    headers = {"Idempotency-Key": "k"}
    first = anyone.post(url(source.token), content=LEAD, headers=headers)
    changed = anyone.post(url(source.token), content=LEAD + b" ", headers=headers)
    is_problem(changed, 422, "idempotency_key_reused")
    again = anyone.post(url(source.token), content=LEAD, headers=headers)
    assert again.json() == {**first.json(), "repeated": True}
    assert len(inbox(owner)) == 1


def test_an_array_under_a_used_key_is_refused_as_a_whole(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    headers = {"Idempotency-Key": "batch"}
    items = [{"n": 1}, {"n": 2}]
    first = anyone.post(url(source.token), json=items, headers=headers)
    for changed in ([{"n": 1}, {"n": 3}], [{"n": 1}], [*items, {"n": 3}]):
        answer = anyone.post(url(source.token), json=changed, headers=headers)
        is_problem(answer, 422, "idempotency_key_reused")
    again = anyone.post(url(source.token), json=items, headers=headers)
    assert again.json()["events"] == [{**event, "repeated": True} for event in first.json()["events"]]
    assert len(inbox(owner)) == 2


def test_an_idempotency_key_is_1_to_255_visible_characters(anyone: httpx.Client, source: NewSource) -> None:
    for key, fits in (("k" * 255, True), ("k" * 256, False), ("a b", False), ("", False)):
        answer = anyone.post(url(source.token), content=LEAD, headers={"Idempotency-Key": key})
        if fits:
            assert answer.status_code == 202
        else:
            is_problem(answer, 422, "bad_idempotency_key")


def test_the_senders_own_id_makes_a_repeat_however_the_body_differs(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    first = anyone.post(url(source.token), json={"submission_id": "s-1", "email": "a@b.example"})
    again = anyone.post(url(source.token), json={"email": "a@b.example", "submission_id": "s-1", "try": 2})
    assert again.json() == {**first.json(), "repeated": True}
    other = anyone.post(url(source.token), json={"submission_id": "s-2", "email": "a@b.example"})
    assert other.json()["repeated"] is False
    expiries = {
        row[0] for row in owner.execute("select expires_at from crm_keys where scope like 'sender:%'")
    }
    assert (len(inbox(owner)), expiries) == (2, {None})


def test_the_same_bytes_are_a_repeat_for_a_day(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    first = anyone.post(url(source.token), content=LEAD).json()
    assert anyone.post(url(source.token), content=LEAD).json() == {**first, "repeated": True}
    owner.execute("update crm_keys set expires_at = now() where expires_at <= now() + interval '24 hours'")
    later = anyone.post(url(source.token), content=LEAD).json()
    assert later["repeated"] is False
    assert later["event_id"] != first["event_id"]


def test_keys_of_one_source_mean_nothing_to_another(
    anyone: httpx.Client,
    org: Org,
    source: NewSource,
    make_source: Callable[..., NewSource],
    owner: psycopg.Connection,
) -> None:
    other = make_source(org, "other")
    for one in (source, other):
        for headers, body in (({"Idempotency-Key": "k"}, b"{}"), ({}, LEAD), ({}, b'{"submission_id":"1"}')):
            answer = anyone.post(url(one.token), content=body, headers=headers)
            assert answer.json()["repeated"] is False
    assert len(inbox(owner)) == 6


def test_a_revoked_key_and_a_removed_source_stop_counting_within_a_second_or_so(
    anyone: httpx.Client, source: NewSource, owner: psycopg.Connection
) -> None:
    headers = {"X-API-Key": source.api_key}
    assert anyone.post(url("website"), content=LEAD, headers=headers).status_code == 202
    owner.execute("update crm_api_keys set revoked_at = now() where source_id = %s", [source.id])
    eventually(lambda: anyone.post(url("website"), content=LEAD, headers=headers).status_code == 401)
    assert anyone.post(url(source.token), content=LEAD).status_code == 202
    owner.execute("update crm_sources set active = false where id = %s", [source.id])
    eventually(lambda: anyone.post(url(source.token), content=LEAD).status_code == 401)
