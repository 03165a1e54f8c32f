"""Cutting CSV text into rows, one at a time, so that no file is too long.

A row that does not fit is said to be at fault and never bent to fit: cells that moved by one would fill every field wrongly. A
quotation mark that nobody closes costs its own row only; what it swallowed is read again. Rows are counted as a spreadsheet
counts them: the header is row 1.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MAX_ROW_LINES = 1_000
"""A row of more lines has a quotation mark that is not closed."""
DELIMITERS = ",;\t|"
UNDECODED = range(0xDC80, 0xDD00)
"""What bytes become that are not text in the file's encoding."""
OWN_COLUMNS = ("import_row", "import_reason", "import_words")
"""What a file of rejects has in front of the row's own columns; in an import they are left out."""


@dataclass(frozen=True)
class Fault:
    """Why nothing can be made of a row: a stable `code`, and `words` for people without the row's content."""

    code: str
    words: str


@dataclass(frozen=True)
class RawRow:
    """One row as it stands in the file, and what is wrong with its shape."""

    number: int
    cells: tuple[str, ...]
    fault: Fault | None = None


class NoTable(Exception):
    """This text is not a table with a header; `words` say why."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


def delimiter_of(line: str) -> str:
    """The mark that parts the cells of a header: the commonest outside quotation marks, a comma where there is none."""
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def header_of(cells: Sequence[str]) -> tuple[str, ...]:
    """The columns' names: one that comes again is numbered, one without a name goes by its place. Raises NoTable."""
    if not any(cell.strip() for cell in cells):
        raise NoTable("its first row names no columns")
    if any(ord(char) in UNDECODED for cell in cells for char in cell):
        raise NoTable("its header is not text in this encoding; name another with --encoding")
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = wanted = " ".join(cell.split()) or f"column {place}"
        again = 1
        while name in names:
            again += 1
            name = f"{wanted} ({again})"
        names.append(name)
    return tuple(names)


def rows_of(lines: Iterable[str], delimiter: str) -> Iterator[RawRow]:
    """The rows of a text, the header first; lines without anything are no rows.

    lines: with their line ends, as a file gives them that was opened with newline="".
    """
    source = _Lines(lines)
    width = 0
    number = 0
    while (read := _next_row(source, delimiter)) is not None:
        cells, fault = read
        if not cells and fault is None:
            continue
        number += 1
        width = width or len(cells)
        yield RawRow(number, cells, fault or _shape(cells, width))


class _Lines:
    """Lines one after the other, of which some may be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_ROW_LINES:
            raise StopIteration  # which the csv module takes for the end of the text
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def keep_first(self) -> str:
        """The first of the lines that were taken; the others are put back."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        return first


def _next_row(source: _Lines, delimiter: str) -> tuple[tuple[str, ...], Fault | None] | None:
    """The cells of the next row, with what is wrong with its quotation marks; None at the end."""
    source.taken = []
    try:
        cells = next(csv.reader(source, delimiter=delimiter, strict=True), None)
    except csv.Error:
        line = source.keep_first()
        return tuple(line.rstrip("\r\n").split(delimiter)), _broken(line)
    return None if cells is None else (tuple(cells), None)


def _broken(line: str) -> Fault:
    if len(line) > csv.field_size_limit():
        return Fault("too_long", f"a cell of it has more than {csv.field_size_limit():,} characters")
    return Fault("broken_quotes", "a quotation mark in it is not closed, or stands in the middle of a cell")


def _shape(cells: Sequence[str], width: int) -> Fault | None:
    if len(cells) != width:
        code = "too_many_cells" if len(cells) > width else "too_few_cells"
        return Fault(code, f"it has {len(cells)} cells, the header {width}")
    if not any(cell.strip() for cell in cells):
        return Fault("empty_row", "all its cells are empty")
    if any("\udc80" <= char <= "\udcff" for cell in cells if not cell.isascii() for char in cell):
        return Fault("not_text", "it holds bytes that are not text in the file's encoding")
    return None
