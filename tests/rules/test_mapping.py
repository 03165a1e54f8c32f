"""What a sender calls its fields, and where each value ends up."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules import mapping
from crm_db.rules.mapping import honeypot_filled, read_fields, sender_id


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("email", "email"),
        ("E-Mail", "email"),
        ("emailAddress", "email"),
        ("your-email", "email"),
        ("EMAIL ADDRESS", "email"),
        ("fname", "first_name"),
        ("Prénom", "first_name"),
        ("surname", "last_name"),
        ("Nachname", "last_name"),
        ("Full Name", "name"),
        ("tel", "phone"),
        ("Telefon", "phone"),
        ("phone_number", "phone"),
        ("mobilePhone", "phone"),
        ("organisation", "company"),
        ("Organization Name", "company"),
        ("job_title", "title"),
        ("budget", "value"),
        ("amount", "value"),
        ("utmSource", "utm_source"),
        ("utm-campaign", "utm_campaign"),
        ("marketing_opt_in", "consent"),
        ("consent_sms", "consent_sms"),
        ("Do Not Call", "refuse_phone"),
        ("lead_id", "external_id"),
        ("Time Zone", "timezone"),
        ("message", "notes"),
    ],
)
def test_a_field_is_recognised_by_what_senders_call_it(name: str, field: str) -> None:
    assert read_fields({name: "x"}, None) == mapping.Fields(known={field: "x"}, custom={})


def test_what_nobody_knows_goes_to_custom_under_its_own_name() -> None:
    fields = read_fields({"Favourite Colour": "blue", "plan": {"seats": [1, 2]}}, None)
    assert fields.known == {}
    assert fields.custom == {"Favourite Colour": "blue", "plan": {"seats": [1, 2]}}


@pytest.mark.parametrize("wrapper", ["contact", "lead", "data", "person", "Contact"])
def test_a_wrapper_is_looked_into_one_level_deep(wrapper: str) -> None:
    fields = read_fields({wrapper: {"mail": "a@example.org", "deep": {"phone": "1"}}}, None)
    assert fields.known == {"email": "a@example.org"}
    assert fields.custom == {"deep": {"phone": "1"}}


def test_a_utm_object_gives_the_utm_fields() -> None:
    fields = read_fields({"utm": {"source": "ads", "medium": "cpc", "utm_term": "crm", "id": "7"}}, None)
    assert fields.known == {"utm_source": "ads", "utm_medium": "cpc", "utm_term": "crm", "external_id": "7"}


def test_a_mapped_path_wins_over_an_alias() -> None:
    payload = {"email": "sales@example.org", "contact": {"mail": "anna@example.org"}}
    fields = read_fields(payload, {"email": "contact.mail"})
    assert fields.known == {"email": "anna@example.org"}
    assert fields.custom == {"email": "sales@example.org"}


def test_a_mapping_reads_lists_and_names_custom_fields() -> None:
    payload = {"answers": [{"value": "gold"}, {"value": "a@example.org"}], "contact.tel": "5"}
    paths = {"custom.plan": "answers.0.value", "email": "answers.1.value", "phone": "contact.tel"}
    fields = read_fields(payload, paths)
    assert fields.known == {"email": "a@example.org", "phone": "5"}
    assert fields.custom["plan"] == "gold"


@pytest.mark.parametrize(
    "path", ["nowhere", "contact.mail.deeper", "list.9", "list.x", "", ".", "contact..mail"]
)
def test_a_path_that_leads_nowhere_falls_back_to_the_aliases(path: str) -> None:
    payload = {"email": "a@example.org", "contact": {"mail": " "}, "list": [1]}
    assert read_fields(payload, {"email": path}).known == {"email": "a@example.org"}


def test_the_more_exact_name_wins_and_the_other_is_kept() -> None:
    fields = read_fields({"title": "Dr", "job_title": "CTO", "mobile": "2", "phone": "1"}, None)
    assert fields.known == {"title": "CTO", "phone": "1"}
    assert fields.custom == {"title": "Dr", "mobile": "2"}


def test_the_outer_of_two_equal_names_wins_and_the_inner_is_kept() -> None:
    fields = read_fields({"contact": {"email": "inner@example.org"}, "email": "outer@example.org"}, None)
    assert fields.known == {"email": "outer@example.org"}
    assert fields.custom == {"email": "inner@example.org"}


def test_a_blank_value_leaves_its_place_to_another_name() -> None:
    assert read_fields({"email": "  ", "your-email": "a@example.org"}, None).known == {
        "email": "a@example.org"
    }


def test_form_values_that_come_as_lists_are_read() -> None:
    fields = read_fields({"email": ["", "a@example.org"], "tags": ["New", "vip"], "topic": ["a", "b"]}, None)
    assert fields.known == {"email": "a@example.org", "tags": ["New", "vip"]}
    assert fields.custom == {"topic": ["a", "b"]}


def test_consent_may_come_per_channel_in_one_object() -> None:
    fields = read_fields({"consent": {"email": True, "sms": "no", "fax": True}}, None)
    assert fields.known == {"consent": {"email": True, "sms": "no"}}


def test_a_known_name_with_a_value_of_the_wrong_shape_is_kept_in_custom() -> None:
    fields = read_fields({"email": {"work": "a@example.org"}}, None)
    assert fields == mapping.Fields(known={}, custom={"email": {"work": "a@example.org"}})


def test_custom_is_bounded_in_every_direction() -> None:
    deep: object = "bottom"
    for _ in range(50):
        deep = {"in": deep}
    payload = {f"field {n}": n for n in range(150)} | {"n" * 300: "x"}
    wide = read_fields(payload, None).custom
    narrow = read_fields({"n" * 300: "t" * 20_000, "deep": deep, "long": list(range(1000))}, None).custom
    assert len(wide) == 100
    assert narrow["n" * 100] == "t" * 10_000
    assert narrow["deep"] == {"in": {"in": {"in": {"in": None}}}}
    assert narrow["long"] == list(range(100))


def test_what_postgres_cannot_store_is_taken_out_of_custom() -> None:
    custom = read_fields({"a\x00b": "x\x00y\ud800", "nan": float("nan"), "huge": 10**400}, None).custom
    assert custom == {"ab": "xy", "nan": None, "huge": None}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
NAMES = st.text() | st.sampled_from(["email", "contact", "utm", "consent", "tags", "id", "a.b", "data"])
PATHS = st.text() | st.sampled_from(["a.b", "contact.0", "data.email", "tags.0"])


@given(st.dictionaries(NAMES, JSON), st.none() | st.dictionaries(NAMES | st.just("custom.x"), PATHS))
def test_no_payload_raises_and_custom_is_always_strict_json(
    payload: Mapping[str, object], paths: Mapping[str, str] | None
) -> None:
    fields = read_fields(payload, paths)
    written = json.dumps(fields.custom, allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in written
    written.encode("utf-8")
    found = sender_id(payload, paths)
    assert found is None or 0 < len(found) <= 200
    assert honeypot_filled(payload) is False


@pytest.mark.parametrize(
    ("payload", "paths", "expected"),
    [
        ({"id": "7"}, None, "7"),
        ({"id": 7}, None, "7"),
        ({"id": 0}, None, "0"),
        ({"id": ["7"]}, None, "7"),
        ({"id": True}, None, None),
        ({"id": 1.5}, None, None),
        ({"id": " "}, None, None),
        ({"id": "x" * 200}, None, "x" * 200),
        ({"id": "x" * 201}, None, None),
        ({"id": "x" * 201, "lead_id": "l"}, None, "l"),
        ({"id": "i", "lead_id": "l"}, None, "l"),
        ({"lead_id": "l", "external_id": "x"}, None, "x"),
        ({"external_id": "x", "event_id": "e"}, None, "e"),
        ({"event_id": "e", "submissionId": "s"}, None, "s"),
        ({"id": "i", "form": {"token": "t"}}, {"external_id": "form.token"}, "t"),
        ({"id": "i", "form": {}}, {"external_id": "form.token"}, "i"),
        ({"contact": {"id": "inner"}}, None, None),
        ({}, None, None),
    ],
)
def test_the_senders_own_id_is_found(
    payload: Mapping[str, object], paths: Mapping[str, str] | None, expected: str | None
) -> None:
    assert sender_id(payload, paths) == expected


@pytest.mark.parametrize(
    ("payload", "filled"),
    [
        ({}, False),
        ({"website_url_confirm": ""}, False),
        ({"website_url_confirm": [" "]}, False),
        ({"website_url_confirm": "http://spam.example"}, True),
        ({"website_url_confirm": ["", "x"]}, True),
        ({"website_url_confirm": 1}, True),
    ],
)
def test_a_filled_honeypot_marks_a_robot(payload: Mapping[str, object], filled: bool) -> None:
    assert honeypot_filled(payload) is filled


def test_the_honeypots_name_can_be_chosen() -> None:
    assert honeypot_filled({"fax": "x"}, "fax")
