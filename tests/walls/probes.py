"""What must be true of the walls. Each probe asks the database as the API's login does and names what is wrong."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import errors
from psycopg.types.json import Jsonb

from crm_db import catalog
from crm_db.models import Base
from tests.databases import Database
from tests.walls.world import OF_A_RECORD, OWNED, OWNERS, SIGHT, Person, World, insertion

Probe = Callable[[Database, World], list[str]]
CONFIGURATION = (
    "crm_teams", "crm_users", "crm_memberships", "crm_settings", "crm_sources", "crm_pipelines", "crm_pipeline_stages",
    "crm_sequences", "crm_sequence_versions", "crm_steps", "crm_templates", "crm_custom_fields",
)  # fmt: skip
KINDS = {
    "lead": "crm_leads", "deal": "crm_deals", "activity": "crm_activities", "customer": "crm_customers",
    "contact": "crm_contacts", "insight": "crm_ai_insights", "alert": "crm_alerts", "report": "crm_reports",
    "message": "crm_messages", "subscription": "crm_subscriptions", "ticket": "crm_support_tickets",
    "survey": "crm_survey_responses",
}  # fmt: skip
SEARCHED = ("lead", "deal", "activity", "customer", "contact")
WORDS = {"lead": "company", "deal": "name", "activity": "subject", "customer": "name", "contact": "title"}
UNWRITABLE = {"crm_deal_stage_history", "crm_message_attempts"}
UNCHANGEABLE = {*UNWRITABLE, "crm_score_history", "crm_assignments"}
PERSONS = ("admin", "system", "vi", "mia", "ada", "cy", "wes", "gil")
SET = (
    "select set_config('crm.org_id', %s, true), set_config('crm.user_id', %s, true), set_config('crm.role', %s, true),"
    " set_config('crm.team_ids', %s, true)"
)


@contextmanager
def app(database: Database) -> Iterator[psycopg.Connection]:
    """A connection of the API's login."""
    with psycopg.connect(database.app_url) as connection:
        yield connection
        connection.rollback()


@contextmanager
def acting(connection: psycopg.Connection, person: Person) -> Iterator[psycopg.Connection]:
    """A transaction on somebody's behalf; it leaves nothing behind."""
    teams = "{" + ",".join(str(team) for team in person.team_ids) + "}"
    with connection.transaction(force_rollback=True):
        connection.execute(SET, [str(person.org_id), str(person.user_id or ""), person.role, teams])
        yield connection


def outcome(connection: psycopg.Connection, statement: str, values: Sequence[Any] = ()) -> int | str:
    """How many rows a statement touched, or the class of its refusal; it is undone."""
    try:
        with connection.transaction(force_rollback=True):
            return connection.execute(statement, values).rowcount
    except psycopg.Error as error:
        return type(error).__name__


def refusal(connection: psycopg.Connection, statement: str, values: Sequence[Any]) -> str:
    """The words with which a statement is refused; it is undone."""
    try:
        with connection.transaction(force_rollback=True):
            return f"{connection.execute(statement, values).rowcount} rows"
    except psycopg.Error as error:
        return str(error)


def ids(connection: psycopg.Connection, question: str, values: Sequence[Any] = ()) -> set[UUID]:
    return {row[0] for row in connection.execute(question, values)}


def everybody_sees_their_own(database: Database, world: World) -> list[str]:
    """Policies alone: no explicit filter, the whole table."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            with acting(connection, world.people[name]):
                for table in (*OWNED, *OF_A_RECORD):
                    seen = ids(connection, f"select id from {table}")
                    if seen != world.seen(name, table):
                        wrong.append(
                            f"{name} sees {len(seen)} of {table}, not {len(world.seen(name, table))}"
                        )
    return wrong


def nobody_sees_another_org(database: Database, world: World) -> list[str]:
    """Every table, whoever asks."""
    wrong = []
    with app(database) as connection:
        for name in ("admin", "system", "vi", "mia", "ada", "gil"):
            person = world.people[name]
            for table in Base.metadata.sorted_tables:
                column = "id" if table.name == "crm_orgs" else "org_id"
                with acting(connection, person):
                    try:
                        found = ids(connection, f"select {column} from {table.name}")
                    except errors.InsufficientPrivilege:
                        continue
                if found - {person.org_id}:
                    wrong.append(f"{name} sees another org in {table.name}")
    return wrong


def everybody_reads_how_the_org_works(database: Database, world: World) -> list[str]:
    """Configuration is seen by all, raw submissions and former values by who sees the org, keys by their holders."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            person = world.people[name]
            with acting(connection, person):
                for table in (*CONFIGURATION, "crm_sales_goals", "crm_suppressions"):
                    if outcome(connection, f"select org_id from {table}") == 0:
                        wrong.append(f"{name} does not see {table}")
                for table in ("crm_inbox", "crm_changes"):
                    sees = outcome(connection, f"select id from {table}") != 0
                    if sees != (person.role in {"admin", "system", "viewer"}):
                        wrong.append(f"{name} {'sees' if sees else 'does not see'} {table}")
                holders = ids(connection, "select distinct user_id from crm_api_keys")
                if not person.may_configure and holders != {person.user_id}:
                    wrong.append(f"{name} sees keys of others")
                if person.may_configure and len(holders) < len(PERSONS) - 1 and name != "gil":
                    wrong.append(f"{name} does not see all keys")
    return wrong


