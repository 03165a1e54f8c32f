"""The life of a lead, from a post to a readable e-mail."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg

from deployments.outbox import read_message, text_of
from tests.e2e.conftest import Caller, eventually
from tests.faults.own_stack import OwnStack

Person = Callable[..., dict[str, Any]]


def test_a_posted_lead_is_scored_with_reasons_assigned_and_answered_by_e_mail(
    caller: Caller, stack: OwnStack, person: Person
) -> None:
    body = person(value=60_000, probability=40)
    lead_id = caller.lead_of(caller.event(body))
    lead = caller.prepared(lead_id)
    assert (lead["email"], lead["score_band"]) == (body["email"], "warm")
    assert lead["score"] in {50, 55}  # 55 once the welcome counts as a contact and a sweep has passed
    assert [reason["words"] for reason in lead["score_reasons"]][:2] == [
        "Probability 40%: +40",
        "Deal value above 50,000: +10",
    ]
    messages = eventually(lambda: emails_sent(caller, lead_id, 2))
    assert {message["key"].split(":")[0] for message in messages} == {"seq", "owner"}
    welcome = next(message for message in messages if message["key"].startswith("seq:"))
    file = stack.outbox / welcome["provider_id"]
    email = read_message(file)
    assert email["X-CRM-Message-Id"] == welcome["id"] == file.stem
    assert body["email"] in email["To"]
    assert "Hello Grace," in text_of(email)


def test_a_lead_posted_with_automation_false_is_kept_and_left_alone(caller: Caller, person: Person) -> None:
    quiet = caller.lead_of(caller.event(person(), automation="false"))
    caller.prepared(caller.lead_of(caller.event(person())))  # a later one has been through everything
    lead = caller.get(f"/api/crm/leads/{quiet}")
    assert (lead["score"], lead["owner_id"]) == (None, None)
    assert caller.get("/api/crm/messages", lead_id=quiet)["items"] == []


def test_an_array_of_a_thousand_becomes_a_thousand_leads(
    caller: Caller, owner: psycopg.Connection, person: Person
) -> None:
    answer = caller.capture([person(n=number) for number in range(1_000)], automation="false")
    assert answer.status_code == httpx.codes.ACCEPTED
    events = [receipt["event_id"] for receipt in answer.json()["events"]]
    assert len(set(events)) == 1_000

    def outcomes() -> list[tuple[str, int]]:
        return owner.execute(
            "select outcome, count(distinct lead_id) from crm_inbox where id = any (%s::uuid[]) group by 1",
            [events],
        ).fetchall()

    eventually(lambda: outcomes() == [("new", 1_000)])
    assert caller.capture([{"n": number} for number in range(1_001)]).status_code == 413


def emails_sent(caller: Caller, lead_id: str, count: int) -> list[dict[str, Any]]:
    """The e-mails sent about a lead, once there are so many; before that, none."""
    sent: list[dict[str, Any]] = caller.get(
        "/api/crm/messages", lead_id=lead_id, channel="email", status="sent"
    )["items"]
    return sent if len(sent) >= count else []
