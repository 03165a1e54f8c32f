"""The kinds of record that the API offers, each with its form and an example."""

from api.examples import ID
from api.forms import ActivityIn, ContactIn, CustomerIn, CustomFieldIn, DealIn, InsightIn, PipelineIn
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