def nobody_writes_beyond_their_sight(database: Database, world: World) -> list[str]:
    """Each person enters and changes a record of each owner."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            person = world.people[name]
            with acting(connection, person):
                for table in (*OWNED, *OF_A_RECORD):
                    for owner in OWNERS:
                        wrong += _entering(connection, world, person, table, owner)
                        wrong += _changing(connection, world, person, table, owner)
    return wrong


def _entering(
    connection: psycopg.Connection, world: World, person: Person, table: str, owner: str
) -> list[str]:
    if table in UNWRITABLE:
        may = False
        row = {**world.rows[owner, table], "id": uuid4()}
    else:
        may = person.may_write and owner in SIGHT[person.name]
        row = another(world.rows[owner, table], table)
    statement, values = insertion(table, row)
    found = outcome(connection, statement, values)
    if (found == 1) != may:
        return [f"{person.name} {'cannot enter' if may else 'enters'} {table} of {owner}: {found}"]
    return []


def _changing(
    connection: psycopg.Connection, world: World, person: Person, table: str, owner: str
) -> list[str]:
    may = person.may_write and owner in SIGHT[person.name] and table not in UNCHANGEABLE
    found = outcome(connection, f"update {table} set id = id where id = %s", [world.id_of(owner, table)])
    if (found == 1) != may:
        return [f"{person.name} {'cannot change' if may else 'changes'} {table} of {owner}: {found}"]
    return []


def another(row: dict[str, Any], table: str) -> dict[str, Any]:
    """A row like this one that does not clash with it."""
    fresh = {**row, "id": uuid4()}
    for name in ("external_id", "key"):
        if name in fresh:
            fresh[name] = uuid4().hex
    if table == "crm_enrolments":
        fresh["state"] = "finished"
    return fresh


def nobody_gives_away(database: Database, world: World) -> list[str]:
    """Out of one's own sight, or out of the org, nothing is given by policy."""
    wrong = []
    wes = world.people["wes"]
    with app(database) as connection:
        for name in ("ada", "cy", "mia"):
            for table in OWNED:
                # Without a condition, lest the policy for reading refuse what the one for writing lets through.
                with acting(connection, world.people[name]):
                    words = refusal(
                        connection,
                        f"update {table} set owner_id = %s, team_id = %s",
                        [wes.user_id, world.teams["west"]],
                    )
                    touched = outcome(connection, f"update {table} set created_at = '2026-11-22'")
                if f'policy for table "{table}' not in words:
                    wrong.append(f"{name} gives {table} away: {words}")
                if touched != len(world.seen(name, table)):
                    wrong.append(f"{name} changes {touched} of {table}, not {len(world.seen(name, table))}")
        for name in ("admin", "system", "ada"):
            for table in (*OWNED, *CONFIGURATION, "crm_sales_goals", "crm_suppressions", "crm_keys"):
                with acting(connection, world.people[name]):
                    found = outcome(connection, f"update {table} set org_id = %s", [world.org_ids["globex"]])
                if found not in {0, "InsufficientPrivilege", "CheckViolation", "ForeignKeyViolation"}:
                    wrong.append(f"{name} moves {table} to another org: {found}")
    return wrong


