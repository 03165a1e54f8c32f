"""From a raw submission to a prepared lead, in the database as flows see it."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.actions import housekeeping, orgs, preparation, sources, submissions
from crm_db.actions.newcomers import Prepared
from crm_db.queries import backlog, settings
from tests.conftest import Database, Org
from tests.submitting import submit

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def post(
    database: Database, org: Org, source_id: UUID, *payloads: dict[str, Any] | bytes, key: str = "test"
) -> list[UUID]:
    """Submit payloads as the API does; returns their event ids."""
    bodies = [payload if isinstance(payload, bytes) else json.dumps(payload).encode() for payload in payloads]
    return submit(database, org.org_id, source_id, bodies, [f"{key}-{n}" for n in range(len(bodies))])


def capture(now: datetime = NOW) -> list[submissions.Verdict]:
    with session.unit_of_work() as work:
        claim = submissions.claim(work, limit=100, lease=LEASE)
    with session.unit_of_work() as work:
        return list(submissions.capture(work, claim.token, now=now).verdicts)


def prepare(now: datetime = NOW) -> Prepared:
    with session.unit_of_work() as work:
        return preparation.prepare(work, limit=100, now=now)


def rows(query: str, **values: object) -> list[Any]:
    with session.unit_of_work() as work:
        return list(work.execute(text(query), values).mappings())


def test_a_submission_becomes_a_scored_assigned_enrolled_lead(as_flow, org, source, reps):
    person = {
        "name": "Maria Berg",
        "email": "Maria.Berg@Example.com",
        "phone": "020 7946 0018",
        "value": "60,000",
        "plan": "Team",
    }
    post(as_flow, org, source.id, person)
    _, captured = claim_and_capture()
    assert [verdict.outcome for verdict in captured.verdicts] == ["new"]
    assert captured.prepared == Prepared(scored=1, assigned=1, enrolled=1, planned=1)
    assert prepare() == Prepared()
    (lead,) = rows("select * from crm_leads")
    assert (lead["first_name"], lead["last_name"]) == ("Maria", "Berg")
    assert (lead["email"], lead["phone"]) == ("maria.berg@example.com", "+442079460018")
    assert lead["custom"] == {"plan": "Team"}
    assert (lead["score"], lead["score_band"], lead["owner_id"]) == (20, "cold", reps[0])
    assert lead["automation"] == "done"
    messages = rows("select purpose, channel, status, due_at from crm_messages order by priority")
    assert [(m["purpose"], m["channel"], m["due_at"]) for m in messages] == [
        ("sequence", "email", NOW),
        ("owner-notice", "email", NOW),
    ]


def test_a_first_answer_does_not_wait_for_the_later_steps_of_others(as_flow, org, source, reps):
    post(as_flow, org, source.id, *({"email": f"early{number}@example.com"} for number in range(3)))
    capture()
    with session.unit_of_work() as work:
        work.execute(
            text("update crm_enrolments set plan_at = :early"), {"early": NOW - timedelta(minutes=5)}
        )
    post(as_flow, org, source.id, {"email": "late@example.com"}, key="late")
    (late,) = capture()
    first = rows(
        "select due_at from crm_messages where purpose = 'sequence' and lead_id = :id", id=late.lead_id
    )
    assert [message["due_at"] for message in first] == [NOW]


def test_the_same_person_twice_in_a_batch_is_one_lead(as_flow, org, source):
    post(
        as_flow,
        org,
        source.id,
        {"email": "a@example.com", "first_name": "Ann"},
        {"email": "A@example.com", "last_name": "Lee", "phone": "+442079460018"},
    )
    assert [verdict.outcome for verdict in capture()] == ["new", "merged"]
    (lead,) = rows("select * from crm_leads")
    assert (lead["email"], lead["phone"]) == ("a@example.com", "+442079460018")


def test_a_later_submission_fills_gaps_and_overwrites_nothing(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com", "company": "One"}, key="first")
    capture()
    post(as_flow, org, source.id, {"email": "a@example.com", "company": "Two", "title": "CTO"}, key="second")
    assert [verdict.outcome for verdict in capture()] == ["merged"]
    (lead,) = rows("select company, title from crm_leads")
    assert dict(lead) == {"company": "One", "title": "CTO"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{not json", "not_json"),
        (b'{"name": "Nobody"}', "no_contact"),
        (b"\xff\xfe", "not"),
        (b"[]", ""),
    ],
)
def test_what_cannot_be_understood_is_a_dead_letter_and_its_mates_go_on(as_flow, org, source, body, reason):
    post(as_flow, org, source.id, body, {"email": "a@example.com"})
    assert sorted(verdict.outcome for verdict in capture()) == ["dead", "new"]
    (dead,) = rows("select reason from crm_inbox where status = 'dead'")
    assert dead["reason"].startswith(reason)


def test_a_killed_capture_leaves_its_submissions_to_the_next_claim(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    with session.unit_of_work() as work:
        submissions.claim(work, limit=10, lease=timedelta(seconds=-1))
    assert [verdict.outcome for verdict in capture()] == ["new"]


def test_a_submission_that_kills_its_worker_five_times_is_set_aside(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    for _ in range(submissions.MOST_CLAIMS):
        with session.unit_of_work() as work:
            assert submissions.claim(work, limit=10, lease=timedelta(seconds=-1)).count == 1
    assert capture() == []
    (dead,) = rows("select reason from crm_inbox where status = 'dead'")
    assert dead["reason"].startswith("poison")


def test_submissions_that_died_with_their_worker_are_tried_one_by_one_after_the_others(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com"}, {"email": "b@example.com"})
    with session.unit_of_work() as work:
        submissions.claim(work, limit=10, lease=timedelta(seconds=-1))
    post(as_flow, org, source.id, {"email": "c@example.com"}, key="later")
    assert [len(capture()) for _ in range(4)] == [1, 1, 1, 0]
    first, *others = [row["email"] for row in rows("select email from crm_leads order by id")]
    assert (first, sorted(others)) == ("c@example.com", ["a@example.com", "b@example.com"])


def test_a_replaced_worker_changes_nothing(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    with session.unit_of_work() as work:
        stale = submissions.claim(work, limit=10, lease=timedelta(seconds=-1))
    capture()
    with session.unit_of_work() as work:
        assert submissions.capture(work, stale.token, now=NOW) == submissions.Captured((), (), Prepared())
    assert len(rows("select 1 from crm_leads")) == 1


def test_leads_are_shared_out_evenly_and_every_verdict_is_kept(as_flow, org, source, reps):
    post(as_flow, org, source.id, *[{"email": f"p{n}@example.com"} for n in range(7)])
    capture()
    prepare()
    counts = rows("select owner_id, count(*) as n from crm_leads group by 1 order by 2 desc, 1")
    assert [row["n"] for row in counts] == [3, 2, 2]
    verdicts = rows("select verdicts from crm_assignments")
    assert all(len(row["verdicts"]) == 3 for row in verdicts)


def test_a_dead_letter_can_be_replayed(as_flow, org, source):
    (letter,) = post(as_flow, org, source.id, b"{not json")
    capture()
    with session.unit_of_work() as work:
        assert submissions.replay(work, org.org_id) == [letter]
        assert submissions.replay(work, org.org_id) == []
    assert [verdict.outcome for verdict in capture()] == ["dead"]


def test_a_robot_that_fills_in_the_hidden_field_is_set_aside(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com", "website_url_confirm": "http://spam.example"})
    assert [verdict.outcome for verdict in capture()] == ["dead"]


def test_leads_that_nobody_could_take_get_an_owner_once_somebody_can(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    capture()
    assert prepare().assigned == 0
    with session.unit_of_work() as work:
        assert preparation.reopen_ownerless(work, limit=10) == 0
    with session.bound_to(as_flow.owner_url), session.unit_of_work() as work:
        orgs.add_rep(
            work, org.org_id, orgs.add_team(work, org.org_id, "Late"), name="Eve", email="eve@acme.example"
        )
    with session.unit_of_work() as work:
        assert preparation.reopen_ownerless(work, limit=10) == 1
    assert prepare().assigned == 1
    assert [row["n"] for row in rows("select count(*) as n from crm_enrolments")] == [1]


def test_rows_that_came_while_a_partition_was_missing_move_to_where_they_belong(as_flow, org, source):
    with psycopg.connect(as_flow.owner_url) as connection:
        month = connection.execute("select to_char(now() at time zone 'UTC', 'YYYY_MM')").fetchone()
        assert month is not None
        connection.execute(f"drop table crm_inbox_p{month[0]}")
    post(as_flow, org, source.id, {"email": "a@example.com"})
    with session.unit_of_work() as work:
        assert housekeeping.make_partitions(work) == 1
    places = rows("select tableoid::regclass::text as place from crm_inbox")
    assert [row["place"] for row in places] == [f"crm_inbox_p{month[0]}"]
    assert [verdict.outcome for verdict in capture()] == ["new"]


def test_keys_whose_time_is_over_are_forgotten_and_others_stay(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com"}, {"email": "b@example.com"})
    with psycopg.connect(as_flow.owner_url) as connection:
        connection.execute(
            "update crm_keys set expires_at = now() - interval '1 second' where key = 'test-0'"
        )
    with session.unit_of_work() as work:
        assert housekeeping.drop_expired_keys(work, limit=10) == 1
    assert [row["key"] for row in rows("select key from crm_keys")] == ["test-1"]


# --- Senders' own formats --------------------------------------------------------------------------

GOOGLE = {
    "lead_id": "G1",
    "user_column_data": [{"column_id": "EMAIL", "string_value": "g@example.com"}],
    "google_key": "proof",
}
META = {
    "object": "page",
    "entry": [
        {"id": "9", "changes": [{"field": "leadgen", "value": {"leadgen_id": "4711", "form_id": "8"}}]}
    ],
}
ANSWER = b'{"id": "4711", "field_data": [{"name": "email", "values": ["m@example.com"]}]}'


def claim_and_capture() -> tuple[submissions.Claim, submissions.Captured]:
    with session.unit_of_work() as work:
        claim = submissions.claim(work, limit=100, lease=LEASE)
    with session.unit_of_work() as work:
        return claim, submissions.capture(work, claim.token, now=NOW)


def waits() -> bool:
    with session.unit_of_work() as work:
        return backlog.capture_waits(work)


def test_a_senders_format_is_read_and_its_proof_is_kept_nowhere(as_flow, org, source):
    post(as_flow, org, source.id, GOOGLE)
    assert [verdict.outcome for verdict in capture()] == ["new"]
    (lead,) = rows("select * from crm_leads")
    assert (lead["email"], lead["external_id"], lead["automation"]) == ("g@example.com", "G1", "done")
    assert "proof" not in str(dict(lead))


def test_a_senders_test_is_kept_and_never_enrolled(as_flow, org, source, reps):
    post(as_flow, org, source.id, {**GOOGLE, "is_test": True})
    assert [verdict.outcome for verdict in capture()] == ["new"]
    assert prepare() == Prepared()
    (lead,) = rows("select automation, tags from crm_leads")
    assert (lead["automation"], lead["tags"]) == ("off", ["test"])
    assert rows("select 1 from crm_enrolments") == []


def test_an_id_that_must_be_fetched_is_no_lead_and_no_dead_letter(as_flow, org, source):
    (event,) = post(as_flow, org, source.id, META)
    claim, captured = claim_and_capture()
    assert captured.verdicts == ()
    assert captured.fetches == (submissions.Fetch(org.org_id, event, source.id, "4711", 0),)
    (row,) = rows("select status, lease_token from crm_inbox")
    assert (row["status"], row["lease_token"]) == ("pending", claim.token)
    assert capture() == []


def test_what_was_fetched_makes_the_lead(as_flow, org, source):
    post(as_flow, org, source.id, META)
    claim_and_capture()
    with session.unit_of_work() as work:
        work.execute(
            text(
                "update crm_inbox set fetched = :answer, lease_token = null, lease_until = null, claims = 0"
            ),
            {"answer": ANSWER},
        )
    assert [verdict.outcome for verdict in capture()] == ["new"]
    (lead,) = rows("select email, external_id from crm_leads")
    assert (lead["email"], lead["external_id"]) == ("m@example.com", "4711")


def test_what_is_put_off_is_neither_claimed_nor_waited_for_before_its_time(as_flow, org, source):
    post(as_flow, org, source.id, META)
    assert waits()
    with session.unit_of_work() as work:
        work.execute(text("update crm_inbox set not_before = now() + interval '1 hour'"))
    assert not waits()
    assert claim_and_capture()[0].count == 0
    with session.unit_of_work() as work:
        assert submissions.count_waiting(work) == 0
        work.execute(text("update crm_inbox set not_before = now() - interval '1 second'"))
    assert waits()
    assert len(claim_and_capture()[1].fetches) == 1


def test_a_fetch_goes_on_beside_submissions_that_are_settled(as_flow, org, source):
    post(as_flow, org, source.id, META, {"email": "a@example.com"}, b"{not json")
    _, captured = claim_and_capture()
    assert sorted(verdict.outcome for verdict in captured.verdicts) == ["dead", "new"]
    assert len(captured.fetches) == 1


def test_only_one_sources_dead_letters_are_replayed(as_flow, org, source):
    with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
        other = sources.add(work, org.identity, "fair")
    letters = [post(as_flow, org, one.id, b"{not json", key=one.name)[0] for one in (source, other)]
    capture()
    with session.unit_of_work() as work:
        assert submissions.replay(work, org.org_id, source="fair") == [letters[1]]
        assert submissions.replay(work, org.org_id, source="nowhere") == []


def test_a_second_enquiry_reaches_the_owner_and_stands_on_the_timeline(as_flow, org, source, reps):
    post(as_flow, org, source.id, {"email": "a@example.com", "message": "First question"}, key="first")
    capture()
    prepare()
    post(as_flow, org, source.id, {"email": "a@example.com", "message": "And the price?"}, key="second")
    capture()
    told = rows("select body from crm_activities where kind = 'submission' order by id")
    assert [activity["body"] for activity in told] == ["First question", "And the price?"]
    (notice,) = rows("select user_id, status from crm_messages where template = 'owner-again'")
    assert (notice["user_id"], notice["status"]) == (reps[0], "scheduled")


def test_what_could_not_be_understood_stands_on_the_timeline_without_its_value(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com", "phone": "by pigeon"})
    capture()
    (told,) = rows("select body from crm_activities")
    assert told["body"] == "Not understood: phone: not a valid number"
    (lead,) = rows("select custom from crm_leads")
    assert lead["custom"] == {"phone_as_sent": "by pigeon"}


def test_a_default_gives_way_to_what_somebody_says_and_the_score_follows(as_flow, org, source, reps):
    post(as_flow, org, source.id, {"email": "a@example.com"}, key="first")
    capture()
    prepare()
    post(as_flow, org, source.id, {"email": "a@example.com", "probability": 80}, key="second")
    capture()
    prepare()
    (lead,) = rows("select probability, score from crm_leads")
    assert (lead["probability"], lead["score"]) == (80, 80)


def test_a_slip_in_one_orgs_settings_stops_nobody(as_flow, org, source, reps):
    slips = {"score_bands": '{"hot": 1, "icy": 2}', "business_hours": '{"days": {"1": [["9:00", "17:00"]]}}'}
    with psycopg.connect(as_flow.owner_url, autocommit=True) as owner:
        for key, value in slips.items():
            owner.execute("update crm_settings set value = %s where key = %s", [value, key])
    post(as_flow, org, source.id, {"email": "a@example.com"})
    assert claim_and_capture()[1].prepared == Prepared(scored=1, assigned=1, enrolled=1, planned=1)
    with session.unit_of_work() as work:
        assert sorted(sentence.split()[1] for sentence in settings.unusable(work)) == [
            "business_hours",
            "score_bands",
        ]


def test_the_team_of_a_source_owns_its_leads(as_flow, org, source, reps):
    with session.bound_to(as_flow.owner_url), session.unit_of_work() as work:
        south = orgs.add_team(work, org.org_id, "South")
        rep = orgs.add_rep(work, org.org_id, south, name="Di", email="di@acme.example")
        work.execute(text("update crm_sources set team_id = :team"), {"team": south})
    post(as_flow, org, source.id, {"email": "a@example.com"}, {"email": "b@example.com"})
    capture()
    prepare()
    assert {
        (lead["owner_id"], lead["team_id"]) for lead in rows("select owner_id, team_id from crm_leads")
    } == {(rep, south)}


def test_what_a_submission_says_otherwise_stands_on_the_timeline(as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@example.com", "phone": "+442079460018"}, key="first")
    capture()
    post(
        as_flow,
        org,
        source.id,
        {"email": "b@example.com", "phone": "+442079460018", "value": 5},
        key="second",
    )
    assert [verdict.outcome for verdict in capture()] == ["merged"]
    (_, told) = rows("select body from crm_activities order by id")
    assert told["body"] == "Says otherwise: email b@example.com"
    (lead,) = rows("select email, value from crm_leads")
    assert (lead["email"], lead["value"]) == ("a@example.com", 5)


def test_a_test_leaves_no_mark_on_a_real_lead_and_a_real_post_ends_a_test(as_flow, org, source):
    google = {"lead_id": "1", "form_id": 1, "api_version": "1.0", "google_key": "k", "is_test": True}
    test = {**google, "user_column_data": [{"column_id": "EMAIL", "string_value": "a@example.com"}]}
    real = {"email": "a@example.com", "tags": ["vip"]}
    post(as_flow, org, source.id, real, key="first")
    capture()
    post(as_flow, org, source.id, test, key="second")
    capture()
    assert rows("select tags from crm_leads")[0]["tags"] == ["vip"]
    other = {
        **test,
        "lead_id": "2",
        "user_column_data": [{"column_id": "EMAIL", "string_value": "b@example.com"}],
    }
    post(as_flow, org, source.id, other, key="third")
    capture()
    (tried,) = rows("select tags, automation from crm_leads where email = 'b@example.com'")
    assert (tried["tags"], tried["automation"]) == (["test"], "off")
    post(as_flow, org, source.id, {"email": "b@example.com"}, key="fourth")
    capture()
    (meant,) = rows("select tags, automation from crm_leads where email = 'b@example.com'")
    assert (meant["tags"], meant["automation"]) == ([], "pending")


def test_event_ids_rise_in_the_order_in_which_an_array_was_posted(as_flow, org, source):
    ids = post(as_flow, org, source.id, *({"n": number} for number in range(500)))
    assert ids == sorted(ids)


def test_who_is_being_captured_by_another_intake_is_waited_for_and_not_made_twice(as_flow, org, source, reps):
    session.bind(as_flow.flow_url, pool_size=5)
    claims = []
    for key in ("first", "second"):
        post(as_flow, org, source.id, {"email": "a@example.com", "name": key}, key=key)
        with session.unit_of_work() as work:
            claims.append(submissions.claim(work, limit=1, lease=LEASE))
    told: list[str] = []

    def second_intake() -> None:
        with session.unit_of_work() as work:
            told.extend(one.outcome for one in submissions.capture(work, claims[1].token, now=NOW).verdicts)

    other = threading.Thread(target=second_intake)
    with session.unit_of_work() as work:
        submissions.capture(work, claims[0].token, now=NOW)
        other.start()
        waits_for_a_lock = "select count(*) from pg_stat_activity where wait_event = 'advisory'"
        while other.is_alive() and rows(waits_for_a_lock)[0]["count"] == 0:
            time.sleep(0.02)
    other.join(60)
    assert told == ["merged"]
    assert len(rows("select 1 from crm_leads")) == 1
