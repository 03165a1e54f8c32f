"""Leads of which only the id was posted: fetched beside everything else, put off while their sender is away, never lost."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from crm_db import clock, session
from crm_db.actions import fetches, submissions
from integrations.testing import Fakes, FakeServer, running_fakes
from integrations.testing.faults import Plan, Scripted
from tasks import capture, fetching, senders
from tasks.capture import capture_and_prepare
from tasks.tally import Tally, Window
from tests.crm_db.test_capture import post, rows
from tests.integrations.mail_servers import closed_port

LEADS = ("4711", "4712", "4713")


@pytest.fixture
def graph(as_flow: Any, org: Any, source: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """Graph with three leads, and a source that holds the app's secret and the page's token."""
    with running_fakes(Fakes(seed=1)) as server:
        for lead_id in LEADS:
            answers = [{"name": "email", "values": [f"lead{lead_id}@example.com"]}]
            server.fakes.graph.put({"id": lead_id, "field_data": answers})
        known = server.fakes.credentials
        as_owner(
            as_flow,
            "update crm_sources set format = 'meta', secret = %s, access_token = %s",
            known.meta_app_secret,
            known.meta_token,
        )
        monkeypatch.setenv("CRM_META_BASE_URL", server.url)
        senders.forget()
        yield server
    monkeypatch.undo()
    senders.forget()


def as_owner(database: Any, statement: str, *values: object) -> None:
    """Change what flows may not."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute(statement, values)


def hook(*lead_ids: str) -> list[dict[str, Any]]:
    """What Meta posts of these leads, one post a lead."""
    return [
        {
            "object": "page",
            "entry": [{"id": "9", "changes": [{"field": "leadgen", "value": {"leadgen_id": lead_id}}]}],
        }
        for lead_id in lead_ids
    ]


def run() -> Tally:
    return capture_and_prepare.fn(Window())


def let_waits_end(database: Any) -> None:
    as_owner(database, "update crm_inbox set not_before = now() where not_before is not null")


def letters() -> list[Any]:
    return rows(
        "select status, reason, fetches, claims, lease_token, fetched, not_before > now() as waits from crm_inbox"
    )


def test_a_lead_is_fetched_and_made_in_one_run(as_flow, org, source, reps, graph):
    post(as_flow, org, source.id, *hook(*LEADS))
    tally = run()
    assert (tally["fetched"], tally["new"], tally["dead"], tally["scored"]) == (3, 3, 0, 3)
    emails = {row["email"] for row in rows("select email from crm_leads")}
    assert emails == {f"lead{lead_id}@example.com" for lead_id in LEADS}
    assert run()["submissions"] == 0


def test_while_graph_is_away_nothing_is_lost_and_afterwards_all_is_made(as_flow, org, source, reps, graph):
    graph.fakes.follow(Plan(script=(Scripted("500", on="lookup", times=3),)))
    post(as_flow, org, source.id, *hook(*LEADS))
    for asked in (1, 2, 3):
        tally = run()
        assert (tally["fetched"], tally["put_off"]) == (0, 3), (
            "one that fails is enough for all of its source"
        )
        assert sum(letter["fetches"] for letter in letters()) == asked
        assert {(letter["status"], letter["claims"]) for letter in letters()} == {("pending", 0)}
        assert {letter["lease_token"] for letter in letters()} == {None}
        assert run()["put_off"] == 0, "nobody is asked before it is time"
        let_waits_end(as_flow)
    assert run()["new"] == 3


def test_a_day_without_graph_gives_nothing_up(as_flow, org, source, graph, monkeypatch):
    monkeypatch.setenv("CRM_META_BASE_URL", f"http://127.0.0.1:{closed_port()}")
    senders.forget()
    post(as_flow, org, source.id, *hook("4711"))
    as_owner(as_flow, "update crm_inbox set fetches = 200, received_at = now() - interval '1 day'")
    assert run()["put_off"] == 1
    (letter,) = letters()
    assert (letter["status"], letter["fetches"], letter["waits"]) == ("pending", 201, True)
    (soon,) = rows("select not_before <= now() + interval '10 minutes' as soon from crm_inbox")
    assert soon["soon"]


