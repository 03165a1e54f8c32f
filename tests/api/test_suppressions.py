"""Suppressions over HTTP: spelled as leads' addresses are, added by who writes, taken away by administrators, never changed."""

import pytest

from tests.api.serving import is_problem

SUPPRESSIONS = "/api/crm/suppressions"


@pytest.mark.parametrize(
    ("channel", "given", "kept"),
    [
        ("email", " Ada@Analytical.EXAMPLE ", "ada@analytical.example"),
        ("all", "Ada@Analytical.example", "ada@analytical.example"),
        ("sms", "+44 (0)20 7946-0958", "+442079460958"),
        ("all", "0044 20 7946 0958", "+442079460958"),
        ("call", "020 7946 0958", "+442079460958"),
    ],
)
def test_an_address_is_kept_as_leads_have_it(admin, owner, channel, given, kept):
    owner.execute("update crm_orgs set country = 'GB'")
    made = admin.post(SUPPRESSIONS, json={"channel": channel, "address": given, "reason": "asked"})
    assert (made.status_code, made.json()["address"]) == (201, kept)
    again = admin.post(SUPPRESSIONS, json={"channel": channel, "address": kept, "reason": "again"})
    problem = is_problem(again, 409, "already_exists")
    assert kept not in str(problem)


def test_an_address_without_a_channel_is_not_contacted_by_any(admin):
    made = admin.post(SUPPRESSIONS, json={"address": "ada@analytical.example", "reason": "asked"})
    assert (made.status_code, made.json()["channel"]) == (201, "all")


@pytest.mark.parametrize(
    ("channel", "given"), [("email", "020 7946 0958"), ("sms", "a@b.example"), ("all", "nobody")]
)
def test_what_is_no_address_is_refused_and_not_repeated(admin, channel, given):
    refused = admin.post(SUPPRESSIONS, json={"channel": channel, "address": given, "reason": "asked"})
    problem = is_problem(refused, 422, "bad_value")
    assert (problem["field"], given in problem["detail"]) == ("address", False)


def test_a_suppression_is_never_changed(admin):
    body = {"channel": "email", "address": "a@b.example", "reason": "asked"}
    made = admin.post(SUPPRESSIONS, json=body).json()
    place = f"{SUPPRESSIONS}/{made['id']}"
    is_problem(admin.patch(place, json={"reason": "x"}), 405, "method_not_allowed")
    is_problem(admin.put(place, json=body), 405, "method_not_allowed")
    items = [{"op": "change", "id": made["id"], "values": {"reason": "x"}}]
    assert admin.post(f"{SUPPRESSIONS}/bulk", json={"items": items}).json()["items"][0]["status"] == 422
    assert admin.get(place).json() == made


@pytest.mark.parametrize(("role", "status"), [("manager", 201), ("rep", 201), ("viewer", 403)])
def test_who_writes_may_add_one_and_only_administrators_take_one_away(admin, colleague, role, status):
    somebody = colleague(role).client
    body = {"channel": "email", "address": "a@b.example", "reason": "asked"}
    assert somebody.post(SUPPRESSIONS, json=body).status_code == status
    made = admin.post(SUPPRESSIONS, json={**body, "address": "c@d.example"}).json()
    is_problem(somebody.delete(f"{SUPPRESSIONS}/{made['id']}"), 403, "forbidden")
    if status == 201:
        items = [{"op": "delete", "id": made["id"]}]
        (outcome,) = somebody.post(f"{SUPPRESSIONS}/bulk", json={"items": items}).json()["items"]
        assert (outcome["status"], outcome["code"]) == (403, "forbidden")
    assert admin.get(f"{SUPPRESSIONS}/{made['id']}").status_code == 200
    assert admin.delete(f"{SUPPRESSIONS}/{made['id']}").status_code == 204
