"""The base score in SQL is the one that was given, to the letter, and agrees with the rule in Python."""

from decimal import Decimal

import pytest

from crm_db import session
from tests.crm_db.test_capture import capture, post, rows

CASES = [
    # probability, value, days since contact, score
    (None, None, None, 0),
    (10, None, None, 10),
    (10, "25000", None, 10),
    (10, "25000.01", None, 15),
    (10, "50000", None, 15),
    (10, "50000.01", None, 20),
    (100, "60000", 1, 115),
    (0, None, 6.9, 5),
    (0, None, 7.1, 0),
]


@pytest.mark.parametrize(("probability", "value", "days", "score"), CASES)
def test_the_base_score_is_exact(as_flow, org, source, probability, value, days, score):
    post(as_flow, org, source.id, {"email": "a@example.com"})
    capture()
    with session.unit_of_work() as work:
        work.connection().exec_driver_sql(
            "update crm_leads set probability = %(probability)s, value = %(value)s,"
            " last_contact = now() - make_interval(secs => cast(%(days)s as float8) * 86400)",
            {"probability": probability, "value": value and Decimal(value), "days": days},
        )
    (answer,) = rows("select calculate_lead_score(id) as score from crm_leads")
    assert answer["score"] == score


def test_the_score_of_a_lead_that_does_not_exist_is_null(as_flow, org):
    (answer,) = rows("select calculate_lead_score(gen_random_uuid()) as score")
    assert answer["score"] is None
