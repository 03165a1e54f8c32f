"""Our own source keeps the house rules, and each rule is shown to catch what it is for."""

from __future__ import annotations

import pytest

from tests.house import rules
from tests.house.code import ALL, PRODUCT, module, modules


def test_only_the_unit_of_work_commits() -> None:
    assert [place for source in modules(*PRODUCT) for place in rules.commits(source)] == []


def test_only_the_clock_reads_the_clock() -> None:
    assert [place for source in modules(*PRODUCT) for place in rules.clock_readings(source)] == []


def test_flows_hold_no_sql() -> None:
    assert [place for source in modules("flows") for place in rules.sql_in_flows(source)] == []


def test_what_sends_has_no_retries_of_its_own() -> None:
    sources = modules("flows", "tasks")
    sending = rules.sending_modules(sources)
    assert [place for source in sources for place in rules.retries(source, sending)] == []


def test_only_the_command_line_prints() -> None:
    assert [place for source in modules(*PRODUCT) for place in rules.prints(source)] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [place for source in modules(*ALL) for place in rules.without_docstring(source)] == []


@pytest.mark.parametrize(
    "source", ["session.commit()", "with a as b:\n    b.session.commit()", "get_session().commit()"]
)
def test_a_commit_is_found(source: str) -> None:
    assert len(rules.commits(module("tasks/x.py", source))) == 1
    assert rules.commits(module("crm_db/session.py", source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now(UTC)",
        "dt.datetime.utcnow()",
        "date.today()",
        "datetime.date.today()",
        "time.time()",
        "from time import time",
        "from time import time_ns as t",
    ],
)
def test_a_reading_of_the_clock_is_found(source: str) -> None:
    assert len(rules.clock_readings(module("crm_db/rules/x.py", source))) == 1
    assert rules.clock_readings(module("crm_db/clock.py", source)) == []


@pytest.mark.parametrize("source", ["time.monotonic()", "func.now()", "clock.utc_now()", "import time"])
def test_what_only_resembles_a_clock_is_left_alone(source: str) -> None:
    assert rules.clock_readings(module("deployments/x.py", source)) == []


@pytest.mark.parametrize(
    "source",
    [
        'q = "select id from crm_leads"',
        'q = """\n  DELETE FROM x"""',
        'q = f"update crm_leads set a = {b}"',
        'q = "with due as (select 1)"',
        "from sqlalchemy import select",
        "import psycopg",
    ],
)
def test_sql_in_a_flow_is_found(source: str) -> None:
    assert len(rules.sql_in_flows(module("flows/x.py", source))) == 1


@pytest.mark.parametrize("source", ['"""Select leads from the queue."""', 'x = "update the score"'])
def test_words_are_not_sql(source: str) -> None:
    assert rules.sql_in_flows(module("flows/x.py", source)) == []


def test_retries_are_found_where_a_module_can_send_even_through_another() -> None:
    sources = [
        module(
            "tasks/deliver.py",
            "from integrations.registry import email_sender\n@task(retries=2)\ndef f(): ...",
        ),
        module("flows/deliver.py", "from tasks import deliver\n@flow(retries=1)\ndef f(): ..."),
        module("tasks/score.py", "from crm_db import x\n@task(retries=3)\ndef f(): ..."),
        module("flows/quiet.py", "from tasks.deliver import f\n@flow(retries=0)\ndef g(): ..."),
    ]
    sending = rules.sending_modules(sources)
    assert [place for source in sources for place in rules.retries(source, sending)] == [
        "tasks/deliver.py:2",
        "flows/deliver.py:2",
    ]


def test_a_print_is_found() -> None:
    assert rules.prints(module("tasks/x.py", "print(1)")) == ["tasks/x.py:1"]
    assert rules.prints(module("deployments/cli.py", "print(1)")) == []


def test_a_module_without_a_word_is_found() -> None:
    assert rules.without_docstring(module("tasks/x.py", "x = 1")) == ["tasks/x.py"]
