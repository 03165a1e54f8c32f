"""The kinds of record that people and systems read and write: what of each is shown, and what may be asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import ARRAY, Boolean, Column, Date, DateTime, Integer, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from crm_db.models import (
    Activity,
    AiInsight,
    Alert,
    ApiKey,
    Base,
    Contact,
    Customer,
    CustomField,
    Deal,
    Lead,
    Message,
    Pipeline,
    Report,
    SalesGoal,
    Sequence,
    Source,
    Stage,
    Subscription,
    SupportTicket,
    Suppression,
    SurveyResponse,
    Team,
    Template,
    User,
)
from crm_db.rules.asking import Order, Type

_STAMPS = "created_at updated_at version"
NEWEST_FIRST = (Order("created_at", down=True),)


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of record. `shown` names what an answer holds, in its order; `name` is what crm_find_ids calls it.

    Whether a record can be deleted softly, has an owner, fields of the org's own, or words to search, its table says.
    """

    name: str
    plural: str
    model: type[Base]
    shown: tuple[str, ...]
    order: tuple[Order, ...] = NEWEST_FIRST

    @property
    def table(self) -> Table:
        """Where it is kept."""
        return Base.metadata.tables[self.model.__tablename__]

    @cached_property
    def columns(self) -> Mapping[str, Column[Any]]:
        """The columns of its table by name."""
        return MappingProxyType({column.name: column for column in self.table.columns})

    @cached_property
    def types(self) -> Mapping[str, Type]:
        """What can be asked: each shown field by which a list may be filtered or sorted, and its type."""
        known = ((name, _type_of(self.columns[name])) for name in self.shown if name in self.columns)
        return MappingProxyType({name: kind for name, kind in known if kind is not None})

    @property
    def is_searched(self) -> bool:
        """Whether `q` finds it."""
        return any(index.name == f"ix_{self.model.__tablename__}_search" for index in self.table.indexes)

    @property
    def is_mortal(self) -> bool:
        """Whether deleting it can be undone."""
        return "deleted_at" in self.columns

    @property
    def is_visible_to_some(self) -> bool:
        """Whether it has an owner and a team, who see it."""
        return {"owner_id", "team_id"} <= self.columns.keys()

    @property
    def is_handed_on(self) -> bool:
        """Whether everybody who may change one may give it to a colleague; everybody sees a goal, and managers set it."""
        return self.is_visible_to_some and self.name != "goal"

    @property
    def is_versioned(self) -> bool:
        """Whether it counts its changes."""
        return "version" in self.columns


_PROSE = frozenset({"body"})
"""Texts of pages: what they hold is no place in a list that a cursor could name."""
_TYPES: tuple[tuple[type[Any], Type], ...] = (
    (Boolean, Type.BOOLEAN),
    (Integer, Type.INTEGER),
    (Numeric, Type.NUMBER),
    (DateTime, Type.MOMENT),
    (Date, Type.DATE),
    (Uuid, Type.ID),
    (Text, Type.TEXT),
    (ARRAY, Type.TEXTS),
)


def _type_of(column: Column[Any]) -> Type | None:
    """What can be asked of a column; None of a document, unless it is `custom`."""
    if isinstance(column.type, JSONB):
        return Type.CUSTOM if column.name == "custom" else None
    if column.name in _PROSE:
        return Type.PROSE
    return next((kind for known, kind in _TYPES if isinstance(column.type, known)), None)


def _kind(
    name: str, model: type[Base], shown: str, *, plural: str = "", order: tuple[Order, ...] = NEWEST_FIRST
) -> Kind:
    return Kind(name, plural or f"{name}s", model, tuple(shown.split()), order)


