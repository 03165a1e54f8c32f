"""`crm import leads` as a person or a program calls it: files as they come, rejects, rehearsals, kills, two at once."""

import ast
import csv
import io
import json
import os
import random
import re
import signal
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import psycopg
import pytest
from typer.testing import CliRunner, Result

from benchmarks import leads_file
from crm_db import session
from deployments.cli import app
from deployments.errors import DeploymentError
from deployments.importing import rehearsal, workers
from tests.conftest import Database, Org
from tests.deployments.own_import import counts_of, start
from tests.house.code import ROOT, dotted, modules

MAPPING = """
source = "old"
region = "DE"
[columns]
external_id = "Id"
email = "Mail"
first_name = "Name"
created_at = "Created"
[outcome]
column = "Won"
converted = ["yes"]
lost = ["no"]
"""
PEOPLE_MAPPING = """
source = "old"
[columns]
external_id = "Id"
name = "Name"
email = "Mail"
phone = "Phone"
"""
PUBLIC_SET = ROOT.parent / "shared" / "data" / "leads_x_education.csv"

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Writes a file."""

    def write(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.fixture
def mapping(put: Put) -> Path:
    return put("old.toml", MAPPING)


@pytest.fixture
def crm(database: Database, org: Org, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in this process, as the administrator."""
    monkeypatch.setattr("deployments.cli.acting.login", lambda: (database.app_url, org.identity))

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["import", "leads", *map(str, arguments)])

    return run


def told(answer: Result) -> dict[str, Any]:
    assert answer.exit_code == 0, answer.output + str(answer.exception)
    counts: dict[str, Any] = json.loads(answer.stdout)
    assert counts["rows"] == sum(counts[kind] for kind in ("new", "merged", "repeated", "rejected"))
    return counts


def one(database: Database, query: str) -> Any:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute(query).fetchone()
    return None if row is None else row[0] if len(row) == 1 else row


def leads(database: Database) -> int:
    return int(one(database, "select count(*) from crm_leads"))


def test_rows_are_new_merged_repeated_or_rejected_and_the_counts_add_up(crm, put, mapping, database):
    table = put("old.csv", "Id,Mail,Name,Created,Won,Plan\n"
        '1,a@x.example,Ada,2025-01-02,yes,"team,\nlarge"\n'
        "2,A@X.example,,,,\n"
        "1,a@x.example,Ada,2025-01-02,yes,\n"
        '1,a@x.example,Ada,2025-01-02,yes,"team,\nlarge"\n'
        "3,c@x.example,Cy,,perhaps,\n"
        "4,too,few\n")  # fmt: skip
    counts = told(crm(table, "--mapping", mapping, "--json"))
    assert {kind: counts[kind] for kind in ("rows", "new", "merged", "repeated", "rejected")} == {
        "rows": 6, "new": 1, "merged": 2, "repeated": 1, "rejected": 2,
    }  # fmt: skip
    assert counts["source"] == "old"
    assert one(database, "select status, custom->>'Plan' from crm_leads") == ("converted", "team,\nlarge")


def test_a_person_is_told_in_a_sentence(crm, put, mapping):
    table = put("old.csv", "Id,Mail,Name,Created,Won\n1,,,,\n,,,,\n")
    answer = crm(table, "--mapping", mapping)
    assert answer.stdout.startswith("2 rows: 1 new, 0 merged, 0 repeated, 1 rejected.")
    assert "old.rejects.csv" in answer.stdout.replace("\n", "")


def test_rejects_are_kept_with_their_reasons_and_are_imported_when_they_are_mended(
    crm, put, mapping, database, tmp_path
):
    table = put(
        "old.csv", "Id;Mail;Name;Created;Won\n1;;Jürgen;31.12.2025;\n2;;Bo;;\n3;;Cy;;maybe;5\n", "cp1252"
    )
    first = told(crm(table, "--mapping", mapping, "--encoding", "cp1252", "--json"))
    left = Path(first["rejects"])
    assert left == tmp_path / "old.rejects.csv"
    assert left.stat().st_mode & 0o777 == 0o600
    rows = list(csv.reader(left.read_text("cp1252").splitlines(), delimiter=";"))
    assert rows[0][:4] == ["import_row", "import_reason", "import_words", "Id"]
    assert [row[:2] for row in rows[1:]] == [["2", "unreadable_date"], ["4", "too_many_cells"]]
    assert rows[1][3:] == ["1", "", "Jürgen", "31.12.2025", ""]
    mended = left.read_text("cp1252").replace("31.12.2025", "2025-12-31").replace("maybe;5", "yes")
    left.write_text(mended, "cp1252")
    again = told(crm(left, "--mapping", mapping, "--encoding", "cp1252", "--json"))
    assert (again["new"], again["rejected"], again["rejects"]) == (2, 0, None)
    assert one(database, "select first_name from crm_leads where external_id = '1'") == "Jürgen"
    assert told(crm(table, "--mapping", mapping, "--encoding", "cp1252", "--json"))["rows"] == 3
    assert leads(database) == 3


