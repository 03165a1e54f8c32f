"""What a mapping may say, and what is said about one that cannot be followed."""

import tomllib

import pytest

from crm_db.rules.aliases import KNOWN_FIELDS
from crm_db.rules.imports.plan import HISTORY, BadMapping, read_plan
from crm_db.rules.imports.suggesting import suggested

HEADER = ("Id", "Mail", "Created", "Plan", "Won", "Closed")


def plan(**given):
    return read_plan({"source": "old", **given}, HEADER)


def problems(**given) -> list[str]:
    with pytest.raises(BadMapping) as bad:
        plan(**given)
    return list(bad.value.problems)


def test_what_is_not_named_is_kept_and_what_is_named_is_not_kept_twice():
    made = plan(
        columns={"email": "Mail", "created_at": "Created", "custom.tier": "Plan"}, outcome={"column": "Won"}
    )
    assert [name for _, name in made.customs] == ["tier", "Id", "Closed"]
    assert plan(others="ignore", columns={"email": "Mail"}).customs == ()
    assert [name for _, name in plan(ignore=["Id", "Won"]).customs] == ["Mail", "Created", "Plan", "Closed"]


def test_what_an_earlier_import_said_of_its_rejects_is_no_field():
    made = read_plan({"source": "old"}, ("import_row", "import_reason", "import_words", "Mail"))
    assert [name for _, name in made.customs] == ["Mail"]


def test_the_source_and_the_country_may_come_from_outside():
    assert read_plan({"source": "a"}, HEADER, source="b").source == "b"
    assert read_plan({"source": "a"}, HEADER, region="DE").region == "DE"
    assert read_plan({"source": "a", "region": "IN"}, HEADER, region="DE").region == "IN"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"colums": {}}, "colums is no part of a mapping (perhaps columns)"),
        ({"columns": {"emial": "Mail"}}, "columns.emial is no field of a lead (perhaps email)"),
        ({"columns": {"email": "mail"}}, "which the file does not have (perhaps Mail)"),
        ({"columns": "Mail"}, "columns is no table"),
        ({"others": "keep"}, 'others is "custom"'),
        ({"empty": "Select"}, "empty is no list"),
        ({"decimal": ";"}, "decimal is"),
        ({"dates": {"timezone": "Mars/Olympus"}}, "dates.timezone is no time zone"),
        ({"values": {"Plan": "x"}}, "values.Plan is no list"),
        ({"constants": {"external_id": "1"}}, "no field that a constant can fill"),
        ({"constants": {"company": {}}}, "neither a text"),
        ({"outcome": {"column": "Won", "win": ["1"]}}, "outcome.win is no status"),
        ({"outcome": {"column": "Won", "otherwise": "gone"}}, "outcome.otherwise is none of"),
        ({"outcome": {"converted": ["1"]}}, "outcome names no column"),
        ({"region": 49}, "region is no text"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said_in_a_sentence(given, words):
    assert any(words in problem for problem in problems(**given))


def test_everything_that_is_wrong_is_said_at_once():
    assert len(problems(decimal="x", others="x", columns={"email": "None", "x": "Mail"})) == 4


def test_a_mapping_without_a_source_says_how_to_name_one():
    with pytest.raises(BadMapping, match="--source"):
        read_plan({}, HEADER)


def test_more_columns_than_custom_fields_hold_are_refused_before_the_first_row():
    with pytest.raises(BadMapping, match="120 columns would go to custom"):
        read_plan({"source": "wide"}, [f"c{n}" for n in range(120)])


def test_a_suggested_mapping_is_one_that_can_be_followed():
    header = (
        "Record ID",
        "E-Mail",
        "First Name",
        'Say "why"',
        "Owner",
        "Create Date",
        "Mobile",
        "Phone",
        "Lead Status",
    )
    given = tomllib.loads(suggested(header, "old crm"))
    made = read_plan(given, header)
    assert given["columns"] == {
        "external_id": "Record ID",
        "email": "E-Mail",
        "first_name": "First Name",
        "owner": "Owner",
        "created_at": "Create Date",
        "phone": "Phone",
    }
    assert "select" in made.empty
    assert 'column = "Lead Status"' in suggested(header, "old crm")


def test_an_id_is_suggested_by_its_ending_where_no_column_is_named_one():
    assert tomllib.loads(suggested(("Prospect ID", "City"), "x"))["columns"] == {"external_id": "Prospect ID"}


def test_history_has_no_field_of_a_submission():
    assert not KNOWN_FIELDS & set(HISTORY)
