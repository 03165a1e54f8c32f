"""A deal that is won makes its lead a customer, once; one that names a customer makes none."""

from crm_db.actions import new_customers
from crm_db.actions.new_customers import Sale
from crm_db.actions.writing import Writing
from crm_db.queries import settings
from crm_db.session import on_behalf_of_the_org


def complete(writing: Writing) -> None:
    """Give a deal that is about to be won its customer, and the customer the day on which it became one."""
    lead_id, customer_id = writing.after("lead_id"), writing.after("customer_id")
    if lead_id is None and customer_id is None:
        return
    won_on = writing.now.astimezone(settings.zone_of(writing.session, writing.org_id)).date()
    with on_behalf_of_the_org(writing.session):
        if customer_id is None:
            sale = Sale(
                owner_id=writing.after("owner_id"),
                team_id=writing.after("team_id"),
                currency=writing.after("currency"),
                recurring_amount=writing.after("recurring_amount"),
                recurring_period=writing.after("recurring_period"),
                since=won_on,
            )
            customer_id = new_customers.of_lead(writing.session, writing.org_id, lead_id, sale).id
            writing.values["customer_id"] = customer_id
        new_customers.begin(writing.session, writing.org_id, customer_id, won_on)
