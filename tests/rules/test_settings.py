"""Which settings can be used."""

import pytest

from crm_db import seed
from crm_db.rules.settings import problem


@pytest.mark.parametrize(("key", "value"), seed.SETTINGS.items())
def test_what_a_new_org_starts_with_can_be_used(key: str, value: object) -> None:
    assert problem(key, value) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("business_hours", {"days": {"1": [["9:00", "17:00"]]}}),
        ("business_hours", {"days": {}}),
        ("business_hours", {"days": {"8": [["09:00", "17:00"]]}}),
        ("business_hours", "always"),
        ("quiet_hours", {"sms": ["21:00"]}),
        ("quiet_hours", {"sms": ["21:00", "21:00"]}),
        ("quiet_hours", {"sms": "21:00"}),
        ("score_bands", {"hot": 75, "warm": 40, "icy": 3}),
        ("score_bands", {"hot": 10, "warm": 40}),
        ("score_bands", {"hot": "75", "warm": 40}),
        ("lead_defaults", {"probability": 101}),
        ("lead_defaults", {"probability": "ten"}),
        ("lead_defaults", []),
        ("timezone", "Mars/Olympus"),
        ("timezone", 3),
    ],
)
def test_a_slip_is_a_problem_that_does_not_repeat_it(key: str, value: object) -> None:
    found = problem(key, value)
    assert found is not None
    assert str(value) not in found


def test_a_setting_that_nobody_reads_is_fine() -> None:
    assert problem("their_own", ["anything"]) is None
