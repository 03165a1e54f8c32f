"""What happened with a lead, deal or customer, the newest first: one list of what stands in many tables.

Each table is read under the caller's own policies, so that a timeline holds what the caller may see, and nothing else. What is
planned stands at the moment for which it is planned: above what has happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.queries.pages import Page

# What a sent message left as an activity says no more than the message does, unless somebody wrote something into it; a task says
# more than the message by which it was given.
_ITEMS = {
    "activity": """
        select coalesce(a.done_at, a.due_at, a.created_at) as at, a.id, a.subject as title,
               json_build_object('kind', a.kind, 'direction', a.direction, 'outcome', a.outcome, 'sentiment', a.sentiment,
                                 'next_action', a.next_action, 'duration_minutes', a.duration_minutes, 'due_at', a.due_at,
                                 'done_at', a.done_at, 'owner_id', a.owner_id, 'lead_id', a.lead_id, 'deal_id', a.deal_id,
                                 'customer_id', a.customer_id, 'message_id', a.message_id) as detail
        from crm_activities a
        where a.org_id = :org and a.deleted_at is null
          and (a.lead_id = any (:leads) or a.deal_id = any (:deals) or a.customer_id = any (:customers))
          and not (a.message_id is not null and a.due_at is null and a.outcome is null and a.body is null
                   and a.next_action is null and a.sentiment is null)
    """,
    "message": """
        select coalesce(m.sent_at, m.due_at), m.id, coalesce(m.rendered ->> 'subject', m.config ->> 'subject', m.template),
               json_build_object('channel', m.channel, 'recipient', m.recipient, 'purpose', m.purpose, 'status', m.status,
                                 'reason', m.reason, 'due_at', m.due_at, 'sent_at', m.sent_at, 'lead_id', m.lead_id)
        from crm_messages m
        where m.org_id = :org and m.lead_id = any (:leads) and not (m.channel = 'task' and m.status = 'sent')
    """,
    "score": """
        select s.at, s.id, case when s.previous is null then format('Scored %s, %s', s.score, s.band)
                                else format('Score %s, was %s; %s', s.score, s.previous, s.band) end,
               json_build_object('score', s.score, 'previous', s.previous, 'band', s.band, 'reasons', s.reasons,
                                 'scorecard', s.scorecard, 'lead_id', s.lead_id)
        from crm_score_history s
        where s.org_id = :org and s.lead_id = any (:leads)
    """,
    "assignment": """
        select g.at, g.id, case when g.user_id is not null then format('Given to %s', u.name)
                                when g.rule = 'by hand' then 'Given to nobody' else 'Nobody could take it' end,
               json_build_object('user_id', g.user_id, 'rule', g.rule, 'lead_id', g.lead_id)
        from crm_assignments g left join crm_users u on u.org_id = g.org_id and u.id = g.user_id
        where g.org_id = :org and g.lead_id = any (:leads)
    """,
    "conversion": """
        select c.at, c.id, 'Converted to a deal',
               json_build_object('lead_id', c.lead_id, 'deal_id', c.deal_id, 'customer_id', c.customer_id,
                                 'undone_at', c.undone_at, 'actor', c.actor)
        from crm_conversions c
        where c.org_id = :org and c.lead_id = any (:leads)
    """,
    "stage": """
        select h.entered_at, h.id, format(case when h.was is null then 'Began in %s' else 'Moved to %s' end, s.name),
               json_build_object('stage_id', h.stage_id, 'from_stage_id', h.was, 'value', h.value,
                                 'seconds', extract(epoch from h.left_at - h.entered_at)::bigint, 'deal_id', h.deal_id,
                                 'actor', h.actor)
        from (select h.*, lag(h.stage_id) over (partition by h.deal_id order by h.entered_at, h.id) as was
              from crm_deal_stage_history h where h.org_id = :org and h.deal_id = any (:deals)) as h
        join crm_pipeline_stages s on s.org_id = h.org_id and s.id = h.stage_id
    """,
    "subscription": """
        select coalesce(s.cancelled_at, s.created_at), s.id,
               case when s.status = 'cancelled' then format('Cancelled %s', s.product)
                    else format('%s, from %s to %s', s.product, s.term_start, s.term_end) end,
               json_build_object('status', s.status, 'term_start', s.term_start, 'term_end', s.term_end, 'amount', s.amount,
                                 'period', s.period, 'currency', s.currency, 'cancel_reason', s.cancel_reason,
                                 'deal_id', s.deal_id, 'customer_id', s.customer_id)
        from crm_subscriptions s
        where s.org_id = :org and s.deleted_at is null and s.customer_id = any (:customers)
    """,
    "ticket": """
        select t.opened_at, t.id, t.subject,
               json_build_object('priority', t.priority, 'status', t.status, 'category', t.category, 'opened_at', t.opened_at,
                                 'first_answer_at', t.first_answer_at, 'solved_at', t.solved_at, 'contact_id', t.contact_id,
                                 'customer_id', t.customer_id)
        from crm_support_tickets t
        where t.org_id = :org and t.deleted_at is null and t.customer_id = any (:customers)
    """,
    "survey": """
        select v.answered_at, v.id, format('%s %s', upper(v.kind), v.score),
               json_build_object('kind', v.kind, 'score', v.score, 'comment', v.comment, 'contact_id', v.contact_id,
                                 'customer_id', v.customer_id)
        from crm_survey_responses v
        where v.org_id = :org and v.deleted_at is null and v.customer_id = any (:customers)
    """,
    "change": """
        select c.at, c.id, case c.operation when 'delete' then 'Deleted for good'
                           else 'Changed ' || (select string_agg(replace(field, '_', ' '), ', ' order by field)
                                               from json_object_keys(c.was) as field) end,
               json_build_object('record', c.record, 'record_id', c.record_id, 'was', c.was, 'actor', c.actor)
        from (select c.*, (c.old - 'score')::json as was,
                     case c.kind when 'crm_leads' then 'lead' when 'crm_deals' then 'deal'
                                 when 'crm_subscriptions' then 'subscription' else 'customer' end as record
              from crm_changes c
              where (select crm_sees_org()) and c.org_id = :org and c.old - 'score' <> '{}'
                and (c.kind = 'crm_leads' and c.record_id = any (:leads) or c.kind = 'crm_deals' and c.record_id = any (:deals)
                     or c.kind = 'crm_customers' and c.record_id = any (:customers)
                     or c.kind = 'crm_subscriptions' and c.record_id = any (:subscriptions))) as c
    """,
}
KINDS = tuple(_ITEMS)
"""The kinds of item that a timeline may hold."""


def _list_of(items: Sequence[tuple[str, str]]) -> str:
    parts = " union all ".join(f"select '{kind}' as kind, i.* from ({rows}) as i" for kind, rows in items)  # noqa: S608
    return (
        "select json_build_object('at', at, 'kind', kind, 'id', id, 'title', title, 'detail', detail)::text, at, id"  # noqa: S608
        f" from ({parts}) as item (kind, at, id, title, detail)"
        " where cast(:before as timestamptz) is null or (at, id) < (:before, cast(:before_id as uuid))"
        " order by at desc, id desc limit :limit"
    )


_TIMELINE = text(_list_of(list(_ITEMS.items())))
_OF_CUSTOMER = text(
    """
    select lead_id, array(select d.id from crm_deals d
                          where d.org_id = c.org_id and d.customer_id = c.id and d.deleted_at is null) as deals,
           array(select s.id from crm_subscriptions s
                 where s.org_id = c.org_id and s.customer_id = c.id and s.deleted_at is null) as subscriptions
    from crm_customers c where c.org_id = :org and c.id = :customer
    """
)


@dataclass(frozen=True)
class Subject:
    """Of whom a timeline tells."""

    leads: tuple[UUID, ...] = ()
    deals: tuple[UUID, ...] = ()
    customers: tuple[UUID, ...] = ()
    subscriptions: tuple[UUID, ...] = ()


def of_customer(session: Session, org_id: UUID, customer_id: UUID) -> Subject:
    """A customer with its deals and subscriptions, those that the caller may see, and the lead that it was."""
    row = session.execute(_OF_CUSTOMER, {"org": org_id, "customer": customer_id}).one()
    leads = (row.lead_id,) if row.lead_id else ()
    return Subject(leads, tuple(row.deals), (customer_id,), tuple(row.subscriptions))


def page(
    session: Session, org_id: UUID, subject: Subject, *, after: tuple[Any, ...] | None, limit: int
) -> Page:
    """One page of a timeline, after the place (moment, id) where the page before ended."""
    before: tuple[datetime | None, UUID | None] = (after[0], after[1]) if after else (None, None)
    values = {
        "org": org_id,
        "leads": list(subject.leads),
        "deals": list(subject.deals),
        "customers": list(subject.customers),
        "subscriptions": list(subject.subscriptions),
        "before": before[0],
        "before_id": before[1],
        "limit": limit + 1,
    }
    found = session.execute(_TIMELINE, values).all()
    shown = found[:limit]
    following = (shown[-1].at, shown[-1].id) if len(found) > limit else None
    return Page(tuple(row[0] for row in shown), following)
