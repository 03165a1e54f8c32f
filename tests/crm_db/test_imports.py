"""Importing rows into a real database: what is written, what is left alone, and that nothing is done twice."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from crm_db import session
from crm_db.actions import imports, leads
from crm_db.actions.imported_leads import Job
from crm_db.actions.imports import Kept
from crm_db.queries import imports as questions
from crm_db.rules.imports.plan import read_plan
from crm_db.rules.imports.rows import ReadRow, identify, read_row
from tests.conftest import Database, Org
from tests.crm_db.test_capture import NOW, capture, post, prepare, rows

HEADER = (
    "Id",
    "First",
    "Last",
    "Mail",
    "Phone",
    "Company",
    "Amount",
    "Outcome",
    "Closed",
    "Created",
    "Owner",
    "Called",
    "Plan",
)
MAPPING = {
    "source": "old",
    "region": "GB",
    "columns": {
        "external_id": "Id", "first_name": "First", "last_name": "Last", "email": "Mail", "phone": "Phone",
        "company": "Company", "value": "Amount", "created_at": "Created", "owner": "Owner", "last_contact": "Called",
    },
    "outcome": {"column": "Outcome", "converted": ["won"], "lost": ["lost"], "at": "Closed"},
}  # fmt: skip


@pytest.fixture
def bring(as_flow: Database, org: Org) -> Any:
    """Imports rows, given by column; the process is the administrator's command line meanwhile."""

    def imported(
        *given: dict[str, str], enrol: bool = False, now: datetime = NOW, source: str = "old"
    ) -> Kept:
        rows = [read(row, number, enrol=enrol, now=now, source=source) for number, row in enumerate(given, 2)]
        with session.bound_to(as_flow.app_url), session.unit_of_work(org.identity) as work:
            place = questions.place(work, org.org_id, source)
            owners = questions.owners(work, org.org_id)
            job = Job(org.org_id, uuid4(), source, place.source_id, place.team_id, enrol, owners)
            return imports.keep(work, job, rows, now=now)

    return imported


def read(
    given: dict[str, str], number: int = 2, *, enrol: bool = False, now: datetime = NOW, source: str = "old"
) -> ReadRow:
    plan = read_plan({**MAPPING, "source": source}, HEADER)
    cells = tuple(given.get(name, "") for name in HEADER)
    return read_row(plan, number, cells, identify(plan, cells, enrol=enrol), now=now)


def lead(**wanted: object) -> Any:
    where = " and ".join(f"{name} = :{name}" for name in wanted) or "true"
    (found,) = rows(f"select * from crm_leads where {where}", **wanted)
    return found


def count(table: str) -> int:
    return int(rows(f"select count(*) from {table}")[0]["count"])


def snapshot() -> dict[str, int]:
    tables = (
        "leads",
        "activities",
        "score_history",
        "assignments",
        "events",
        "changes",
        "messages",
        "enrolments",
        "keys",
    )
    return {name: count(f"crm_{name}") for name in tables}


def test_a_row_becomes_a_lead_with_score_owner_note_and_event(bring, org, reps):
    kept = bring(
        {
            "Id": "7",
            "First": "Maria",
            "Mail": "Maria@Old.example",
            "Phone": "020 7946 0018",
            "Amount": "60000",
        }
    )
    assert kept == Kept(new=1)
    made = lead()
    assert (made["external_id"], made["source"], made["email"]) == ("7", "old", "maria@old.example")
    assert (made["phone"], made["country"], made["status"]) == ("+442079460018", "GB", "new")
    assert (made["score"], made["score_band"], made["owner_id"], made["automation"]) == (
        20,
        "cold",
        reps[0],
        "off",
    )
    assert made["version"] == 1
    (note,) = rows("select kind, subject, body, custom, owner_id, team_id from crm_activities")
    assert (note["kind"], note["subject"], note["custom"]["row"]) == ("note", "Imported from old", 2)
    assert (note["owner_id"], note["team_id"]) == (made["owner_id"], made["team_id"])
    (history,) = rows("select score, previous, reasons, band from crm_score_history")
    assert (history["score"], history["previous"], history["reasons"]) == (20, None, made["score_reasons"])
    (assignment,) = rows("select user_id, rule, verdicts from crm_assignments")
    assert (assignment["user_id"], assignment["rule"]) == (reps[0], "least-open-load")
    assert [verdict["chosen"] for verdict in assignment["verdicts"]] == [True, False, False]
    assert rows("select kind, entity_ids, actor from crm_events") == [
        {"kind": "lead.created", "entity_ids": [made["id"]], "actor": str(org.admin_id)}
    ]
    assert count("crm_messages") == count("crm_enrolments") == count("crm_changes") == 0