def test_graphs_own_limit_is_kept(as_flow, org, source, graph):
    graph.fakes.follow(Plan(script=(Scripted("429", on="lookup"),)))
    post(as_flow, org, source.id, *hook("4711"))
    assert run()["put_off"] == 1
    assert letters()[0]["waits"]


def test_a_lead_that_graph_does_not_have_is_a_dead_letter_that_can_be_replayed(
    as_flow, org, source, reps, graph
):
    post(as_flow, org, source.id, *hook("999"))
    assert run()["dead"] == 1
    (letter,) = letters()
    assert (letter["status"], letter["fetches"]) == ("dead", 1)
    assert letter["reason"].startswith("meta-100: ")
    graph.fakes.graph.put({"id": "999", "field_data": [{"name": "email", "values": ["late@example.com"]}]})
    with session.unit_of_work() as work:
        assert len(submissions.replay(work, org.org_id)) == 1
    assert run()["new"] == 1


def test_a_token_that_graph_refuses_makes_dead_letters_and_no_noise(as_flow, org, source, graph, caplog):
    as_owner(as_flow, "update crm_sources set access_token = 'canary-token'")
    post(as_flow, org, source.id, *hook("4711"))
    assert run()["dead"] == 1
    (letter,) = letters()
    assert letter["reason"].startswith("meta-190: ")
    assert "canary-token" not in letter["reason"] + caplog.text


def test_others_leads_are_made_while_graph_is_waited_for(as_flow, org, source, reps, graph, monkeypatch):
    asked, answer = threading.Event(), threading.Event()
    fetch = senders.lead_fetcher().fetch

    def slow(*args: Any, **kwargs: Any) -> bytes:
        asked.set()
        assert answer.wait(60)
        return fetch(*args, **kwargs)

    monkeypatch.setattr(senders.lead_fetcher(), "fetch", slow)
    prepared = capture.prepare_batch

    def once_others_are_done(window: Window) -> Tally:
        done = prepared(window)
        if rows("select 1 from crm_leads where email = 'web@example.com' and automation = 'done'"):
            answer.set()
        return done

    monkeypatch.setattr(capture, "prepare_batch", once_others_are_done)
    post(as_flow, org, source.id, *hook("4711"))
    post(as_flow, org, source.id, {"email": "web@example.com"}, key="web")
    tally = run()
    assert asked.is_set()
    assert (tally["new"], tally["fetched"]) == (2, 1)


def test_what_nobody_was_asked_for_when_a_run_ends_is_given_back(as_flow, org, source, graph):
    post(as_flow, org, source.id, *hook(*LEADS))
    with session.unit_of_work() as work:
        claim = submissions.claim(work, limit=10, lease=capture.LEASE)
    with session.unit_of_work() as work:
        captured = submissions.capture(work, claim.token, now=clock.utc_now())
    ending = threading.Event()
    ending.set()
    assert fetching.fetch_batch(claim.token, captured.fetches, ending=ending) == {}
    assert {(letter["fetches"], letter["claims"], letter["lease_token"]) for letter in letters()} == {
        (0, 0, None)
    }


def test_a_worker_that_was_replaced_writes_nothing_of_what_it_heard(as_flow, org, source, graph):
    post(as_flow, org, source.id, *hook("4711"))
    with session.unit_of_work() as work:
        claim = submissions.claim(work, limit=10, lease=capture.LEASE)
    with session.unit_of_work() as work:
        (fetch,) = submissions.capture(work, claim.token, now=clock.utc_now()).fetches
    as_owner(as_flow, "update crm_inbox set lease_until = now() - interval '1 second'")
    with session.unit_of_work() as work:
        assert submissions.claim(work, limit=10, lease=capture.LEASE).count == 1
    with session.unit_of_work() as work:
        assert not fetches.keep(work, claim.token, fetch, b"{}")
        assert not fetches.refuse(work, claim.token, fetch, reason="x")
    (letter,) = letters()
    assert (letter["status"], letter["fetched"], letter["fetches"]) == ("pending", None, 0)
