"""A lead becomes a deal, and a customer where that is wanted at once; taken back while nothing was built on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.orm import Session

from crm_db.actions import events, new_customers, own_fields, ownership, records
from crm_db.actions.new_customers import MadeCustomer, Sale
from crm_db.errors import NotAllowed, NotPossible, RecordNotFound
from crm_db.models import Conversion, Lead
from crm_db.models.base import Base
from crm_db.queries import kinds
from crm_db.queries.kinds import Kind
from crm_db.rules.normalise import AS_SENT
from crm_db.session import Identity, on_behalf_of_the_org

_LAST = text(
    """
    select id, deal_id, customer_id, contact_id, lead_status, lead_closed_at, undone_at from crm_conversions
    where org_id = :org and lead_id = :lead order by undone_at is null desc, undone_at desc limit 1
    """
)
_RESTORED = text(
    """
    select c.id, c.deal_id from crm_conversions c join crm_deals d on d.org_id = c.org_id and d.id = c.deal_id
    where c.org_id = :org and c.lead_id = :lead and c.undone_at is not null and d.deleted_at is null
    order by c.undone_at desc, c.id desc limit 1
    """
)
_IS_ACTIVE = text("select active from crm_users where org_id = :org and id = :user")
# What was built on a conversion, worst first; null where nothing was.
_BUILT = text(
    """
    select case
        when d.status <> 'open' then 'its deal was closed'
        when (select count(*) from crm_deal_stage_history h where h.org_id = d.org_id and h.deal_id = d.id) > 1
            then 'its deal has moved on'
        when exists (select from crm_activities a where a.org_id = d.org_id and a.deal_id = d.id and a.deleted_at is null)
            then 'its deal has activities'
        when c.status <> 'onboarding' then 'its customer is not new any more'
        when exists (select from crm_deals o where o.org_id = c.org_id and o.customer_id = c.id and o.id <> d.id
                     and o.deleted_at is null)
            then 'its customer has another deal'
        when exists (select from crm_contacts p where p.org_id = c.org_id and p.customer_id = c.id and p.deleted_at is null
                     and p.id is distinct from cast(:contact as uuid))
            then 'its customer has another contact'
        when exists (select from crm_activities a where a.org_id = c.org_id and a.customer_id = c.id and a.deleted_at is null)
            then 'its customer has activities'
        when exists (select from crm_subscriptions s where s.org_id = c.org_id and s.customer_id = c.id
                     and s.deleted_at is null)
            then 'its customer has a subscription'
        when exists (select from crm_support_tickets t where t.org_id = c.org_id and t.customer_id = c.id
                     and t.deleted_at is null)
            then 'its customer has a support ticket'
        when exists (select from crm_survey_responses v where v.org_id = c.org_id and v.customer_id = c.id
                     and v.deleted_at is null)
            then 'its customer has answered a survey'
        end
    from crm_deals d
    left join crm_customers c on c.org_id = d.org_id and c.id = cast(:customer as uuid) and c.deleted_at is null
    where d.org_id = :org and d.id = :deal
    """
)
_MADE = (
    ("deal_id", kinds.DEAL),
    ("contact_id", kinds.CONTACT),
    ("customer_id", kinds.CUSTOMER),
)


@dataclass(frozen=True)
class Wanted:
    """What somebody says of the deal that a lead is to become; `customer`: make the customer at once, not when it is won."""

    deal: Mapping[str, Any] = field(default_factory=dict)
    customer: bool = False


@dataclass(frozen=True)
class Converted:
    """The deal that a lead became; `is_new`: by this call."""

    deal_id: UUID
    is_new: bool


def convert(
    session: Session, identity: Identity, lead_id: UUID, wanted: Wanted, *, now: datetime
) -> Converted:
    """Make a deal of a lead; one that has its deal already keeps that, unless it was deleted. Raises RecordNotFound, BadValue.

    A deal that was restored after its conversion was taken back is the lead's again: there is no second one.
    """
    lead = _held(session, identity, lead_id)
    last = _last(session, lead)
    if last is not None and last.undone_at is None:
        if _is_there(session, lead["org_id"], kinds.DEAL, last.deal_id):
            records.change(session, identity, kinds.LEAD, lead_id, {"status": "converted"}, now=now)
            return Converted(last.deal_id, is_new=False)
        _end(session, lead, last, now)
    if (deal_id := _begun_again(session, lead)) is not None:
        records.change(session, identity, kinds.LEAD, lead_id, {"status": "converted"}, now=now)
        events.record(session, lead["org_id"], "lead.converted", "lead", [lead_id])
        return Converted(deal_id, is_new=False)
    whose = _whose(session, identity, lead)
    customer = _customer(session, lead, wanted, whose) if wanted.customer else None
    values = {**_carried(session, lead), **whose, **wanted.deal}
    values["custom"] = {**_fields(session, lead), **(wanted.deal.get("custom") or {})}
    if customer is not None:
        values["customer_id"] = customer.id
    deal = records.create(session, identity, kinds.DEAL, values, now=now)
    records.change(session, identity, kinds.LEAD, lead_id, {"status": "converted"}, now=now)
    made = customer if customer is not None and customer.contact_id is not None else None
    session.execute(
        insert(Conversion).values(
            org_id=lead["org_id"],
            lead_id=lead_id,
            deal_id=deal.id,
            customer_id=made.id if made else None,
            contact_id=made.contact_id if made else None,
            lead_status=lead["status"],
            lead_closed_at=lead["closed_at"],
            actor=identity.actor,
            at=now,
        )
    )
    events.record(session, lead["org_id"], "lead.converted", "lead", [lead_id])
    return Converted(deal.id, is_new=True)


def undo(session: Session, identity: Identity, lead_id: UUID, *, now: datetime) -> None:
    """Take a conversion back: what it made is deleted, the lead is as it was. Once undone, it stays so.

    Raises RecordNotFound, and NotPossible where something was built on it since, or the lead was never converted.
    """
    lead = _held(session, identity, lead_id)
    last = _last(session, lead)
    if last is None:
        raise NotPossible("this lead was not converted to a deal")
    if last.undone_at is not None:
        return
    if reason := _built_on(session, lead["org_id"], last):
        raise NotPossible(f"{reason}, so that the conversion cannot be taken back")
    _delete_what_was_made(session, identity, lead, last, now)
    if lead["status"] == "converted":
        records.change(session, identity, kinds.LEAD, lead_id, {"status": last.lead_status}, now=now)
        _set_closed_at(session, lead, last.lead_closed_at)
    _end(session, lead, last, now)
    events.record(session, lead["org_id"], "lead.conversion_undone", "lead", [lead_id])


def _held(session: Session, identity: Identity, lead_id: UUID) -> dict[str, Any]:
    """The lead, held until the transaction ends; only one that this identity may change."""
    if identity.org_id is None:
        raise NotAllowed("an identity within an org")
    table = Base.metadata.tables[Lead.__tablename__]
    question = select(table).where(
        table.c.org_id == identity.org_id, table.c.id == lead_id, table.c.deleted_at.is_(None)
    )
    found = session.execute(question.with_for_update()).mappings().one_or_none()
    if found is None:
        raise RecordNotFound("lead", lead_id)
    return dict(found)


def _last(session: Session, lead: Mapping[str, Any]) -> Row[Any] | None:
    """The conversion of a lead that stands, else the one that was undone last."""
    return session.execute(_LAST, {"org": lead["org_id"], "lead": lead["id"]}).one_or_none()


def _begun_again(session: Session, lead: Mapping[str, Any]) -> UUID | None:
    """The deal of a conversion that was taken back, restored since: the conversion stands again. None where there is none."""
    with on_behalf_of_the_org(session):
        restored = session.execute(_RESTORED, {"org": lead["org_id"], "lead": lead["id"]}).one_or_none()
    if restored is None:
        return None
    one = (Conversion.org_id == lead["org_id"], Conversion.id == restored.id)
    was = {"lead_status": lead["status"], "lead_closed_at": lead["closed_at"]}
    session.execute(update(Conversion).where(*one).values(undone_at=None, **was))
    deal_id: UUID = restored.deal_id
    return deal_id


def _whose(session: Session, identity: Identity, lead: Mapping[str, Any]) -> dict[str, Any]:
    """The lead's owner and team; whoever converts a lead of nobody, or of somebody who has left, has the deal."""
    org_id, owner_id = lead["org_id"], lead["owner_id"]
    is_there = owner_id and session.execute(_IS_ACTIVE, {"org": org_id, "user": owner_id}).scalar_one()
    if not is_there:
        owner_id = identity.user_id if identity.role in {"rep", "manager"} else None
    team_id = lead["team_id"]
    if team_id is None and owner_id is not None:
        team_id = ownership.team_of_person(session, org_id, owner_id)
    return {"owner_id": owner_id, "team_id": team_id}


