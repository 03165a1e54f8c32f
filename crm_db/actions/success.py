"""What a change of a subscription, a support ticket or an answer to a survey brings with it."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text

from crm_db.actions import spelling
from crm_db.actions.writing import Writing
from crm_db.errors import BadValue
from crm_db.rules import terms

_SETTLED = frozenset({"solved", "closed"})
_DEAL_OF = text("select customer_id from crm_deals where org_id = :org and id = :id")
_CONTACT_OF = text("select customer_id from crm_contacts where org_id = :org and id = :id")


def complete_subscription(writing: Writing) -> None:
    """Complete a subscription: its currency, the days of its term, and when it was cancelled; raises BadValue."""
    spelling.price(writing, "amount")
    _same_customer(writing, "deal_id", _DEAL_OF)
    _dates(writing)
    values, before = writing.values, None if writing.before is None else writing.before["status"]
    if writing.after("status") == "cancelled":
        if before != "cancelled" or writing.after("cancelled_at") is None:
            values["cancelled_at"] = values.get("cancelled_at") or writing.now
    elif before == "cancelled" or values.get("cancelled_at") is not None:
        values.update(cancelled_at=None, cancel_reason=None)


def complete_ticket(writing: Writing) -> None:
    """Complete a ticket: when it was opened, and when it was settled; raises BadValue."""
    _same_customer(writing, "contact_id", _CONTACT_OF)
    values = writing.values
    if writing.after("opened_at") is None:
        values["opened_at"] = writing.now
    is_settled = writing.after("status") in _SETTLED
    if is_settled and writing.after("solved_at") is None:
        values["solved_at"] = max(writing.now, writing.after("opened_at"))
    elif not is_settled:
        values["solved_at"] = None
    for name in ("first_answer_at", "solved_at"):
        if writing.after(name) is not None and writing.after(name) < writing.after("opened_at"):
            raise BadValue(name, "is before the ticket was opened")


def complete_survey(writing: Writing) -> None:
    """Complete an answer to a survey: when it was given; raises BadValue."""
    _same_customer(writing, "contact_id", _CONTACT_OF)
    if writing.after("answered_at") is None:
        writing.values["answered_at"] = writing.now


def _dates(writing: Writing) -> None:
    """A term that is told by its months ends with them; one that is told by its end ends then."""
    values = writing.values
    if values.get("began_on") is None:
        kept = None if writing.before is None or writing.whole else writing.before["began_on"]
        values["began_on"] = kept or writing.after("term_start")
    start, months = writing.after("term_start"), writing.after("term_months") or 12
    told = {"term_start", "term_months"} & values.keys()
    if values.get("term_end") is None and (writing.is_new or writing.whole or told or "term_end" in values):
        values["term_end"] = _end(start, months, values["began_on"])
    if writing.after("term_end") < start:
        raise BadValue("term_end", "is before the term begins")
    if values["began_on"] > start:
        raise BadValue("began_on", "is after the term begins")


def _end(start: date, months: int, began: date) -> date:
    try:
        return terms.end_of_term(start, months, began)
    except OverflowError:
        raise BadValue("term_months", "leads beyond the calendar") from None


def _same_customer(writing: Writing, name: str, question: Any) -> None:
    """What it names besides its customer belongs to that customer."""
    named: UUID | None = writing.after(name)
    if named is None or not {name, "customer_id"} & writing.values.keys():
        return
    owner = writing.session.execute(question, {"org": writing.org_id, "id": named}).scalar_one_or_none()
    if owner != writing.after("customer_id"):
        raise BadValue(name, "belongs to another customer")
