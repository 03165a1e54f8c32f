"""The words of the recount: what was accepted, what is a broken promise, and questions in plain SQL."""

from dataclasses import dataclass
from typing import Any

import psycopg

LOST, TWICE, STUCK, UNDUE = "lost", "twice", "stuck", "undue"
"""Did not become what it should; exists or left more than once; still under way although all is quiet; left before its time or
to somebody who was not to be written to."""


@dataclass(frozen=True)
class Accepted:
    """A submission that the API answered with 202. `hopeless`: it holds nothing to make a lead of."""

    key: str
    event_id: str
    email: str
    hopeless: bool = False


@dataclass(frozen=True)
class Breach:
    """A broken promise: its kind, and a sentence that names what it is about by ids, never people."""

    kind: str
    words: str


class Ledger:
    """Questions in plain SQL."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self._connection = connection

    def rows(self, question: str, *values: object) -> list[dict[str, Any]]:
        """The rows that answer a question, by column."""
        return self._connection.execute(question, values).fetchall()
