"""Changing leads: one spelling, times of closing, new scores, sequences at rest, owners remembered; and whose a lead is."""

import pytest

from tests.api.serving import is_problem

LEADS = "/api/crm/leads"
ADA = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@analytical.example", "automation": False}


def enter(client, **fields):
    response = client.post(LEADS, json={**ADA, **fields})
    assert response.status_code == 201, response.text
    return response.json()


def change(client, lead, **fields):
    response = client.patch(f"{LEADS}/{lead['id']}", json=fields)
    assert response.status_code == 200, response.text
    return response.json()


def enrol(owner, lead):
    owner.execute(
        "insert into crm_enrolments (org_id, lead_id, sequence_id, version_id)"
        " select v.org_id, %s, v.sequence_id, v.id from crm_sequence_versions v",
        (lead["id"],),
    )


def enrolments(owner):
    return owner.execute("select state, reason from crm_enrolments").fetchall()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"email": " Ada.L@Analytical.Example"}, {"email": "ada.l@analytical.example"}),
        ({"phone": "020 7946 0958", "country": "GB"}, {"phone": "+442079460958", "country": "GB"}),
        ({"country": "germany"}, {"country": "DE"}),
        ({"currency": "€", "timezone": "Europe/Berlin"}, {"currency": "EUR", "timezone": "Europe/Berlin"}),
        ({"first_name": "GRACE", "language": "en_us"}, {"first_name": "Grace", "language": "en-US"}),
        ({"phone": "", "title": None}, {"phone": None, "title": None}),
        ({"tags": None, "utm": None}, {"tags": [], "utm": {}}),
    ],
)
def test_a_change_is_spelt_as_capture_spells(admin, given, kept):
    lead = change(admin, enter(admin, title="Countess", phone="+442079460000", tags=["a"]), **given)
    assert {name: lead[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "by pigeon"), ("phone", "by pigeon"), ("country", "Narnia"), ("currency", "shells"),
        ("timezone", "Mars/Olympus"), ("first_name", "see www.here.example"), ("last_name", "x" * 201),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_refused_by_its_field_and_never_repeated(admin, field, value):
    response = admin.patch(f"{LEADS}/{enter(admin)['id']}", json={field: value})
    assert is_problem(response, 422, "unusable_field")["field"] == field
    assert value not in response.text


def test_what_another_system_had_left_is_not_judged_by_a_change_of_something_else(admin, owner):
    lead = enter(admin)
    owner.execute("update crm_leads set phone = 'ext. 7', country = 'Utopia'")
    assert change(admin, lead, phone="ext. 7", company="Engines")["company"] == "Engines"


def test_an_extension_is_kept_beside_the_number(admin):
    lead = change(admin, enter(admin, custom={"plan": "team"}), phone="+44 20 7946 0958 ext. 12")
    assert (lead["phone"], lead["custom"]) == ("+442079460958", {"plan": "team", "phone_extension": "12"})


def test_a_lead_keeps_an_address_or_a_number_by_which_it_is_reached(admin, owner):
    lead = enter(admin, phone="+442079460000")
    place = f"{LEADS}/{lead['id']}"
    assert change(admin, lead, email=None)["email"] is None
    for refused in (
        admin.patch(place, json={"phone": None}),
        admin.patch(place, json={"phone": " "}),
        admin.put(place, json={}),
        admin.put(place, json={"first_name": "Ada"}),
    ):
        assert is_problem(refused, 422, "bad_value")["field"] == "email"
    assert admin.get(place).json()["phone"] == "+442079460000"
    owner.execute("update crm_leads set phone = null")
    assert change(admin, lead, title="Countess")["title"] == "Countess"
    assert admin.put(place, json={}).status_code == 200


def test_two_leads_never_get_one_address(admin):
    enter(admin)
    other = enter(admin, email="bo@analytical.example")
    taken = {"email": "ADA@analytical.example"}
    is_problem(admin.patch(f"{LEADS}/{other['id']}", json=taken), 409, "already_exists")
    assert admin.delete(f"{LEADS}/{other['id']}").status_code == 204
    enter(admin, email="bo@analytical.example")
    is_problem(admin.post(f"{LEADS}/{other['id']}/restore"), 409, "already_exists")


def test_a_refusal_of_a_channel_stays_while_another_is_spoken_of(admin):
    lead = change(admin, enter(admin, consent={"sms": False}), consent={"email": True})
    assert lead["consent"] == {"sms": False, "email": True}
    assert admin.put(f"{LEADS}/{lead['id']}", json=ADA_EDIT).json()["consent"] == {}


ADA_EDIT = {"email": "ada@analytical.example"}


@pytest.mark.parametrize("status", ["converted", "lost", "unqualified"])
def test_a_closed_lead_knows_since_when_and_its_sequence_rests_until_it_is_opened(admin, owner, status):
    lead = enter(admin)
    enrol(owner, lead)
    closed = change(admin, lead, status=status)
    assert closed["closed_at"] is not None
    assert enrolments(owner) == [("stopped", "the lead is closed")]
    same = change(admin, lead, status=status, company="Engines")
    assert same["closed_at"] == closed["closed_at"]
    assert change(admin, lead, status="qualified")["closed_at"] is None
    assert enrolments(owner) == [("active", None)]


def test_what_somebody_else_stopped_stays_so_when_a_lead_is_opened(admin, owner):
    lead = enter(admin)
    enrol(owner, lead)
    owner.execute("update crm_enrolments set state = 'stopped', reason = 'answered'")
    change(admin, lead, status="lost")
    change(admin, lead, status="contacted")
    assert enrolments(owner) == [("stopped", "answered")]


@pytest.mark.parametrize(
    ("fact", "again"),
    [
        ({"value": 70000}, True), ({"probability": 5}, True), ({"last_contact": "2026-01-01T00:00:00Z"}, True),
        ({"company": "x"}, False), ({"value": 10}, False),
    ],
)  # fmt: skip
def test_a_fact_that_the_score_rests_on_asks_for_a_new_score(admin, owner, fact, again):
    lead = enter(admin, value=10)
    owner.execute("update crm_leads set score = 10, scored_at = now()")
    change(admin, lead, **fact)
    assert owner.execute("select rescore_at is not null from crm_leads").fetchone() == (again,)


def test_a_lead_that_nobody_scores_is_not_scored_for_a_change(admin, owner):
    change(admin, enter(admin), value=70000)
    assert owner.execute("select rescore_at from crm_leads").fetchone() == (None,)


def test_nobody_spoke_with_a_lead_in_the_future(admin):
    ahead = {"last_contact": "2199-01-01T00:00:00Z"}
    problem = is_problem(admin.patch(f"{LEADS}/{enter(admin)['id']}", json=ahead), 422, "bad_value")
    assert problem["field"] == "last_contact"


def test_an_owner_who_was_named_by_hand_is_remembered(admin, owner, org, reps):
    lead = enter(admin)
    assert change(admin, lead, owner_id=str(reps[1]))["team_id"] is not None
    change(admin, lead, owner_id=str(reps[1]), company="x")
    change(admin, lead, owner_id=None)
    kept = owner.execute(
        "select user_id, rule, verdicts -> 0 ->> 'by' from crm_assignments order by id"
    ).fetchall()
    assert kept == [(reps[1], "by hand", str(org.admin_id)), (None, "by hand", None)]


def test_a_rep_owns_the_lead_that_they_enter_with_or_without_automation(client_as, owner, reps):
    ada = client_as(reps[0])
    for number, automation in enumerate((True, False)):
        lead = enter(ada, email=f"p{number}@analytical.example", automation=automation)
        assert (lead["owner_id"], lead["team_id"] is not None) == (str(reps[0]), True)
        assert ada.get(f"{LEADS}/{lead['id']}").status_code == 200
    assert owner.execute("select distinct rule, user_id from crm_assignments").fetchall() == [
        ("by hand", reps[0])
    ]


def test_a_person_who_is_a_colleagues_lead_is_refused_without_a_word_about_them(client_as, owner, reps):
    ada, bo = client_as(reps[0]), client_as(reps[1])
    enter(ada, company="Secret Engines", phone="+442079460958")
    for same in ({"email": ADA["email"]}, {"email": "other@analytical.example", "phone": "+442079460958"}):
        response = bo.post(LEADS, json={**ADA, "company": "Guess", **same, "last_name": "Lovelace"})
        is_problem(response, 409, "already_exists")
        assert "Secret" not in response.text
    bulk = {
        "items": [{"op": "create", "values": ADA}, {"op": "create", "values": {"email": "new@b.example"}}]
    }
    outcomes = bo.post(f"{LEADS}/bulk", json=bulk).json()["items"]
    assert [one["status"] for one in outcomes] == [409, 201]
    assert owner.execute(
        "select company, count(*) over () from crm_leads where company <> 'x'"
    ).fetchall() == [("Secret Engines", 1)]
    assert owner.execute("select count(*) from crm_activities where kind = 'submission'").fetchone() == (2,)


def test_a_person_who_is_ones_own_lead_is_enriched(client_as, reps):
    ada = client_as(reps[0])
    first = enter(ada)
    again = ada.post(LEADS, json={**ADA, "company": "Engines"})
    assert (again.status_code, again.json()["id"], again.json()["company"]) == (200, first["id"], "Engines")


def test_fields_of_ones_own_nest_only_so_far_in_a_change(admin):
    deep: object = 1
    for _ in range(300):
        deep = {"in": deep}
    response = admin.patch(f"{LEADS}/{enter(admin)['id']}", json={"custom": {"deep": deep}})
    is_problem(response, 422, "invalid_request")


def test_a_lead_of_a_manager_goes_to_the_managers_team_or_stays_theirs(client_as, owner, reps):
    owner.execute("update crm_users set role = 'manager' where id = %s", (reps[0],))
    boss = client_as(reps[0])
    routed = enter(boss, automation=True)
    assert (routed["owner_id"], routed["team_id"] is not None) == (None, True)
    assert boss.get(f"{LEADS}/{routed['id']}").status_code == 200
    assert enter(boss, email="kept@analytical.example")["owner_id"] == str(reps[0])


def test_a_rep_closes_a_lead_and_gives_it_away(client_as, owner, reps):
    ada, bo = client_as(reps[0]), client_as(reps[1])
    lead = enter(ada)
    enrol(owner, lead)
    given = change(ada, lead, status="lost", owner_id=str(reps[1]))
    assert (given["owner_id"], enrolments(owner)) == (str(reps[1]), [("stopped", "the lead is closed")])
    is_problem(ada.get(f"{LEADS}/{lead['id']}"), 404, "not_found")
    assert change(bo, lead, status="contacted")["closed_at"] is None
    assert owner.execute("select user_id from crm_assignments order by id").fetchall() == [
        (reps[0],),
        (reps[1],),
    ]
