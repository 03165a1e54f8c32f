"""Two orgs with teams in a tree, and of everybody one record of every kind, each with texts of its owner's own in every field.

Nothing here needs pytest: the mutants are run without it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, CheckConstraint, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from crm_db import session
from crm_db.actions import api_keys, orgs
from crm_db.actions.api_keys import NewKey
from crm_db.models import Base
from tests.databases import Database

ORGS = ("acme", "globex")
TEAMS = {"sales": None, "north": "sales", "south": "sales", "west": None}
"""Acme's teams and the one above each. In north one sees what the team has."""
PEOPLE = {
    "mia": ("manager", "sales"),
    "ada": ("rep", "north"),
    "bo": ("rep", "north"),
    "cy": ("rep", "south"),
    "di": ("rep", "south"),
    "wes": ("rep", "west"),
    "vi": ("viewer", "west"),
}
OWNERS = ("ada", "bo", "cy", "di", "wes", "nobody", "gil")
"""Whose records there are; gil's are in the other org."""
SIGHT: Mapping[str, frozenset[str]] = {
    "admin": frozenset(OWNERS) - {"gil"},
    "system": frozenset(OWNERS) - {"gil"},
    "vi": frozenset(OWNERS) - {"gil"},
    "mia": frozenset({"ada", "bo", "cy", "di"}),
    "ada": frozenset({"ada", "bo"}),
    "bo": frozenset({"ada", "bo"}),
    "cy": frozenset({"cy"}),
    "di": frozenset({"di"}),
    "wes": frozenset({"wes"}),
    "gil": frozenset({"gil"}),
}
"""Whose records each sees."""
OWNED = (
    "crm_leads", "crm_deals", "crm_customers", "crm_contacts", "crm_activities", "crm_ai_insights", "crm_reports",
    "crm_subscriptions", "crm_support_tickets", "crm_survey_responses", "crm_alerts", "crm_enrolments", "crm_messages",
)  # fmt: skip
OF_A_RECORD = ("crm_score_history", "crm_assignments", "crm_deal_stage_history", "crm_message_attempts")


@dataclass(frozen=True)
class Person:
    """Somebody who acts: with a role, perhaps as a user, with an API key."""

    name: str
    org_id: UUID
    role: str
    user_id: UUID | None
    team_ids: tuple[UUID, ...]
    key: str

    @property
    def may_write(self) -> bool:
        """Whether records may be written at all."""
        return self.role != "viewer"

    @property
    def may_configure(self) -> bool:
        """Whether the org's settings may be written."""
        return self.role in {"admin", "system"}


@dataclass
class World:
    """Who and what there is. `rows`: the values with which each record was made, by its owner's name and table."""

    org_ids: dict[str, UUID] = field(default_factory=dict)
    teams: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def id_of(self, owner: str, table: str) -> UUID:
        """The id of somebody's record."""
        found: UUID = self.rows[owner, table]["id"]
        return found

    def seen(self, person: str, table: str) -> set[UUID]:
        """The ids of the records of a table that a person must see, and no others."""
        return {self.id_of(owner, table) for owner in SIGHT[person] if (owner, table) in self.rows}


def canary(owner: str) -> str:
    """A text that stands in everything of an owner's, and nowhere else."""
    return f"canary-{hashlib.sha256(owner.encode()).hexdigest()[:12]}"


def build(database: Database) -> World:
    """The world, made as the database's owner."""
    world = World()
    with session.bound_to(database.owner_url), session.unit_of_work() as work:
        for name in ORGS:
            first = orgs.ensure_first_org(
                work,
                name=name.title(),
                admin_email=f"admin@{name}.example",
                admin_password="a long enough password",
            )
            world.org_ids[name] = first.org_id
            assert first.api_key is not None
            who = "admin" if name == "acme" else "other admin"
            world.people[who] = Person(who, first.org_id, "admin", first.admin_id, (), first.api_key)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        _people(owner, world)
        for name in OWNERS:
            _records(owner, world, name)
        _configuration(owner, world)
    return world