def an_org_never_changes(database: Database, world: World) -> list[str]:
    """Not even for the database's owner."""
    wrong = []
    with psycopg.connect(database.owner_url) as owner:
        for table in (*OWNED, *CONFIGURATION, "crm_sales_goals", "crm_events", "crm_api_keys"):
            found = outcome(
                owner, f"update {table} set org_id = %s where org_id <> %s", [world.org_ids["globex"]] * 2
            )
            if found != "CheckViolation":
                wrong.append(f"the org of {table} changes: {found}")
    return wrong


def only_administrators_delete(database: Database, world: World) -> list[str]:
    """For good, that is; people put a mark on it."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            person = world.people[name]
            for table in OWNED:
                owner = sorted(SIGHT[name])[0]
                with acting(connection, person):
                    found = outcome(
                        connection, f"delete from {table} where id = %s", [world.id_of(owner, table)]
                    )
                may = person.may_configure and table != "crm_messages"
                if (found in {1, "ForeignKeyViolation"}) != may:
                    wrong.append(f"{name} {'cannot delete' if may else 'deletes'} {table}: {found}")
            for table in (*CONFIGURATION, "crm_suppressions"):
                if not person.may_configure:
                    with acting(connection, person):
                        found = outcome(connection, f"delete from {table}")
                    if found not in {0, "InsufficientPrivilege"}:
                        wrong.append(f"{name} deletes {table}: {found}")
    return wrong


def only_administrators_configure(database: Database, world: World) -> list[str]:
    """Changing how the org works; goals are a manager's as well."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            person = world.people[name]
            for table in (*CONFIGURATION, "crm_orgs", "crm_sales_goals", "crm_api_keys"):
                may = person.may_configure or (table == "crm_sales_goals" and person.role == "manager")
                column = (
                    "name"
                    if table not in {"crm_memberships", "crm_settings", "crm_sequence_versions", "crm_steps"}
                    else "id"
                )
                with acting(connection, person):
                    found = outcome(connection, f"update {table} set {column} = {column}")
                if (found not in {0, "InsufficientPrivilege"}) != may:
                    wrong.append(f"{name} {'cannot change' if may else 'changes'} {table}: {found}")
            with acting(connection, person):
                made = [
                    ("crm_teams", outcome(connection, "insert into crm_teams (org_id, name) values (%s, 'x')", [person.org_id])),
                    ("crm_templates", outcome(connection, "insert into crm_templates (org_id, name, subject, body)"
                                              " values (%s, 'x', 'x', 'x')", [person.org_id])),
                    ("crm_api_keys", outcome(connection, "insert into crm_api_keys (org_id, name, prefix, secret_hash, scopes)"
                                             " values (%s, 'x', 'x', 'x', '{}')", [person.org_id])),
                ]  # fmt: skip
                wrong += [
                    f"{name} {'cannot enter' if person.may_configure else 'enters'} {table}: {found}"
                    for table, found in made
                    if (found == 1) != person.may_configure
                ]
                found = outcome(
                    connection, "insert into crm_teams (org_id, name) values (%s, 'x')",
                    [world.org_ids["acme" if name == "gil" else "globex"]],
                )  # fmt: skip
                if found == 1:
                    wrong.append(f"{name} enters a team of another org")
    return wrong


