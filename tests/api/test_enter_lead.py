"""Entering a lead by POST /api/crm/leads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from tests.api.serving import is_problem
from tests.conftest import Org

PATH = "/api/crm/leads"
ADA = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": " Ada@Analytical.Example",
    "phone": "+44 20 7946 0958",
    "company": "Analytical Engines",
    "value": 60000,
    "probability": 40,
    "tags": ["fair"],
    "custom": {"plan": "team"},
}


def count(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def test_a_character_that_cannot_be_kept_is_refused_not_dropped(admin):
    for field in ("company", "notes", "country", "first_name", "external_id"):
        answer = admin.post("/api/crm/leads", json={"email": "a@b.example", field: "a\0b"})
        problem = is_problem(answer, 422, "invalid_request")
        assert [fault["field"] for fault in problem["errors"]] == [f"body.{field}"]


def test_a_new_lead_is_kept_and_answered(admin: httpx.Client, owner: psycopg.Connection) -> None:
    response = admin.post(PATH, json=ADA)
    assert response.status_code == 201, response.text
    lead = response.json()
    assert response.headers["location"] == f"{PATH}/{lead['id']}"
    assert response.headers["etag"] == f'"{lead["version"]}"'
    kept = {name: lead[name] for name in ("first_name", "email", "phone", "value", "probability", "status")}
    assert kept == {
        "first_name": "Ada",
        "email": "ada@analytical.example",
        "phone": "+442079460958",
        "value": 60000,
        "probability": 40,
        "status": "new",
    }
    assert lead["custom"]["plan"] == "team"
    assert admin.get(response.headers["location"]).json() == lead
    assert count(owner, "crm_events") == 1


def test_a_known_person_is_enriched_and_answered_with_200(
    admin: httpx.Client, owner: psycopg.Connection
) -> None:
    first = admin.post(PATH, json={"email": "ada@analytical.example"})
    second = admin.post(PATH, json=ADA)
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    assert second.json()["company"] == "Analytical Engines"
    assert count(owner, "crm_leads") == 1


@pytest.mark.parametrize(
    ("given", "automation"),
    [({}, "pending"), ({"automation": True}, "pending"), ({"automation": False}, "off")],
)
def test_automation_can_be_declined(
    admin: httpx.Client, owner: psycopg.Connection, given: dict[str, bool], automation: str
) -> None:
    assert admin.post(PATH, json={**ADA, **given}).status_code == 201
    assert owner.execute("select automation from crm_leads").fetchall() == [(automation,)]


NOT_THEIRS = """
    id org_id owner_id team_id score score_band score_reasons status version created_at updated_at deleted_at
    source_id last_contact ai_insights scored_at emial
