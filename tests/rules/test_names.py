"""Full names in two, and capitals where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.names import capitalised, split_name


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Maria Berg", "Maria", "Berg"),
        ("Dr. Maria van der Berg", "Maria", "van der Berg"),
        ("Berg, Maria", "Maria", "Berg"),
        ("van der Berg, Maria Anna", "Maria Anna", "van der Berg"),
        ("John Smith, PhD", "John", "Smith"),
        ("Prof. Dr. Hans Müller", "Hans", "Müller"),
        ("Juan Carlos de la Cruz", "Juan Carlos", "de la Cruz"),
        ("Van Nguyen", "Van", "Nguyen"),
        ("Jack Ma", "Jack", "Ma"),
        ("Mrs O'Neil", "O'Neil", None),
        ("Cher", "Cher", None),
        ("Sammy Davis Jr.", "Sammy", "Davis"),
        (", Maria", "Maria", None),
        ("Dr.", None, None),
        (",", None, None),
        ("", None, None),
    ],
)
def test_a_full_name_is_split_in_two(name: str, first: str | None, last: str | None) -> None:
    assert split_name(name) == (first, last)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("MARIA VAN DER BERG", "Maria van der Berg"),
        ("o'neil", "O'Neil"),
        ("D’ANGELO", "D’Angelo"),
        ("anne-marie", "Anne-Marie"),
        ("van dyke", "Van Dyke"),
        ("mcDonald", "mcDonald"),
        ("McDonald", "McDonald"),
        ("李", "李"),
        ("zoe\u0301 (jack) st. john", "Zoe\u0301 (Jack) St. John"),
        ("", ""),
        ("<img src=x>", "<img src=x>"),
        ("../etc/passwd", "../etc/passwd"),
        ("drop table users;", "drop table users;"),
        ("user_42", "user_42"),
    ],
)
def test_shouted_and_whispered_names_get_capitals_and_others_stay(given_name: str, shown: str) -> None:
    assert capitalised(given_name) == shown


@given(st.text())
def test_no_name_raises_or_gives_an_empty_part(name: str) -> None:
    assert "" not in split_name(name)
    capitalised(name)
