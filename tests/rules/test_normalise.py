"""From what was sent to what is kept."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.mapping import Fields, read_fields
from crm_db.rules.normalise import LeadDraft, Unusable, normalise_lead

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MAIL = "anna@example.org"


def draft_of(known: Mapping[str, object], *, region: str | None = None, **custom: object) -> LeadDraft:
    return normalise_lead(Fields({"email": MAIL, **known}, custom), region=region, now=NOW)


def test_a_full_payload_becomes_a_full_lead() -> None:
    payload = {
        "name": "Dr. Maria van der Berg",
        "E-Mail": "Maria.Berg@Example.ORG",
        "tel": "030 123456",
        "firma": "Berg\tGmbH",
        "budget": "50.000,00 €",
        "utm_source": "ads",
        "newsletter": "yes",
        "tags": "VIP, new, vip",
        "message": "Call me\nsoon",
        "colour": "blue",
        "probability": "60%",
        "locale": "de_de",
    }
    draft = normalise_lead(read_fields(payload, None), region="DE", now=NOW)
    assert draft == LeadDraft(
        first_name="Maria",
        last_name="van der Berg",
        email="maria.berg@example.org",
        phone="+4930123456",
        company="Berg GmbH",
        value=Decimal("50000.00"),
        currency="EUR",
        probability=60,
        country="DE",
        timezone="Europe/Berlin",
        language="de-DE",
        utm={"source": "ads"},
        consent={"email": True},
        tags=("vip", "new"),
        custom={"colour": "blue", "notes": "Call me\nsoon"},
    )


@pytest.mark.parametrize(
    ("known", "custom", "code", "field", "words"),
    [
        ({}, {}, "empty_payload", None, "no fields"),
        ({}, {"x": 1}, "no_contact", "email", "neither"),
        ({"first_name": "Zaphod"}, {}, "no_contact", "email", "neither"),
        ({"email": "zaphod at home"}, {}, "no_contact", "email", "not an address"),
        ({"phone": "12345"}, {}, "no_contact", "phone", "no country"),
        ({"phone": "12345", "country": "DE"}, {}, "no_contact", "phone", "not a valid number"),
        ({"email": "zaphod", "phone": "12345"}, {}, "no_contact", "email", "phone: no country"),
    ],
)
def test_without_a_usable_contact_there_is_no_lead_and_the_reason_names_the_field_but_not_the_value(
    known: Mapping[str, object], custom: Mapping[str, object], code: str, field: str | None, words: str
) -> None:
    with pytest.raises(Unusable) as refused:
        normalise_lead(Fields(known, custom), region=None, now=NOW)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert words in refused.value.words
    assert "12345" not in refused.value.words
    assert "zaphod" not in refused.value.words.lower()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Anna@Example.org", "anna@example.org"),
        ("  anna@example.org ", "anna@example.org"),
        ("mailto:anna@example.org", "anna@example.org"),
        ("<anna@example.org>", "anna@example.org"),
        ("anna+crm@sub.example.co.uk", "anna+crm@sub.example.co.uk"),
        ("anna@leads.test", "anna@leads.test"),
        ("anna@test", None),
        ("anna@bücher.example", "anna@bücher.example"),
        ("anna@localhost", None),
        ("anna@127.0.0.1", None),
        ("anna@[127.0.0.1]", None),
        ("a b@example.org", None),
        ("anna@example.org\nBcc: evil@example.org", None),
        ("anna@example.org, evil@example.org", None),
        ('"Anna" <anna@example.org>', None),
        ("a" * 65 + "@example.org", None),
        ("a@" + "b" * 60 + ".example" * 40, None),
        (12, None),
    ],
)
def test_an_email_is_kept_in_lower_case_or_left_out_with_a_remark(sent: object, kept: str | None) -> None:
    draft = normalise_lead(Fields({"email": sent, "phone": "+4930123456"}, {}), region=None, now=NOW)
    assert draft.email == kept
    assert bool(draft.remarks) is (kept is None)
    assert all(remark.startswith("email: ") for remark in draft.remarks)


@pytest.mark.parametrize(
    ("sent", "region", "country", "kept"),
    [
        ("+49 30 123456", None, None, "+4930123456"),
        ("0049 30 123456", None, None, "+4930123456"),
        ("030/123456", "DE", None, "+4930123456"),
        ("030/123456", "de", None, "+4930123456"),
        ("030/123456", None, "Germany", "+4930123456"),
        ("030/123456", "US", "DE", "+4930123456"),
        ("(212) 736-5000", "US", "DE", "+12127365000"),
        ("020 7946 0958", "GB", None, "+442079460958"),
        ("030/123456", None, None, None),
        ("030/123456", "XX", None, None),
        ("110", "DE", None, None),
        ("call me", "DE", None, None),
        ("1" * 61, "DE", None, None),
        (4930123456, "DE", None, "+4930123456"),
    ],
)
def test_a_phone_gets_its_country_from_the_source_then_from_the_lead(
    sent: object, region: str | None, country: str | None, kept: str | None
) -> None:
    draft = draft_of({"phone": sent, "country": country}, region=region)
    assert draft.phone == kept
    assert bool(draft.remarks) is (kept is None)


def test_an_extension_is_kept_beside_the_number() -> None:
    draft = draft_of({"phone": "(212) 736-5000 ext 12"}, region="US")
    assert (draft.phone, draft.custom) == ("+12127365000", {"phone_extension": "12"})


@pytest.mark.parametrize(
    ("known", "first", "last"),
    [
        ({"name": "Berg, Maria"}, "Maria", "Berg"),
        ({"first_name": "ANNA", "last_name": "o'neil"}, "Anna", "O'Neil"),
        ({"first_name": "Anna", "name": "Anna Berg"}, "Anna", "Berg"),
        ({"first_name": "Jean", "name": "Dupont"}, "Jean", "Dupont"),
        ({"first_name": "Anna", "name": "Anna"}, "Anna", None),
        ({"first_name": "Anna", "last_name": "Berg", "name": "Somebody Else"}, "Anna", "Berg"),
        ({"name": "Cher"}, "Cher", None),
        ({"name": "\x00 \u202e"}, None, None),
        ({"first_name": "A\x00nna\r\nBcc: x"}, "Anna Bcc: x", None),
        ({"first_name": "Jose\u0301"}, "José", None),
        ({"first_name": "A" * 300}, "A" + "a" * 199, None),
    ],
)
def test_names_are_split_cleaned_and_bounded(
    known: Mapping[str, object], first: str | None, last: str | None
) -> None:
    draft = draft_of(known)
    assert (draft.first_name, draft.last_name) == (first, last)


@pytest.mark.parametrize(
    ("known", "country", "timezone"),
    [
        ({"country": "de"}, "DE", "Europe/Berlin"),
        ({"country": "DEU"}, "DE", "Europe/Berlin"),
        ({"country": "United Kingdom"}, "GB", "Europe/London"),
        ({"country": "UK"}, "GB", "Europe/London"),
        ({"country": "Österreich"}, "AT", "Europe/Vienna"),
        ({"country": "Narnia"}, None, None),
        ({"country": "Fiji"}, "FJ", None),
        ({"phone": "+12127365000"}, "US", "America/New_York"),
        ({"phone": "+14152007986"}, "US", "America/Los_Angeles"),
        ({"phone": "+18003569377"}, "US", "America/New_York"),
        ({"phone": "+80012345678"}, None, None),
        ({"phone": "+6799999999", "country": "DE"}, "DE", "Pacific/Fiji"),
        ({"country": "US", "timezone": "America/Chicago"}, "US", "America/Chicago"),
        ({"country": "US", "timezone": "Central"}, "US", "America/New_York"),
        ({"timezone": "America"}, None, None),
        ({"timezone": "../../etc/passwd"}, None, None),
        ({}, None, None),
    ],
)
def test_country_and_zone_come_from_the_lead_its_phone_or_its_country(
    known: Mapping[str, object], country: str | None, timezone: str | None
) -> None:
    draft = draft_of(known)
    assert (draft.country, draft.timezone) == (country, timezone)


@pytest.mark.parametrize(
    ("given_probability", "kept"),
    [
        (0, 0),
        (100, 100),
        ("60%", 60),
        (60.0, 60),
        (101, None),
        (-1, None),
        (0.8, None),
        (True, None),
        ("x", None),
    ],
)
def test_a_probability_is_a_whole_number_of_per_cent(given_probability: object, kept: int | None) -> None:
    draft = draft_of({"probability": given_probability})
    assert draft.probability == kept
    assert bool(draft.remarks) is (kept is None)


@pytest.mark.parametrize(
    ("known", "consent"),
    [
        ({}, {}),
        ({"consent": "yes"}, {"email": True}),
        ({"consent": True}, {"email": True}),
        ({"consent": "on"}, {"email": True}),
        ({"consent": 1}, {"email": True}),
        ({"consent": "no"}, {"email": False, "sms": False, "phone": False}),
        ({"consent": "perhaps"}, {}),
        ({"consent": "no", "consent_sms": "yes"}, {"email": False, "sms": True, "phone": False}),
        ({"consent_phone": "TRUE"}, {"phone": True}),
        ({"consent": {"email": True, "sms": "no"}}, {"email": True, "sms": False}),
        ({"refuse": "yes", "consent": "yes"}, {"email": False, "sms": False, "phone": False}),
        ({"refuse": "no"}, {}),
        ({"refuse_phone": "yes", "consent_phone": "yes"}, {"phone": False}),
    ],
)
def test_a_general_yes_means_email_and_a_refusal_wins(
    known: Mapping[str, object], consent: Mapping[str, bool]
) -> None:
    assert draft_of(known).consent == consent


@pytest.mark.parametrize(
    ("given_tags", "tags"),
    [
        ("VIP, new;vip", ("vip", "new")),
        (["B", "a", "b", ""], ("b", "a")),
        (None, ()),
        ([str(n) for n in range(30)], tuple(str(n) for n in range(20))),
    ],
)
def test_tags_are_lower_case_unique_and_few(given_tags: object, tags: tuple[str, ...]) -> None:
    assert draft_of({"tags": given_tags}).tags == tags


@pytest.mark.parametrize(
    "field", ["value", "currency", "country", "timezone", "language", "consent", "phone"]
)
def test_a_value_nobody_can_use_leaves_a_remark_that_does_not_repeat_it(field: str) -> None:
    draft = draft_of({field: "zaphod"})
    assert len(draft.remarks) == 1
    assert draft.remarks[0].startswith(f"{field}: ")
    assert "zaphod" not in draft.remarks[0]


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=3)
)
SOMETHING = st.dictionaries(
    st.sampled_from(["email", "phone", "name", "value", "tags", "consent", "country"]), ANYTHING
)


@given(SOMETHING, st.sampled_from([None, "DE", "US", "XX", ""]))
def test_any_payload_gives_a_lead_with_a_contact_or_is_refused(
    payload: Mapping[str, object], region: str | None
) -> None:
    try:
        draft = normalise_lead(read_fields(payload, None), region=region, now=NOW)
    except Unusable as refused:
        assert refused.code in {"empty_payload", "no_contact"}
        return
    assert draft.email or draft.phone
    assert all("\x00" not in (text or "") for text in (draft.email, draft.first_name, draft.last_name))


def test_what_cannot_be_used_is_kept_in_the_senders_letters() -> None:
    draft = draft_of({"phone": "ask at the desk", "country": "Narnia", "value": "lots"})
    assert (draft.phone, draft.country, draft.value) == (None, None, None)
    assert draft.custom == {
        "phone_as_sent": "ask at the desk",
        "country_as_sent": "Narnia",
        "value_as_sent": "lots",
    }
    assert [remark.partition(":")[0] for remark in draft.remarks] == ["country", "phone", "value"]


def test_the_currency_that_is_named_wins_over_a_sign_that_several_share() -> None:
    draft = draft_of({"value": "$1,500", "currency": "AUD"})
    assert (draft.value, draft.currency) == (Decimal("1500.00"), "AUD")


@pytest.mark.parametrize("name", ["Win at https://example.org", "see www.example.org"])
def test_a_name_with_a_link_in_it_is_no_name(name: str) -> None:
    draft = draft_of({"first_name": name})
    assert draft.first_name is None
    assert draft.custom == {"first_name_as_sent": name}


@pytest.mark.parametrize("answer", ["no", False, "0"])
def test_who_wants_no_newsletter_may_still_want_an_answer(answer: object) -> None:
    draft = normalise_lead(read_fields({"email": MAIL, "newsletter": answer}, None), region=None, now=NOW)
    assert draft.consent == {}
    assert draft.custom == {"newsletter": str(answer)}


def as_validated(address: str) -> str | None:
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        return None
    return found.normalized.lower() if "." in found.domain else None


LOCAL = st.text("aZ0._+-%\"'! ü", min_size=1, max_size=8) | st.sampled_from(
    ["a" * 64, "a" * 65, "a.b", ".a", "a.", "a..b"]
)
LABEL = st.text("aZ0-ü", min_size=1, max_size=6) | st.sampled_from(
    ["x" * 63, "x" * 64, "xn--a", "local", "com"]
)


@given(LOCAL, st.lists(LABEL, min_size=1, max_size=3))
def test_an_address_is_one_by_the_validators_word(local: str, labels: list[str]) -> None:
    address = f"{local}@{'.'.join(labels)}"
    draft = draft_of({"email": address, "phone": "+4930123456"})
    assert draft.email == as_validated(address.strip().strip("<>"))