def found_ids_are_seen_ids(database: Database, world: World) -> list[str]:
    """The function alone: it runs by its owner's rights, whom the policies let see everything."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            with acting(connection, world.people[name]):
                for kind, table in KINDS.items():
                    for words, asked in _questions(kind):
                        wanted = world.seen(name, table) if words != "deleted" else set()
                        found = ids(connection, "select crm_find_ids(%s, %s, 500)", [kind, Jsonb(asked)])
                        if found != wanted:
                            wrong.append(f"{name} finds {len(found)} of {kind} ({words}), not {len(wanted)}")
                        row = connection.execute(
                            "select crm_count_found(%s, %s, 500)", [kind, Jsonb(asked)]
                        ).fetchone()
                        if row is None or row[0] != len(wanted):
                            wrong.append(f"{name} counts {row} of {kind} ({words}), not {len(wanted)}")
    return wrong


def _questions(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    sort = [{"field": "created_at", "down": True}, {"field": "id", "down": True}]
    yield "all", {"sort": sort}
    if kind in SEARCHED:
        yield "words", {"sort": sort, "q": "canary"}
        yield "part", {"sort": sort, "where": [{"field": WORDS[kind], "op": "contains", "value": "canary"}]}
        yield (
            "custom",
            {"sort": sort, "where": [{"field": "custom.note", "op": "contains", "value": "canary"}]},
        )
        yield "deleted", {"sort": sort, "deleted": True}
        yield (
            "nullable order",
            {"sort": [{"field": "owner_id", "down": False}, {"field": "id", "down": False}]},
        )


def what_was_deleted_is_found_apart(database: Database, world: World) -> list[str]:
    """A record that was deleted is in no list but that of the deleted."""
    wrong = []
    question = "select crm_find_ids(%s, %s, 500)"
    with app(database) as connection, acting(connection, world.people["admin"]):
        for kind in SEARCHED:
            gone, asked = world.id_of("ada", KINDS[kind]), {"sort": [{"field": "id"}]}
            connection.execute(f"update {KINDS[kind]} set deleted_at = now() where id = %s", [gone])
            there = ids(connection, question, [kind, Jsonb(asked)])
            deleted = ids(connection, question, [kind, Jsonb({**asked, "deleted": True})])
            if there != world.seen("admin", KINDS[kind]) - {gone}:
                wrong.append(f"a {kind} that was deleted is still found")
            if deleted != {gone}:
                wrong.append(f"of the deleted, {len(deleted)} of {kind} are found, not 1")
    return wrong


def found_configuration_is_the_orgs(database: Database, world: World) -> list[str]:
    """What everybody in the org may list; keys are found by their holders."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            person = world.people[name]
            with acting(connection, person):
                for kind, table in (
                    ("goal", "crm_sales_goals"), ("team", "crm_teams"), ("user", "crm_users"), ("source", "crm_sources"),
                    ("template", "crm_templates"), ("suppression", "crm_suppressions"), ("key", "crm_api_keys"),
                ):  # fmt: skip
                    found = ids(
                        connection,
                        "select crm_find_ids(%s, %s, 500)",
                        [kind, Jsonb({"sort": [{"field": "id"}]})],
                    )
                    wanted = _rows_of(database, person, table)
                    if found != wanted:
                        wrong.append(f"{name} finds {len(found)} of {kind}, not {len(wanted)}")
    return wrong


def _rows_of(database: Database, person: Person, table: str) -> set[UUID]:
    """What the owner sees of this person's org; of keys the person's own."""
    mine = " and user_id = %s" if table == "crm_api_keys" and not person.may_configure else ""
    with psycopg.connect(database.owner_url) as owner:
        return ids(
            owner,
            f"select id from {table} where org_id = %s{mine}",
            [person.org_id, *([person.user_id] if mine else [])],
        )


def what_is_secret_is_not_asked_for(database: Database, world: World) -> list[str]:
    """Neither by reading nor by filtering nor by sorting."""
    wrong = []
    secrets = {
        "source": ("crm_sources", "secret token"),
        "key": ("crm_api_keys", "secret_hash"),
        "user": ("crm_users", "password_hash"),
    }
    with app(database) as connection, acting(connection, world.people["admin"]):
        for kind, (table, columns) in secrets.items():
            for column in columns.split():
                asked = {"sort": [{"field": "id"}], "where": [{"field": column, "op": "ne", "value": "x"}]}
                for found in (
                    outcome(connection, f"select {column} from {table}"),
                    outcome(connection, "select crm_find_ids(%s, %s, 5)", [kind, Jsonb(asked)]),
                    outcome(
                        connection,
                        "select crm_find_ids(%s, %s, 5)",
                        [kind, Jsonb({"sort": [{"field": column}]})],
                    ),
                ):
                    if found not in {"InsufficientPrivilege", "InvalidParameterValue"}:
                        wrong.append(f"{table}.{column} can be asked for: {found}")
        for name in ("nothing", "pg_authid"):
            if outcome(connection, "select crm_find_ids(%s, '{}', 5)", [name]) != "InvalidParameterValue":
                wrong.append(f"crm_find_ids looks into {name}")
    return wrong


def no_identity_is_an_error(database: Database, world: World) -> list[str]:
    """Never an empty answer: neither without an org nor without a role."""
    wrong = []
    lacking = [("", ""), (str(world.org_ids["acme"]), ""), ("", "admin")]
    with app(database) as connection:
        for org_id, role in lacking:
            for table in (*OWNED, "crm_inbox", "crm_changes"):
                with connection.transaction(force_rollback=True):
                    connection.execute(SET, [org_id, "", role, ""])
                    found = outcome(connection, f"select * from {table}")
                    if found != "InvalidAuthorizationSpecification":
                        wrong.append(f"{table} answers {found} with org {bool(org_id)} and role {bool(role)}")
            with connection.transaction(force_rollback=True):
                connection.execute(SET, [org_id, "", role, ""])
                found = outcome(
                    connection, 'select crm_find_ids(\'lead\', \'{"sort": [{"field": "id"}]}\', 5)'
                )
                if found != "InvalidAuthorizationSpecification":
                    wrong.append(
                        f"crm_find_ids answers {found} with org {bool(org_id)} and role {bool(role)}"
                    )
    return wrong


