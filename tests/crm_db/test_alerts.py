"""Alerts: one for a cause however often it happens, mailed once, true to what is there, resolved when it is gone."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.actions import alerts, messages, sources, submissions
from crm_db.errors import RecordNotFound
from crm_db.queries import alerts as questions
from crm_db.queries import submissions as letters
from tests.crm_db.test_capture import LEASE, NOW, capture, post, rows

ROBOT = {"email": "a@example.com", "website_url_confirm": "http://spam.example"}


def open_alerts(org: Any) -> Sequence[questions.AlertRow]:
    with session.unit_of_work() as work:
        return questions.latest(work, org.org_id)


def replay(org: Any, *ids: UUID) -> list[UUID]:
    with session.unit_of_work() as work:
        return submissions.replay(work, org.org_id, list(ids) or None)


def test_dead_letters_open_one_alert_that_counts_and_one_mail(as_flow, org, source):
    post(as_flow, org, source.id, b"{not json", {"name": "Nobody"}, key="first")
    capture()
    post(as_flow, org, source.id, b"{not json either", key="second")
    capture()
    (alert,) = open_alerts(org)
    assert (alert.kind, alert.count) == ("dead-letters", 3)
    assert "website" in alert.title
    (row,) = rows("select detail, entity, entity_id from crm_alerts")
    assert row["detail"] == {"source": "website", "reasons": {"not_json": 2, "no_contact": 1}}
    assert (row["entity"], row["entity_id"]) == ("source", source.id)
    (mail,) = rows("select * from crm_messages")
    assert mail["key"] == f"alert:{alert.id}:{org.admin_id}"
    assert (mail["channel"], mail["recipient"], mail["user_id"]) == ("email", "user", org.admin_id)


def test_an_alert_is_resolved_when_nothing_of_it_is_left_and_opens_anew_later(as_flow, org, source):
    first, second = post(as_flow, org, source.id, b"{not json", b"{nor this")
    capture()
    replay(org, first)
    assert [alert.count for alert in open_alerts(org)] == [1]
    replay(org, second)
    assert open_alerts(org) == []
    capture()
    assert [alert.count for alert in open_alerts(org)] == [2]
    assert len(rows("select 1 from crm_alerts")) == 2
    assert len(rows("select 1 from crm_messages")) == 2


def test_each_source_has_an_alert_of_its_own(as_flow, org, source):
    with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
        other = sources.add(work, org.identity, "fair")
    for one in (source, other):
        post(as_flow, org, one.id, b"{not json", key=one.name)
    capture()
    assert sorted(alert.count for alert in open_alerts(org)) == [1, 1]


def test_a_robot_is_no_alert(as_flow, org, source):
    post(as_flow, org, source.id, ROBOT)
    capture()
    assert open_alerts(org) == []
    post(as_flow, org, source.id, b"{not json", key="later")
    capture()
    assert [alert.count for alert in open_alerts(org)] == [1]


def test_what_kills_its_worker_is_counted_too(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    for _ in range(submissions.MOST_CLAIMS):
        with session.unit_of_work() as work:
            submissions.claim(work, limit=10, lease=-LEASE)
    capture()
    assert [alert.count for alert in open_alerts(org)] == [1]


def test_two_workers_at_once_count_what_both_found(as_flow, org, source):
    """The second waits for the first, and then sees its dead letter too."""
    post(as_flow, org, source.id, b"{not json", b"{nor this")
    claims = []
    for _ in range(2):
        with session.unit_of_work() as work:
            claims.append(submissions.claim(work, limit=1, lease=LEASE))

    def second() -> None:
        with session.unit_of_work() as work:
            submissions.capture(work, claims[1].token, now=NOW)

    with ThreadPoolExecutor(1) as pool:
        with session.unit_of_work() as first:
            submissions.capture(first, claims[0].token, now=NOW)
            other = pool.submit(second)
            wait_until(lambda: waits_for_a_lock(as_flow), "the second worker to wait for the first")
        other.result(timeout=60)
    assert [alert.count for alert in open_alerts(org)] == [2]


def waits_for_a_lock(database: Any) -> bool:
    with psycopg.connect(database.owner_url) as watcher:
        waiting = watcher.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            " and database = (select oid from pg_database where datname = current_database())"
        ).fetchone()
    return waiting is not None and waiting[0] > 0


def wait_until(fulfilled: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not fulfilled():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def test_the_mail_says_what_it_is_about(as_flow, org, source):
    """As the ledger would send it: the template exists in an org that was made before there were alerts."""
    with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
        work.execute(text("delete from crm_templates where name = 'alert'"))
    post(as_flow, org, source.id, b"{not json")
    capture()
    assert len(rows("select 1 from crm_templates where name = 'alert'")) == 1
    (mail,) = rows("select template, config, status from crm_messages")
    assert (mail["template"], mail["status"]) == ("alert", "scheduled")
    assert "website" in mail["config"]["alert"]
    assert "crm dead" in mail["config"]["alert_action"]


def test_every_active_administrator_is_told_once_and_nobody_else(as_flow, org, source, reps):
    with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
        work.execute(
            text(
                "insert into crm_users (org_id, email, name, role, active) values"
                " (:org, 'second@acme.example', 'Second', 'admin', true), (:org, 'gone@acme.example', 'Gone', 'admin', false)"
            ),
            {"org": org.org_id},
        )
    post(as_flow, org, source.id, b"{not json")
    capture()
    told = rows("select u.email from crm_messages m join crm_users u on u.id = m.user_id order by 1")
    assert [row["email"] for row in told] == ["admin@acme.example", "second@acme.example"]


def test_an_alert_that_a_person_resolves_stays_resolved_until_it_happens_again(as_flow, org, source):
    post(as_flow, org, source.id, b"{not json")
    capture()
    (alert,) = open_alerts(org)
    with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
        alerts.resolve(work, org.identity, alert.id)
        alerts.resolve(work, org.identity, alert.id)
        with pytest.raises(RecordNotFound):
            alerts.resolve(work, org.identity, org.org_id)
    assert open_alerts(org) == []
    post(as_flow, org, source.id, b"{nor this", key="later")
    capture()
    assert [one.count for one in open_alerts(org)] == [2]


def test_alerts_of_other_orgs_are_not_seen(as_flow, org, source, make_org):
    post(as_flow, org, source.id, b"{not json")
    capture()
    other = make_org("Other")
    with session.bound_to(as_flow.app_url), session.unit_of_work(other.identity) as work:
        assert questions.latest(work, org.org_id) == []
        assert questions.latest(work, other.org_id) == []


def test_alerts_that_are_settled_are_not_open_any_more(as_flow, org):
    with session.unit_of_work() as work:
        for number in range(3):
            alerts.raise_or_count(
                work, org.org_id, alerts.Cause("quota", f"quota:{number}", f"Quota {number}", "Wait.")
            )
    with session.unit_of_work() as work:
        assert alerts.settle(work, org.org_id, "quota:0")
        assert not alerts.settle(work, org.org_id, "quota:0")
        assert len(questions.latest(work, org.org_id)) == 2
        assert len(questions.latest(work, org.org_id, state=None)) == 3


def test_each_case_counts_one_more_where_the_caller_does_not_know_how_many(as_flow, org):
    cause = alerts.Cause("quota", "quota", "The quota is used up", "Wait.", severity="critical")
    with session.unit_of_work() as work:
        first = alerts.raise_or_count(work, org.org_id, cause)
        assert alerts.raise_or_count(work, org.org_id, cause) == first
    assert [(one.count, one.severity) for one in open_alerts(org)] == [(2, "critical")]


def test_the_mail_goes_through_the_ledger_with_words(as_flow, org, source):
    from crm_db.actions import attempts

    post(as_flow, org, source.id, b"{not json")
    capture()
    with session.unit_of_work() as work:
        now = work.execute(text("select now()")).scalar_one()
        claim = messages.claim(work, limit=10, lease=LEASE, now=now)
    with session.unit_of_work() as work:
        opened = attempts.open_attempt(
            work,
            claim.messages[0],
            claim.token,
            carrier=attempts.Carrier("local", LEASE),
            lead_url="http://crm.example/leads/{id}",
            now=now,
        )
    assert opened is not None
    assert opened.rendered.subject == "Please look: Submissions of website could not be understood"
    assert "crm dead show ID" in opened.rendered.text


def test_dead_letters_are_grouped_by_source_and_reason(as_flow, org, source):
    post(as_flow, org, source.id, b"{not json", b"{nor this", {"name": "Nobody"}, ROBOT)
    ids = [row["id"] for row in rows("select id from crm_inbox")]
    capture()
    with session.unit_of_work() as work:
        groups = letters.dead_groups(work)
        assert letters.outcomes(work, ids) == {"dead": 4}
        assert len(letters.dead(work, source="website")) == 4
        assert letters.dead(work, source="elsewhere") == []
    assert [(one.source, one.reason, one.count) for one in groups] == [
        ("website", "not_json", 2),
        ("website", "honeypot", 1),
        ("website", "no_contact", 1),
    ]
