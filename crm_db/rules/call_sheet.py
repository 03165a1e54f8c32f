"""The sheet for a call: what somebody needs before their eyes who is about to telephone a lead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Callee:
    """Who is called; what is not known is empty. `reasons`: why the score is what it is."""

    name: str
    phone: str
    company: str
    title: str
    score: int | None
    band: str
    reasons: Sequence[Mapping[str, object]]
    zone: ZoneInfo | None


def call_sheet(callee: Callee, words: str, *, now: datetime) -> str:
    """The sheet as plain text: who, the number, what time it is there at `now`, the score and why, what to say."""
    facts = {
        "Who": ", ".join(filter(None, (callee.name, callee.title))) or _NOT_KNOWN,
        "Number": callee.phone or _NOT_KNOWN,
        "Time there": f"{now.astimezone(callee.zone):%a %H:%M} ({callee.zone.key})"
        if callee.zone
        else _NOT_KNOWN,
        "Company": callee.company or _NOT_KNOWN,
        "Score": _NOT_KNOWN if callee.score is None else f"{callee.score} ({callee.band or 'no band'})",
    }
    lines = [f"{label + ':':<12}{value}" for label, value in facts.items()]
    lines += [f"  - {reason['words']}" for reason in callee.reasons]
    return "\n".join([*lines, "", "What to say", "", words.strip()]) + "\n"
