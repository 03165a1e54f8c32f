"""The file of what could not be imported: each row as it stood, and why in front of it.

It is written in the encoding and with the delimiter of the file that it comes from, so that it can be mended and imported by the
same command. Cells are not changed in any way, not even those that a spreadsheet would take for formulas: they are the
user's own, and a telephone number may begin with a plus.
"""

import csv
import os
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from crm_db.rules.imports.table import OWN_COLUMNS, Fault
from deployments.importing.files import Table


class Rejects:
    """Written from the first reject on; only its owner may read it. `count`: how many rows it holds."""

    def __init__(self, path: Path, table: Table) -> None:
        self.path = path
        self.count = 0
        self._table = table
        self._own = [place for place, name in enumerate(table.header) if name in OWN_COLUMNS]
        self._file: TextIOWrapper | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, number: int, fault: Fault, cells: Sequence[str]) -> None:
        """Keep one row; what an earlier import said of it is replaced."""
        self.count += 1
        if self._file is None:
            self._file = self._begun()
            self._write(self._file, [*OWN_COLUMNS, *self._without_own(self._table.header)])
        self._write(self._file, [str(number), fault.code, fault.words, *self._without_own(cells)])

    def _begun(self) -> TextIOWrapper:
        self.path.unlink(missing_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        raw = os.fdopen(handle, "wb")
        return TextIOWrapper(raw, encoding=self._table.encoding, errors="surrogateescape", newline="")

    def _write(self, file: TextIOWrapper, cells: Sequence[str]) -> None:
        csv.writer(file, delimiter=self._table.delimiter).writerow(cells)

    def _without_own(self, cells: Sequence[str]) -> list[str]:
        return [cell for place, cell in enumerate(cells) if place not in self._own]
