"""Fields of an org's own on a record that is written: null takes one away, and what is declared must fit."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_db.actions.writing import Writing
from crm_db.errors import BadValue
from crm_db.models import CustomField
from crm_db.rules.custom_values import Declared, Misfit, check
from crm_db.rules.mapping import MAX_CUSTOM


def complete(writing: Writing) -> None:
    """Lay what is given over what is there, and hold it against what the org declared; raises BadValue.

    Where a record is only changed, what is not given is left in peace: it may be older than what was declared.
    """
    if "custom" not in writing.kind.columns or not (writing.is_new or "custom" in writing.values):
        return
    given = writing.values.get("custom") or {}
    held = {} if writing.before is None or writing.whole else writing.before["custom"]
    values = {name: value for name, value in {**held, **given}.items() if value is not None}
    if not writing.is_new and len(values) > max(MAX_CUSTOM, len(held)):
        raise BadValue("custom", f"takes at most {MAX_CUSTOM} fields, those included that are there already")
    named = None if writing.is_new or writing.whole else given.keys()
    hold_against(writing.session, writing.org_id, writing.kind.name, values, named)
    writing.values["custom"] = values


def hold_against(
    session: Session,
    org_id: UUID,
    entity: str,
    values: Mapping[str, Any],
    named: Collection[str] | None = None,
) -> None:
    """Raise BadValue where the fields of a record do not fit what the org declared. named: look at these only."""
    declared = _declared(session, org_id, entity)
    try:
        check(values, [one for one in declared if named is None or one.name in named])
    except Misfit as misfit:
        raise BadValue(misfit.field, misfit.words) from None


def fitting(session: Session, org_id: UUID, entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of another record's fields that this kind of record may have too."""
    declared = {one.name: replace(one, required=False) for one in _declared(session, org_id, entity)}
    return {name: value for name, value in values.items() if _fits(declared.get(name), name, value)}


def _declared(session: Session, org_id: UUID, entity: str) -> list[Declared]:
    rows = session.execute(
        select(CustomField.name, CustomField.type, CustomField.options, CustomField.required).where(
            CustomField.org_id == org_id, CustomField.entity == entity, CustomField.active
        )
    )
    return [Declared(*row) for row in rows]


def _fits(declared: Declared | None, name: str, value: Any) -> bool:
    try:
        check({name: value}, [declared] if declared else [])
    except Misfit:
        return False
    return True
