"""How long a text message is to its carriers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import sms
from integrations.sms import Length, measure


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", Length("GSM-7", 0, 1)),
        ("a" * 160, Length("GSM-7", 160, 1)),
        ("a" * 161, Length("GSM-7", 161, 2)),
        ("a" * 306, Length("GSM-7", 306, 2)),
        ("a" * 307, Length("GSM-7", 307, 3)),
        ("€" * 80, Length("GSM-7", 160, 1)),
        ("€" * 81, Length("GSM-7", 162, 2)),
        ("a" * 152 + "€" + "a" * 152, Length("GSM-7", 306, 3)),  # the € is not cut in half
        ("äöüß Ñ @£ ΔΩ\r\n[]{}~^|\\", Length("GSM-7", 30, 1)),
        ("ж" * 70, Length("UCS-2", 70, 1)),
        ("ж" * 71, Length("UCS-2", 71, 2)),
        ("ж" * 134, Length("UCS-2", 134, 2)),
        ("ж" * 135, Length("UCS-2", 135, 3)),
        ("🎉" * 35, Length("UCS-2", 70, 1)),
        ("🎉" * 36, Length("UCS-2", 72, 2)),
        ("🎉" * 67, Length("UCS-2", 134, 3)),  # 33 of them fill 66 of 67 units
        ("ç", Length("UCS-2", 1, 1)),  # the alphabet has only the capital
    ],
)
def test_a_text_is_cut_where_carriers_cut_it(text: str, length: Length) -> None:
    assert measure(text) == length


def test_the_alphabet_has_its_127_characters_and_ten_escaped_ones() -> None:
    assert (len(sms._GSM_7), len(sms._GSM_7_ESCAPED)) == (127, 10)


@given(st.text(max_size=600))
def test_segments_hold_all_units_and_none_is_idle(text: str) -> None:
    length = measure(text)
    room = {"GSM-7": 153, "UCS-2": 67}[length.alphabet]
    assert length.segments >= 1
    if length.segments > 1:
        assert (length.segments - 1) * (room - 1) < length.units <= length.segments * room
