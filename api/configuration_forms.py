"""How what an org works with is entered: teams, people, keys, sources, sequences, templates, suppressions."""

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from api.forms import EmailAddress, Form, Line, Moment, Text, Word

Scope = Literal["read", "write", "capture", "admin"]
Proof = Literal["secret", "token", "form_token", "api_key"]
DEFAULT_ROTATION: tuple[Proof, ...] = ("secret", "token")
Scopes = Annotated[list[Scope], Field(min_length=1, max_length=4)]
Format = Literal["auto", "json", "form", "google-ads", "meta", "typeform", "webflow", "jotform", "hubspot"]
Channel = Literal["email", "sms", "call", "task", "invite"]
Secret = Annotated[str, Field(min_length=8, max_length=500)]
Path = Annotated[str, Field(min_length=1, max_length=500)]


def _of_a_year(delay: timedelta) -> timedelta:
    if not timedelta() <= delay <= timedelta(days=366):
        raise ValueError("lies between nothing and a year")
    return delay


Delay = Annotated[timedelta, AfterValidator(_of_a_year)]


class TeamIn(Form):
    """People who work records together."""

    name: Line
    visibility: Literal["own", "team"] = Field(
        default="own", description="Whether its reps see their own records, or all of the team's"
    )
    parent_id: UUID | None = Field(
        default=None, description="The team above; its managers see this one's records"
    )
    timezone: Word | None = Field(
        default=None, description="IANA, such as Europe/Berlin; the org's when not given"
    )
    business_hours: dict[Word, Any] | None = Field(
        default=None,
        description='Such as {"days": {"1": [["09:00", "17:00"]]}}, by ISO weekday; the org\'s when not given',
    )


class UserIn(Form):
    """A person who works with the CRM."""

    email: EmailAddress
    name: Line
    role: Literal["admin", "manager", "rep", "viewer"] = "rep"
    phone: Word | None = Field(default=None, description="With its country's prefix, or as dialled at home")
    timezone: Word | None = Field(default=None, description="IANA, such as Europe/Berlin")
    active: bool = Field(default=True, description="false: keys stop counting, open work becomes nobody's")
    takes_leads: bool = Field(default=False, description="Whether new leads are assigned to this person")
    capacity: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="Most open leads; null: no limit"
    )


class KeyEdit(Form):
    """What may be said of a key that is there."""

    name: Line
    scopes: Scopes
    expires_at: Moment | None = Field(default=None, description="When it stops counting; null: never")


class KeyIn(KeyEdit):
    """A key for a person or a system."""

    user_id: UUID | None = Field(
        default=None, description="For whom it acts; null: for a system, which sees all of the org"
    )


class SourceEdit(Form):
    """What may be said of a source that is there. Secrets that are not given stay."""

    name: Word = Field(description="It stands in the address: letters, digits, dots, dashes and underscores")
    format: Format = Field(default="auto", description="Whose posts they are")
    region: Word | None = Field(
        default=None, description="Country (ISO 3166) of telephone numbers without a prefix"
    )
    mapping: dict[Word, Path] = Field(
        default_factory=dict, max_length=100, description="Field of a lead to path in the post"
    )
    honeypot: Word | None = Field(default=None, description="Form field that people never see")
    rate_per_minute: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        default=None, description="Most posts a minute and API process"
    )
    allowed_origins: Annotated[list[Path], Field(max_length=100)] = Field(
        default_factory=list, description="Where a browser form may stand, such as https://www.example.com"
    )
    thank_you_url: Annotated[str, Field(max_length=2000)] | None = Field(
        default=None, description="Where a browser goes after the form"
    )
    team_id: UUID | None = Field(default=None, description="Whose leads they become")
    secret: Secret | None = Field(default=None, description="Of its signatures; never shown again")
    access_token: Secret | None = Field(
        default=None, description="Opens the sender's API (meta); never shown"
    )


class SourceIn(SourceEdit):
    """A system that posts leads. Without a secret one is made."""


class Rotation(Form):
    """Which proofs are to be made anew."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"parts": [*DEFAULT_ROTATION]}]}
    )

    parts: Annotated[list[Proof], Field(min_length=1, max_length=4)] = Field(
        default_factory=lambda: [*DEFAULT_ROTATION],
        description="`token` stands in the address, `form_token` in public pages",
    )


class SequenceIn(Form):
    """A plan of contacts; its steps are written as a draft and published."""

    name: Line
    is_default: bool = Field(
        default=False, description="Captured leads are enrolled in it; it takes over from the former default"
    )


class StepConfig(Form):
    """What a channel asks for beside its words; what is not given is usual."""

    kind: Literal["call", "email", "meeting", "task"] | None = Field(default=None, description="Of a task")
    days_ahead: Annotated[int, Field(ge=0, le=365)] | None = Field(default=None, description="Of a meeting")
    minutes: Annotated[int, Field(ge=5, le=1440)] | None = Field(
        default=None, description="Of a meeting or call"
    )


class StepIn(Form):
    """One contact."""

    channel: Channel
    delay: Delay = Field(default=timedelta(), description="After enrolment, ISO 8601, such as P3D or PT2H")
    timing: Literal["at-once", "business-hours"] = Field(
        default="business-hours", description="at-once keeps to quiet hours only"
    )
    template: Word = Field(description="Name of a template for this channel")
    config: StepConfig = Field(default_factory=StepConfig)


class DraftIn(Form):
    """The steps of a draft, in their order."""

    steps: Annotated[list[StepIn], Field(min_length=1, max_length=100)]


class TemplateIn(Form):
    """Words of a message; `{{ first_name | there }}` is a field and what stands in for it."""

    name: Word
    channel: Channel = "email"
    subject: Line
    body: Text


class SuppressionIn(Form):
    """An address that must not be contacted."""

    channel: Literal["email", "sms", "call", "all"] = "all"
    address: Annotated[str, Field(min_length=3, max_length=320)] = Field(
        description="An e-mail address or a telephone number; kept in the spelling that leads' addresses have"
    )
    reason: Line
