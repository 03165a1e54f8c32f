"""Dead letters as the command line shows them."""

from uuid import UUID

import psycopg

from crm_db import session
from crm_db.actions.sources import NewSource
from crm_db.queries import submissions
from tests.conftest import Database, Org


def submit(database: Database, org: Org, source: NewSource, *bodies: bytes) -> list[UUID]:
    """Submissions in the inbox, in the order of their bodies."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        made = [
            owner.execute(
                "insert into crm_inbox (org_id, source_id, content_type, body)"
                " values (%s, %s, 'text/plain', %s) returning id",
                [org.org_id, source.id, body],
            ).fetchone()
            for body in bodies
        ]
    return [row[0] for row in made if row]


def bury(database: Database, *ids: UUID) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "update crm_inbox set status = 'dead', reason = 'not_json: no', claims = 2 where id = any (%s)",
            [list(ids)],
        )


def test_dead_letters_are_listed_with_source_and_reason(
    database: Database, org: Org, source: NewSource, as_flow: Database
) -> None:
    first, waiting, second = submit(database, org, source, b"1", b"2", b"3")
    bury(database, first, second)
    with session.unit_of_work(org.identity) as work:
        letters = submissions.dead(work, 10)
        assert len(submissions.dead(work, 1)) == 1
    assert {letter.id for letter in letters} == {first, second}
    assert waiting not in {letter.id for letter in letters}
    assert {(letter.source, letter.reason, letter.claims) for letter in letters} == {
        ("website", "not_json: no", 2)
    }


def test_a_submission_is_shown_byte_by_byte(
    database: Database, org: Org, source: NewSource, as_flow: Database
) -> None:
    (event_id,) = submit(database, org, source, b"\x00\xff{")
    with session.unit_of_work(org.identity) as work:
        stored = submissions.get(work, event_id)
        assert submissions.get(work, UUID(int=1)) is None
    assert stored is not None
    assert (stored.org_id, stored.source, stored.status) == (org.org_id, "website", "pending")
    assert (stored.body, stored.content_type, stored.automation) == (b"\x00\xff{", "text/plain", True)