def references_stay_in_the_org(database: Database, world: World) -> list[str]:
    """For everybody, the owner included: a child of one org cannot point into another."""
    wrong = []
    foreign = {
        "crm_deals": ("lead_id", "crm_leads"), "crm_contacts": ("customer_id", "crm_customers"),
        "crm_activities": ("lead_id", "crm_leads"), "crm_ai_insights": ("deal_id", "crm_deals"),
        "crm_messages": ("lead_id", "crm_leads"), "crm_enrolments": ("lead_id", "crm_leads"),
        "crm_customers": ("lead_id", "crm_leads"), "crm_leads": ("owner_id", None),
        "crm_subscriptions": ("customer_id", "crm_customers"), "crm_support_tickets": ("customer_id", "crm_customers"),
        "crm_survey_responses": ("customer_id", "crm_customers"),
    }  # fmt: skip
    with psycopg.connect(database.owner_url) as owner:
        for table, (column, parent) in foreign.items():
            row = another(world.rows["gil", table], table)
            row[column] = world.id_of("ada", parent) if parent else world.people["ada"].user_id
            statement, values = insertion(table, row)
            found = outcome(owner, statement, values)
            if found != "ForeignKeyViolation":
                wrong.append(f"{table}.{column} points into another org: {found}")
    return wrong


def children_follow_their_record(database: Database, world: World) -> list[str]:
    """What belongs to a lead, deal or customer is seen by whoever sees that, from the moment it changes hands."""
    wrong = []
    followers = {
        "crm_leads": ("crm_activities", "crm_enrolments", "crm_messages"),
        "crm_deals": ("crm_ai_insights",),
        "crm_customers": ("crm_contacts", "crm_subscriptions", "crm_support_tickets", "crm_survey_responses"),
    }
    wes = world.people["wes"]
    with psycopg.connect(database.owner_url) as owner, owner.transaction(force_rollback=True):
        for parent, children in followers.items():
            owner.execute(
                f"update {parent} set owner_id = %s, team_id = %s where id = %s",
                [wes.user_id, world.teams["west"], world.id_of("ada", parent)],
            )
            for child in children:
                row = owner.execute(
                    f"select owner_id, team_id from {child} where id = %s", [world.id_of("ada", child)]
                )
                if row.fetchone() != (wes.user_id, world.teams["west"]):
                    wrong.append(f"{child} does not follow {parent}")
                fresh = {**another(world.rows["ada", child], child), "owner_id": None, "team_id": None}
                owner.execute(*insertion(child, fresh))
                row = owner.execute(f"select owner_id from {child} where id = %s", [fresh["id"]])
                if row.fetchone() != (wes.user_id,):
                    wrong.append(f"a new {child} does not take after {parent}")
    return wrong


def flows_carry_the_team(database: Database, world: World) -> list[str]:
    """What a flow writes of a lead has the lead's team; a trigger sees to it, and a policy to the trigger."""
    wrong = []
    with psycopg.connect(database.flow_url) as flow:
        for table in ("crm_activities", "crm_messages", "crm_enrolments"):
            found = outcome(
                flow, f"update {table} set team_id = %s where id = %s",
                [world.teams["west"], world.id_of("ada", table)],
            )  # fmt: skip
            if found != "InsufficientPrivilege":
                wrong.append(f"a flow gives {table} another team than its lead's: {found}")
    return wrong