LEAD = _kind(
    "lead",
    Lead,
    "id external_id first_name last_name email phone company title source status value currency probability score score_band"
    " score_reasons owner_id team_id last_contact next_action_at country timezone language utm consent custom tags ai_insights"
    f" automation closed_at deleted_at {_STAMPS}",
)
DEAL = _kind(
    "deal",
    Deal,
    "id external_id name source lead_id customer_id pipeline_id stage_id stage_entered_at status value currency recurring_amount"
    " recurring_period probability probability_fixed expected_close closed_at lost_reason competitors next_step next_step_at"
    f" last_activity_at owner_id team_id custom tags ai_insights deleted_at {_STAMPS}",
)
ACTIVITY = _kind(
    "activity",
    Activity,
    "id kind direction subject body outcome sentiment next_action duration_minutes lead_id deal_id customer_id message_id due_at"
    f" done_at owner_id team_id custom tags ai_insights deleted_at {_STAMPS}",
    plural="activities",
)
CUSTOMER = _kind(
    "customer",
    Customer,
    "id external_id name lead_id status email phone website industry segment country timezone language recurring_amount currency"
    f" since churned_at churn_reason health health_band owner_id team_id custom tags ai_insights deleted_at {_STAMPS}",
)
CONTACT = _kind(
    "contact",
    Contact,
    "id customer_id lead_id first_name last_name email phone title is_primary language timezone consent owner_id team_id custom"
    f" tags deleted_at {_STAMPS}",
)
SUBSCRIPTION = _kind(
    "subscription",
    Subscription,
    "id customer_id deal_id external_id product seats amount period currency began_on term_start term_end term_months auto_renew"
    f" notice_days status cancelled_at cancel_reason payment_state owner_id team_id custom tags deleted_at {_STAMPS}",
)
TICKET = _kind(
    "ticket",
    SupportTicket,
    "id customer_id contact_id external_id subject category priority status opened_at first_answer_at solved_at owner_id team_id"
    f" custom tags deleted_at {_STAMPS}",
)
SURVEY = _kind(
    "survey",
    SurveyResponse,
    f"id customer_id contact_id external_id kind score comment answered_at owner_id team_id deleted_at {_STAMPS}",
)
GOAL = _kind(
    "goal",
    SalesGoal,
    f"id name metric target currency period_start period_end owner_id team_id deleted_at {_STAMPS}",
)
INSIGHT = _kind(
    "insight",
    AiInsight,
    "id kind lead_id deal_id customer_id title body action confidence state made_by data expires_at owner_id team_id"
    f" {_STAMPS}",
)
PIPELINE = _kind(
    "pipeline", Pipeline, f"id name is_default deleted_at {_STAMPS}", order=(Order("name", down=False),)
)
STAGE = _kind(
    "stage",
    Stage,
    f"id pipeline_id name order_index probability color kind rotting_days requires deleted_at {_STAMPS}",
    order=(Order("pipeline_id", down=False), Order("order_index", down=False)),
)
CUSTOM_FIELD = _kind(
    "custom_field",
    CustomField,
    f"id entity name label type options required active order_index {_STAMPS}",
    order=(Order("entity", down=False), Order("order_index", down=False), Order("name", down=False)),
)
ALERT = _kind(
    "alert",
    Alert,
    "id kind severity state title detail entity entity_id count first_at last_at resolved_at",
    order=(Order("last_at", down=True),),
)
MESSAGE = _kind(
    "message",
    Message,
    "id key channel status due_at sent_at reason attempts provider provider_id lead_id recipient purpose due_reasons created_at",
    order=(Order("id", down=True),),
)
REPORT = _kind(
    "report",
    Report,
    "id name kind parameters state reason period_start period_end row_count figures made_at owner_id team_id"
    f" {_STAMPS}",
)

BY_NAME = (Order("name", down=False),)
TEAM = _kind("team", Team, f"id name visibility parent_id timezone business_hours {_STAMPS}", order=BY_NAME)
USER = _kind(
    "user",
    User,
    f"id email name role phone timezone active takes_leads capacity last_assigned_at {_STAMPS}",
    order=BY_NAME,
)
KEY = _kind(
    "key",
    ApiKey,
    "id name prefix scopes user_id source_id created_at expires_at revoked_at last_used_at",
)
SOURCE = _kind(
    "source",
    Source,
    "id name format region mapping honeypot rate_per_minute allowed_origins thank_you_url team_id active"
    f" {_STAMPS}",
    order=BY_NAME,
)
SEQUENCE = _kind("sequence", Sequence, f"id name is_default {_STAMPS}", order=BY_NAME)
TEMPLATE = _kind("template", Template, f"id name channel subject body {_STAMPS}", order=BY_NAME)
SUPPRESSION = _kind("suppression", Suppression, "id channel address reason created_at")
CONFIGURATION = (TEAM, USER, KEY, SOURCE, SEQUENCE, TEMPLATE, SUPPRESSION)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            LEAD, DEAL, ACTIVITY, CUSTOMER, CONTACT, SUBSCRIPTION, TICKET, SURVEY, GOAL, INSIGHT,
            PIPELINE, STAGE, CUSTOM_FIELD, ALERT, MESSAGE, REPORT,
            *CONFIGURATION,
        )
    }
)  # fmt: skip
