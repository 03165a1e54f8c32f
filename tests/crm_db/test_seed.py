"""What a new org starts with can be used as it is."""

import pytest

from crm_db import seed
from crm_db.rules.rendering import Template, check


@pytest.mark.parametrize("template", seed.TEMPLATES, ids=lambda template: template["name"])
def test_a_ready_made_template_names_only_known_fields(template):
    check(Template(template["subject"], template["body"]))


def test_every_ready_made_step_has_its_template():
    words = {(template["name"], template["channel"]) for template in seed.TEMPLATES}
    assert {(step["template"], step["channel"]) for step in seed.STEPS} <= words


def test_the_stages_are_those_that_were_given():
    assert [(s["name"], s["order_index"], s["probability"], s["color"]) for s in seed.STAGES] == [
        ("Lead", 1, 10, "#6B7280"),
        ("Qualified", 2, 25, "#3B82F6"),
        ("Proposal", 3, 50, "#F59E0B"),
        ("Negotiation", 4, 75, "#F97316"),
        ("Closed Won", 5, 100, "#10B981"),
        ("Closed Lost", 6, 0, "#EF4444"),
    ]