def _carried(session: Session, lead: Mapping[str, Any]) -> dict[str, Any]:
    """What a deal takes over from its lead."""
    return {
        "name": new_customers.name_of(lead)[:500],
        "lead_id": lead["id"],
        "source": lead["source"],
        "value": lead["value"],
        "currency": lead["currency"],
        "tags": lead["tags"],
    }


def _fields(session: Session, lead: Mapping[str, Any]) -> dict[str, Any]:
    """The lead's own fields that a deal may have: not what could not be understood, nor what does not fit its declared fields."""
    told = {name: value for name, value in lead["custom"].items() if not name.endswith(AS_SENT)}
    return own_fields.fitting(session, lead["org_id"], "deal", told)


def _customer(
    session: Session, lead: Mapping[str, Any], wanted: Wanted, whose: Mapping[str, Any]
) -> MadeCustomer | None:
    """The customer that the lead becomes at once; none where the deal names one that is there."""
    if wanted.deal.get("customer_id") is not None:
        return None
    told = {name: wanted.deal.get(name) for name in ("currency", "recurring_amount", "recurring_period")}
    sale = Sale(**whose, **{**told, "currency": told["currency"] or lead["currency"]})
    with on_behalf_of_the_org(session):
        return new_customers.of_lead(session, lead["org_id"], lead["id"], sale)