def test_leads_of_one_batch_are_shared_out_and_told_of_in_one_event(bring, reps):
    bring(*({"Id": str(n)} for n in range(7)))
    shares = rows("select owner_id, count(*) from crm_leads group by 1 order by 2 desc, 1")
    assert [row["count"] for row in shares] == [3, 2, 2]
    (event,) = rows("select entity_ids from crm_events where kind = 'lead.created'")
    assert len(event["entity_ids"]) == 7
    assert rows("select last_assigned_at from crm_users where takes_leads and last_assigned_at is null") == []


def test_the_same_rows_again_change_nothing(bring, reps):
    given = ({"Id": "7", "First": "Ada"}, {"Mail": "a@old.example"}, {"First": "Bo", "Company": "Acme"})
    assert bring(*given) == Kept(new=3)
    before = snapshot()
    assert bring(*given) == Kept(repeated=3)
    assert snapshot() == before


def test_two_contents_of_one_id_are_each_taken_once(bring):
    first, second = {"Id": "7", "First": "Ada"}, {"Id": "7", "Company": "Acme"}
    assert bring(first, second) == Kept(new=1, merged=1)
    assert bring(first, second, second) == Kept(repeated=3)
    assert bring({"Id": "7", "Last": "Lee"}, first, second) == Kept(merged=1, repeated=2)
    assert (lead()["first_name"], lead()["company"], lead()["last_name"]) == ("Ada", "Acme", "Lee")


def test_a_row_of_somebody_known_fills_gaps_and_says_what_differs(bring, as_flow, org, source):
    post(as_flow, org, source.id, {"email": "a@x.example", "company": "One", "plan": "team"})
    capture()
    assert bring({"Id": "7", "Mail": "A@x.example", "Company": "Two", "Last": "Lee", "Plan": "free"}) == Kept(
        merged=1
    )
    known = lead()
    assert (known["company"], known["last_name"], known["custom"]) == (
        "One",
        "Lee",
        {"plan": "team", "Plan": "free"},
    )
    assert (known["source"], known["external_id"], known["automation"]) == ("website", None, "done")
    (note,) = rows("select body from crm_activities where kind = 'note'")
    assert note["body"] == "Says otherwise: company Two"
    assert [event["kind"] for event in rows("select kind from crm_events order by xid, id")][
        -1
    ] == "lead.enriched"
    assert count("crm_changes") == 1
    assert bring({"Id": "7", "Mail": "A@x.example", "Company": "Two", "Last": "Lee", "Plan": "free"}) == Kept(
        repeated=1
    )


def test_an_id_that_a_sender_of_that_name_gave_is_the_same_lead(bring, as_flow, org, source):
    post(as_flow, org, source.id, {"id": "7", "email": "a@x.example"})
    capture()
    assert bring({"Id": "7", "Company": "Acme"}, source="website") == Kept(merged=1)
    assert lead()["company"] == "Acme"
    assert lead()["source_id"] == source.id


def test_the_source_of_that_name_gives_its_team(bring, source, reps, org, as_flow):
    bring({"Id": "7"}, source="website")
    assert lead()["source_id"] == source.id


def test_an_address_of_another_lead_is_told_and_not_taken(bring):
    bring({"Id": "1"}, {"Id": "2", "Mail": "a@x.example"})
    assert bring({"Id": "1", "Mail": "a@x.example", "First": "Ada"}) == Kept(merged=1)
    assert lead(external_id="1")["email"] is None
    assert lead(external_id="1")["custom"] == {"email_as_sent": "a@x.example"}


