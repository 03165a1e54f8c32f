"""Who fills each port, and what the providers need; read from the environment once per process."""

from __future__ import annotations

from collections.abc import Sequence
from email import headerregistry
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from integrations import safe_text
from integrations.errors import IntegrationError, SettingsProblem
from integrations.ports import Address


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
        description="Who carries e-mail: local or smtp. Default: smtp when CRM_SMTP_URL is set, else local.",
    )
    provider_calendar: str = Field("local", description="Who carries invitations: local.")
    smtp_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:port?starttls=always|auto|never, or smtps://… ."
    )
    smtp_timeout: float = Field(
        20,
        gt=0,
        le=600,
        description="Seconds to wait for the connection and for each answer of the SMTP server.",
    )
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

    @property
    def email_provider(self) -> str:
        """The name of the e-mail provider in force."""
        return self.provider_email or ("smtp" if self.smtp_url else "local")

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
