"""What a text message costs: its alphabet and how many segments it is cut into (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_ESCAPED = frozenset("\f^{}\\[~]|€")

Alphabet = Literal["GSM-7", "UCS-2"]
_ALONE: dict[Alphabet, int] = {"GSM-7": 160, "UCS-2": 70}
_IN_PARTS: dict[Alphabet, int] = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, slots=True)
class Length:
    """A text as carriers count it: its alphabet, its units (septets or 16-bit), and its segments."""

    alphabet: Alphabet
    units: int
    segments: int


def measure(text: str) -> Length:
    """The length of a text; one character outside GSM-7 makes the whole text UCS-2. An empty text is one segment."""
    gsm = all(char in _GSM_7 or char in _GSM_7_ESCAPED for char in text)
    alphabet: Alphabet = "GSM-7" if gsm else "UCS-2"
    sizes = [_septets(char) if gsm else _utf16_units(char) for char in text]
    units = sum(sizes)
    return Length(alphabet, units, 1 if units <= _ALONE[alphabet] else _parts(sizes, _IN_PARTS[alphabet]))


def _septets(char: str) -> int:
    return 2 if char in _GSM_7_ESCAPED else 1


def _utf16_units(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1


def _parts(sizes: Iterable[int], room: int) -> int:
    """Segments of `room` units; what takes two units is never cut in half."""
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return parts
