"""Moments that Postgres keeps and its clients cannot read, or that nobody means, are refused wherever one can be said."""

from typing import Any

import httpx
import pytest

from tests.api.serving import is_problem

FAR = (
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "2200-01-01T00:00:00Z",
    "1899-12-31T23:59:59Z",
)
ENTERED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "deals": ({"name": "Roof"}, ["next_step_at"]),
    "activities": ({"kind": "task", "subject": "x"}, ["due_at", "done_at"]),
    "insights": ({"kind": "risk", "title": "x"}, ["expires_at"]),
    "keys": ({"name": "x", "scopes": ["read"]}, ["expires_at"]),
}


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("plural", ENTERED)
def test_a_far_moment_is_refused_where_a_record_is_entered(
    admin: httpx.Client, plural: str, far: str
) -> None:
    values, fields = ENTERED[plural]
    for field in fields:
        answer = admin.post(f"/api/crm/{plural}", json={**values, field: far})
        problem = is_problem(answer, 422, "invalid_request")
        assert [error["field"] for error in problem["errors"]] == [f"body.{field}"]


@pytest.mark.parametrize("far", FAR)
def test_a_far_last_contact_is_refused_so_that_automation_goes_on(admin: httpx.Client, far: str) -> None:
    lead = admin.post("/api/crm/leads", json={"email": "a@b.example"}).json()
    path = f"/api/crm/leads/{lead['id']}"
    is_problem(admin.patch(path, json={"last_contact": far}), 422, "invalid_request")
    is_problem(admin.put(path, json={"email": "a@b.example", "last_contact": far}), 422, "invalid_request")
    assert admin.get(path).json()["last_contact"] is None


def test_the_first_and_the_last_moment_that_are_taken_can_be_read_and_changed(admin: httpx.Client) -> None:
    for moment in ("1900-01-01T00:00:00+00:00", "2199-12-31T00:00:00+00:00"):
        deal = admin.post("/api/crm/deals", json={"name": "Roof", "next_step_at": moment}).json()
        assert deal["next_step_at"] == moment
        assert admin.patch(f"/api/crm/deals/{deal['id']}", json={"name": "Cellar"}).status_code == 200
