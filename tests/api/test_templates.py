"""Templates over HTTP: closed placeholders, and none goes while it is needed."""

import pytest

from tests.api.serving import is_problem

TEMPLATES = "/api/crm/templates"
GOOD = {"name": "fair", "subject": "Good to meet you, {{ first_name | and hello }}", "body": "Hello"}


def named(admin, name):
    (one,) = admin.get(TEMPLATES, params={"filter": f"name:eq:{name}"}).json()["items"]
    return f"{TEMPLATES}/{one['id']}"


def test_a_template_is_entered_changed_and_deleted(admin):
    made = admin.post(TEMPLATES, json=GOOD)
    assert (made.status_code, made.json()["channel"]) == (201, "email")
    place = f"{TEMPLATES}/{made.json()['id']}"
    assert admin.patch(place, json={"body": "Dear {{ name | you }}", "name": "trade-fair"}).status_code == 200
    assert admin.delete(place).status_code == 204


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"subject": "{{ password }}"}, "subject"), ({"body": "{{ first_name.__class__ }}"}, "body"),
        ({"body": "{% for x in y %}"}, "body"), ({"body": "{{ first_name"}, "body"), ({"body": "x" * 20_000}, "body"),
    ],
)  # fmt: skip
def test_what_a_template_may_not_name_is_refused_and_not_repeated(admin, words, field):
    for refused in (
        admin.post(TEMPLATES, json={**GOOD, **words}),
        admin.patch(named(admin, "welcome"), json=words),
    ):
        problem = is_problem(refused, 422, "bad_value")
        assert problem["field"] == field
        assert "password" not in problem["detail"]


@pytest.mark.parametrize("name", ["welcome", "first-call", "owner-notice", "owner-again", "alert"])
def test_a_template_that_is_needed_stays_and_keeps_its_name(admin, name):
    place = named(admin, name)
    is_problem(admin.delete(place), 409, "in_use")
    is_problem(admin.patch(place, json={"name": "another"}), 409, "in_use")
    is_problem(admin.patch(place, json={"channel": "sms"}), 409, "in_use")
    assert admin.patch(place, json={"subject": "Other words"}).status_code == 200


def test_a_template_of_a_former_version_stays_until_the_last_who_is_in_it_is_through(admin, owner, org):
    (sequence,) = admin.get("/api/crm/sequences").json()["items"]
    place = f"/api/crm/sequences/{sequence['id']}"
    owner.execute(
        "with l as (insert into crm_leads (org_id, email) values (%(org)s, 'x@y.example') returning id)"
        " insert into crm_enrolments (org_id, lead_id, sequence_id, version_id)"
        " select v.org_id, l.id, v.sequence_id, v.id from crm_sequence_versions v, l",
        {"org": org.org_id},
    )
    admin.put(f"{place}/draft", json={"steps": [{"channel": "email", "template": "welcome"}]})
    admin.post(f"{place}/publish")
    is_problem(admin.delete(named(admin, "check-in")), 409, "in_use")
    owner.execute("update crm_enrolments set state = 'finished'")
    assert admin.delete(named(admin, "check-in")).status_code == 204


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_only_administrators_change_templates(admin, colleague, role):
    place, somebody = named(admin, "welcome"), colleague(role)
    assert somebody.client.get(place).status_code == 200
    is_problem(somebody.client.patch(place, json={"subject": "x"}), 403, "forbidden")
    is_problem(somebody.client.post(TEMPLATES, json=GOOD), 403, "forbidden")
    is_problem(somebody.client.delete(place), 403, "forbidden")