def _people(owner: psycopg.Connection, world: World) -> None:
    acme, globex = world.org_ids["acme"], world.org_ids["globex"]
    for name, above in TEAMS.items():
        world.teams[name] = _insert(
            owner, "crm_teams", acme, "acme", name=f"{canary('acme')} {name}",
            parent_id=world.teams[above] if above else None, visibility="team" if name == "north" else "own",
        )  # fmt: skip
    world.teams["globex"] = _insert(owner, "crm_teams", globex, "gil", visibility="team")
    for name, (role, team) in {**PEOPLE, "gil": ("rep", "globex")}.items():
        org_id = globex if name == "gil" else acme
        user_id = _insert(
            owner, "crm_users", org_id, "gil" if name == "gil" else "acme",
            name=name, email=f"{name}@walls.example", role=role, password_hash=None, timezone="UTC", phone=None,
        )  # fmt: skip
        owner.execute(
            "insert into crm_memberships (org_id, team_id, user_id) values (%s, %s, %s)",
            [org_id, world.teams[team], user_id],
        )
        key = _key(owner, org_id, ["admin"], user_id)
        seen = owner.execute("select crm_teams_seen(%s, %s, %s)", [org_id, user_id, role]).fetchone()
        assert seen is not None
        world.people[name] = Person(name, org_id, role, user_id, tuple(seen[0]), key)
    world.people["system"] = Person("system", acme, "system", None, (), _key(owner, acme, ["admin"]))


def _key(
    owner: psycopg.Connection, org_id: UUID, scopes: list[str], user_id: UUID | None = None, **more: Any
) -> str:
    key: NewKey = api_keys.make_key()
    values = {"name": "test", "prefix": key.prefix, "secret_hash": key.secret_hash, "scopes": scopes, **more}
    names = ", ".join(values)
    owner.execute(
        f"insert into crm_api_keys (org_id, user_id, {names}) values (%s, %s{', %s' * len(values)})",
        [org_id, user_id, *values.values()],
    )
    return key.text


