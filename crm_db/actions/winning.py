"""A deal that is won makes its lead a customer, once; one that names a customer makes none. What it brings again and again
becomes a subscription of the customer's, once a deal.
"""

from datetime import date
from functools import partial
from uuid import UUID

from sqlalchemy import text

from crm_db.actions import events, new_customers
from crm_db.actions.new_customers import Sale
from crm_db.actions.writing import Writing
from crm_db.queries import settings
from crm_db.rules import terms
from crm_db.session import on_behalf_of_the_org

# Asked with the rights of whoever wins the deal.
_MAY_BE_TOLD = text(
    """
    select exists (
        select from crm_leads l left join crm_users u on u.org_id = l.org_id and u.id = :owner
        where l.org_id = :org and l.id = :lead
          and (u.id is null or u.role in ('admin', 'viewer') or l.owner_id = u.id
               or l.team_id = any (crm_teams_seen(u.org_id, u.id, u.role))))
    """
)

TERM_MONTHS = 12
_BEGIN = text(
    """
    insert into crm_subscriptions
        (org_id, customer_id, deal_id, product, amount, period, currency, began_on, term_start, term_end, term_months)
    select :org, :customer, :deal, :product, :amount, :period, :currency, :start, :start, :end, :months
    where not exists (select from crm_subscriptions where org_id = :org and deal_id = :deal and deleted_at is null)
    returning id
    """
)


def complete(writing: Writing) -> None:
    """Give a deal that is about to be won its customer, and the customer the day on which it became one."""
    lead_id, customer_id = writing.after("lead_id"), writing.after("customer_id")
    if lead_id is None and customer_id is None:
        return
    won_on = writing.now.astimezone(settings.zone_of(writing.session, writing.org_id)).date()
    may_be_told = customer_id is not None or _may_be_told(writing, lead_id)
    with on_behalf_of_the_org(writing.session):
        if customer_id is None:
            sale = Sale(
                owner_id=writing.after("owner_id"),
                team_id=writing.after("team_id"),
                currency=writing.after("currency"),
                recurring_amount=writing.after("recurring_amount"),
                recurring_period=writing.after("recurring_period"),
                since=won_on,
                name=None if may_be_told else writing.after("name"),
            )
            customer_id = new_customers.of_lead(writing.session, writing.org_id, lead_id, sale).id
            writing.values["customer_id"] = customer_id
        new_customers.begin(writing.session, writing.org_id, customer_id, won_on)
    if writing.after("recurring_amount") is not None:
        writing.afterwards.append(partial(_subscribe, writing, customer_id, won_on))


def _subscribe(writing: Writing, customer_id: UUID, won_on: date, deal_id: UUID) -> None:
    """Begin a subscription of a year with the day on which the deal is won, unless the deal brought one already."""
    values = {
        "org": writing.org_id,
        "customer": customer_id,
        "deal": deal_id,
        "product": writing.after("name"),
        "amount": writing.after("recurring_amount"),
        "period": writing.after("recurring_period") or "year",
        "currency": writing.after("currency"),
        "start": won_on,
        "end": terms.last_day(won_on, TERM_MONTHS),
        "months": TERM_MONTHS,
    }
    with on_behalf_of_the_org(writing.session):
        begun = writing.session.scalars(_BEGIN, values).all()
        events.record(writing.session, writing.org_id, "subscription.created", "subscription", begun)


def _may_be_told(writing: Writing, lead_id: UUID) -> bool:
    """Whether what the lead says may stand in a customer: who wins the deal sees the lead, and so does the deal's owner."""
    values = {"org": writing.org_id, "lead": lead_id, "owner": writing.after("owner_id")}
    return bool(writing.session.execute(_MAY_BE_TOLD, values).scalar_one())
