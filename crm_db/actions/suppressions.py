"""Addresses that must not be contacted: entered by anybody who writes to people, taken away by administrators only."""

from crm_db.actions import spelling
from crm_db.actions.writing import Writing
from crm_db.errors import BadValue
from crm_db.rules import normalise
from crm_db.rules.money import Unreadable


def complete(writing: Writing) -> None:
    """Spell the address as leads' addresses are spelled, or it would be missed; raises BadValue."""
    if not writing.is_new:
        raise BadValue("address", "is never changed: delete this one and add another")
    writing.values.setdefault("channel", "all")
    by_phone = writing.values["channel"] in {"sms", "call"} or (
        writing.values["channel"] == "all" and "@" not in writing.values["address"]
    )
    try:
        writing.values["address"] = (
            spelling.phone_number(writing, writing.values["address"])
            if by_phone
            else normalise.email_address(writing.values["address"])
        )
    except Unreadable as problem:
        what = "a telephone number" if by_phone else "an e-mail address"
        raise BadValue("address", f"is {what} that cannot be used: {problem}") from None