def add_key(
    database: Database, org_id: UUID, scopes: list[str], user_id: UUID | None = None, **more: Any
) -> str:
    """A further API key."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        return _key(owner, org_id, scopes, user_id, **more)


def _records(owner: psycopg.Connection, world: World, name: str) -> None:
    """One record of every kind that belongs to somebody."""
    org = "globex" if name == "gil" else "acme"
    org_id = world.org_ids[org]
    person = world.people.get(name)
    team = {**{who: team for who, (_, team) in PEOPLE.items()}, "gil": "globex"}.get(name)
    whose = {"owner_id": person.user_id if person else None, "team_id": world.teams[team] if team else None}

    def one(table: str, **values: Any) -> UUID:
        made: dict[str, Any] = {}
        row_id = _insert(owner, table, org_id, name, made, **values)
        world.rows[name, table] = made
        return row_id

    def some(column: str, table: str) -> UUID:
        row = owner.execute(f"select {column} from {table} where org_id = %s order by id limit 1", [org_id])
        found: UUID = row.fetchone()[0]  # type: ignore[index]
        return found

    lead = one("crm_leads", **whose, automation="off", status="new", timezone="UTC")
    customer = one("crm_customers", **whose, status="active")
    one("crm_contacts", **whose, customer_id=customer)
    one("crm_subscriptions", **whose, customer_id=customer, status="active", period="year", payment_state="current",
        began_on="2026-01-01", term_start="2026-01-01", term_end="2026-12-31")  # fmt: skip
    one(
        "crm_support_tickets",
        **whose,
        customer_id=customer,
        priority="low",
        status="open",
        opened_at="2026-11-02T09:00:00Z",
    )
    one(
        "crm_survey_responses",
        **whose,
        customer_id=customer,
        kind="nps",
        score=9,
        answered_at="2026-11-02T09:00:00Z",
    )
    deal = one("crm_deals", **whose, stage_id=some("id", "crm_pipeline_stages"),
               pipeline_id=some("pipeline_id", "crm_pipeline_stages"), status="open", lost_reason=None,
               expected_close="2026-01-31")  # fmt: skip
    one("crm_activities", **whose, lead_id=lead, kind="call", direction="out")
    one("crm_ai_insights", **whose, deal_id=deal, kind="risk", state="open")
    one("crm_reports", **whose, state="wanted")
    one("crm_alerts", **whose, severity="info", state="open", entity_id=lead)
    one("crm_score_history", lead_id=lead, score=1, reasons=Jsonb([]))
    one("crm_assignments", lead_id=lead, user_id=whose["owner_id"], verdicts=Jsonb([]))
    version = some("id", "crm_sequence_versions")
    one("crm_enrolments", **whose, lead_id=lead, sequence_id=some("sequence_id", "crm_sequence_versions"),
        version_id=version, state="paused", plan_at=None)  # fmt: skip
    message = one("crm_messages", **whose, lead_id=lead, channel="email", recipient="lead", status="cancelled",
                  due_at="2026-11-22T09:00:00Z")  # fmt: skip
    one("crm_message_attempts", message_id=message, number=1, lease_token=uuid4(), outcome="sent")
    stay = owner.execute("select id from crm_deal_stage_history where deal_id = %s", [deal]).fetchone()
    assert stay is not None
    world.rows[name, "crm_deal_stage_history"] = {"org_id": org_id, "id": stay[0], "deal_id": deal}
    owner.execute(
        "insert into crm_events (org_id, kind, entity, entity_ids, actor) values (%s, 'lead.created', 'lead', %s, 'test')",
        [org_id, [lead]],
    )


def _configuration(owner: psycopg.Connection, world: World) -> None:
    """What everybody in an org sees."""
    for org, org_id in world.org_ids.items():
        whose = "gil" if org == "globex" else "acme"
        source = _insert(
            owner, "crm_sources", org_id, whose, format="auto", access_token=None, thank_you_url=None
        )
        _insert(owner, "crm_sales_goals", org_id, whose, metric="calls", target=1, period_start="2026-10-01",
                period_end="2026-12-31", currency=None)  # fmt: skip
        _insert(owner, "crm_suppressions", org_id, whose, channel="email")
        _insert(owner, "crm_custom_fields", org_id, whose, entity="contact", type="text")
        owner.execute(
            "insert into crm_inbox (org_id, source_id, content_type, body, status, reason)"
            " values (%s, %s, 'application/json', %s, 'dead', %s)",
            [org_id, source, f'{{"note": "{canary(whose)}"}}'.encode(), f"no_contact: {canary(whose)}"],
        )
        owner.execute("update crm_leads set first_name = first_name || ' x' where org_id = %s", [org_id])


def _insert(
    connection: psycopg.Connection,
    table: str,
    org_id: UUID,
    whose: str,
    made: dict[str, Any] | None = None,
    **values: Any,
) -> UUID:
    """A row with these values, and its owner's canary wherever a text can stand."""
    row = {"org_id": org_id, "id": uuid4(), **texts(Base.metadata.tables[table], whose), **values}
    statement, parameters = insertion(table, row)
    connection.execute(statement, parameters)
    if made is not None:
        made.update(row)
    found: UUID = row["id"]
    return found


def insertion(table: str, row: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The statement that puts a row into a table."""
    columns = ", ".join(row)
    return f"insert into {table} ({columns}) values ({', '.join(['%s'] * len(row))})", list(row.values())


def texts(table: Table, whose: str) -> dict[str, Any]:
    """The owner's canary for every field that holds words."""
    word = canary(whose)
    closed = _closed_columns(table)
    row: dict[str, Any] = {}
    for column in table.columns:
        if isinstance(column.type, Text) and column.name not in closed:
            row[column.name] = f"{word} {column.name} {uuid4().hex[:6]}"
        elif isinstance(column.type, ARRAY) and isinstance(column.type.item_type, Text):
            row[column.name] = [word]
        elif isinstance(column.type, JSONB) and column.name in {
            "custom",
            "utm",
            "ai_insights",
            "parameters",
            "figures",
        }:
            row[column.name] = Jsonb({"note": word})
    return row


def _closed_columns(table: Table) -> set[str]:
    """Columns of a closed list of words."""
    checks: Iterator[str] = (
        str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint)
    )
    return {words.partition(" in (")[0] for words in checks if " in (" in words}
