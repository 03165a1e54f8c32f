"""Every sender's own format becomes exactly the right lead; nothing that is sent makes reading raise.

The fixtures were written from the senders' documentation: `<name>.json` or `<name>.form` (a line for each field of a form) is
what is posted, `<name>.lead.json` what must come of it.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules import formats
from crm_db.rules.formats import read, recognised, split
from crm_db.rules.normalise import Unusable
from crm_db.rules.parsing import FORM, JSON, TooMany, Unreadable, payload_of
from crm_db.rules.understanding import FilledInByARobot, SourceRules, Understood, understand

PLACE = Path(__file__).parent / "formats"
NAMES = sorted(path.name.removesuffix(".lead.json") for path in PLACE.glob("*.lead.json"))
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BRITISH = SourceRules(region="GB")


def posted(name: str) -> tuple[str, bytes]:
    """Content type and bytes of a fixture."""
    form = PLACE / f"{name}.form"
    if not form.exists():
        return JSON, (PLACE / f"{name}.json").read_bytes()
    lines = (line.partition("=")[::2] for line in form.read_text(encoding="utf-8").splitlines())
    return FORM, urlencode(list(lines)).encode()


def as_multipart(body: bytes) -> tuple[str, bytes]:
    """The same fields in the form that Jotform and browsers with files send."""
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, values in payload_of(FORM, body).items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return "multipart/form-data; boundary=edge", ("".join(parts) + "--edge--\r\n").encode()


def payload(name: str) -> dict[str, Any]:
    """What a fixture says, parsed."""
    return payload_of(*posted(name))


def told(understood: Understood) -> dict[str, Any]:
    """What a submission became, in the shape of the expectations."""
    reading, draft = understood.reading, understood.draft
    found: dict[str, Any] = {"format": reading.format, "sender_id": reading.sender_id}
    found |= {"is_test": True} if reading.is_test else {}
    found |= {"fetch_id": reading.fetch_id} if reading.fetch_id else {}
    if draft is None:
        return found
    values = {one.name: getattr(draft, one.name) for one in fields(draft)}
    lead = {name: plain(value) for name, value in values.items() if value not in (None, (), {})}
    found |= {"custom": lead.pop("custom", {})}
    return found | {name: lead.pop(name) for name in ("remarks",) if name in lead} | {"lead": lead}


def plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", NAMES)
def test_a_senders_post_becomes_exactly_the_right_lead(name: str) -> None:
    expected = json.loads((PLACE / f"{name}.lead.json").read_text(encoding="utf-8"))
    assert told(understand(BRITISH, *posted(name), now=NOW)) == expected


@pytest.mark.parametrize("name", ["jotform_rich", "jotform_parts", "elementor_advanced", "browser_form"])
def test_a_form_with_files_says_the_same(name: str) -> None:
    expected = json.loads((PLACE / f"{name}.lead.json").read_text(encoding="utf-8"))
    assert told(understand(BRITISH, *as_multipart(posted(name)[1]), now=NOW)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_source_may_be_set_to_any_format_and_the_post_is_read_as_what_it_looks_like(name: str) -> None:
    seen = told(understand(BRITISH, *posted(name), now=NOW))
    for other in set(formats.NAMES) - formats.FLAT:
        assert told(understand(SourceRules(other, region="GB"), *posted(name), now=NOW)) == seen


@pytest.mark.parametrize(
    ("name", "format"),
    [(name, name.rpartition("_")[0].replace("_", "-")) for name in NAMES if name.startswith("google")]
    + [(name, name.partition("_")[0]) for name in NAMES if name.startswith(("meta", "typeform", "webflow"))]
    + [(name, name.partition("_")[0]) for name in NAMES if name.startswith(("jotform", "hubspot"))]
    + [("elementor_advanced", "form"), ("elementor_simple", "json"), ("browser_form", "json")],
)
def test_a_format_is_recognised_by_its_shape(name: str, format: str) -> None:
    assert recognised(payload(name)) == format


def test_googles_key_is_kept_nowhere() -> None:
    understood = understand(BRITISH, *posted("google_ads_rich"), now=NOW)
    assert "the-key-that-proves-the-sender" not in repr(understood)


def test_a_source_that_is_set_to_json_takes_everything_literally() -> None:
    assert read("json", payload("typeform_rich"), {}).format == "json"
    with pytest.raises(Unusable):
        understand(SourceRules("json"), *posted("typeform_rich"), now=NOW)


# --- Meta ------------------------------------------------------------------------------------------


def webhook(*ids: str, field: str = "leadgen") -> dict[str, Any]:
    """One webhook about several leads, of two pages."""
    changes = [{"field": field, "value": {"leadgen_id": one, "page_id": "9"}} for one in ids]
    return {
        "object": "page",
        "entry": [{"id": "9", "changes": changes[:1]}, {"id": "9", "changes": changes[1:]}],
    }


def test_a_webhook_about_three_leads_is_three_submissions() -> None:
    batch = split("auto", JSON, json.dumps(webhook("11", "12", "13")).encode())
    assert batch.is_array
    readings = [read("meta", payload_of(batch.content_type, item), {}) for item in batch.items]
    assert [reading.fetch_id for reading in readings] == ["11", "12", "13"]
    assert [reading.sender_id for reading in readings] == ["11", "12", "13"]


def test_a_webhook_about_one_lead_stays_as_it_was_posted() -> None:
    _, body = posted("meta_webhook")
    assert split("meta", JSON, body).items == (body,)
    assert not split("meta", JSON, body).is_array


def test_changes_of_another_kind_are_left_out() -> None:
    both = webhook("11", "12")
    both["entry"].append({"id": "9", "changes": [{"field": "feed", "value": {"leadgen_id": "13"}}]})
    assert len(split("auto", JSON, json.dumps(both).encode()).items) == 2
    assert read("auto", webhook("11", field="feed"), {}).fetch_id is None


@pytest.mark.parametrize("lead_id", ["12/../me", "", "1" * 41, "１２", None, {"a": 1}, True])
def test_an_id_that_is_no_number_is_never_asked_for(lead_id: object) -> None:
    odd = {"object": "page", "entry": [{"changes": [{"field": "leadgen", "value": {"leadgen_id": lead_id}}]}]}
    assert read("meta", odd, {}).fetch_id is None


def test_too_many_leads_in_one_webhook_are_refused() -> None:
    with pytest.raises(TooMany):
        split("auto", JSON, json.dumps(webhook(*map(str, range(1_001)))).encode())


def test_an_array_of_posts_is_taken_apart_whatever_the_format() -> None:
    assert split("typeform", JSON, b'[{"email": "a@example.com"}, {"email": "b@example.com"}]').is_array


def test_what_was_fetched_makes_the_lead() -> None:
    _, fetched = posted("meta_graph")
    understood = understand(BRITISH, *posted("meta_webhook"), fetched=fetched, now=NOW)
    assert understood.draft is not None
    assert (understood.draft.email, understood.draft.external_id) == ("joe@example.com", "44444444444441")


@pytest.mark.parametrize(
    "fetched", [b"", b"[]", b"not json", b'{"error": {"code": 100}}', b'{"field_data": []}']
)
def test_a_useless_answer_is_a_dead_letter_not_a_crash(fetched: bytes) -> None:
    with pytest.raises((Unreadable, Unusable)):
        understand(BRITISH, *posted("meta_webhook"), fetched=fetched, now=NOW)


# --- Mapping ---------------------------------------------------------------------------------------


def test_a_mapping_leads_into_the_post_as_it_came() -> None:
    rules = SourceRules(mapping={"email": "form_response.answers.2.email", "external_id": "event_id"})
    understood = understand(rules, *posted("typeform_rich"), now=NOW)
    assert understood.draft is not None
    assert understood.draft.email == "boss@kim.example"
    assert understood.reading.sender_id == "01JD3Q5W0Y8C1X2V3B4N5M6K7J"


def test_a_mapping_may_name_a_question() -> None:
    rules = SourceRules(mapping={"custom.size": "Company size", "title": "how many seats?"})
    understood = understand(rules, *posted("typeform_rich"), now=NOW)
    assert understood.draft is not None
    assert (understood.draft.custom["size"], understood.draft.title) == ("11-50", "25")


def test_a_robot_is_seen_in_the_fields_of_a_form_too() -> None:
    body = urlencode({"fields[email][value]": "a@example.com", "fields[trap][value]": "x"}).encode()
    with pytest.raises(FilledInByARobot):
        understand(SourceRules(honeypot="trap"), FORM, body, now=NOW)


def test_no_answer_is_lost_when_two_questions_begin_alike() -> None:
    long = "Please tell us about the following topic in your own words, and do take all the time that you may need: "
    questions = [{"column_name": f"{long}{n}", "string_value": str(n)} for n in range(3)]
    understood = understand(
        BRITISH,
        JSON,
        json.dumps(
            {"user_column_data": [*questions, {"column_id": "EMAIL", "string_value": "a@b.example"}]}
        ).encode(),
        now=NOW,
    )
    assert understood.draft is not None
    assert sorted(str(value) for value in understood.draft.custom.values()) == ["0", "1", "2"]


# --- Whatever is sent ------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> Mapping[str, object]:
    """A fixture with some of its values, at any depth, replaced by anything."""
    value: Any = payload(draw(st.sampled_from(NAMES)))
    if isinstance(value.get("rawRequest"), str) and draw(st.booleans()):
        value["rawRequest"] = json.loads(value["rawRequest"])
    for _ in range(draw(st.integers(1, 3))):
        place: Any = value
        while isinstance(place, (dict, list)) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if draw(st.booleans()) or not isinstance(place[key], (dict, list)) or not place[key]:
                place[key] = draw(ANYTHING)
                break
            place = place[key]
    found: dict[str, object] = value
    return found


@given(sent=mutated(), format=st.sampled_from(formats.NAMES), path=st.text(max_size=10))
def test_nothing_raises_on_mutated_payloads(sent: Mapping[str, object], format: str, path: str) -> None:
    reading = read(format, sent, {"email": path, "external_id": path})
    formats.fields_of(reading, sent, {"email": path, "custom.x": path})
    assert reading.sender_id is None or 0 < len(reading.sender_id) <= 200
    body = json.dumps(sent).encode()
    assert split(format, JSON, body).items or format == "meta"
    with suppress(Unreadable, Unusable, FilledInByARobot):
        understand(SourceRules(format, {"email": path}, "GB"), JSON, body, now=NOW)


@given(
    sent=st.dictionaries(st.text(max_size=12), ANYTHING, max_size=6), format=st.sampled_from(formats.NAMES)
)
def test_nothing_raises_on_any_payload(sent: Mapping[str, object], format: str) -> None:
    reading = read(format, sent, {})
    formats.fields_of(reading, sent, {})
    assert reading.fetch_id is None or reading.fetch_id.isdigit()


def test_a_variable_of_a_typeform_is_no_name():
    payload = {
        "form_response": {
            "token": "t1",
            "variables": [
                {"key": "name", "type": "text", "text": "typeform"},
                {"key": "score", "type": "number", "number": 4},
            ],
            "calculated": {"score": 9},
            "answers": [
                {"type": "email", "email": "laura@example.com", "field": {"id": "1", "type": "email"}}
            ],
        }
    }
    got = formats.read("typeform", payload, {}).payload
    assert (got["variable name"], got["variable score"], got["score"]) == ("typeform", 4, 9)
    assert "name" not in got


@pytest.mark.parametrize(
    "name",
    [{"name": {"first": "Wanda", "last": "Form"}}, {"names": {"first_name": "Wanda", "last_name": "Form"}}],
)
def test_a_name_in_parts_is_a_name(name: dict[str, object]) -> None:
    got = formats.read("auto", {**name, "email": "wanda@example.com"}, {}).payload
    assert (got["first_name"], got["last_name"]) == ("Wanda", "Form")


def test_a_webhook_of_a_page_that_tells_of_no_lead_is_nothing() -> None:
    feed = {"object": "page", "entry": [{"id": "1", "changes": [{"field": "feed", "value": {}}]}]}
    assert formats.split("meta", "application/json", json.dumps(feed).encode()).items == ()