"""


def test_what_is_not_the_callers_to_say_is_refused(admin: httpx.Client, owner: psycopg.Connection) -> None:
    for field in NOT_THEIRS.split():
        problem = is_problem(admin.post(PATH, json={**ADA, field: "secret words"}), 422, "invalid_request")
        assert [(fault["field"], fault["code"]) for fault in problem["errors"]] == [
            (f"body.{field}", "extra_forbidden")
        ]
        assert "secret words" not in str(problem)
    assert count(owner, "crm_leads") == 0


HOPELESS: list[tuple[Any, str, str | None]] = [
    ({}, "empty_payload", None),
    ({"first_name": "Ada"}, "no_contact", "email"),
    ({"email": "secret-at-nowhere"}, "no_contact", "email"),
    ({"phone": "secret"}, "no_contact", "phone"),
    ({"email": 7}, "invalid_request", None),
    ({"probability": 101}, "invalid_request", None),
    ({"value": -1}, "invalid_request", None),
    ({"value": "secret"}, "invalid_request", None),
    ({"email": "a@b.example", "automation": "secret"}, "invalid_request", None),
    ({"email": "a@b.example", "custom": "secret"}, "invalid_request", None),
    ({"email": "a@b.example", "consent": {"fax": True}}, "invalid_request", None),
    ([], "invalid_request", None),
    ("secret", "invalid_request", None),
]


def test_what_cannot_become_a_lead_is_refused_without_repeating_it(
    admin: httpx.Client, owner: psycopg.Connection
) -> None:
    for body, code, field in HOPELESS:
        response = admin.post(PATH, json=body)
        assert is_problem(response, 422, code).get("field") == field, body
        assert "secret" not in response.text
    assert count(owner, "crm_leads") == 0


def test_a_body_that_is_no_json_is_refused_without_repeating_it(admin: httpx.Client) -> None:
    json_only = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"[1]", b'{"email": secret@person.example}'):
        response = admin.post(PATH, content=body, headers=json_only)
        is_problem(response, 422, "invalid_request")
        assert "secret" not in response.text
    for body in (b"\xff", b"[" * 100_000):
        response = admin.post(PATH, content=body, headers=json_only)
        is_problem(response, 400, "unreadable_body")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_a_megabyte_is_refused(admin: httpx.Client, chunked: bool) -> None:
    body = b'{"notes": "' + b"x" * 1024 * 1024 + b'"}'
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    headers = {"Content-Type": "application/json"}
    is_problem(admin.post(PATH, content=pieces if chunked else body, headers=headers), 413, "body_too_large")


def test_a_hundred_parallel_posts_with_one_key_make_one_lead_and_get_the_same_answer(
    admin: httpx.Client, owner: psycopg.Connection
) -> None:
    def post(_: int) -> httpx.Response:
        return admin.post(PATH, json=ADA, headers={"Idempotency-Key": "k-1"})

    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(post, range(100)))
    assert {(answer.status_code, answer.text, answer.headers["etag"]) for answer in answers} == {
        (201, answers[0].text, answers[0].headers["etag"])
    }
    assert (count(owner, "crm_leads"), count(owner, "crm_events")) == (1, 1)


def test_a_key_with_another_request_is_refused_and_the_first_answer_stays(
    admin: httpx.Client, owner: psycopg.Connection
) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = admin.post(PATH, json=ADA, headers=headers)
    changed = admin.post(PATH, json={**ADA, "company": "Other"}, headers=headers)
    is_problem(changed, 422, "idempotency_key_reused")
    owner.execute("update crm_leads set company = 'Meanwhile'")
    again = admin.post(PATH, json=dict(reversed(ADA.items())), headers=headers)
    assert (again.status_code, again.text) == (201, first.text)


def test_a_key_counts_for_a_day(admin: httpx.Client, owner: psycopg.Connection) -> None:
    headers = {"Idempotency-Key": "k-1"}
    assert admin.post(PATH, json=ADA, headers=headers).status_code == 201
    left = owner.execute(
        "select expires_at - now() between interval '23 h' and '24 h' from crm_keys"
    ).fetchall()
    assert left == [(True,)]
    owner.execute("update crm_keys set expires_at = now()")
    assert admin.post(PATH, json={**ADA, "company": "Other"}, headers=headers).status_code == 200


def test_a_refused_request_leaves_its_key_unused(admin: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    is_problem(admin.post(PATH, json={"first_name": "Ada"}, headers=headers), 422, "no_contact")
    assert admin.post(PATH, json=ADA, headers=headers).status_code == 201


def test_a_key_of_one_org_or_user_tells_nothing_to_another(
    admin: httpx.Client,
    org: Org,
    make_org: Callable[[str], Org],
    make_key: Callable[..., str],
    owner: psycopg.Connection,
) -> None:
    headers = {"Idempotency-Key": "k-1"}
    assert admin.post(PATH, json=ADA, headers=headers).status_code == 201
    stranger = {**headers, "X-API-Key": make_org("Globex").api_key}
    assert admin.post(PATH, json=ADA, headers=stranger).status_code == 201
    system = {**headers, "X-API-Key": make_key(org, "write")}
    is_problem(admin.post(PATH, json=ADA, headers=system), 422, "idempotency_key_reused")
    assert count(owner, "crm_leads") == 2


def test_an_idempotency_key_is_1_to_255_visible_characters(admin: httpx.Client) -> None:
    for key in ("", "a b", "k" * 256):
        is_problem(admin.post(PATH, json=ADA, headers={"Idempotency-Key": key}), 422, "bad_idempotency_key")


@pytest.mark.parametrize(
    ("field", "value"), [("phone", "by pigeon"), ("country", "Narnia"), ("currency", "shells")]
)
def test_a_field_that_cannot_be_used_is_refused_by_name(
    admin: httpx.Client, owner: psycopg.Connection, field, value
) -> None:
    response = admin.post(PATH, json={**ADA, field: value})
    is_problem(response, 422, "unusable_field")
    assert field in response.text
    assert value not in response.text
    assert count(owner, "crm_leads") == 0


def test_fields_of_ones_own_are_refused_when_they_are_nested_without_end(admin: httpx.Client) -> None:
    deep: object = 1
    for _ in range(300):
        deep = {"in": deep}
    for headers in ({}, {"Idempotency-Key": "deep"}):
        assert admin.post(PATH, json={**ADA, "custom": {"deep": deep}}, headers=headers).status_code == 422
