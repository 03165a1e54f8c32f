"""The run in the eyes of the fakes: what they accepted, beside what the ledger says it sent."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_db.queries.story import Carried as Row

YES = "yes"


@dataclass(frozen=True)
class Carried:
    """Counts over the messages of one run that went to the fakes.

    accepted: what the fakes took. messages: how many messages that was; fewer means that one left twice. sent: those the
    ledger says are sent. lost_answers: accepted, but the CRM was not told. found_again: those of them that the ledger knows as
    sent by now. in_doubt: still unknown. faults: what struck, by name.
    """

    accepted: int
    messages: int
    sent: int
    lost_answers: int
    found_again: int
    in_doubt: int
    faults: Mapping[str, int] = field(default_factory=dict)


def compare(rows: Sequence[Row], log: Iterable[Mapping[str, Any]], faults: Mapping[str, int]) -> Carried:
    """rows: the run's messages to carriers over HTTP; log: all that the fakes accepted, of other runs too."""
    by_id = {str(row.id): row for row in rows}
    numbers = {(row.channel, row.to) for row in rows if row.channel in ("sms", "call")}
    ours = [entry for entry in log if entry["message_id"] in by_id or (entry["kind"], entry["to"]) in numbers]
    lost = [entry for entry in ours if entry["told"] != YES]
    sent = Counter((row.channel, row.to) for row in rows if row.status == "sent")
    return Carried(
        accepted=len(ours),
        messages=len({entry["key"] for entry in ours}),
        sent=sent.total(),
        lost_answers=len(lost),
        found_again=sum(_is_known(entry, by_id, sent) for entry in lost),
        in_doubt=sum(row.status == "unknown" for row in rows),
        faults=faults,
    )


def _is_known(entry: Mapping[str, Any], by_id: Mapping[str, Row], sent: Counter[tuple[str, str]]) -> bool:
    """Whether the ledger knows this accepted message as sent; texts and calls carry no id, so they go by number."""
    row = by_id.get(entry["message_id"])
    return row.status == "sent" if row else sent[entry["kind"], entry["to"]] > 0
