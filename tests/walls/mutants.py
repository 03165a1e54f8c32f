"""Databases with a hole in a wall, and which of the probes see it. A hole that no probe sees is a hole in the probes.

Each mutant is one change, made by the database's owner to a copy of the world.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg

from tests.databases import Database, Server
from tests.walls import world as worlds
from tests.walls.copies import copy_of
from tests.walls.probes import PROBES
from tests.walls.world import World

INSIDE = "org_id = (select crm_org())"
SEEN = "((select crm_sees_org()) or owner_id = (select crm_user()) or team_id = any ((select crm_teams())::uuid[]))"
NO_TEAM = "((select crm_sees_org()) or owner_id = (select crm_user()))"
NO_OWNER = "((select crm_sees_org()) or team_id = any ((select crm_teams())::uuid[]))"
WRITES = "(select crm_may_write())"
WANTED_SHARE = 0.95


@dataclass(frozen=True)
class Mutant:
    """What is wrong in it, in words, and how it is made: a statement, or a replacement in the body of a function."""

    words: str
    statement: str = ""
    function: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class Verdict:
    """Which probe saw a mutant first, and what it said; None: it survived."""

    mutant: Mutant
    probe: str | None
    sentence: str = ""


def _policy(table: str, verb: str, using: str | None, check: str | None = None) -> str:
    parts = [f"using ({using})" if using else "", f"with check ({check})" if check else ""]
    return f"alter policy app_{verb} on {table} {' '.join(part for part in parts if part)}"


MUTANTS: tuple[Mutant, ...] = (
    Mutant("leads without a policy for reading", "drop policy app_select on crm_leads"),
    Mutant("everybody reads all deals", _policy("crm_deals", "select", "true")),
    Mutant("leads are read by the whole org", _policy("crm_leads", "select", INSIDE)),
    Mutant("activities are read by the whole org", _policy("crm_activities", "select", INSIDE)),
    Mutant("contacts are not read by the team", _policy("crm_contacts", "select", f"{INSIDE} and {NO_TEAM}")),
    Mutant(
        "messages are not read by their owner", _policy("crm_messages", "select", f"{INSIDE} and {NO_OWNER}")
    ),
    Mutant("customers of every org by their owner's id", _policy("crm_customers", "select", SEEN)),
    Mutant(
        "what nobody owns is everybody's",
        _policy("crm_ai_insights", "select", f"{INSIDE} and ({SEEN} or owner_id is null)"),
    ),
    Mutant("leads may be given to anybody", _policy("crm_leads", "update", None, "true")),
    Mutant(
        "deals may be given to anybody in the org",
        _policy("crm_deals", "update", None, f"{INSIDE} and {WRITES}"),
    ),
    Mutant(
        "contacts of others may be changed",
        _policy("crm_contacts", "update", f"{INSIDE} and {WRITES}", f"{INSIDE} and {WRITES}"),
    ),
    Mutant("deals may be entered for anybody", _policy("crm_deals", "insert", None, "true")),
    Mutant(
        "messages may be written about others' leads",
        _policy("crm_messages", "insert", None, f"{INSIDE} and {WRITES}"),
    ),
    Mutant("viewers enter customers", _policy("crm_customers", "insert", None, f"{INSIDE} and {SEEN}")),
    Mutant(
        "viewers change reports",
        _policy("crm_reports", "update", f"{INSIDE} and {SEEN}", f"{INSIDE} and {SEEN}"),
    ),
    Mutant("everybody deletes leads for good", _policy("crm_leads", "delete", INSIDE)),
    Mutant("leads do not force their policies", "alter table crm_leads no force row level security"),
    Mutant("contacts have no row-level security", "alter table crm_contacts disable row level security"),
    Mutant("scores are read by the whole org", _policy("crm_score_history", "select", INSIDE)),
    Mutant(
        "decisions are written about others' leads",
        _policy("crm_assignments", "insert", None, f"{INSIDE} and {WRITES}"),
    ),
    Mutant("attempts are read by everybody", _policy("crm_message_attempts", "select", "true")),
    Mutant("ways of deals are read by the whole org", _policy("crm_deal_stage_history", "select", INSIDE)),
    Mutant("raw submissions are read by the whole org", _policy("crm_inbox", "select", INSIDE)),
    Mutant("former values are read by the whole org", _policy("crm_changes", "select", INSIDE)),
    Mutant("keys are read by the whole org", _policy("crm_api_keys", "select", INSIDE)),
    Mutant("everybody changes teams", _policy("crm_teams", "update", INSIDE, INSIDE)),
    Mutant("everybody writes templates", _policy("crm_templates", "insert", None, INSIDE)),
    Mutant("everybody makes keys", _policy("crm_api_keys", "insert", None, INSIDE)),
    Mutant("everybody changes goals", _policy("crm_sales_goals", "update", INSIDE, INSIDE)),
    Mutant(
        "everybody changes the org",
        "alter policy app_update on crm_orgs using (id = (select crm_org()))"
        " with check (id = (select crm_org()))",
    ),
    Mutant("everybody lets addresses be written to again", _policy("crm_suppressions", "delete", INSIDE)),
    Mutant("events of all orgs are read", _policy("crm_events", "select", "true")),
    Mutant("settings of all orgs are read", _policy("crm_settings", "select", "true")),
    Mutant(
        "flows give a lead's activity to another team",
        "alter policy flow_update on crm_activities with check (true)",
    ),
    Mutant(
        "a reference of deals may cross orgs",
        "alter table crm_leads add unique (id); alter table crm_deals drop constraint fk_crm_deals_org_id_lead_id,"
        " add foreign key (lead_id) references crm_leads (id)",
    ),
    Mutant(
        "a reference of contacts is gone",
        "alter table crm_contacts drop constraint fk_crm_contacts_org_id_customer_id",
    ),
    Mutant("one e-mail address in all orgs", "create unique index on crm_users (email)"),
    Mutant("an org may change", "drop trigger crm_keep_org on crm_customers"),
    Mutant(
        "activities do not take after their lead", "drop trigger crm_inherit_visibility on crm_activities"
    ),
    Mutant("what belongs to a lead stays behind", "drop trigger crm_hand_on_visibility on crm_leads"),
    Mutant("changes of deals leave no trace", "drop trigger crm_log_change on crm_deals"),
    Mutant("the API reads secrets of sources", "grant select (secret) on crm_sources to crm_app"),
    Mutant("the API reads hashes of passwords", "grant select (password_hash) on crm_users to crm_app"),
    Mutant("the API may empty tables", "grant truncate on crm_leads to crm_app"),
    Mutant("the API changes the log of changes", "grant update on crm_changes to crm_app"),
    Mutant("the API forgets events", "grant delete on crm_events to crm_app"),
    Mutant("managers see the org", function="crm_sees_org", old="'viewer'", new="'viewer'::text, 'manager'"),
    Mutant("reps see the org", function="crm_sees_org", old="'viewer'", new="'viewer'::text, 'rep'"),
    Mutant("viewers write", function="crm_may_write", old="'rep'", new="'rep'::text, 'viewer'"),
    Mutant("managers configure", function="crm_may_configure", old="'admin'", new="'admin'::text, 'manager'"),
    Mutant(
        "no role is an administrator's",
        function="crm_role",
        old="raise exception 'no identity: crm.role is not set in this transaction' using errcode = '28000'",
        new="return 'admin'",
    ),
    Mutant(
        "no org is some org",
        function="crm_org",
        old="raise exception 'no identity: crm.org_id is not set in this transaction' using errcode = '28000'",
        new="return (select id from crm_orgs limit 1)",
    ),
    Mutant(
        "finding knows no owners", function="crm_find_where", old="not crm_sees_org() then", new="false then"
    ),
    Mutant(
        "finding knows no teams",
        function="crm_find_where",
        old="(t.owner_id = %L::uuid or t.team_id = any (%L::uuid[]))",
        new="(t.owner_id = %L::uuid or false and t.team_id = any (%L::uuid[]))",
    ),
    Mutant(
        "finding crosses orgs",
        function="crm_find_where",
        old="t.org_id = %L::uuid",
        new="t.org_id is distinct from %L::uuid or true",
    ),
    Mutant(
        "finding shows others' keys", function="crm_find_where", old="not crm_may_configure()", new="false"
    ),
    Mutant(
        "finding shows what was deleted",
        function="crm_find_where",
        old="' and t.deleted_at is null'",
        new="''",
    ),
    Mutant(
        "finding looks into secret columns",
        function="crm_find_column",
        old="not has_column_privilege('crm_app', p_table, p_field, 'select')",
        new="false",
    ),
    Mutant(
        "finding takes anybody's tables for its own",
        "alter function crm_find_ids(text, jsonb, integer) reset search_path",
    ),
    Mutant("everybody may find", "grant execute on function crm_find_ids(text, jsonb, integer) to public"),
    Mutant("revoked keys count", function="crm_authenticate", old="and k.revoked_at is null", new=""),
    Mutant("expired keys count", function="crm_authenticate", old="k.expires_at > now()", new="true"),
    Mutant("keys of people who left count", function="crm_authenticate", old="or u.active", new="or true"),
    Mutant(
        "any secret will do", function="crm_authenticate", old="and k.secret_hash = p_secret_hash", new=""
    ),
    Mutant(
        "every team is open to its members",
        function="crm_teams_seen",
        old="and t.visibility = 'team'",
        new="",
    ),
    Mutant("managers see all teams", function="crm_teams_seen", old="t.parent_id = s.id", new="true"),
    Mutant("managers see no teams below", function="crm_teams_seen", old="t.parent_id = s.id", new="false"),
    Mutant(
        "viewers have teams",
        function="crm_teams_seen",
        old="(p_role = 'manager'",
        new="(p_role in ('manager', 'viewer')",
    ),
    Mutant("sums are of all deals", "alter function get_pipeline_summary() security definer"),
    Mutant(
        "recommendations are of all deals",
        function="get_ai_recommendations",
        old="STABLE",
        new="STABLE SECURITY DEFINER",
    ),
)


def verdicts(server: Server, mutants: Iterable[Mutant] = MUTANTS) -> Iterator[Verdict]:
    """Each mutant, and who saw it."""
    with copy_of(server) as sound:
        world = worlds.build(sound)
        unharmed = judged(Mutant("nothing is wrong"), sound, world)
        if unharmed.probe is not None:
            raise AssertionError(
                f"{unharmed.probe} sees something where nothing is wrong: {unharmed.sentence}"
            )
        for mutant in mutants:
            with copy_of(server, sound.name) as database:
                make(mutant, database)
                yield judged(mutant, database, world)


def judged(mutant: Mutant, database: Database, world: World) -> Verdict:
    """Run the probes until one sees something; a probe that cannot be run any more has seen it too."""
    for probe in PROBES:
        try:
            wrong = probe(database, world)
        except psycopg.Error as error:
            wrong = [type(error).__name__]
        if wrong:
            return Verdict(mutant, probe.__name__, wrong[0])
    return Verdict(mutant, None)


def make(mutant: Mutant, database: Database) -> None:
    """Make the hole."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        if mutant.statement:
            owner.execute(mutant.statement)
            return
        row = owner.execute(
            "select pg_get_functiondef(oid) from pg_proc where proname = %s and pronamespace = 'public'::regnamespace",
            [mutant.function],
        ).fetchone()
        words = str(row[0]) if row else ""
        if mutant.old not in words:
            raise AssertionError(
                f"{mutant.function} is written otherwise now: mend the mutant '{mutant.words}'"
            )
        owner.execute(words.replace(mutant.old, mutant.new))


def share_caught(found: list[Verdict]) -> float:
    """How many of the mutants were seen."""
    return sum(verdict.probe is not None for verdict in found) / len(found)


def tell(verdict: Verdict) -> None:
    """One line for each."""
    seen = f"{verdict.probe}: {verdict.sentence}" if verdict.probe else "SURVIVED"
    sys.stdout.write(f"    {verdict.mutant.words}: {seen}\n")
    sys.stdout.flush()
