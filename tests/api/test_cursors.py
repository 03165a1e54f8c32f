"""A cursor is what a list gave out, and nothing else."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.cursors import cursor_of, position_of
from api.errors import BadCursor

AT = datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC)


def test_a_cursor_names_its_place_again() -> None:
    place = (AT, UUID(int=7))
    assert position_of(cursor_of(place), datetime, UUID) == place
    assert (cursor_of(None), position_of(None, UUID)) == (None, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b"[1, 2]",
        b'["2026-11-22", "x"]',
        b'["2026-11-22T09:30:00", "' + b"0" * 32 + b'"]',
        b"\xff",
    ],
)
def test_any_other_word_is_refused(content: bytes) -> None:
    with pytest.raises(BadCursor):
        position_of(urlsafe_b64encode(content).decode(), datetime, UUID)


@pytest.mark.parametrize("word", ["%", "é", "A", "x" * 300])
def test_what_is_not_even_base64_is_refused(word: str) -> None:
    with pytest.raises(BadCursor):
        position_of(word, datetime, UUID)
