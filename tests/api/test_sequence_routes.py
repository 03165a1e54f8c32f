"""Sequences over HTTP: a draft is written whole, published, and who was enrolled before stays where they are."""

import pytest

from tests.api.serving import is_problem

SEQUENCES = "/api/crm/sequences"
STEPS = [
    {"channel": "email", "delay": "PT0S", "timing": "at-once", "template": "welcome"},
    {"channel": "task", "delay": "P1DT2H", "template": "first-call", "config": {"kind": "call"}},
]


def first(admin):
    """The sequence that a new org has, which is the default."""
    (one,) = admin.get(SEQUENCES).json()["items"]
    return f"{SEQUENCES}/{one['id']}"


def enter(admin, name="After the fair"):
    response = admin.post(SEQUENCES, json={"name": name})
    assert response.status_code == 201, response.text
    return f"{SEQUENCES}/{response.json()['id']}"


def test_a_sequence_is_shown_with_the_steps_that_are_live(admin):
    told = admin.get(first(admin)).json()
    assert (told["is_default"], told["draft"], told["live"]["number"]) == (True, None, 1)
    steps = [(one["position"], one["channel"], one["delay"]) for one in told["live"]["steps"]]
    assert steps == [(1, "email", "PT0S"), (2, "task", "PT0S"), (3, "email", "P3D"), (4, "invite", "P5D")]
    assert told["live"]["steps"][3]["config"] == {"days_ahead": 2, "minutes": 30}


def test_a_draft_is_written_whole_and_published(admin):
    place = enter(admin)
    assert admin.get(place).json()["live"] is None
    written = admin.put(f"{place}/draft", json={"steps": STEPS})
    assert [one["delay"] for one in written.json()["draft"]["steps"]] == ["PT0S", "P1DT2H"]
    assert written.headers["etag"] == '"2"'
    again = admin.put(f"{place}/draft", json={"steps": STEPS[:1]}).json()
    assert (again["draft"]["number"], len(again["draft"]["steps"])) == (1, 1)
    live = admin.post(f"{place}/publish").json()
    assert (live["draft"], live["live"]["number"], live["live"]["state"]) == (None, 1, "live")
    assert is_problem(admin.post(f"{place}/publish"), 422, "bad_value")["field"] == "draft"


def test_who_is_enrolled_stays_in_the_version_that_was_live(admin, owner, org):
    place = first(admin)
    before = admin.get(place).json()["live"]["id"]
    owner.execute(
        "with l as (insert into crm_leads (org_id, email) values (%(org)s, 'x@y.example') returning id)"
        " insert into crm_enrolments (org_id, lead_id, sequence_id, version_id)"
        " select v.org_id, l.id, v.sequence_id, v.id from crm_sequence_versions v, l where v.id = %(version)s",
        {"org": org.org_id, "version": before},
    )
    admin.put(f"{place}/draft", json={"steps": STEPS})
    assert admin.post(f"{place}/publish").json()["live"]["number"] == 2
    versions = admin.get(f"{place}/versions").json()["items"]
    assert [(one["number"], one["state"], len(one["steps"])) for one in versions] == [
        (2, "live", 2),
        (1, "archived", 4),
    ]
    assert str(owner.execute("select version_id from crm_enrolments").fetchone()[0]) == before
    is_problem(admin.delete(place), 409, "in_use")


def test_at_most_one_sequence_is_the_default_and_only_one_that_is_live(admin):
    old, place = first(admin), enter(admin)
    refused = admin.patch(place, json={"is_default": True})
    assert is_problem(refused, 422, "bad_value")["field"] == "is_default"
    refused = admin.post(SEQUENCES, json={"name": "x", "is_default": True})
    assert is_problem(refused, 422, "bad_value")["field"] == "is_default"
    admin.put(f"{place}/draft", json={"steps": STEPS})
    admin.post(f"{place}/publish")
    assert admin.patch(place, json={"is_default": True}).json()["is_default"] is True
    assert admin.get(old).json()["is_default"] is False
    assert admin.patch(place, json={"is_default": False}).status_code == 200


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"channel": "email", "template": "nothing"}, "steps.1.template"),
        ({"channel": "sms", "template": "welcome"}, "steps.1.template"),
        ({"channel": "email", "template": "welcome", "delay": "PT1H"}, "steps.1.delay"),
    ],
)
def test_a_step_that_could_not_be_taken_is_refused(admin, step, field):
    steps = [{"channel": "email", "template": "welcome", "delay": "P1D"}, step]
    refused = admin.put(f"{enter(admin)}/draft", json={"steps": steps})
    assert is_problem(refused, 422, "bad_value")["field"] == field


@pytest.mark.parametrize(
    "step",
    [{"delay": "-P1D"}, {"delay": "P2Y"}, {"config": {"minutes": 1}}, {"config": {"other": 1}}, {"channel": "fax"}, {"x": 1}],
)  # fmt: skip
def test_a_step_in_another_form_is_refused(admin, step):
    steps = [{"channel": "email", "template": "welcome", **step}]
    is_problem(admin.put(f"{enter(admin)}/draft", json={"steps": steps}), 422, "invalid_request")


def test_a_draft_is_refused_when_somebody_else_was_faster(admin):
    place = enter(admin)
    body, seen = {"steps": STEPS}, {"If-Match": '"1"'}
    assert admin.put(f"{place}/draft", json=body, headers=seen).status_code == 200
    is_problem(admin.put(f"{place}/draft", json=body, headers=seen), 412, "version_conflict")
    is_problem(admin.post(f"{place}/publish", headers=seen), 412, "version_conflict")
    is_problem(
        admin.put(f"{SEQUENCES}/019a0000-0000-7000-8000-000000000000/draft", json=body), 404, "not_found"
    )


def test_a_sequence_in_which_nobody_ever_was_goes_with_its_versions(admin, owner):
    place = enter(admin)
    admin.put(f"{place}/draft", json={"steps": STEPS})
    assert admin.delete(place).status_code == 204
    assert owner.execute("select count(*) from crm_sequence_versions").fetchone() == (1,)


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_only_administrators_change_sequences(admin, colleague, role):
    place, somebody = first(admin), colleague(role)
    assert somebody.client.get(place).json()["live"]["number"] == 1
    for refused in (
        somebody.client.put(f"{place}/draft", json={"steps": STEPS}),
        somebody.client.post(f"{place}/publish"),
        somebody.client.patch(place, json={"is_default": False}),
        somebody.client.delete(place),
    ):
        is_problem(refused, 403, "forbidden")
