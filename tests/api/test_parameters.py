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


@pytest.mark.parametrize(
    ("path", "asked", "named"),
    [
        ("/api/crm/leads", "status=new&status=lost", "query.status"),
        ("/api/crm/deals", "limit=x&limit=2", "query.limit"),
        ("/api/crm/recommendations", "limit=1&limit=2", "query.limit"),
        (f"/api/crm/deals/{NOBODY}", "fields=name&fields=nonsense", "query.fields"),
    ],
)
def test_what_is_given_twice_is_refused_rather_than_half_heard(admin, path, asked, named):
    problem = is_problem(admin.get(f"{path}?{asked}"), 422, "invalid_request")
    assert [(fault["field"], fault["message"]) for fault in problem["errors"]] == [
        (named, "is given more than once")
    ]


def test_filters_may_be_given_as_often_as_needed(admin):
    asked = "/api/crm/deals?filter=name:eq:a&filter=status:eq:open"
    assert admin.get(asked).status_code == 200


def test_of_many_unknown_parameters_some_are_named(admin):
    many = "&".join(f"p{number}=1" for number in range(300))
    problem = is_problem(admin.get(f"/api/crm/recommendations?{many}"), 422, "invalid_request")
    assert len(problem["errors"]) == 20


def test_who_writes_is_told_too_and_nothing_is_written(admin):
    is_problem(admin.post("/api/crm/deals?dry_run=true", json={"name": "x"}), 422, "invalid_request")
    assert admin.get("/api/crm/deals").json()["items"] == []


def test_who_has_no_key_hears_of_that_first(anyone):
    is_problem(anyone.get("/api/crm/recommendations?lmit=1"), 401, "unauthenticated")


def test_a_submission_may_come_with_what_its_sender_adds(anyone, source):
    answer = anyone.post(f"/api/crm/capture/{source.token}?utm_source=x", json={"email": "a@b.example"})
    assert answer.status_code == 202
