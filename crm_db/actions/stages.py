"""Stages of pipelines: what they say of the deals that are in them, and where those go when a stage does."""

from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from crm_db.actions import events
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, InUse, RecordNotFound
from crm_db.session import Identity

_IN_USE = text("select exists (select from crm_deals where org_id = :org and stage_id = :id)")
_LAST = text(
    "select max(order_index) from crm_pipeline_stages"
    " where org_id = :org and pipeline_id = coalesce(:pipeline, crm_default_pipeline()) and deleted_at is null"
)
_REACHED = text(
    "select id from crm_deals where org_id = :org and stage_id = :id and status = 'open' and not probability_fixed"
)
_STAGE = text(
    "select id, pipeline_id, kind from crm_pipeline_stages where org_id = :org and id = :id and deleted_at is null"
)
_MOVE = text("update crm_deals set stage_id = :to where org_id = :org and stage_id = :id returning id")
_FIXED = {"won": 100, "lost": 0}


def complete(writing: Writing) -> None:
    """Complete a stage that is to be written; raises BadValue, InUse."""
    writing.need("probability")
    values, before = writing.values, writing.before
    if before is None:
        _begin(writing)
    elif values.get("pipeline_id", before["pipeline_id"]) != before["pipeline_id"]:
        raise BadValue("pipeline_id", "stays as it is; make a stage of the other pipeline instead")
    if values.get("kind") is None:
        values["kind"] = _kind_of(values["probability"]) if before is None else before["kind"]
    expected = _FIXED.get(values["kind"])
    if expected is not None and writing.after("probability") != expected:
        raise BadValue("probability", f"is {expected} in a stage that is {values['kind']}")
    if before is not None:
        _check_kind(writing, before)
        _tell(writing, before)


def part_with(removal: Removal) -> None:
    """A stage with deals in it, those that were deleted too, is needed; raises InUse."""
    _check_empty(removal.session, removal.before)


def clear(session: Session, identity: Identity, stage_id: UUID, move_to: UUID) -> None:
    """Move all deals of a stage into another one of its pipeline and kind. Raises RecordNotFound, BadValue."""
    assert identity.org_id is not None
    here, there = (_stage(session, identity.org_id, one) for one in (stage_id, move_to))
    if here is None:
        raise RecordNotFound("stage", stage_id)
    if there is None or here == there or here[1:] != there[1:]:
        raise BadValue("move_to", f"takes another stage of the same pipeline that is {here.kind} too")
    moved = session.execute(_MOVE, {"org": identity.org_id, "id": stage_id, "to": move_to})
    _record(session, identity.org_id, list(moved.scalars()))


def _begin(writing: Writing) -> None:
    """A new stage is in the default pipeline and the last one there, unless told otherwise."""
    values = writing.values
    if values.get("pipeline_id") is None:
        values.pop("pipeline_id", None)
    if values.get("order_index") is None:
        last = writing.session.execute(_LAST, {"org": writing.org_id, "pipeline": values.get("pipeline_id")})
        values["order_index"] = (last.scalar_one() or 0) + 1


def _kind_of(probability: int) -> str:
    """What a stage is of which only the probability was told; the database says the same."""
    return next((kind for kind, fixed in _FIXED.items() if fixed == probability), "open")


def _check_kind(writing: Writing, before: RowMapping) -> None:
    """Deals are won or lost by moving, never by what becomes of their stage."""
    if writing.values["kind"] != before["kind"]:
        _check_empty(writing.session, before)


def _tell(writing: Writing, before: RowMapping) -> None:
    """A changed probability changes deals, by a trigger: whoever follows them is told."""
    if writing.after("probability") == before["probability"]:
        return
    reached = writing.session.execute(_REACHED, {"org": writing.org_id, "id": before["id"]})
    _record(writing.session, writing.org_id, list(reached.scalars()))


def _record(session: Session, org_id: UUID, deal_ids: list[UUID]) -> None:
    if deal_ids:
        events.record(session, org_id, "deal.changed", "deal", deal_ids)


def _stage(session: Session, org_id: UUID, stage_id: UUID) -> Any:
    return session.execute(_STAGE, {"org": org_id, "id": stage_id}).one_or_none()


def _check_empty(session: Session, stage: RowMapping) -> None:
    if session.execute(_IN_USE, {"org": stage["org_id"], "id": stage["id"]}).scalar_one():
        raise InUse("stage")
