"""Many who change the same records at the same time wait for each other, and are not refused because of it."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError

from api.errors import answer_to

AT_ONCE = 8


def made(admin: httpx.Client, path: str, values: list[dict[str, object]]) -> list[str]:
    """Enter records; their ids."""
    answer = admin.post(
        f"/api/crm/{path}/bulk", json={"items": [{"op": "create", "values": one} for one in values]}
    )
    return [item["id"] for item in answer.json()["items"]]


def test_the_same_deals_can_be_changed_in_opposite_orders_at_once(admin: httpx.Client) -> None:
    deals = made(admin, "deals", [{"name": f"Deal {number}"} for number in range(40)])

    def change(number: int) -> set[int]:
        ids = deals if number % 2 else deals[::-1]
        items = [{"op": "change", "id": one, "values": {"name": f"By {number}"}} for one in ids]
        answer = admin.post("/api/crm/deals/bulk", json={"items": items}, timeout=120)
        return {answer.status_code, *(item["status"] for item in answer.json().get("items", []))}

    with ThreadPoolExecutor(AT_ONCE) as many:
        assert set().union(*many.map(change, range(AT_ONCE))) == {200}


def test_people_at_one_customer_can_be_put_first_at_once(admin: httpx.Client) -> None:
    (customer,) = made(admin, "customers", [{"name": "Analytical Engines"}])
    people = made(
        admin, "contacts", [{"customer_id": customer, "first_name": f"P{number}"} for number in range(4)]
    )

    def put_first(number: int) -> int:
        path = f"/api/crm/contacts/{people[number % len(people)]}"
        return admin.patch(path, json={"is_primary": True}, timeout=120).status_code

    with ThreadPoolExecutor(AT_ONCE) as many:
        assert set(many.map(put_first, range(3 * AT_ONCE))) == {200}
    asked = {"filter": [f"customer_id:eq:{customer}", "is_primary:eq:true"]}
    assert len(admin.get("/api/crm/contacts", params=asked).json()["items"]) == 1


@pytest.mark.parametrize(
    ("cause", "code"),
    [(DeadlockDetected(), "busy"), (psycopg.OperationalError(), "database_unavailable"), (psycopg.DataError(), "bad_value")],
)  # fmt: skip
def test_what_the_database_refuses_is_told_by_its_cause(cause: psycopg.Error, code: str) -> None:
    assert answer_to(OperationalError("", {}, cause)).code == code
