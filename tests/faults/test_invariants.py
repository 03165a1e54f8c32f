"""The recount finds what it is for: each kind of broken promise, put into a real database that was sound before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import Server
from tests.faults.bench import Bench, bench_on, twin_of
from tests.faults.breaches import LOST, STUCK, TWICE, UNDUE, Accepted
from tests.faults.conftest import PEOPLE
from tests.faults.crash_points import work_off
from tests.house.code import PRODUCT, modules

LEAD = "(select id from crm_leads order by id limit 1)"
WELCOME = "(select id from crm_messages where template = 'welcome' order by id limit 1)"
NOTICE = "(select id from crm_messages where purpose = 'owner-notice' order by id limit 1)"
COPY = """
    insert into crm_messages (org_id, key, channel, recipient, purpose, lead_id, template, status, due_at, sent_at)
    select org_id, key || ':again', channel, recipient, purpose, lead_id, template, 'sent', due_at, sent_at
    from crm_messages where id = {}
"""
BREAKS = {
    "a submission that vanished": (
        LOST,
        "delete from crm_inbox where id = (select min(id::text)::uuid from crm_inbox)",
    ),
    "a submission that became no lead": (
        LOST,
        "update crm_inbox set lead_id = null where outcome = 'merged'",
    ),
    "a submission that was refused": (LOST, "update crm_inbox set status = 'dead' where outcome = 'merged'"),
    "a lead that vanished": (LOST, f"update crm_leads set email = 'nobody@faults.example' where id = {LEAD}"),
    "a lead without an owner": (LOST, f"update crm_leads set owner_id = null where id = {LEAD}"),
    "a lead without a score": (LOST, f"update crm_leads set score = null where id = {LEAD}"),
    "a first e-mail that was not sent": (
        LOST,
        f"update crm_messages set status = 'cancelled' where id = {WELCOME}",
    ),
    "a first e-mail in doubt": (LOST, f"update crm_messages set status = 'unknown' where id = {WELCOME}"),
    "a sent e-mail that nobody tried": (
        LOST,
        f"delete from crm_message_attempts where message_id = {WELCOME}",
    ),
    "a person who is two leads": (
        TWICE,
        "insert into crm_leads (org_id, email, automation) select org_id, upper(email), 'off' from crm_leads limit 1",
    ),
    "a first e-mail planned twice": (TWICE, COPY.format(WELCOME)),
    "a notice planned twice": (TWICE, COPY.format(NOTICE)),
    "an e-mail that left before its time": (
        UNDUE,
        f"update crm_messages set due_at = due_at + interval '1 minute' where id = {WELCOME}",
    ),
    "an e-mail to somebody who had said no": (
        UNDUE,
        "insert into crm_suppressions (org_id, channel, address, reason, created_at)"
        " select org_id, 'email', email, 'asked', now() - interval '1 hour' from crm_leads limit 1",
    ),
    "a submission that waits": (STUCK, "update crm_inbox set status = 'pending' where outcome = 'merged'"),
    "a lead that waits": (STUCK, f"update crm_leads set automation = 'pending' where id = {LEAD}"),
    "a claim that nobody gave back": (
        STUCK,
        f"update crm_messages set status = 'claimed' where id = {WELCOME}",
    ),
    "an attempt without an end": (STUCK, f"update crm_messages set status = 'sending' where id = {NOTICE}"),
    "an overdue message": (
        STUCK,
        f"update crm_messages set status = 'scheduled', due_at = now() - interval '1 hour' where id = {NOTICE}",
    ),
    "a sequence that stands still": (
        STUCK,
        "update crm_enrolments e set plan_at = null where id = (select min(id::text)::uuid from crm_enrolments);"
        "delete from crm_messages where status = 'scheduled'",
    ),
}


@pytest.fixture(scope="module")
def finished(server: Server) -> Iterator[Bench]:
    """A bench whose work is done and whose recount finds nothing."""
    with bench_on(server, people=PEOPLE) as bench:
        work_off(bench)
        assert bench.breaches() == []
        yield bench


@pytest.fixture
def sound(finished: Bench) -> Iterator[Bench]:
    """A copy of it, to be broken."""
    with twin_of(finished) as bench:
        yield bench


def kinds(bench: Bench) -> set[str]:
    """The kinds of what the recount finds."""
    return {breach.kind for breach in bench.breaches()}


@pytest.mark.parametrize("case", BREAKS)
def test_the_recount_finds(sound: Bench, case: str) -> None:
    kind, statement = BREAKS[case]
    sound.execute(statement)
    assert kind in kinds(sound)


def test_the_recount_finds_a_202_that_left_nothing(sound: Bench) -> None:
    sound.accepted.append(Accepted("key-x", "00000000-0000-7000-8000-000000000000", "person0@faults.example"))
    assert kinds(sound) == {LOST}


def test_the_recount_finds_a_key_with_two_answers(sound: Bench) -> None:
    first, second, *_ = sound.accepted
    sound.accepted.append(Accepted(first.key, second.event_id, second.email))
    assert kinds(sound) == {TWICE}


def test_the_recount_finds_an_email_that_left_twice(sound: Bench) -> None:
    path = next(sound.outbox.glob("*.eml"))
    path.with_stem("another-name").write_bytes(path.read_bytes())
    assert TWICE in kinds(sound)


def test_the_recount_finds_a_sent_email_without_a_file(sound: Bench) -> None:
    next(sound.outbox.glob("*.eml")).unlink()
    assert kinds(sound) == {LOST}


def test_the_recount_finds_a_file_that_no_row_knows(sound: Bench, tmp_path: Path) -> None:
    path = next(sound.outbox.glob("*.eml"))
    strange = path.read_bytes().replace(path.stem.encode(), b"00000000-0000-7000-8000-000000000000")
    path.with_stem("strange").write_bytes(strange)
    assert TWICE in kinds(sound)


def test_the_recount_takes_a_hopeless_submission_for_dead_only_and_wants_a_reason(sound: Bench) -> None:
    sound.execute("update crm_inbox set status = 'dead', reason = 'no contact' where outcome = 'merged'")
    assert kinds(sound) == {LOST}
    *rest, last = sound.accepted
    assert last.event_id == sound.one("select id::text from crm_inbox where outcome = 'merged'")
    sound.accepted[:] = [*rest, Accepted(last.key, last.event_id, "", hopeless=True)]
    assert kinds(sound) == set()
    sound.execute("update crm_inbox set reason = null where status = 'dead'")
    assert kinds(sound) == {LOST}


def test_the_recount_knows_nothing_of_the_product() -> None:
    judges = [
        one
        for one in modules("tests/faults")
        if one.path.endswith(("breaches.py", "carried.py", "/invariants.py"))
    ]
    used = {name.split(".")[0] for judge in judges for name in judge.imports()}
    assert len(judges) == 3 and not used & set(PRODUCT)
