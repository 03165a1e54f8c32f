"""Who a message is about and to, read from the row that `outgoing.look_again` gives."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping

from crm_db.rules.call_sheet import Callee


@dataclass(frozen=True)
class Person:
    """Somebody with an address; `name` may be empty. `phone` in E.164."""

    name: str
    email: str
    phone: str = ""


def recipient(row: RowMapping) -> Person:
    """To whom the message goes; the address or number is empty when there is none."""
    if row["recipient"] == "user":
        return Person(row["owner_name"] or "", row["owner_email"] or "", row["owner_phone"] or "")
    return Person(lead_name(row), row["lead_email"] or "", row["phone"] or "")


def lead_name(row: RowMapping) -> str:
    """The lead's name; empty when not even one part of it is known."""
    return " ".join(filter(None, (row["first_name"], row["last_name"])))


def owner(row: RowMapping) -> Person | None:
    """Whom an answer reaches, and who makes a call: the lead's owner, unless they have left."""
    if not row["owner_email"] or not row["person_active"]:
        return None
    return Person(row["owner_name"], row["owner_email"], row["owner_phone"] or "")


def callee(row: RowMapping) -> Callee:
    """What the sheet for a call to the lead says of the lead."""
    return Callee(
        name=lead_name(row),
        phone=row["phone"] or "",
        company=row["company"] or "",
        title=row["title"] or "",
        score=row["score"],
        band=row["score_band"] or "",
        reasons=row["score_reasons"] or (),
        zone=ZoneInfo(row["timezone"]) if row["timezone"] else None,
    )
