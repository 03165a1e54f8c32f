"""The kinds of record that the API offers, each with its form and an example."""

from api.examples import ID
from api.forms import (
    ActivityIn,
    ContactIn,
    CustomerIn,
    CustomFieldIn,
    DealIn,
    InsightIn,
    PipelineIn,
    SubscriptionIn,
    SurveyIn,
    TicketIn,
)
from api.resource import Resource
from crm_db.queries import kinds

RESOURCES: tuple[Resource, ...] = (
    Resource(
        kinds.DEAL,
        DealIn,
        {"name": "Analytical Engines, team plan", "value": 60000, "currency": "GBP", "expected_close": "2026-12-31"},
    ),
    Resource(
        kinds.ACTIVITY,
        ActivityIn,
        {"kind": "call", "subject": "First call", "lead_id": ID, "due_at": "2026-12-01T10:00:00+01:00"},
    ),
    Resource(
        kinds.CUSTOMER,
        CustomerIn,
        {"name": "Analytical Engines", "email": "office@analytical.example", "country": "GB", "status": "active"},
    ),
    Resource(
        kinds.CONTACT,
        ContactIn,
        {"customer_id": ID, "first_name": "Ada", "last_name": "Lovelace", "email": "ada@analytical.example"},
    ),
    Resource(
        kinds.SUBSCRIPTION,
        SubscriptionIn,
        {"customer_id": ID, "product": "Team plan", "seats": 25, "amount": 12000, "currency": "EUR", "period": "year",
         "term_start": "2026-01-01", "term_months": 12, "auto_renew": True, "notice_days": 90},
    ),
    Resource(
        kinds.TICKET,
        TicketIn,
        {"customer_id": ID, "external_id": "T-1042", "subject": "Export fails", "priority": "high", "status": "open"},
    ),
    Resource(
        kinds.SURVEY,
        SurveyIn,
        {"customer_id": ID, "external_id": "R-7", "kind": "nps", "score": 9, "comment": "Quick help"},
    ),
    Resource(
        kinds.INSIGHT,
        InsightIn,
        {"kind": "risk", "deal_id": ID, "title": "No next step for three weeks", "confidence": 0.7},
        removed_by_admins=True,
        farewell="Administrators only. For good.",
    ),
    Resource(kinds.PIPELINE, PipelineIn, {"name": "Renewals"}, by_admins=True),
    Resource(
        kinds.CUSTOM_FIELD,
        CustomFieldIn,
        {"entity": "lead", "name": "plan", "label": "Plan", "type": "choice", "options": ["solo", "team"]},
        by_admins=True,
    ),
)  # fmt: skip
