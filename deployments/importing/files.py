"""CSV files as they come: whatever their encoding and delimiter, read line by line."""

import codecs
import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from typing import Any

from crm_db.rules.imports.table import NoTable, RawRow, delimiter_of, header_of, rows_of
from deployments.errors import DeploymentError

MAX_LINE_CHARS = 2_000_000
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class Table:
    """An open file: its columns and its rows. encoding, delimiter: how to write a file that reads the same."""

    header: tuple[str, ...]
    rows: Iterator[RawRow]
    encoding: str
    delimiter: str
    size: int
    _raw: BufferedReader

    @property
    def position(self) -> int:
        """How many of its bytes were read."""
        return self._raw.tell()


@contextmanager
def opened(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Iterator[Table]:
    """Open a CSV file with a header; UTF-8 with or without a byte-order mark, or UTF-16 with one, unless told otherwise.

    Raises DeploymentError naming the file.
    """
    try:
        with path.open("rb") as raw:
            named = _encoding(raw, encoding)
            text = TextIOWrapper(raw, encoding=named, errors="surrogateescape", newline="")
            first = text.readline(MAX_LINE_CHARS)
            mark = delimiter or delimiter_of(first)
            rows = rows_of(_lines(first, text), mark)
            yield Table(_header(rows), rows, named, mark, path.stat().st_size, raw)
    except (OSError, NoTable, UnicodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else getattr(problem, "words", _UNDECODABLE)
        raise DeploymentError(f"{path} cannot be imported: {why}.") from None


_UNDECODABLE = "it is not text in this encoding; name another with --encoding"


def mapping_of(path: Path) -> Mapping[str, Any]:
    """The content of a mapping file: JSON if it is named so, else TOML. Raises DeploymentError."""
    try:
        content = path.read_text(encoding="utf-8-sig")
        read = json.loads(content) if path.suffix.lower() == ".json" else tomllib.loads(content)
    except OSError as problem:
        raise DeploymentError(f"{path} cannot be read: {problem.strerror}.") from None
    except ValueError as problem:  # what both parsers and the decoder raise; it tells the line
        kind = "JSON" if path.suffix.lower() == ".json" else "TOML"
        raise DeploymentError(f"{path} is not {kind}: {problem}.") from None
    except RecursionError:
        raise DeploymentError(f"{path} holds lists or tables that are nested too deeply.") from None
    if not isinstance(read, dict):
        raise DeploymentError(f"{path} does not hold names and values.")
    return read


def _encoding(raw: BufferedReader, told: str | None) -> str:
    if told is None:
        return _MARKS.get(raw.peek(2)[:2], "utf-8-sig")
    try:
        return codecs.lookup(told).name
    except LookupError:
        raise DeploymentError(f"There is no encoding {told}; utf-8 and cp1252 are two.") from None


def _lines(first: str, text: TextIOWrapper) -> Iterator[str]:
    """The lines of a file; a line of the length of a book means that it is no CSV."""
    line = first
    while line:
        if len(line) >= MAX_LINE_CHARS:
            raise NoTable("it has a line of over two million characters")
        yield line
        line = text.readline(MAX_LINE_CHARS)


def _header(rows: Iterator[RawRow]) -> tuple[str, ...]:
    row = next(rows, None)
    if row is None:
        raise NoTable("it is empty")
    if row.fault is not None and row.fault.code != "not_text":
        raise NoTable(f"of its first row, the header: {row.fault.words}")
    return header_of(row.cells)