def test_a_deleted_lead_is_not_brought_back(bring):
    bring({"Id": "7", "Mail": "a@x.example"})
    with session.unit_of_work() as work:
        work.execute(text("update crm_leads set deleted_at = now()"))
    kept = bring({"Id": "7", "Mail": "a@x.example", "Company": "Acme"})
    assert [(number, fault.code) for number, fault in kept.refused] == [(2, "deleted_lead")]
    assert bring({"Id": "7", "Mail": "a@x.example"}) == Kept(repeated=1)
    assert bring({"Id": "8", "Mail": "a@x.example"}) == Kept(new=1)


def test_leads_of_the_past_are_closed_and_nobodys_work(bring, reps):
    won = {
        "Id": "1",
        "Mail": "a@x.example",
        "Outcome": "won",
        "Closed": "2026-03-01",
        "Created": "2026-01-05",
    }
    assert bring(won, {"Id": "2", "Mail": "b@x.example", "Outcome": "lost"}, enrol=True) == Kept(new=2)
    converted, lost = lead(external_id="1"), lead(external_id="2")
    assert (converted["status"], converted["closed_at"]) == ("converted", datetime(2026, 3, 1, tzinfo=UTC))
    assert (lost["status"], lost["closed_at"]) == ("lost", None)
    assert converted["created_at"] == datetime(2026, 1, 5, tzinfo=UTC)
    assert {converted["owner_id"], lost["owner_id"]} == {None}
    assert (converted["probability"], converted["score"]) == (None, 0)
    assert count("crm_assignments") == count("crm_enrolments") == count("crm_messages") == 0


def test_an_outcome_closes_an_open_lead_and_a_closed_one_keeps_its_own(bring):
    bring({"Id": "1"}, {"Id": "2", "Outcome": "lost"}, {"Id": "3", "Outcome": "won"})
    later = {"Outcome": "won", "Closed": "2026-03-01"}
    assert bring(*({"Id": name, **later} for name in "123")) == Kept(merged=3)
    found = rows(
        "select external_id, status, closed_at::date::text as on from crm_leads order by external_id"
    )
    assert [tuple(row.values()) for row in found] == [
        ("1", "converted", "2026-03-01"),
        ("2", "lost", None),
        ("3", "converted", "2026-03-01"),
    ]
    assert bring({"Id": "1", "Company": "Acme"}) == Kept(merged=1)
    assert lead(external_id="1")["status"] == "converted"


def test_an_owner_is_found_by_address_and_counts_as_loaded(bring, reps):
    owned = {"Id": "1", "Owner": "Bo@Acme.example"}
    bring(owned)
    bring({"Id": "2"}, {"Id": "3"}, {"Id": "4", "Owner": "bo@acme.example", "Outcome": "lost"})
    owners = {
        row["external_id"]: row["owner_id"] for row in rows("select external_id, owner_id from crm_leads")
    }
    assert (owners["1"], owners["4"]) == (reps[1], reps[1])
    assert {owners["2"], owners["3"]} == {reps[0], reps[2]}
    assert lead(external_id="1")["team_id"] is not None
    (named, _) = rows("select verdicts from crm_assignments where rule = 'named-in-import'")
    assert named["verdicts"][0]["reason"] == "named as the owner by the imported file"
    assert bring({**owned, "Id": "2"}) == Kept(merged=1)
    assert lead(external_id="2")["owner_id"] == owners["2"]


def test_an_owner_who_is_not_here_is_kept_in_words_and_somebody_else_takes_the_lead(bring, reps, as_flow):
    with session.bound_to(as_flow.owner_url), session.unit_of_work() as work:
        work.execute(text("update crm_users set active = false where name = 'Cy'"))
    bring({"Id": "1", "Owner": "gone@old.example"}, {"Id": "2", "Owner": "cy@acme.example"})
    bring({"Id": "3", "Owner": "cy@acme.example", "Outcome": "won"})
    first, second = lead(external_id="1"), lead(external_id="2")
    assert first["custom"] == {"owner_as_sent": "gone@old.example"}
    assert {first["owner_id"], second["owner_id"]} == {reps[0], reps[1]}
    assert lead(external_id="3")["owner_id"] == reps[2]
    assert (
        "Not understood: owner: nobody here has this address"
        in rows("select body from crm_activities where lead_id = :id", id=first["id"])[0]["body"]
    )