def _built_on(session: Session, org_id: UUID, last: Row[Any]) -> str | None:
    """What was built on a conversion since, whoever did it; None where nothing was."""
    values = {"org": org_id, "deal": last.deal_id, "customer": last.customer_id, "contact": last.contact_id}
    with on_behalf_of_the_org(session):
        found: str | None = session.execute(_BUILT, values).scalar_one()
    return found


def _delete_what_was_made(
    session: Session, identity: Identity, lead: Mapping[str, Any], last: Row[Any], now: datetime
) -> None:
    """Delete the deal, and the customer with its contact, that it made; what is deleted already stays so."""
    for column, kind in _MADE:
        record_id = getattr(last, column)
        if record_id is None:
            continue
        try:
            records.remove(session, identity, kind, record_id, now=now)
        except RecordNotFound:
            if _is_there(session, lead["org_id"], kind, record_id):
                words = f"its {kind.name} belongs to somebody else by now"
                raise NotPossible(f"{words}, so that the conversion cannot be taken back") from None


def _is_there(session: Session, org_id: UUID, kind: Kind, record_id: UUID) -> bool:
    """Whether a record was not deleted, whoever may see it."""
    table = kind.table.c
    question = select(table.id).where(
        table.org_id == org_id, table.id == record_id, table.deleted_at.is_(None)
    )
    with on_behalf_of_the_org(session):
        return session.execute(question).first() is not None


def _end(session: Session, lead: Mapping[str, Any], last: Row[Any], now: datetime) -> None:
    """The conversion stands no more."""
    standing = (Conversion.org_id == lead["org_id"], Conversion.id == last.id)
    session.execute(update(Conversion).where(*standing).values(undone_at=now))


def _set_closed_at(session: Session, lead: Mapping[str, Any], closed_at: datetime | None) -> None:
    """A lead that was lost before it was converted was lost then."""
    one = (Lead.org_id == lead["org_id"], Lead.id == lead["id"])
    session.execute(update(Lead).where(*one).values(closed_at=closed_at))
