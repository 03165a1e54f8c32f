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
from deployments.errors import DeploymentError
from deployments.importing.files import Table

_BEGINNING_BYTES = 200


class Rejects:
    """Open from the beginning, so that nothing begins that could not be finished; gone at the end when it is empty.

    Only its owner may read it. `count`: how many rows it holds.
    """

    def __init__(self, path: Path, table: Table) -> None:
        self.path = path
        self.count = 0
        self._own = [place for place, name in enumerate(table.header) if name in OWN_COLUMNS]
        self._file = _opened(path, table.encoding)
        self._writer = csv.writer(self._file, delimiter=table.delimiter)
        self._writer.writerow([*OWN_COLUMNS, *self._without_own(table.header)])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if not self.count:
            self.path.unlink(missing_ok=True)

    def add(self, number: int, fault: Fault, cells: Sequence[str]) -> None:
        """Keep one row; what an earlier import said of it is replaced."""
        self.count += 1
        self._writer.writerow([str(number), fault.code, fault.words, *self._without_own(cells)])

    def _without_own(self, cells: Sequence[str]) -> list[str]:
        return [cell for place, cell in enumerate(cells) if place not in self._own]


def _opened(path: Path, encoding: str) -> TextIOWrapper:
    """A new file in the place of an earlier one of ours; whatever else is there is left alone. Raises DeploymentError.

    It comes whole into its place, so that of two imports at once neither writes into the other's.
    """
    building = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not _is_ours(path):
            raise DeploymentError(
                f"{path} is there already and is no file of rejects; name another with --rejects."
            )
        building.unlink(missing_ok=True)
        handle = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        building.replace(path)
    except OSError as problem:
        raise DeploymentError(
            f"{path} cannot be written: {problem.strerror}; name another with --rejects."
        ) from None
    return TextIOWrapper(os.fdopen(handle, "wb"), encoding=encoding, errors="surrogateescape", newline="")


def _is_ours(path: Path) -> bool:
    """Whether an import made it; an empty one was killed before its first reject."""
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING_BYTES).replace(b"\0", b"")
    return not beginning or OWN_COLUMNS[0].encode() in beginning