@pytest.mark.parametrize(
    ("encoding", "options"),
    [("utf-8", ()), ("utf-8-sig", ()), ("utf-16", ()), ("cp1252", ("--encoding", "windows-1252"))],
)
def test_a_file_is_read_in_its_encoding(crm, put, mapping, database, encoding, options):
    table = put("old.csv", "Id\tMail\tName\tCreated\tWon\tStraße\r\n1\t\tJürgen\t\t\tÖ\r\n", encoding)
    assert told(crm(table, "--mapping", mapping, "--json", *options))["new"] == 1
    assert one(database, "select first_name, custom->>'Straße' from crm_leads") == ("Jürgen", "Ö")


def test_bytes_that_are_no_text_cost_their_own_row(crm, put, mapping, database):
    table = put("old.csv", b"Id,Mail,Name,Created,Won\n1,,J\xfcrgen,,\n2,,Bo,,\n")
    counts = told(crm(table, "--mapping", mapping, "--json"))
    assert (counts["new"], counts["rejected"]) == (1, 1)
    assert b"J\xfcrgen" in Path(counts["rejects"]).read_bytes()


def test_a_dry_run_counts_what_a_run_would_and_changes_nothing(
    crm, put, database, org, tmp_path, monkeypatch
):
    table, mapping = tmp_path / "made-up.csv", put("m.toml", leads_file.MAPPING)
    monkeypatch.setattr("deployments.importing.run.ROWS_PER_BATCH", 50)
    leads_file.write(table, 700, seed=5)
    with table.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([next(leads_file.made_up(700, seed=5)), ["only", "two"]])
    rehearsed = told(crm(table, "--mapping", mapping, "--dry-run", "--json"))
    tables = ("crm_leads", "crm_keys", "crm_events", "crm_activities", "crm_changes")
    assert [one(database, f"select count(*) from {name}") for name in tables] == [0] * 5
    done = told(crm(table, "--mapping", mapping, "--processes", "1", "--json"))
    kinds = ("rows", "new", "merged", "repeated", "rejected")
    assert [rehearsed[kind] for kind in kinds] == [done[kind] for kind in kinds]
    assert done["merged"] > 50
    assert leads(database) == done["new"]
    assert told(crm(table, "--mapping", mapping, "--dry-run", "--json"))["repeated"] == 701


def test_a_row_whose_address_an_earlier_row_of_its_batch_brought_is_no_second_bearer(crm, put, database):
    mapping = put("m.toml", PEOPLE_MAPPING)
    table = put("z.csv", "Id,Name,Mail,Phone\nZ1,Zed,,\n,Zed Two,zed@two.example,\nZ1,Zed,zed@two.example,\n")
    told(crm(table, "--mapping", mapping, "--processes", "1", "--json"))
    assert one(database, "select count(*) from crm_leads where email = 'zed@two.example'") == 1


