"""Settings choose the provider; what is wrong with them is one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations import registry
from integrations.errors import SettingsProblem
from integrations.ports import Address
from integrations.providers.local_calendar import LocalCalendar
from integrations.providers.local_email import LocalEmail
from integrations.providers.smtp import SmtpEmail
from integrations.settings import load_settings

NAMES = ("HOME", "PROVIDER_EMAIL", "PROVIDER_CALENDAR", "SMTP_URL", "SMTP_TIMEOUT", "EMAIL_FROM")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"CRM_{name}", raising=False)


@pytest.mark.parametrize(
    ("variables", "chosen"),
    [
        ({}, LocalEmail),
        ({"CRM_SMTP_URL": "smtp://127.0.0.1:2525"}, SmtpEmail),
        ({"CRM_SMTP_URL": "smtp://127.0.0.1:2525", "CRM_PROVIDER_EMAIL": "local"}, LocalEmail),
        ({"CRM_SMTP_URL": "smtp://127.0.0.1:2525", "CRM_PROVIDER_EMAIL": "smtp"}, SmtpEmail),
        ({"CRM_PROVIDER_EMAIL": ""}, LocalEmail),
    ],
)
def test_the_environment_chooses_who_carries_email(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], chosen: type
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert type(registry.email_sender(load_settings())) is chosen


def test_invitations_are_local_unless_told_otherwise() -> None:
    assert type(registry.invite_sender(load_settings())) is LocalCalendar


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CRM_PROVIDER_EMAIL", "pigeon", "CRM_PROVIDER_EMAIL is 'pigeon'; it can be: local, sendgrid, smtp"),
        ("CRM_PROVIDER_EMAIL", "smtp", "CRM_PROVIDER_EMAIL=smtp needs a server"),
        ("CRM_SMTP_URL", "mail.test", "CRM_SMTP_URL reads smtp://"),
        ("CRM_SMTP_TIMEOUT", "0", "CRM_SMTP_TIMEOUT: Input should be greater than 0"),
        ("CRM_SMTP_TIMEOUT", "soon", "CRM_SMTP_TIMEOUT: Input should be a valid number"),
        ("CRM_EMAIL_FROM", "nobody", "CRM_EMAIL_FROM: "),
        ("CRM_EMAIL_FROM", "a@x.de, b@x.de", "CRM_EMAIL_FROM: "),
        ("CRM_EMAIL_FROM", "=?utf-8?q?a=0ABcc:?= <a@x.de>", "CRM_EMAIL_FROM: "),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem) as caught:
        registry.email_sender(load_settings())
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_a_wrong_smtp_url_does_not_show_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SMTP_URL", "smtp://crm:s3cret@mail.test:many")
    settings = load_settings()
    with pytest.raises(SettingsProblem) as caught:
        registry.email_sender(settings)
    assert "s3cret" not in f"{caught.value!r} {settings!r}"


@pytest.mark.parametrize(
    ("value", "sender", "domain"),
    [
        ("Sales <sales@example.com>", Address("Sales", "sales@example.com"), "example.com"),
        ("sales@müller.de", Address("", "sales@müller.de"), "xn--mller-kva.de"),
        ('"Sales, West" <s@example.com>', Address("Sales, West", "s@example.com"), "example.com"),
    ],
)
def test_the_sender_gives_name_address_and_message_domain(
    monkeypatch: pytest.MonkeyPatch, value: str, sender: Address, domain: str
) -> None:
    monkeypatch.setenv("CRM_EMAIL_FROM", value)
    settings = load_settings()
    assert (settings.sender, settings.message_domain) == (sender, domain)


def test_the_outbox_lies_in_the_home_of_this_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    assert load_settings().outbox == tmp_path / "outbox"


def test_two_providers_cannot_share_a_name() -> None:
    registry.provider_names("email")
    with pytest.raises(SettingsProblem, match="two providers of email are called local"):
        registry.provides("email", "local")(SmtpEmail)


@pytest.mark.parametrize("name", ["CRM_SENDGRID_BASE_URL", "CRM_TWILIO_BASE_URL", "CRM_META_BASE_URL"])
@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("https://api.example", True),
        ("https://api.example:8443/v1/", True),
        ("http://127.0.0.1:9000", True),
        ("http://localhost:9000", True),
        ("http://api.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://user:word@api.example", False),
        ("https://api.example?x=1", False),
        ("ftp://api.example", False),
        ("api.example", False),
    ],
)
def test_an_address_of_an_api_carries_no_secret_in_clear(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str, fits: bool
) -> None:
    monkeypatch.setenv(name, address)
    if fits:
        load_settings()
        return
    with pytest.raises(SettingsProblem, match=name):
        load_settings()


@pytest.mark.parametrize("name", ["CRM_SENDGRID_API_KEY", "CRM_TWILIO_AUTH_TOKEN", "CRM_META_ACCESS_TOKEN"])
@pytest.mark.parametrize("key", ["two words", "line\nbreak", "café"])
def test_a_key_that_no_header_can_carry_is_refused_unsaid(
    monkeypatch: pytest.MonkeyPatch, name: str, key: str
) -> None:
    monkeypatch.setenv(name, key)
    with pytest.raises(SettingsProblem, match=name) as caught:
        load_settings()
    assert key not in str(caught.value)


def test_every_provider_in_force_is_made_by_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.check(load_settings())
    monkeypatch.setenv("CRM_PROVIDER_PHONE", "twilio")
    with pytest.raises(SettingsProblem, match="CRM_TWILIO_ACCOUNT_SID"):
        registry.check(load_settings())
