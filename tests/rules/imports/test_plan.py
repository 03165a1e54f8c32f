"""What a mapping may say, and what is said about one that cannot be followed."""

import json
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        ({"others": [1]}, 'others is "custom"'),
        ({"decimal": [","]}, "decimal is"),
        ({"outcome": {"column": "Won", "otherwise": {}}}, "outcome.otherwise is none of"),
        ({"constants": {"value": float("nan")}}, "constants.value is no number that can be kept"),
        ({"constants": {"custom.x": float("inf")}}, "constants.custom.x is no number that can be kept"),
        ({"constants": {"custom.x": [float("-inf")]}}, "constants.custom.x has an item that is no number"),
        ({"constants": {"custom.x": "a\0"}}, "constants.custom.x holds control characters"),
        ({"constants": {"custom.x": "\ud83d"}}, "constants holds half a character"),
        ({"dates": {"formats": ["%Q"]}}, "The date format %Q is none that strptime knows, nor iso"),
        ({"dates": {"formats": ["%d %d"]}}, "The date format %d %d is none that strptime knows"),
        ({"dates": {"formats": ["%d.%m."]}}, "The date format %d.%m. has no year"),
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


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.datetimes()
    | st.dates()
    | st.sampled_from([*HEADER, "custom", "lost", "iso", "%Q", "%d %d", "%", "\ud800", "\0", 10**40])
)
NAMES = st.sampled_from(
    (
        "email",
        "value",
        "custom.x",
        "custom.",
        "Won",
        "column",
        "at",
        "otherwise",
        "lost",
        "formats",
        "timezone",
    )
) | st.text(st.characters(exclude_categories=()))
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=8)
TABLES = st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, max_size=3) | VALUES, max_size=4)
PARTS = st.sampled_from(
    ("source", "region", "empty", "decimal", "others", "ignore", "numbers", "columns", "constants", "values",
     "dates", "outcome")
)  # fmt: skip


@settings(max_examples=400)
@given(st.dictionaries(PARTS | NAMES, VALUES | TABLES), st.none() | st.text())
def test_whatever_a_mapping_holds_is_understood_or_told_in_sentences(given, source):
    try:
        read_plan(given, HEADER, source=source)
    except BadMapping as bad:
        assert all(problem.endswith(".") and problem.encode() for problem in bad.problems)


@given(st.dictionaries(NAMES, VALUES, max_size=3))
def test_constants_that_are_accepted_can_be_written_as_json(constants):
    try:
        made = plan(constants=constants)
    except BadMapping:
        return
    written = json.dumps([made.custom_constants, made.constants], allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in written
    assert written.encode()


def test_however_deep_a_mapping_is_nested_or_long_its_numbers_are_it_is_told():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert problems(numbers=[16**5_000]) == ["numbers holds a number of more than 30 digits."]
    assert problems(empty=deep) == ["empty holds lists or tables more than 10 deep."]


@pytest.mark.parametrize(
    "form",
    [
        "iso",
        "%d/%m/%Y",
        "%d.%m.%y %H:%M",
        "%b %d, %Y %I:%M %p",
        "%Y-%m-%dT%H:%M:%S%z",
        "%G-W%V-%u",
        "%x",
        "%c",
    ],
)
def test_a_date_format_that_reads_dates_is_accepted(form):
    assert plan(dates={"formats": [form]}).date_formats == (form,)


@pytest.mark.parametrize("name", ["x" * 101, "a\0b", "a\nb", "a  b", " a", "a\u202eb", "a\ud800"])
def test_a_source_is_never_changed_but_refused(name):
    with pytest.raises(BadMapping) as told:
        read_plan({}, HEADER, source=name)
    assert len(told.value.problems) == len(problems(source=name)) == 1


def test_a_source_of_a_hundred_letters_is_kept():
    assert read_plan({}, HEADER, source="ü" * 100).source == "ü" * 100
    assert len(tomllib.loads(suggested(HEADER, "old  \0" + "x" * 200))["source"]) == 100
