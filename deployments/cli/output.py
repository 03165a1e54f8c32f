"""How commands print: tables for people, one JSON value for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

FILE_WIDTH = 240  # characters of a line where nobody's terminal says how many: ids stay on one line for grep
console = Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)


def print_json(value: Any) -> None:
    """The value as JSON, moments in ISO form, ids as text."""
    console.file.write(json.dumps(value, indent=2, default=_plain) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; cells are taken literally, never as markup."""
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else _plain(cell)) for cell in row))
    console.print(table)


def say(sentence: str, style: str = "") -> None:
    """One line for a person."""
    console.print(Text(sentence, style=style), soft_wrap=True)


def _plain(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
