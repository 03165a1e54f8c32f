"""Settings over HTTP: what is in force, changing it, what it was; and that scores and leads follow."""

import pytest

from crm_db import clock, seed, session
from crm_db.actions import preparation
from tests.api.crew import hire
from tests.api.serving import client_of, is_problem

SETTINGS = "/api/crm/settings"
WEIGHTS = {
    "high_value": 20, "high_value_above": 1000, "good_value": 7, "good_value_above": 500, "recent_contact": 0,
    "recent_days": 30,
}  # fmt: skip


def test_every_setting_is_listed_with_what_is_in_force_and_what_it_is_for(admin):
    answer = admin.get(SETTINGS).json()
    assert {one["key"]: one["value"] for one in answer["items"]} == seed.SETTINGS
    assert answer["next_cursor"] is None
    assert all(
        one["is_default"] and one["default"] == one["value"] and one["version"] == 1 and one["description"]
        for one in answer["items"]
    )
    one = admin.get(f"{SETTINGS}/score_bands")
    assert (one.headers["etag"], one.json()) == (
        '"1"',
        next(x for x in answer["items"] if x["key"] == "score_bands"),
    )
    is_problem(admin.get(f"{SETTINGS}/their_own"), 404, "not_found")
    is_problem(admin.put(f"{SETTINGS}/their_own", json={"value": {}}), 404, "not_found")
    is_problem(admin.get(f"{SETTINGS}/their_own/history"), 404, "not_found")


