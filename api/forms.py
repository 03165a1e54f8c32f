"""How records are entered: what may be said of each kind. What the CRM decides itself (ids, stamps, scores) is in none."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from crm_db.rules.money import CURRENCIES
from crm_db.rules.parsing import Unreadable, check_nest

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2199, 12, 31, tzinfo=UTC)
"""Moments beyond are slips of somebody's hand; some of those that a database keeps cannot be read by its clients."""


def without_nul(text: str) -> str:
    """The text; one that holds what Postgres cannot keep raises ValueError."""
    if "\0" in text:
        raise ValueError("holds a character that cannot be kept")
    return text


def _currency(text: str) -> str:
    if text.upper() not in CURRENCIES:
        raise ValueError("is no currency of ISO 4217")
    return text.upper()


def _near(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(f"is not between {EARLIEST:%Y} and {LATEST:%Y}")
    return moment


def _not_far(day: date) -> date:
    if not EARLIEST.date() <= day <= LATEST.date():
        raise ValueError(f"is not between {EARLIEST:%Y} and {LATEST:%Y}")
    return day


def _lower(text: str) -> str:
    return text.strip().lower()


Day = Annotated[date, AfterValidator(_not_far)]
Moment = Annotated[AwareDatetime, AfterValidator(_near)]
Word = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(without_nul)]
Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(without_nul)]
Text = Annotated[str, Field(max_length=100_000), AfterValidator(without_nul)]
Words = Annotated[list[Word], Field(max_length=100)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2)]
Percent = Annotated[int, Field(ge=0, le=100)]
Currency = Annotated[str, Field(min_length=3, max_length=3), AfterValidator(_currency)]
EmailAddress = Annotated[
    str, Field(min_length=3, max_length=320), AfterValidator(without_nul), AfterValidator(_lower)
]

RequiredField = Literal[
    "value", "currency", "recurring_amount", "recurring_period", "expected_close", "next_step", "next_step_at",
    "owner_id", "lead_id", "customer_id", "competitors",
]  # fmt: skip


class Form(BaseModel):
    """What may be said of a record; anything else is refused."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("custom", check_fields=False)
    @classmethod
    def _can_be_kept(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        try:
            check_nest(value or {})
        except Unreadable as problem:
            raise ValueError(problem.words) from None
        return value


class LabelledForm(Form):
    """A record of the org's everyday work: it has labels, and fields of the org's own."""

    tags: Words = Field(default_factory=list)
    custom: dict[Word, Any] = Field(default_factory=dict, max_length=100, description="Fields of your own")


class RecordForm(LabelledForm):
    """One that belongs to somebody by itself."""

    owner_id: UUID | None = Field(default=None, description="Whose it is; a rep's own when not given")


class DealIn(RecordForm):
    """A possible sale. Its stage says its pipeline and status, and its probability unless one is given."""

    name: Line
    external_id: Word | None = Field(default=None, description="Your own id of this deal")
    source: Word = Field(default="api", description="Where it comes from")
    lead_id: UUID | None = None
    customer_id: UUID | None = None
    pipeline_id: UUID | None = Field(default=None, description="Where to begin when no stage is given")
    stage_id: UUID | None = Field(
        default=None, description="The first open stage of the pipeline when not given"
    )
    value: Amount | None = None
    currency: Currency | None = Field(default=None, description="ISO 4217; the org's when not given")
    recurring_amount: Amount | None = Field(default=None, description="What it brings each period")
    recurring_period: Literal["month", "quarter", "year"] | None = None
    probability: Percent | None = Field(default=None, description="In percent; null: that of the stage")
    expected_close: date | None = None
    lost_reason: Line | None = Field(default=None, description="Needed where it is lost")
    competitors: Words = Field(default_factory=list)
    next_step: Line | None = None
    next_step_at: Moment | None = None


class ActivityIn(RecordForm):
    """A call, a meeting, a message, a task or a note. With `due_at` and without `done_at` it is still to do."""

    kind: Literal["call", "meeting", "email", "sms", "task", "note"]
    direction: Literal["in", "out", "none"] = "none"
    subject: Line
    body: Text | None = None
    outcome: Line | None = None
    sentiment: Literal["positive", "neutral", "negative"] | None = None
    next_action: Line | None = None
    duration_minutes: Annotated[int, Field(ge=0, le=10_000)] | None = None
    lead_id: UUID | None = None
    deal_id: UUID | None = None
    customer_id: UUID | None = None
    due_at: Moment | None = None
    done_at: Moment | None = None


class CustomerIn(RecordForm):
    """A company or person that buys."""

    name: Line
    external_id: Word | None = Field(default=None, description="Your own id of this customer")
    lead_id: UUID | None = Field(default=None, description="The lead that it was")
    status: Literal["onboarding", "active", "paused", "churned"] = "onboarding"
    email: EmailAddress | None = None
    phone: Word | None = None
    website: Line | None = None
    industry: Line | None = None
    segment: Line | None = None
    country: Word | None = None
    timezone: Word | None = None
    language: Word | None = None
    recurring_amount: Amount | None = Field(default=None, description="What it pays in a year")
    currency: Currency | None = Field(default=None, description="ISO 4217; the org's when not given")
    since: date | None = Field(default=None, description="Customer since")
    churn_reason: Line | None = None


class ContactIn(LabelledForm):
    """A person at a customer."""

    customer_id: UUID
    lead_id: UUID | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    email: EmailAddress | None = None
    phone: Word | None = None
    title: Line | None = None
    is_primary: bool = Field(default=False, description="At most one of a customer's people")
    language: Word | None = None
    timezone: Word | None = None


class SubscriptionIn(LabelledForm):
    """What a customer has bought for a term. Told by its months, a term ends with them; told by its end, it ends then."""

    customer_id: UUID
    deal_id: UUID | None = Field(default=None, description="The deal that brought it")
    external_id: Word | None = Field(default=None, description="Your own id of this subscription")
    product: Line
    seats: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    amount: Amount | None = Field(default=None, description="What it costs each period")
    period: Literal["month", "quarter", "year"] = "year"
    currency: Currency | None = Field(default=None, description="ISO 4217; the org's when not given")
    term_start: Day = Field(description="The first day of its term")
    term_end: Day | None = Field(default=None, description="The last day of its term")
    term_months: Annotated[int, Field(ge=1, le=600)] = 12
    began_on: Day | None = Field(
        default=None, description="The first day of its first term; that of this one when not given"
    )
    auto_renew: bool = False
    notice_days: Annotated[int, Field(ge=0, le=730)] = Field(
        default=30, description="How long before the end of a term notice has to be given"
    )
    status: Literal["active", "cancelled", "ended"] = "active"
    cancelled_at: Moment | None = Field(default=None, description="Now, when not given with cancelled")
    cancel_reason: Line | None = None
    payment_state: Literal["current", "overdue", "failed"] | None = None


class TicketIn(LabelledForm):
    """Something that troubles a customer, as the help desk tells it."""

    customer_id: UUID
    contact_id: UUID | None = Field(default=None, description="Who asked, of the customer's people")
    external_id: Word | None = Field(default=None, description="The help desk's own id of this ticket")
    subject: Line
    category: Line | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    status: Literal["open", "waiting", "solved", "closed"] = "open"
    opened_at: Moment | None = Field(default=None, description="Now, when not given")
    first_answer_at: Moment | None = None
    solved_at: Moment | None = Field(default=None, description="Now, when not given with solved or closed")


class SurveyIn(Form):
    """An answer to a survey. `score`: nps from 0 to 10, csat from 1 to 5, ces from 1 to 7; more is better."""

    customer_id: UUID
    contact_id: UUID | None = Field(default=None, description="Who answered, of the customer's people")
    external_id: Word | None = Field(default=None, description="The survey tool's own id of this answer")
    kind: Literal["nps", "csat", "ces"]
    score: Annotated[int, Field(ge=0, le=10)]
    comment: Text | None = None
    answered_at: Moment | None = Field(default=None, description="Now, when not given")


class GoalIn(Form):
    """A target for a period, its last day included: a person's, a team's, or the org's."""

    name: Line
    metric: Literal[
        "revenue", "deals_won", "leads_converted", "new_customers", "activities", "calls", "meetings"
    ]
    target: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)]
    currency: Currency | None = None
    period_start: date
    period_end: date
    owner_id: UUID | None = Field(default=None, description="Whose; with neither, the org's")
    team_id: UUID | None = None