def former_values_are_kept(database: Database, world: World) -> list[str]:
    """A change of a tracked column is remembered with its actor, and nobody of the API's can write that."""
    wrong = []
    with app(database) as connection, acting(connection, world.people["admin"]):
        for table, column in (
            ("crm_leads", "company"),
            ("crm_deals", "name"),
            ("crm_customers", "name"),
            ("crm_teams", "name"),
        ):
            connection.execute(f"update {table} set {column} = {column} || '!'")
            if (
                outcome(
                    connection, "select id from crm_changes where kind = %s and old ? %s", [table, column]
                )
                == 0
            ):
                wrong.append(f"a change of {table} leaves no trace")
        for statement in (
            "update crm_changes set actor = 'x'",
            "delete from crm_changes", "delete from crm_events", "update crm_events set actor = 'x'",
            "truncate crm_leads", "insert into crm_changes (org_id, kind, record_id, operation, old, actor)"
            " select org_id, 'x', id, 'update', '{}', 'x' from crm_leads limit 1",
        ):  # fmt: skip
            if outcome(connection, statement) != "InsufficientPrivilege":
                wrong.append(f"the API may: {statement}")
    return wrong


def keys_tell_who_it_is(database: Database, world: World) -> list[str]:
    """The holder's role and teams; nothing for a key that was revoked, expired, or whose holder is gone."""
    wrong = []
    with app(database) as connection:
        for person in world.people.values():
            found = _authenticated(connection, person.key)
            if found != (person.org_id, person.user_id, person.role, sorted(person.team_ids)):
                wrong.append(f"the key of {person.name} is not {person.name}'s")
        if _authenticated(connection, world.people["ada"].key[:-1] + "0") and not world.people[
            "ada"
        ].key.endswith("0"):
            wrong.append("a key with another secret counts")
    changes = (
        ("revoked_at = now()", "crm_api_keys", "user_id"),
        ("expires_at = now() - interval '1 second'", "crm_api_keys", "user_id"),
        ("active = false", "crm_users", "id"),
    )  # fmt: skip
    for change, table, column in changes:
        with psycopg.connect(database.owner_url) as owner, owner.transaction(force_rollback=True):
            owner.execute(f"update {table} set {change} where {column} = %s", [world.people["ada"].user_id])
            if _authenticated(owner, world.people["ada"].key) is not None:
                wrong.append(f"a key counts although {change}")
    wanted = {
        "mia": {"sales", "north", "south"}, "ada": {"north"}, "bo": {"north"}, "cy": set(), "wes": set(), "vi": set(),
    }  # fmt: skip
    for name, teams in wanted.items():
        if set(world.people[name].team_ids) != {world.teams[team] for team in teams}:
            wrong.append(f"{name} sees other teams than {teams or 'none'}")
    return wrong


def _authenticated(connection: psycopg.Connection, key: str) -> tuple[Any, ...] | None:
    _, _, prefix, secret = key.split("_", 3)
    row = connection.execute(
        "select org_id, user_id, role, team_ids from crm_authenticate(%s, %s)",
        [prefix, hashlib.sha256(secret.encode()).digest()],
    ).fetchone()
    return None if row is None else (*row[:3], sorted(row[3]))


def reports_are_ones_own(database: Database, world: World) -> list[str]:
    """The functions that the user's document names read as whoever calls them."""
    wrong = []
    with app(database) as connection:
        for name in PERSONS:
            with acting(connection, world.people[name]):
                row = connection.execute("select sum(deal_count) from get_pipeline_summary()").fetchone()
                if row is None or row[0] != len(SIGHT[name]):
                    wrong.append(f"{name} gets {row} deals summed up, not {len(SIGHT[name])}")
                told = ids(connection, "select entity_id from get_ai_recommendations(500)")
                allowed = {world.id_of(owner, table) for owner in SIGHT[name] for table in OWNED}
                if name == "admin" and not told:
                    wrong.append("nothing is recommended to anybody")
                if told - allowed:
                    wrong.append(f"{name} is recommended what {name} may not see")
    return wrong


def the_catalog_is_sound(database: Database, world: World) -> list[str]:
    """What the start of every process checks."""
    del world
    return catalog.problems(database.owner_url)


PROBES: tuple[Probe, ...] = (
    the_catalog_is_sound,
    everybody_sees_their_own,
    nobody_sees_another_org,
    everybody_reads_how_the_org_works,
    found_ids_are_seen_ids,
    what_was_deleted_is_found_apart,
    found_configuration_is_the_orgs,
    what_is_secret_is_not_asked_for,
    no_identity_is_an_error,
    references_stay_in_the_org,
    children_follow_their_record,
    flows_carry_the_team,
    former_values_are_kept,
    keys_tell_who_it_is,
    reports_are_ones_own,
    nobody_gives_away,
    an_org_never_changes,
    only_administrators_delete,
    only_administrators_configure,
    nobody_writes_beyond_their_sight,
)