def test_a_change_is_remembered_with_who_made_it_and_can_be_taken_back(admin, org):
    place = f"{SETTINGS}/score_bands"
    first = admin.put(place, json={"value": {"hot": 80, "warm": 50}}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (first.json()["value"], first.json()["is_default"]) == ({"hot": 80, "warm": 50}, False)
    same = admin.put(place, json={"value": {"hot": 80, "warm": 50}})
    assert same.headers["etag"] == '"2"'
    late = admin.put(place, json={"value": {"hot": 90, "warm": 50}}, headers={"If-Match": '"1"'})
    is_problem(late, 412, "version_conflict")
    is_problem(admin.delete(place, headers={"If-Match": '"1"'}), 412, "version_conflict")
    assert admin.delete(place).status_code == 204
    back = admin.get(place).json()
    assert (back["value"], back["is_default"], back["version"]) == (seed.SETTINGS["score_bands"], True, 3)
    former = admin.get(f"{place}/history").json()
    assert [one["value"] for one in former["items"]] == [{"hot": 80, "warm": 50}, {"hot": 75, "warm": 40}]
    assert {one["changed_by"] for one in former["items"]} == {str(org.admin_id)}
    page = admin.get(f"{place}/history", params={"limit": 1}).json()
    assert page["items"] == former["items"][:1]
    rest = admin.get(f"{place}/history", params={"limit": 1, "cursor": page["next_cursor"]}).json()
    assert (rest["items"], rest["next_cursor"]) == (former["items"][1:], None)


def test_what_nobody_ever_set_is_at_its_first_version(admin, owner):
    owner.execute("delete from crm_settings where key = 'update_frequency'")
    owner.execute("""update crm_settings set value = '{"level": "shrill"}' where key = 'alert_sensitivity'""")
    place = f"{SETTINGS}/update_frequency"
    assert (admin.get(place).json()["version"], admin.get(place).json()["value"]) == (1, {"minutes": 60})
    changed = admin.put(place, json={"value": {"minutes": 15}}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert [one["value"] for one in admin.get(f"{place}/history").json()["items"]] == [{"minutes": 60}]
    slip = admin.get(f"{SETTINGS}/alert_sensitivity").json()
    assert slip["value"] == {"level": "normal"}
    assert "default stands in" in slip["problem"]


UNFIT = [
    ("business_hours", {"days": {"1": [["9:00", "17:00"]]}}, "value.days.1"),
    ("business_hours", {"days": {"1": [["12:00", "09:00"]]}}, "value.days.1"),
    ("business_hours", {"days": {"1": [["09:00+02:00", "17:00+02:00"]]}}, "value.days.1"),
    ("business_hours", {"days": {"8": [["09:00", "17:00"]]}}, "value.days"),
    ("business_hours", {"days": {"1": []}}, "value.days"),
    ("business_hours", {"days": {"1": [["09:00", "17:00"]]}, "zone": "Mars/Olympus"}, "value.zone"),
    ("business_hours", {"days": {"1": [["09:00", "17:00"]]}, "holidays": ["Easter"]}, "value.holidays"),
    ("business_hours", {"days": {"1": [["09:00", "17:00"]]}, "lunch": 1}, "value"),
    ("quiet_hours", {"sms": ["21:00", "21:00"]}, "value.sms"),
    ("quiet_hours", {"pigeon": ["21:00", "08:00"]}, "value"),
    ("score_bands", {"hot": 10, "warm": 40}, "value.warm"),
    ("score_bands", {"hot": "75", "warm": 40}, "value.hot"),
    ("lead_defaults", {"probability": 101}, "value.probability"),
    ("lead_defaults", {"currency": "XXQ"}, "value.currency"),
    ("lead_defaults", {"country": "Germany"}, "value.country"),
    ("lead_defaults", {"tags": "demo"}, "value.tags"),
    ("scoring_weights", {"high_value": 101}, "value.high_value"),
    ("scoring_weights", {"recent_days": 0}, "value.recent_days"),
    ("scoring_weights", {"high_value_above": 1, "good_value_above": 2}, "value.good_value_above"),
    ("confidence_threshold", {"minimum": 1.5}, "value.minimum"),
    ("confidence_threshold", {"minimum": True}, "value.minimum"),
    ("confidence_threshold", {}, "value.minimum"),
    ("alert_sensitivity", {"level": "shrill"}, "value.level"),
    ("update_frequency", {"minutes": 1}, "value.minutes"),
]


def test_what_cannot_be_used_is_refused_with_the_part_at_fault(admin):
    for key, value, part in UNFIT:
        problem = is_problem(admin.put(f"{SETTINGS}/{key}", json={"value": value}), 422, "bad_value")
        assert (key, problem["field"]) == (key, part)
    is_problem(admin.put(f"{SETTINGS}/score_bands", json={"value": []}), 422, "invalid_request")
    is_problem(admin.put(f"{SETTINGS}/score_bands", json={"hot": 1}), 422, "invalid_request")
    huge = '{"value": {"minimum": 1e999}}'
    is_problem(
        admin.put(
            f"{SETTINGS}/confidence_threshold", content=huge, headers={"Content-Type": "application/json"}
        ),
        422,
        "invalid_request",
    )
    assert all(one["is_default"] for one in admin.get(SETTINGS).json()["items"])


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_everybody_reads_settings_and_administrators_change_them(serve, admin, owner, org, make_key, role):
    admin.put(f"{SETTINGS}/score_bands", json={"value": {"hot": 80, "warm": 50}})
    with client_of(serve(), hire(owner, make_key, org, role).api_key) as person:
        assert person.get(f"{SETTINGS}/score_bands").json()["value"] == {"hot": 80, "warm": 50}
        assert len(person.get(f"{SETTINGS}/score_bands/history").json()["items"]) == 1
        for refused in (
            person.put(f"{SETTINGS}/score_bands", json={"value": {"hot": 1, "warm": 1}}),
            person.delete(f"{SETTINGS}/score_bands"),
        ):
            is_problem(refused, 403, "forbidden")


def test_another_orgs_settings_are_its_own(serve, admin, make_org):
    admin.put(f"{SETTINGS}/update_frequency", json={"value": {"minutes": 5}})
    with client_of(serve(), make_org("Globex").api_key) as stranger:
        assert stranger.get(f"{SETTINGS}/update_frequency").json()["value"] == {"minutes": 60}
        assert stranger.get(f"{SETTINGS}/update_frequency/history").json()["items"] == []


def test_weights_change_the_score_shown_and_never_the_given_formula(admin, owner, database):
    def scored(**fields):
        lead = admin.post("/api/crm/leads", json={**fields, "probability": 40}).json()["id"]
        with session.bound_to(database.flow_url), session.unit_of_work() as work:
            preparation.prepare(work, limit=10, now=clock.now_of(work))
        return owner.execute(
            "select score, calculate_lead_score(id), score_reasons from crm_leads where id = %s", [lead]
        ).fetchone()

    assert scored(email="a@x.example", value=60_000)[:2] == (50, 50)
    assert admin.put(f"{SETTINGS}/scoring_weights", json={"value": WEIGHTS}).status_code == 200
    score, given, reasons = scored(email="b@x.example", value=60_000)
    assert (score, given) == (60, 50)
    assert reasons[1] == {"code": "high_value", "points": 20, "words": "Deal value above 1,000: +20"}
    assert scored(email="c@x.example", value=600)[:2] == (47, 40)
    admin.delete(f"{SETTINGS}/scoring_weights")
    assert scored(email="d@x.example", value=30_000)[:2] == (45, 45)