def test_only_when_asked_for_are_leads_followed_up_and_owners_told(bring, reps):
    given = (
        {"Id": "1", "Mail": "a@x.example"},
        {"Id": "2"},
        {"Id": "3", "Mail": "c@x.example", "Outcome": "won"},
    )
    bring(*given, enrol=True)
    assert [
        row["external_id"]
        for row in rows("select l.external_id from crm_enrolments e join crm_leads l on l.id = e.lead_id")
    ] == ["1"]
    assert (lead(external_id="1")["automation"], lead(external_id="2")["automation"]) == ("done", "off")
    assert [row["purpose"] for row in rows("select purpose from crm_messages")] == ["owner-notice"]


def test_leads_that_were_imported_before_are_followed_up_by_the_lane_when_asked_for(bring, reps):
    given = (
        {"Id": "1", "Mail": "a@x.example"},
        {"Id": "2", "Mail": "b@x.example", "Outcome": "won"},
        {"Id": "3"},
    )
    bring(*given)
    assert bring(*given, enrol=True) == Kept(merged=3)
    assert [lead(external_id=name)["automation"] for name in "123"] == ["pending", "off", "off"]
    assert prepare().enrolled == 1
    before = snapshot()
    assert bring(*given, enrol=True) == Kept(repeated=3)
    assert snapshot() == before


def test_a_recent_contact_counts_and_stops_counting(bring):
    bring({"Id": "1", "Called": (NOW - timedelta(days=2)).isoformat(), "Amount": "30000"})
    made = lead()
    assert (made["score"], made["rescore_at"]) == (20, NOW + timedelta(days=5))
    bring({"Id": "2"})
    bring({"Id": "2", "Amount": "60000"}, now=NOW + timedelta(hours=1))
    assert lead(external_id="2")["rescore_at"] == NOW + timedelta(hours=1)


def test_an_org_never_sees_anothers_rows(bring, make_org, as_flow):
    bring({"Id": "1", "Mail": "a@x.example"})
    other = make_org("Other")
    row = read({"Id": "1", "Mail": "a@x.example"})
    with session.bound_to(as_flow.app_url), session.unit_of_work(other.identity) as work:
        assert imports.keep(work, Job(other.org_id, uuid4(), "old"), [row], now=NOW) == Kept(new=1)
    assert count("crm_leads") == 2


def test_the_flows_login_may_import_as_well(as_flow, org, reps):
    row = read({"Id": "7"}, enrol=True)
    with session.unit_of_work() as work:
        assert imports.keep(work, Job(org.org_id, uuid4(), "old", enrol=True), [row], now=NOW) == Kept(new=1)
    assert lead()["owner_id"] == reps[0]


def test_a_lead_of_an_api_call_and_of_a_row_at_once_is_one_lead(as_flow, org, bring):
    """The row waits for the call, whose transaction is open, and then finds its lead."""
    done: list[Kept] = []
    row = read({"Id": "7", "Mail": "a@x.example"})

    def import_it() -> None:
        with session.unit_of_work() as work:
            done.append(imports.keep(work, Job(org.org_id, uuid4(), "old"), [row], now=NOW))

    with session.unit_of_work(org.identity) as work:
        leads.submit(work, org.identity, {"email": "a@x.example"}, {}, automation=False, now=NOW)
        thread = threading.Thread(target=import_it)
        thread.start()
        wait_for_a_lock()
        assert done == []
    thread.join(60)
    assert done == [Kept(merged=1)]
    assert count("crm_leads") == 1


def wait_for_a_lock() -> None:
    for _ in range(600):
        waiting = rows("select count(*) from pg_locks where locktype = 'advisory' and not granted")
        if waiting[0]["count"]:
            return
        threading.Event().wait(0.05)
    raise AssertionError("nobody waits")


def test_where_nobody_takes_leads_the_decision_says_so(bring):
    bring({"Id": "1"})
    (assignment,) = rows("select user_id, verdicts from crm_assignments")
    assert (assignment["user_id"], assignment["verdicts"]) == (None, [])
