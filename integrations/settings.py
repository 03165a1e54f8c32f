"""Who fills each port, and what the providers need; read from the environment once per process."""

from __future__ import annotations

from collections.abc import Sequence
from email import headerregistry
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from integrations import safe_text
from integrations.errors import IntegrationError, SettingsProblem
from integrations.ports import Address

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class IntegrationSettings(BaseSettings):
    """The settings named `CRM_…` that concern the outside world."""

    model_config = SettingsConfigDict(
        env_prefix="CRM_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True, extra="ignore"
    )

    home: Path = Field(
        Path(".crm"), description="Folder of this installation; local providers use its outbox."
    )
    provider_email: str = Field(
        "",
        description="Who carries e-mail: local, smtp or sendgrid. Default: smtp when CRM_SMTP_URL is set, else local.",
    )
    provider_calendar: str = Field(
        "",
        description="Who carries invitations: local, or email (whoever carries e-mail). "
        "Default: local where e-mail is local, else email.",
    )
    provider_phone: str = Field("local", description="Who carries text messages and calls: local or twilio.")
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:port?starttls=always|auto|never, or smtps://… ."
    )
    smtp_timeout: float = Field(
        20,
        gt=0,
        le=600,
        description="Seconds to wait for the connection and for each answer of the SMTP server.",
    )
    http_timeout: float = Field(
        20, gt=0, le=600, description="Seconds to wait for each part of an answer of a provider over HTTP."
    )
    http_connect_timeout: float = Field(
        5, gt=0, le=60, description="Seconds to wait for the connection to a provider over HTTP."
    )
    settle_seconds: float = Field(
        900,
        gt=0,
        le=86_400,
        description="Seconds after which a provider is first asked about a message that may have been sent. "
        "Longer than a message takes to show in the provider's own log.",
    )
    sendgrid_api_key: SecretStr | None = Field(None, description="SendGrid: the API key.")
    sendgrid_base_url: str = Field(
        "https://api.sendgrid.com",
        description="SendGrid: address of the API; https://api.eu.sendgrid.com in the EU.",
    )
    twilio_account_sid: str = Field("", description="Twilio: the account's SID, AC….")
    twilio_auth_token: SecretStr | None = Field(None, description="Twilio: the account's auth token.")
    twilio_from: str = Field("", description="Twilio: the number that texts and calls, such as +15005550006.")
    twilio_base_url: str = Field("https://api.twilio.com", description="Twilio: address of the API.")
    meta_access_token: SecretStr | None = Field(
        None, description="Meta: access token for leads of sources that have none of their own."
    )
    meta_version: str = Field("v24.0", pattern=r"^v\d+\.\d+$", description="Meta: version of the Graph API.")
    meta_base_url: str = Field("https://graph.facebook.com", description="Meta: address of the Graph API.")
    email_from: str = Field(
        "Essentials CRM <crm@essentials-crm.invalid>", description="Sender of e-mails: Name <address>."
    )

    @field_validator("email_from")
    @classmethod
    def _is_one_mailbox(cls, value: str) -> str:
        try:
            safe_text.mailbox("sender", parse_mailbox(value))
        except IntegrationError as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("sendgrid_base_url", "twilio_base_url", "meta_base_url")
    @classmethod
    def _is_an_address_of_an_api(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or parts.username or parts.query or parts.fragment:
            raise ValueError("it reads https://host, with a port or path where there is one")
        if parts.scheme != "https" and (parts.scheme, parts.hostname in _LOOPBACK) != ("http", True):
            raise ValueError("http is for this machine only, where no secret travels in clear")
        return value.rstrip("/")

    @field_validator("sendgrid_api_key", "twilio_auth_token", "meta_access_token")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        if not text.isascii() or any(char.isspace() or not char.isprintable() for char in text):
            raise ValueError("it holds a character that no key has, such as a space or a line break")
        return value

    def require(self, choice: str, *names: str) -> None:
        """Raises `SettingsProblem` naming all of these settings that are not set, which `choice` needs."""
        missing = [f"CRM_{name.upper()}" for name in names if not getattr(self, name)]
        if missing:
            raise SettingsProblem(f"{choice} needs {' and '.join(missing)}")

    @property
    def email_provider(self) -> str:
        """The name of the e-mail provider in force."""
        return self.provider_email or ("smtp" if self.smtp_url else "local")

    @property
    def calendar_provider(self) -> str:
        """The name of the calendar provider in force: invitations do not stay behind where e-mail leaves."""
        return self.provider_calendar or ("local" if self.email_provider == "local" else "email")

    @property
    def sender(self) -> Address:
        """Who e-mails come from unless a message says otherwise."""
        return parse_mailbox(self.email_from)

    @property
    def message_domain(self) -> str:
        """Right-hand side of our Message-IDs, in ASCII: the sender's domain."""
        return safe_text.mailbox("sender", self.sender).email.rpartition("@")[2]

    @property
    def outbox(self) -> Path:
        """Where local providers keep what they sent."""
        return self.home.absolute() / "outbox"


def load_settings() -> IntegrationSettings:
    """This process's settings; raises `SettingsProblem` naming each wrong variable, never its value."""
    try:
        return IntegrationSettings()
    except ValidationError as error:
        wrong = (
            f"CRM_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
            for item in error.errors()
        )
        raise SettingsProblem("; ".join(wrong)) from None


def parse_mailbox(value: str) -> Address:
    """`Name <address>` or a bare address; raises `SettingsProblem` when it is not exactly one."""
    problem = SettingsProblem("a sender is written as one address: Name <name@example.com>")
    try:
        header = headerregistry.HeaderRegistry()("From", value)
    except (ValueError, LookupError, AttributeError):
        raise problem from None
    found: Sequence[headerregistry.Address] = getattr(header, "addresses", ())
    if len(found) != 1 or header.defects:
        raise problem
    return Address(found[0].display_name, found[0].addr_spec)
