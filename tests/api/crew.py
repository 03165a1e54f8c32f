"""People of an org with keys of their own, for tests of who may do what."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg

from tests.conftest import Org

MakeKey = Callable[..., str]


@dataclass(frozen=True)
class Person:
    """Somebody who works in a team, and the key."""

    id: UUID
    team_id: UUID | None
    api_key: str


def make_team(owner: psycopg.Connection, org: Org, name: str, *, below: UUID | None = None) -> UUID:
    """A team, below another one when that is named."""
    row = owner.execute(
        "insert into crm_teams (org_id, name, parent_id) values (%s, %s, %s) returning id",
        [org.org_id, name, below],
    ).fetchone()
    assert row is not None
    team: UUID = row[0]
    return team


def hire(
    owner: psycopg.Connection,
    make_key: MakeKey,
    org: Org,
    role: str,
    team: UUID | None = None,
    name: str = "",
) -> Person:
    """Somebody with a role, in a team when one is named."""
    row = owner.execute(
        "insert into crm_users (org_id, email, name, role) values (%s, %s, %s, %s) returning id",
        [org.org_id, f"{name or role}@acme.example", name or role, role],
    ).fetchone()
    assert row is not None
    if team is not None:
        owner.execute(
            "insert into crm_memberships (org_id, team_id, user_id) values (%s, %s, %s)",
            [org.org_id, team, row[0]],
        )
    return Person(row[0], team, make_key(org, "read", "write", "admin", user_id=row[0]))
