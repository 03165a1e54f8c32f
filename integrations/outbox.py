"""Files that are written once and kept: what the local providers send into, and their evidence.

The file's existence says "sent". It appears under its name whole or not at all, it is on the disk before
anybody is told, and a second writer finds it there instead of writing over it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from integrations.errors import Ambiguous, Unavailable


class Outbox:
    """One folder of write-once files, made when first needed and private to its owner."""

    def __init__(self, folder: Path, provider: str) -> None:
        self._folder = folder
        self._provider = provider

    def keep(self, name: str, content: bytes) -> None:
        """Write the file unless it is there. Raises `Unavailable`, or `Ambiguous` once it may be there."""
        try:
            self._make_folder()
            draft = self._write_draft(content)
        except OSError as error:
            raise self._unavailable(error) from None
        try:
            self._publish(draft, name)
        finally:
            draft.unlink(missing_ok=True)

    def holds(self, name: str) -> bool:
        """Whether the file was written, which a power failure can no longer undo; raises `Unavailable`."""
        try:
            if not (self._folder / name).is_file():
                return False
            _sync_folder(self._folder)
        except OSError as error:
            raise self._unavailable(error) from None
        return True

    def read(self, name: str) -> bytes:
        """What a file holds; raises `Unavailable`."""
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise self._unavailable(error) from None

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._folder.parent)

    def _write_draft(self, content: bytes) -> Path:
        """A hidden file beside the final one, its content on the disk."""
        handle, path = tempfile.mkstemp(prefix=".draft-", dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            Path(path).unlink(missing_ok=True)
            raise
        return Path(path)

    def _publish(self, draft: Path, name: str) -> None:
        """Give the draft its name. A link is a rename that fails where a file of that name exists."""
        try:
            (self._folder / name).hardlink_to(draft)
        except FileExistsError:
            pass
        except OSError as error:
            raise self._unavailable(error) from None
        try:
            _sync_folder(self._folder)
        except OSError as error:
            raise Ambiguous(self._provider, _code(error), "the outbox folder could not be synced") from None

    def _unavailable(self, error: OSError) -> Unavailable:
        return Unavailable(self._provider, _code(error), "the outbox folder cannot be used")


def _code(error: OSError) -> str:
    return f"os-{error.errno}"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
