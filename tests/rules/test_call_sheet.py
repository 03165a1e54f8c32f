"""The sheet for a call: all that is known, in the callee's own time, and nothing invented."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_db.rules.call_sheet import Callee, call_sheet

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def callee(**changes: Any) -> Callee:
    values: dict[str, Any] = {
        "name": "Maria Berg",
        "phone": "+442079460018",
        "company": "Ovidius",
        "title": "CTO",
        "score": 80,
        "band": "hot",
        "reasons": [{"words": "a large deal"}, {"words": "recent contact"}],
        "zone": ZoneInfo("America/New_York"),
    }
    return Callee(**(values | changes))


def test_a_sheet_says_who_where_when_why_and_what() -> None:
    assert call_sheet(callee(), "Ask about the pilot.\n", now=NOW).splitlines() == [
        "Who:        Maria Berg, CTO",
        "Number:     +442079460018",
        "Time there: Mon 10:00 (America/New_York)",
        "Company:    Ovidius",
        "Score:      80 (hot)",
        "  - a large deal",
        "  - recent contact",
        "",
        "What to say",
        "",
        "Ask about the pilot.",
    ]


@pytest.mark.parametrize(
    ("unknown", "line"),
    [
        ({"name": "", "title": ""}, "Who:        not known"),
        ({"name": ""}, "Who:        CTO"),
        ({"phone": ""}, "Number:     not known"),
        ({"zone": None}, "Time there: not known"),
        ({"company": ""}, "Company:    not known"),
        ({"score": None}, "Score:      not known"),
        ({"score": 0, "band": ""}, "Score:      0 (no band)"),
    ],
)
def test_what_is_not_known_is_called_so(unknown: dict[str, Any], line: str) -> None:
    assert line in call_sheet(callee(**unknown), "Hello", now=NOW).splitlines()
