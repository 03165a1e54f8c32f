"""The customer that a lead becomes: made once, with the lead as its first contact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from crm_db.actions import events
from crm_db.models import Contact, Customer, Lead
from crm_db.models.base import Base

PERIODS_A_YEAR: Mapping[str, int] = MappingProxyType({"month": 12, "quarter": 4, "year": 1})
_PERSON = ("first_name", "last_name", "email", "phone", "title", "language", "timezone", "consent")
_COMPANY = ("email", "phone", "country", "timezone", "language", "tags")
_THERE = text(
    """
    select id from crm_customers where org_id = :org and lead_id = :lead and deleted_at is null order by created_at, id limit 1
    """
)
_SINCE = text(
    """
    update crm_customers set since = :since where org_id = :org and id = :customer and since is null and deleted_at is null
    returning id
    """
)


@dataclass(frozen=True)
class Sale:
    """What a new customer is known by beside the lead: whose it is, since when, what it pays each period.

    `name`: what it is called where the lead is not its owner's to see; nothing is taken from the lead then.
    """

    owner_id: UUID | None
    team_id: UUID | None
    currency: str | None = None
    recurring_amount: Decimal | None = None
    recurring_period: str | None = None
    since: date | None = None
    name: str | None = None

    @property
    def a_year(self) -> Decimal | None:
        """What it pays in a year."""
        if self.recurring_amount is None:
            return None
        return self.recurring_amount * PERIODS_A_YEAR.get(self.recurring_period or "year", 1)


@dataclass(frozen=True)
class MadeCustomer:
    """A lead's customer; `contact_id` is that of the lead there where it was made just now, else None."""

    id: UUID
    contact_id: UUID | None


def of_lead(session: Session, org_id: UUID, lead_id: UUID, sale: Sale) -> MadeCustomer:
    """The customer that a lead is, made where there is none. Call it on behalf of the org: a rule of the org's asks for it."""
    lead = _lead(session, org_id, lead_id)
    there = session.execute(_THERE, {"org": org_id, "lead": lead_id}).scalar_one_or_none()
    if there is not None:
        return MadeCustomer(there, None)
    whose = {"org_id": org_id, "lead_id": lead_id, "owner_id": sale.owner_id, "team_id": sale.team_id}
    company = {
        **whose,
        **({name: lead[name] for name in _COMPANY} if sale.name is None else {}),
        "name": sale.name or name_of(lead),
        "recurring_amount": sale.a_year,
        "currency": sale.currency,
        "since": sale.since,
    }
    customer_id = session.execute(insert(Customer).values(company).returning(Customer.id)).scalar_one()
    events.record(session, org_id, "customer.created", "customer", [customer_id])
    if sale.name is not None:
        return MadeCustomer(customer_id, None)
    person = {
        **whose,
        **{name: lead[name] for name in _PERSON},
        "customer_id": customer_id,
        "is_primary": True,
    }
    contact_id = session.execute(insert(Contact).values(person).returning(Contact.id)).scalar_one()
    events.record(session, org_id, "contact.created", "contact", [contact_id])
    return MadeCustomer(customer_id, contact_id)


def begin(session: Session, org_id: UUID, customer_id: UUID, since: date) -> None:
    """Keep since when somebody is a customer, where nobody has said it yet."""
    values = {"org": org_id, "customer": customer_id, "since": since}
    events.record(session, org_id, "customer.changed", "customer", session.scalars(_SINCE, values).all())


def name_of(lead: Mapping[str, Any]) -> str:
    """What a lead's company is called, else the person, else the address."""
    person = " ".join(part for part in (lead["first_name"], lead["last_name"]) if part)
    return str(lead["company"] or person or lead["email"] or lead["phone"] or "Lead")


def _lead(session: Session, org_id: UUID, lead_id: UUID) -> Mapping[str, Any]:
    """The lead, held: of two deals that are won at once only one makes the customer."""
    table = Base.metadata.tables[Lead.__tablename__]
    question = table.select().where(table.c.org_id == org_id, table.c.id == lead_id).with_for_update()
    return dict(session.execute(question).mappings().one())
