"""A slip in a parameter's name is told, never answered as if nothing had been asked."""

from uuid import UUID

import pytest

from tests.api.serving import is_problem

NOBODY = UUID(int=0)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/api/crm/leads", "limit=1"),
        (f"/api/crm/leads/{NOBODY}", "fields=email"),
        (f"/api/crm/leads/{NOBODY}/timeline", "limit=1"),
        ("/api/crm/recommendations", "limit=1"),
        ("/api/crm/pipeline/summary", ""),
        ("/api/crm/settings", ""),
        (f"/api/crm/teams/{NOBODY}/members", ""),
        ("/api/crm/dead-letters", ""),
    ],
)
def test_an_unknown_parameter_is_named_and_refused(admin, path, known):
    problem = is_problem(admin.get(f"{path}?{known}&lmit=1&wrods=x"), 422, "invalid_request")
    assert [fault["field"] for fault in problem["errors"]] == ["query.lmit", "query.wrods"]
    assert admin.get(f"{path}?{known}").status_code in {200, 404}


def test_who_writes_is_told_too_and_nothing_is_written(admin):
    is_problem(admin.post("/api/crm/deals?dry_run=true", json={"name": "x"}), 422, "invalid_request")
    assert admin.get("/api/crm/deals").json()["items"] == []


def test_who_has_no_key_hears_of_that_first(anyone):
    is_problem(anyone.get("/api/crm/recommendations?lmit=1"), 401, "unauthenticated")


def test_a_submission_may_come_with_what_its_sender_adds(anyone, source):
    answer = anyone.post(f"/api/crm/capture/{source.token}?utm_source=x", json={"email": "a@b.example"})
    assert answer.status_code == 202
