"""Writing a message by hand, and second thoughts about it."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from tests.api.conftest import Serve
from tests.api.serving import client_of, is_problem
from tests.api.test_records import insert_leads
from tests.conftest import Org

PATH = "/api/crm/messages"


@pytest.fixture
def lead(org: Org, owner: psycopg.Connection, reps: list[UUID]) -> UUID:
    """A lead of Acme whom a rep looks after."""
    (lead_id,) = insert_leads(
        owner, org, 1, owner_id=reps[0], timezone="Europe/London", phone="+442079460958"
    )
    return lead_id


def mail(lead: UUID, **more: Any) -> dict[str, Any]:
    words = {"channel": "email", "subject": "Hello", "text": "How are you?"}
    return {"lead_id": str(lead), **words, **more}


def meeting(lead: UUID) -> dict[str, Any]:
    starts_at = "2099-03-02T10:00:00+00:00"
    return mail(lead, channel="invite", subject="Call", starts_at=starts_at, minutes=45)


def of_lead(admin: httpx.Client, lead: UUID) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = admin.get(PATH, params={"lead_id": str(lead)}).json()["items"]
    return items


def test_a_message_is_planned_for_every_channel(admin: httpx.Client, lead: UUID) -> None:
    for channel in ("email", "sms", "call", "task", "invite"):
        answer = admin.post(PATH, json=mail(lead, channel=channel))
        assert answer.status_code == 201, answer.text
        planned = next(item for item in of_lead(admin, lead) if item["id"] == answer.json()["id"])
        assert (planned["channel"], planned["status"]) == (channel, "scheduled")


def test_a_repeat_under_a_key_is_the_same_message(
    admin: httpx.Client, lead: UUID, owner: psycopg.Connection
) -> None:
    headers = {"Idempotency-Key": "hello-1"}
    first = admin.post(PATH, json=mail(lead), headers=headers)
    assert admin.post(PATH, json=mail(lead), headers=headers).json() == first.json()
    is_problem(admin.post(PATH, json=mail(lead, text="Bye"), headers=headers), 422, "idempotency_key_reused")
    owner.execute("update crm_keys set expires_at = now()")
    assert admin.post(PATH, json=mail(lead), headers=headers).json() == first.json()
    assert len(of_lead(admin, lead)) == 1
    owner.execute("update crm_keys set expires_at = now()")
    other = admin.post(PATH, json=mail(lead, text="Bye"), headers=headers)
    assert other.json() != first.json()
    assert len(of_lead(admin, lead)) == 2


def test_without_a_key_each_post_is_a_message(admin: httpx.Client, lead: UUID) -> None:
    assert admin.post(PATH, json=mail(lead)).json() != admin.post(PATH, json=mail(lead)).json()
    assert len(of_lead(admin, lead)) == 2


def test_what_was_not_sent_is_cancelled(admin: httpx.Client, lead: UUID) -> None:
    message = admin.post(PATH, json=mail(lead)).json()
    for _ in range(2):
        answer = admin.post(f"{PATH}/{message['id']}/cancel")
        assert (answer.status_code, answer.json()) == (200, message)
    assert [item["status"] for item in of_lead(admin, lead)] == ["cancelled"]


def test_what_was_sent_cannot_be_taken_back(
    admin: httpx.Client, lead: UUID, owner: psycopg.Connection
) -> None:
    message = admin.post(PATH, json=mail(lead)).json()
    owner.execute("update crm_messages set status = 'sent', sent_at = now()")
    is_problem(admin.post(f"{PATH}/{message['id']}/cancel"), 422, "bad_value")


def test_a_meeting_is_moved_and_called_off(
    admin: httpx.Client, lead: UUID, owner: psycopg.Connection
) -> None:
    planned = admin.post(PATH, json=meeting(lead)).json()
    later = {"starts_at": "2099-03-03T10:00:00+01:00"}
    assert admin.post(f"{PATH}/{planned['id']}/move", json=later).json() == planned
    owner.execute("update crm_messages set status = 'sent', sent_at = now() where channel = 'invite'")
    moved = admin.post(
        f"{PATH}/{planned['id']}/move", json={"starts_at": "2099-03-04T10:00:00Z", "minutes": 15}
    )
    assert moved.status_code == 200
    assert moved.json() != planned
    off = admin.post(f"{PATH}/{planned['id']}/cancel")
    assert off.status_code == 200
    invites = [item for item in of_lead(admin, lead) if item["channel"] == "invite"]
    assert {planned["id"], off.json()["id"]} <= {item["id"] for item in invites}


def test_what_does_not_fit_is_refused(admin: httpx.Client, lead: UUID) -> None:
    for unfit, code in (
        (mail(lead, channel="fax"), "invalid_request"),
        (mail(lead, due_at="2099-03-02T10:00:00"), "invalid_request"),
        (mail(lead, to="x@y.example"), "invalid_request"),
        (mail(lead, subject="", text=""), "bad_value"),
        (mail(lead, minutes=1, channel="invite"), "bad_value"),
        (mail(lead, starts_at="2099-03-02T10:00:00Z"), "bad_value"),
        (mail(lead, channel="invite", starts_at="2001-03-02T10:00:00Z"), "bad_value"),
    ):
        is_problem(admin.post(PATH, json=unfit), 422, code)
    is_problem(admin.post(PATH, json=mail(uuid4())), 404, "not_found")
    message = admin.post(PATH, json=mail(lead)).json()["id"]
    is_problem(
        admin.post(f"{PATH}/{message}/move", json={"starts_at": "2099-03-02T10:00:00Z"}), 422, "bad_value"
    )
    is_problem(admin.post(f"{PATH}/{uuid4()}/cancel"), 404, "not_found")
    assert len(of_lead(admin, lead)) == 1


def test_nobody_writes_to_or_cancels_for_another_org(
    serve: Serve, admin: httpx.Client, lead: UUID, make_org: Any
) -> None:
    message = admin.post(PATH, json=mail(lead)).json()["id"]
    with client_of(serve(), make_org("Globex").api_key) as stranger:
        is_problem(stranger.post(PATH, json=mail(lead)), 404, "not_found")
        is_problem(stranger.post(f"{PATH}/{message}/cancel"), 404, "not_found")
        later = {"starts_at": "2099-03-02T10:00:00Z"}
        is_problem(stranger.post(f"{PATH}/{message}/move", json=later), 404, "not_found")
    assert [item["status"] for item in of_lead(admin, lead)] == ["scheduled"]