class InsightIn(Form):
    """A conclusion about one lead, deal or customer."""

    kind: Literal["risk", "recommendation", "sentiment", "prediction", "summary"]
    lead_id: UUID | None = None
    deal_id: UUID | None = None
    customer_id: UUID | None = None
    title: Line
    body: Text | None = None
    action: Line | None = None
    confidence: Annotated[Decimal, Field(ge=0, le=1, max_digits=4, decimal_places=3)] | None = None
    state: Literal["open", "accepted", "dismissed"] = "open"
    made_by: Word = "rules"
    expires_at: Moment | None = None


class PipelineIn(Form):
    """A way that deals go; the first one is the default."""

    name: Word
    is_default: bool = Field(
        default=False, description="Where deals begin that name none; taken from the former default"
    )


class StageIn(Form):
    """A stage of a pipeline. Its probability counts for the open deals in it that did not fix theirs."""

    name: Word
    pipeline_id: UUID | None = Field(default=None, description="The default one when not given; it stays")
    order_index: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        default=None, description="Its place; the last one when not given"
    )
    probability: Percent = Field(description="In percent: 100 where deals are won, 0 where they are lost")
    color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")] | None = None
    kind: Literal["open", "won", "lost"] | None = Field(
        default=None, description="What a deal is that comes here; told by the probability when not given"
    )
    rotting_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None, description="After so many quiet days a deal counts as rotting"
    )
    requires: Annotated[list[RequiredField], Field(max_length=20)] = Field(
        default_factory=list, description="Fields that a deal must have to come here"
    )


class CustomFieldIn(Form):
    """A declared field of `custom`; entity and name stay as they are."""

    entity: Literal["lead", "deal", "activity", "customer", "contact", "subscription", "ticket"]
    name: Word = Field(description="As it stands in `custom`")
    label: Line | None = Field(default=None, description="As people read it")
    type: Literal[
        "text", "number", "integer", "boolean", "date", "datetime", "choice", "choices", "email", "url"
    ]
    options: Words = Field(default_factory=list, description="What may be chosen; for choice and choices")
    required: bool = False
    active: bool = Field(default=True, description="false: not asked for any more; what is there stays")
    order_index: Annotated[int, Field(ge=0, le=100_000)] = 0
