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
    Base,
    Contact,
    Customer,
    Deal,
    Lead,
    SalesGoal,
)
from crm_db.rules.asking import Order, Type

_STAMPS = "created_at updated_at version"
NEWEST_FIRST = (Order("created_at", down=True),)


@dataclass(frozen=True)
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

    @property
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

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (LEAD, DEAL, ACTIVITY, CUSTOMER, CONTACT, GOAL, INSIGHT)}
)
