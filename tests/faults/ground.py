"""What rows stand on: one database server that is started when the first row needs it."""

import os
import tempfile
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from types import TracebackType

from deployments.embedded.postgres import throwaway_cluster
from tests.databases import Server, prepared


class Ground(AbstractContextManager["Ground"]):
    """The server with a migrated template database; everything is gone at the end."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._stack = ExitStack()
        # Importing Prefect in a child makes this folder; unset, it would stand in the home of whoever runs the rows.
        folder = tempfile.TemporaryDirectory(prefix="crm-prefect-", ignore_cleanup_errors=True)
        os.environ["PREFECT_HOME"] = self._stack.enter_context(folder)

    @cached_property
    def server(self) -> Server:
        """Started at the first use."""
        return prepared(Server(self._stack.enter_context(throwaway_cluster()).admin_url))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
