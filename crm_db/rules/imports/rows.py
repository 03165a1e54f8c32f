"""What one row of a table means: a lead as it is kept, and the part of its history that it brings.

Faults name columns and reasons, never what a cell holds.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from crm_db.rules.imports.cells import plain, read_moment, read_number
from crm_db.rules.imports.plan import OPEN, Plan, word
from crm_db.rules.imports.table import Fault
from crm_db.rules.mapping import MAX_ID_CHARS, MAX_TEXT_CHARS, Fields
from crm_db.rules.normalise import AS_SENT, LeadDraft, Unusable, normalise_lead
from crm_db.rules.text import many_lines, one_line

_PART = "\x1f"


@dataclass(frozen=True)
class History:
    """What happened to a lead before it came here; `owner` is a user's e-mail, in lower case."""

    status: str = "new"
    closed_at: datetime | None = None
    created_at: datetime | None = None
    last_contact: datetime | None = None
    owner: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody still works on it."""
        return self.status in OPEN


@dataclass(frozen=True)
class Identity:
    """By what a row is known again: `key` says whose row it is, `digest` (32 bytes) what it says, read in this way."""

    key: str
    digest: bytes


@dataclass(frozen=True)
class ReadRow:
    """A row that makes sense."""

    number: int
    identity: Identity
    draft: LeadDraft
    history: History


class Unfit(Exception):
    """No lead can be made of a row."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.words)
        self.fault = fault


def identify(plan: Plan, cells: tuple[str, ...], *, enrol: bool) -> Identity:
    """By what to know this row again: its sender's id, or else all it says. Nothing of the row is understood for this.

    enrol: the same row is another one when its lead is to be followed up.
    """
    places = [place for place, _ in (*plan.known, *plan.customs)]
    said = _PART.join(cells[place] for place in places).encode("utf-8", "surrogatepass")
    rest = _PART.join(cells[place] for place in (*plan.history.values(), *_of_outcome(plan)))
    mark = plan.mark + (b"+" if enrol else b"-")
    digest = hashlib.sha256(mark + said + b"\x1e" + rest.encode("utf-8", "surrogatepass")).digest()
    own = _own_id(plan, cells)
    return Identity(f"id:{own}" if own else f"row:{hashlib.sha256(said).hexdigest()}", digest)


def read_row(
    plan: Plan, number: int, cells: tuple[str, ...], identity: Identity, *, now: datetime
) -> ReadRow:
    """Understand one row. Raises Unfit."""
    own = _own_id(plan, cells)
    if own is not None and len(own) > MAX_ID_CHARS:
        raise Unfit(Fault("bad_id", f"its id has more than {MAX_ID_CHARS} characters"))
    known: dict[str, object] = dict(plan.constants)
    for place, name in plan.known:
        if (text := _text(plan, cells, place)) is not None:
            known[name] = _amount(text, plan.decimal) if name == "value" else text
    custom: dict[str, object] = dict(plan.custom_constants)
    remarks = _fill_custom(plan, cells, custom)
    history = _history(plan, cells, now)
    try:
        draft = normalise_lead(Fields(known, custom), region=plan.region, now=now, reachable=False)
    except Unusable:
        raise Unfit(Fault("no_identity", "no cell of it that is read holds anything")) from None
    if not (draft.external_id or draft.email or draft.phone or draft.first_name or draft.last_name):
        raise Unfit(_nobody(draft))
    if remarks:
        draft = replace(draft, remarks=(*draft.remarks, *remarks))
    return ReadRow(number, identity, draft, history)


def without_owner(row: ReadRow, why: str) -> ReadRow:
    """The row of a lead whose owner cannot be taken over; who it was is kept beside the lead's own fields."""
    draft = row.draft
    custom = {**draft.custom, f"owner{AS_SENT}": row.history.owner}
    told = replace(draft, custom=custom, remarks=(*draft.remarks, f"owner: {why}"))
    return replace(row, draft=told, history=replace(row.history, owner=None))


def _text(plan: Plan, cells: tuple[str, ...], place: int) -> str | None:
    """What a cell says, after the mapping's words; None for nothing."""
    text = cells[place].strip()
    folded = text.casefold()
    if place in plan.values:
        text = plan.values[place].get(folded, text)
        folded = word(text)
    return None if folded in plan.empty else many_lines(text, MAX_TEXT_CHARS) or None


def _own_id(plan: Plan, cells: tuple[str, ...]) -> str | None:
    place = plan.id_column
    text = None if place is None else _text(plan, cells, place)
    return None if text is None else one_line(text, MAX_ID_CHARS + 1) or None


def _amount(text: str, decimal: str) -> object:
    """A deal's value: a plain number where the mapping says how numbers are written, else what is written."""
    number = read_number(text, decimal) if decimal else None
    return text if number is None else number


def _fill_custom(plan: Plan, cells: tuple[str, ...], custom: dict[str, object]) -> list[str]:
    """Add the row's own fields; returns a remark for each number that is none."""
    remarks = []
    for place, name in plan.customs:
        text = _text(plan, cells, place)
        if text is None:
            continue
        number = read_number(text, plan.decimal) if place in plan.numbers else None
        if number is None and place in plan.numbers:
            remarks.append(f"{name}: not a number")
        custom[name] = text if number is None else plain(number)
    return remarks


def _of_outcome(plan: Plan) -> list[int]:
    return [place for place in (plan.outcomes.column, plan.outcomes.at) if place is not None]


def _history(plan: Plan, cells: tuple[str, ...], now: datetime) -> History:
    status = _status(plan, cells)
    closed_at = _moment(plan, cells, plan.outcomes.at, now)
    owner = _text(plan, cells, plan.history["owner"]) if "owner" in plan.history else None
    return History(
        status=status,
        closed_at=None if status in OPEN else closed_at,
        created_at=_moment(plan, cells, plan.history.get("created_at"), now),
        last_contact=_moment(plan, cells, plan.history.get("last_contact"), now),
        owner=owner.lower() if owner else None,
    )


def _status(plan: Plan, cells: tuple[str, ...]) -> str:
    """What became of the lead; where a row is silent about it the lead is a new one, unless the mapping says otherwise."""
    outcomes = plan.outcomes
    if outcomes.column is None:
        return outcomes.otherwise or "new"
    text = _text(plan, cells, outcomes.column)
    if text is None:
        return outcomes.words.get("", "new")
    status = outcomes.words.get(word(text), outcomes.otherwise)
    if status is None:
        name = plan.header[outcomes.column]
        raise Unfit(Fault("unknown_outcome", f"{name}: the mapping does not say what this outcome means"))
    return status


def _moment(plan: Plan, cells: tuple[str, ...], place: int | None, now: datetime) -> datetime | None:
    text = None if place is None else _text(plan, cells, place)
    if text is None or place is None:
        return None
    moment = read_moment(text, plan.date_formats, plan.zone, now=now)
    if moment is None:
        words = f"{plan.header[place]}: fits no date format of the mapping, or is not between 1970 and now"
        raise Unfit(Fault("unreadable_date", words))
    return moment


def _nobody(draft: LeadDraft) -> Fault:
    """Whose row it is cannot be told; the remarks on what might have told it are part of the reason."""
    told = [note for note in draft.remarks if note.startswith(("email:", "phone:", "name:", "first_name:"))]
    why = f" ({'; '.join(told)})" if told else ""
    return Fault("no_identity", f"it has no id, e-mail, telephone number or name that can be used{why}")
