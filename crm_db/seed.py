"""What a new org starts with. All of it is data that the org may change."""

from datetime import timedelta
from typing import Any

SETTINGS: dict[str, dict[str, Any]] = {
    "business_hours": {
        "days": {
            str(weekday): [["09:00", "17:00"]] for weekday in range(1, 6)
        },  # ISO weekdays, in the team's zone
    },
    "quiet_hours": {"sms": ["21:00", "08:00"], "call": ["21:00", "08:00"]},
    "score_bands": {"hot": 75, "warm": 40},
    "lead_defaults": {"probability": 10},
    "scoring_weights": {
        "high_value": 10,
        "high_value_above": 50000,
        "good_value": 5,
        "good_value_above": 25000,
        "recent_contact": 5,
        "recent_days": 7,
    },
    "confidence_threshold": {"minimum": 0.5},
    "alert_sensitivity": {"level": "normal"},
    "update_frequency": {"minutes": 60},
}

STAGES: list[dict[str, Any]] = [
    {"name": "Lead", "order_index": 1, "probability": 10, "color": "#6B7280"},
    {"name": "Qualified", "order_index": 2, "probability": 25, "color": "#3B82F6"},
    {"name": "Proposal", "order_index": 3, "probability": 50, "color": "#F59E0B"},
    {"name": "Negotiation", "order_index": 4, "probability": 75, "color": "#F97316"},
    {"name": "Closed Won", "order_index": 5, "probability": 100, "color": "#10B981"},
    {"name": "Closed Lost", "order_index": 6, "probability": 0, "color": "#EF4444"},
]

SEQUENCE_NAME = "New lead"

STEPS: list[dict[str, Any]] = [
    {
        "position": 1,
        "channel": "email",
        "delay": timedelta(),
        "timing": "at-once",
        "template": "welcome",
        "config": {},
    },
    {
        "position": 2,
        "channel": "task",
        "delay": timedelta(),
        "timing": "business-hours",
        "template": "first-call",
        "config": {"kind": "call"},
    },
    {
        "position": 3,
        "channel": "email",
        "delay": timedelta(days=3),
        "timing": "business-hours",
        "template": "check-in",
        "config": {},
    },
    {
        "position": 4,
        "channel": "invite",
        "delay": timedelta(days=5),
        "timing": "business-hours",
        "template": "meeting",
        "config": {"days_ahead": 2, "minutes": 30},
    },
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "welcome",
        "channel": "email",
        "subject": "Thank you for getting in touch, {{ first_name | and welcome }}",
        "body": "Hello {{ first_name | there }},\n\n"
        "thank you for writing to {{ org_name }}. {{ owner_name | One of us }} has your request and will call you during "
        "our business hours. If you would rather write, an answer to this e-mail reaches us directly.\n\n"
        "{{ owner_name | Your team }}\n{{ org_name }}\n",
    },
    {
        "name": "first-call",
        "channel": "task",
        "subject": "Call {{ name | the new lead }}",
        "body": "First call. Company: {{ company | not given }}. Score {{ score }} ({{ score_band }}).\n{{ reasons }}\n",
    },
    {
        "name": "check-in",
        "channel": "email",
        "subject": "Did we answer your question?",
        "body": "Hello {{ first_name | there }},\n\n"
        "a few days ago you wrote to {{ org_name }}. Is there something we can help you decide? "
        "A line back to this e-mail is enough.\n\n{{ owner_name | Your team }}\n{{ org_name }}\n",
    },
    {
        "name": "meeting",
        "channel": "invite",
        "subject": "Half an hour with {{ org_name }}",
        "body": "Hello {{ first_name | there }},\n\n"
        "here is a time for a short conversation about what you need. If it does not suit, decline it and tell us when.\n\n"
        "{{ owner_name | Your team }}\n",
    },
    {
        "name": "owner-notice",
        "channel": "email",
        "subject": "New lead for you: {{ name | someone new }} ({{ score }}, {{ score_band }})",
        "body": "{{ owner_name | Hello }},\n\n"
        "{{ name | A new lead }} ({{ company | company not given }}) is yours.\n\n"
        "Score: {{ score }} ({{ score_band }})\n{{ reasons }}\n\n"
        "Next action: {{ next_action | none is planned }}\n{{ lead_url }}\n",
    },
    {
        "name": "owner-again",
        "channel": "email",
        "subject": "{{ name | A lead of yours }} has written again",
        "body": "{{ owner_name | Hello }},\n\n"
        "{{ name | a lead of yours }} ({{ company | company not given }}) has written again. "
        "What they wrote stands on their timeline.\n\n"
        "Score: {{ score }} ({{ score_band }})\nNext action: {{ next_action | none is planned }}\n{{ lead_url }}\n",
    },
    {
        "name": "alert",
        "channel": "email",
        "subject": "Please look: {{ alert | something needs a person }}",
        "body": "{{ owner_name | Hello }},\n\n"
        "{{ alert | something needs a person }} ({{ org_name }}).\n\n{{ alert_action }}\n\n"
        "This is the only e-mail about it until it is dealt with; crm alerts list shows how many cases there are by now.\n",
    },
]
