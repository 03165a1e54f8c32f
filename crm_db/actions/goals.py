"""Sales goals: amounts have a currency, numbers have none, and a period ends after it began."""

from sqlalchemy import text

from crm_db.actions.writing import Writing
from crm_db.errors import BadValue

_CURRENCY = text("select currency from crm_orgs where id = :org")


def complete(writing: Writing) -> None:
    """Complete a goal that is to be written; raises BadValue."""
    writing.need("period_start", "period_end")
    if writing.after("period_end") < writing.after("period_start"):
        raise BadValue("period_end", "is not before period_start")
    if writing.after("metric") != "revenue":
        writing.values["currency"] = None
    elif writing.after("currency") is None:
        writing.values["currency"] = writing.session.execute(_CURRENCY, {"org": writing.org_id}).scalar_one()
