"""Submissions in the inbox, as the API keeps them, for tests that begin there."""

from collections.abc import Sequence
from uuid import UUID

import psycopg

from tests.databases import Database


def submit(
    database: Database, org_id: UUID, source_id: UUID, bodies: Sequence[bytes], keys: Sequence[str]
) -> list[UUID]:
    """Keep JSON bodies under these keys; returns their event ids, in order."""
    count = len(bodies)
    with psycopg.connect(database.capture_url, autocommit=True) as connection:
        rows = connection.execute(
            "select event_id from crm_capture(%s, %s, %s, %s, %s, %s, %s, %s) order by ordinal",
            [
                [org_id] * count,
                [source_id] * count,
                ["application/json"] * count,
                [True] * count,
                ["header:test"] * count,
                list(keys),
                [b"hash"] * count,
                list(bodies),
            ],
        ).fetchall()
    return [row[0] for row in rows]