@pytest.fixture
def run_here(crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in this process, and in batches of seven rows."""

    @contextmanager
    def pool(assignment: workers.Assignment, _: int) -> Iterator[Any]:
        monkeypatch.setattr(workers._Worker, "assignment", assignment, raising=False)
        session.bind(assignment.url, pool_size=2)
        try:
            yield lambda rows: rehearsal._done(workers.import_rows(rows))
        finally:
            session.unbind()

    monkeypatch.setattr("deployments.importing.pool.pool", pool)
    monkeypatch.setattr("deployments.importing.run.ROWS_PER_BATCH", 7)


@pytest.mark.usefixtures("run_here")
def test_a_dry_run_counts_what_a_run_would_whoever_comes_in_whatever_order(crm, put, database):
    mapping = put("m.toml", PEOPLE_MAPPING)
    chance = random.Random(7)
    for turn in range(16):  # each file meets the leads of those before it
        rows = [
            [
                chance.choice(["", "", "", f"{chance.randrange(6)}"]),
                " ".join((chance.choice(["Anna", "Berta"]), chance.choice(["", "Braun", "Cox"]))).strip(),
                chance.choice(["", f"p{chance.randrange(5)}@x{turn // 2}.example"]),
                chance.choice(["", f"+49308887{turn // 2}{chance.randrange(4)}0"]),
            ]
            for _ in range(40)
        ]
        text = io.StringIO()
        csv.writer(text).writerows([["Id", "Name", "Mail", "Phone"], *rows])
        table = put(f"{turn}.csv", text.getvalue())
        options = ("--mapping", mapping, "--source", f"s{turn // 2}", "--json")
        rehearsed, done = (told(crm(table, *options, *more)) for more in (("--dry-run",), ()))
        kinds = ("rows", "new", "merged", "repeated", "rejected")
        assert [rehearsed[kind] for kind in kinds] == [done[kind] for kind in kinds]
    twice = "select count(*) from (select from crm_leads where email is not null group by email having count(*) > 1) d"
    assert one(database, twice) == 0


@pytest.mark.usefixtures("run_here")
def test_a_dry_run_knows_which_names_a_run_would_not_fill(crm, put):
    rows = [
        ",Anna,dr1@dr.example,+493088877",
        ",Berta Braun,dr1@dr.example,+493088877",
        *(f",Filler,f{number}@dr.example," for number in range(20)),
        ",Carl Cox,dr2@dr.example,+493088877",
    ]
    table = put("dr.csv", "\n".join(["Id,Name,Mail,Phone", *rows]))
    options = ("--mapping", put("m.toml", PEOPLE_MAPPING), "--json")
    rehearsed, done = (told(crm(table, *options, *more)) for more in (("--dry-run",), ()))
    assert (rehearsed["new"], rehearsed["merged"]) == (done["new"], done["merged"]) == (21, 2)


def test_what_differs_only_in_the_mapping_is_taken_up(crm, put, mapping, database):
    table = put("old.csv", "Id,Mail,Name,Created,Won,Firm\n1,,Ada,,,Acme\n")
    told(crm(table, "--mapping", mapping, "--json"))
    better = put("better.toml", MAPPING.replace("[outcome]", 'company = "Firm"\n[outcome]'))
    assert told(crm(table, "--mapping", better, "--json"))["merged"] == 1
    assert one(database, "select company from crm_leads") == "Acme"


def test_a_mapping_may_be_json_and_another_source_named(crm, put, database):
    table = put("old.csv", "Id,Name\n1,Ada\n")
    mapping = put("old.json", json.dumps(tomllib.loads('source = "old"\n[columns]\nexternal_id = "Id"')))
    assert told(crm(table, "--mapping", mapping, "--source", "elsewhere", "--json"))["source"] == "elsewhere"
    assert one(database, "select source from crm_leads") == "elsewhere"


def test_a_suggestion_is_a_mapping_that_imports(crm, put, database):
    table = put("Old CRM.csv", "Record ID,E-Mail,Vorname\n1,a@x.example,Ada\n")
    suggested = crm(table, "--suggest")
    mapping = put("suggested.toml", suggested.stdout)
    assert told(crm(table, "--mapping", mapping, "--json"))["new"] == 1
    assert one(database, "select source, email, first_name from crm_leads") == (
        "Old CRM",
        "a@x.example",
        "Ada",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("N\udce4me\n1\n", "--encoding"),
        ('"a\n1,2\n', "quotation mark"),
    ],
)
def test_what_is_no_table_is_one_sentence(crm, put, mapping, content, words):
    answer = crm(put("old.csv", content.encode("utf-8", "surrogateescape")), "--mapping", mapping)
    assert words in str(answer.exception)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("source = ", "is not TOML"),
        ('source = "old"\n[columns]\nemail = "Post"', "names the column Post"),
        ('source = "old"\nothers = [1]', "others is"),
        ('source = "old"\nempty = ' + "[" * 100_000 + "]" * 100_000, "nested too deeply"),
    ],
)
def test_a_mapping_that_does_not_fit_is_one_sentence(crm, put, content, words):
    answer = crm(put("old.csv", "Id,Mail\n1,\n"), "--mapping", put("m.toml", content))
    assert isinstance(answer.exception, DeploymentError)
    assert words in str(answer.exception)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_mapping_that_is_nested_too_deeply_is_one_sentence(crm, put, depth):
    mapping = put("m.json", '{"source": "old", "empty": ' + "[" * depth + "]" * depth + "}")
    answer = crm(put("old.csv", "Id,Mail\n1,\n"), "--mapping", mapping)
    assert isinstance(answer.exception, DeploymentError)
    assert "deep" in str(answer.exception)


def test_a_file_that_is_no_list_of_rejects_is_not_overwritten(crm, put, mapping):
    table, precious = put("old.csv", "Id,Mail,Name,Created,Won\n1,,,,\n"), put("old.rejects.csv", "my notes")
    assert "is no file of rejects" in str(crm(table, "--mapping", mapping).exception)
    assert precious.read_text() == "my notes"
    elsewhere = precious.with_name("none") / "left.csv"
    assert "cannot be written" in str(crm(table, "--mapping", mapping, "--rejects", elsewhere).exception)


def test_rejects_that_were_mended_leave_no_file(crm, put, mapping):
    bad = put("old.csv", "Id,Mail,Name,Created,Won\n1,,,never,\n")
    left = Path(told(crm(bad, "--mapping", mapping, "--json"))["rejects"])
    assert left.exists()
    assert (
        told(crm(put("old.csv", "Id,Mail,Name,Created,Won\n1,,,,\n"), "--mapping", mapping, "--json"))["new"]
        == 1
    )
    assert not left.exists()


def test_what_cannot_be_asked_for_is_said_before_anything_is_read(crm, put, mapping):
    table = put("old.csv", "Id,Mail,Name,Created,Won\n1,,,,\n")
    assert crm(table).exit_code == 2
    assert crm(table, "--mapping", mapping, "--rejects", table).exit_code == 2
    assert crm(table, "--mapping", mapping, "--delimiter", ";;").exit_code == 2
    assert "cannot be imported" in str(crm(table.with_name("none.csv"), "--mapping", mapping).exception)


@pytest.fixture
def made_up(put: Put, tmp_path: Path) -> tuple[Path, Path]:
    """A file of 4,000 rows, some of the same people, and its mapping."""
    leads_file.write(tmp_path / "made-up.csv", 4_000)
    return tmp_path / "made-up.csv", put("m.toml", leads_file.MAPPING)


def wait_for(done: Callable[[], bool]) -> None:
    for _ in range(1_200):
        if done():
            return
        Event().wait(0.05)
    raise AssertionError("waited for a minute")


def test_an_import_that_was_killed_is_completed_by_the_same_command(database, org, made_up):
    command = ("import", "leads", str(made_up[0]), "--mapping", str(made_up[1]), "--json")
    first = start(database, org, *command)
    wait_for(lambda: leads(database) > 0)
    family = psutil.Process(first.pid).children(recursive=True)
    first.kill()
    first.communicate()
    wait_for(lambda: not any(process.is_running() for process in family))
    before = leads(database)
    second = counts_of(start(database, org, *command))
    assert 0 < before < 3_600
    assert second["repeated"] >= before
    assert before + second["new"] == leads(database)
    third = counts_of(start(database, org, *command))
    assert third["repeated"] == third["rows"] == 4_000
    assert_nobody_is_double(database)


def test_a_worker_that_is_killed_ends_the_import_with_a_sentence(database, org, made_up):
    process = start(database, org, "import", "leads", str(made_up[0]), "--mapping", str(made_up[1]))
    wait_for(lambda: leads(database) > 0)
    workers = [
        child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())
    ]
    os.kill(workers[0].pid, signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "run the same command again" in " ".join(err.split())
    assert "Traceback" not in err


def test_a_database_that_goes_away_ends_the_import_with_a_sentence(database, org, made_up):
    process = start(database, org, "import", "leads", str(made_up[0]), "--mapping", str(made_up[1]))
    wait_for(lambda: leads(database) > 0)
    with psycopg.connect(database.server.admin_url, autocommit=True) as admin:
        while process.poll() is None:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and usename = 'crm_app'",
                [database.name],
            )
            Event().wait(0.05)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "The database did not go on after" in err
    assert "Traceback" not in err


def test_ctrl_c_finishes_what_is_in_hand_and_says_how_far_it_came(database, org, made_up):
    leads_file.write(made_up[0], 60_000)  # so many that it cannot have ended before the signal comes
    process = start(database, org, "import", "leads", str(made_up[0]), "--mapping", str(made_up[1]))
    wait_for(lambda: leads(database) > 0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "The same command again does the rest." in err
    told_new = int(err.split("rows:")[1].split("new")[0].strip().replace(",", ""))
    assert told_new == leads(database)


def test_two_imports_of_one_file_at_once_make_each_lead_once(database, org, made_up):
    command = ("import", "leads", str(made_up[0]), "--mapping", str(made_up[1]), "--json")
    both = [counts_of(process) for process in [start(database, org, *command) for _ in range(2)]]
    assert sum(counts["new"] for counts in both) == leads(database)
    assert sum(counts["new"] + counts["merged"] for counts in both) == 4_000
    assert_nobody_is_double(database)


def assert_nobody_is_double(database: Database) -> None:
    for who in ("email", "phone", "external_id"):
        query = f"select count(*) from (select from crm_leads where {who} is not null group by {who} having count(*) > 1) d"
        assert one(database, query) == 0
    assert one(database, "select count(*) from crm_keys where scope = 'import:benchmark'") == 4_000


def test_every_reason_is_in_the_guide():
    guide = (ROOT / "docs" / "guides" / "import.md").read_text(encoding="utf-8")
    calls = [
        call
        for source in modules("crm_db", "deployments")
        for call in source.calls()
        if dotted(call.func) == "Fault"
    ]
    literals = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}
    reasons = {"too_many_cells", "too_few_cells", *map(str, literals)}
    assert len(reasons) == 12
    assert sorted(reason for reason in reasons if f"`{reason}`" not in guide) == []


def test_the_example_of_the_guide_is_imported_as_it_says(crm, put, database):
    guide = (ROOT / "docs" / "guides" / "import.md").read_text(encoding="utf-8")
    table, mapping = re.findall(r"```(?:toml)?\n((?:Contact ID|   source).*?)```", guide, re.DOTALL)[:2]
    paths = put("old.csv", table), put("old.toml", textwrap.dedent(mapping.rsplit("\n", 1)[0]))
    assert told(crm(paths[0], "--mapping", paths[1], "--json"))["new"] == 2
    first = one(
        database,
        "select first_name, phone, value, status, closed_at::text from crm_leads where external_id = '1001'",
    )
    assert first[:4] == ("Maria", "+49301234567", 12500, "converted")
    assert first[4].startswith("2026-04-16 22:00")
    assert one(database, "select status, value, country from crm_leads where external_id = '1002'") == (
        "qualified",
        None,
        "GB",
    )


def test_the_public_set_of_an_education_company_is_imported_whole(crm, database):
    if not PUBLIC_SET.exists():
        pytest.skip("leads_x_education.csv is not on this machine (../shared/data)")
    mapping = ROOT / "docs" / "examples" / "leads_x_education.toml"
    counts = told(crm(PUBLIC_SET, "--mapping", mapping, "--json"))
    assert (counts["rows"], counts["new"], counts["rejected"]) == (4_588, 4_588, 0)
    by_status = "select count(*) filter (where status = 'converted'), count(*) filter (where status = 'lost') from crm_leads"
    assert one(database, by_status) == (1_823, 2_765)
    assert one(database, "select count(*) from crm_leads where custom::text ~ '\"Select\"'") == 0
    assert one(database, "select count(*) from crm_leads where consent->>'email' = 'false'") == 372
    assert (
        one(
            database, "select jsonb_typeof(custom->'TotalVisits') from crm_leads where custom ? 'TotalVisits'"
        )
        == "number"
    )
    assert one(database, "select count(*) from crm_enrolments") == 0
    assert told(crm(PUBLIC_SET, "--mapping", mapping, "--json"))["repeated"] == 4_588
