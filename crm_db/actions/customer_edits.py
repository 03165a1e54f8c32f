"""What a change of a customer, or of a person there, brings with it."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions import events, spelling
from crm_db.actions.writing import Writing

_OTHERS = text(
    """
    update crm_contacts set is_primary = false
    where org_id = :org and customer_id = :customer and is_primary and deleted_at is null
      and id is distinct from cast(:contact as uuid)
    returning id
    """
)
_HAS_PRIMARY = text(
    """
    select exists (select from crm_contacts
                   where org_id = :org and customer_id = :customer and is_primary and deleted_at is null)
    """
)
_CUSTOMERS = text(
    """
    select id from crm_customers
    where org_id = :org and id in (select customer_id from crm_contacts where org_id = :org and id = any (:contacts))
    order by id for update
    """
)
_ONE_AT_A_TIME = text("select id from crm_customers where org_id = :org and id = :customer for update")


def complete(writing: Writing) -> None:
    """Complete a customer: one spelling, a currency, and since when it is lost."""
    spelling.complete(writing)
    spelling.price(writing, "recurring_amount")
    before = None if writing.before is None else writing.before["status"]
    after = writing.after("status")
    if after == before:
        return
    if after == "churned":
        writing.values["churned_at"] = writing.now
    elif before == "churned":
        writing.values.update(churned_at=None, churn_reason=None)


def hold_customers(session: Session, org_id: UUID, contact_ids: list[UUID]) -> None:
    """Hold the customers where these people are until the transaction ends."""
    session.execute(_CUSTOMERS, {"org": org_id, "contacts": contact_ids})


def complete_contact(writing: Writing) -> None:
    """Complete a person at a customer: one spelling, and one person who comes first."""
    spelling.complete(writing)
    comes_back = writing.before is not None and writing.before["deleted_at"] is not None
    if not writing.after("is_primary"):
        return
    if writing.before is None or comes_back or {"is_primary", "customer_id"} & writing.values.keys():
        _put_first(writing, writing.after("customer_id"), comes_back=comes_back)


def _put_first(writing: Writing, customer_id: UUID, *, comes_back: bool) -> None:
    """Whoever is put first takes that from the one before; who only comes back does not."""
    where = {"org": writing.org_id, "customer": customer_id}
    writing.session.execute(_ONE_AT_A_TIME, where)
    if comes_back:
        if writing.session.execute(_HAS_PRIMARY, where).scalar_one():
            writing.values["is_primary"] = False
        return
    own = None if writing.before is None else writing.before["id"]
    moved = writing.session.scalars(_OTHERS, {**where, "contact": own}).all()
    events.record(writing.session, writing.org_id, "contact.changed", "contact", moved)
