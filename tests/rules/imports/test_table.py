"""Cutting CSV text into rows: whatever stands in the cells, no row is lost, joined to another, or shifted."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.imports.table import MAX_ROW_LINES, NoTable, RawRow, delimiter_of, header_of, rows_of

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12) | st.sampled_from(
    ['"', '""', "a,b", "x\ny", "x\r\ny", ";", "\t", "", " ", "'", '"quoted"', "\u2028", "\ufeff"]
)


def rows(text: str, delimiter: str = ",") -> list[RawRow]:
    return list(rows_of(io.StringIO(text, newline=""), delimiter))


def faults(text: str) -> list[tuple[int, str]]:
    return [(row.number, row.fault.code) for row in rows(text) if row.fault is not None]


@given(
    width=st.integers(1, 5),
    data=st.data(),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_is_read(width, data, delimiter, end):
    row = st.lists(CELL, min_size=width, max_size=width).filter(
        lambda cells: any(cell.strip() for cell in cells)
    )
    table = data.draw(st.lists(row, min_size=1, max_size=6))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(table)
    found = rows(text.getvalue(), delimiter)
    assert [row.cells for row in found] == [tuple(cells) for cells in table]
    assert [row.number for row in found] == list(range(1, len(table) + 1))
    assert [row.fault for row in found] == [None] * len(table)


@given(st.text(alphabet='ab,"\n\r;', max_size=60))
def test_no_text_is_too_odd_to_be_read_and_each_row_is_right_or_at_fault(text):
    found = rows(text)
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    width = len(found[0].cells) if found else 0
    assert all(row.fault is not None or len(row.cells) == width for row in found)
    assert text.count("a") == sum(cell.count("a") for row in found for cell in row.cells)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", []),
        ("a,b\n1,2,3\n4,5\n", [(2, "too_many_cells")]),
        ("a,b\n1\n4,5\n", [(2, "too_few_cells")]),
        ("a,b\n,\n4,5\n", [(2, "empty_row")]),
        ('a,b\n1,"x" y\n4,5\n', [(2, "broken_quotes")]),
        ('a,b\n1,"x\n4,5\n6,7\n', [(2, "broken_quotes")]),
        ('a,b\n1,"' + "x" * 140_000 + '"\n4,5\n', [(2, "too_long")]),
        ("a,b\n1,\udce4\n4,5\n", [(2, "not_text")]),
        ("a,b\n\n\n4,5\n", []),
    ],
)
def test_a_row_that_does_not_fit_says_why_and_its_mates_are_read(text, expected):
    assert faults(text) == expected
    assert ("4", "5") in [row.cells for row in rows(text)] or not expected


def test_a_quotation_mark_that_nobody_closes_costs_its_own_row_only():
    text = "a,b\n" + '0,"open\n' + "".join(f"{n},x\n" for n in range(1, 3 * MAX_ROW_LINES))
    found = rows(text)
    assert [row.number for row in found if row.fault] == [2]
    assert [row.cells[0] for row in found[2:]] == [str(n) for n in range(1, 3 * MAX_ROW_LINES)]


@pytest.mark.parametrize(
    ("line", "mark"),
    [("a,b,c", ","), ("a;b;c,d", ";"), ("a\tb", "\t"), ("a|b|c", "|"), ("a", ","), ('"a;b;c",d', ",")],
)
def test_the_header_tells_the_delimiter(line, mark):
    assert delimiter_of(line) == mark


def test_columns_of_one_name_are_numbered_and_a_nameless_one_goes_by_its_place():
    assert header_of(["Mail", " Mail ", "", "a  b"]) == ("Mail", "Mail (2)", "column 3", "a b")


@pytest.mark.parametrize("cells", [["", " "], ["N\udce4me"]])
def test_what_names_no_columns_is_no_table(cells):
    with pytest.raises(NoTable):
        header_of(cells)
