"""Questions about an org's settings as people see them: what is in force, what it would be by default, and what it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from crm_db import seed
from crm_db.errors import RecordNotFound
from crm_db.models import Change, Setting
from crm_db.queries.pages import Page, Position, page
from crm_db.rules.settings import KNOWN, problem

_TABLE = Setting.__tablename__


@dataclass(frozen=True)
class ShownSetting:
    """A setting. `value` is what is in force; `problem` says why what is kept cannot be used, the default being in force then.

    A setting that nobody changed yet is at its first version.
    """

    key: str
    description: str
    value: Mapping[str, Any]
    default: Mapping[str, Any]
    is_default: bool
    problem: str | None
    version: int
    updated_at: datetime | None


def all_of(session: Session, org_id: UUID) -> list[ShownSetting]:
    """Every setting of an org."""
    rows = session.execute(
        select(Setting.key, Setting.value, Setting.version, Setting.updated_at).where(
            Setting.org_id == org_id, Setting.key.in_(KNOWN)
        )
    )
    kept = {row.key: (row.value, row.version, row.updated_at) for row in rows}
    return [_shown(key, *kept.get(key, (seed.SETTINGS[key], 1, None))) for key in KNOWN]


def one_of(session: Session, org_id: UUID, key: str) -> ShownSetting:
    """One setting; raises RecordNotFound."""
    found = next((one for one in all_of(session, org_id) if one.key == key), None)
    if found is None:
        raise RecordNotFound("setting", key)
    return found


def history(
    session: Session, org_id: UUID, key: str, *, after: Position | None = None, limit: int = 50
) -> Page:
    """Its former values, the latest first: what it was, and when and by whom that was changed. Raises RecordNotFound."""
    if key not in KNOWN:
        raise RecordNotFound("setting", key)
    of_key = select(Setting.id).where(Setting.org_id == org_id, Setting.key == key)
    entry = func.json_build_object(
        "value", Change.old["value"], "changed_at", Change.at, "changed_by", Change.actor
    )
    rows = select(cast(entry, Text)).where(
        Change.org_id == org_id,
        Change.kind == _TABLE,
        Change.record_id.in_(of_key),
        Change.old.has_key("value"),
    )
    return page(session, rows, order=(Change.id,), after=after, limit=limit)


def _shown(key: str, kept: Any, version: int, updated_at: datetime | None) -> ShownSetting:
    wrong, default = problem(key, kept), seed.SETTINGS[key]
    value = default if wrong else kept
    return ShownSetting(
        key, KNOWN[key].description, value, default, value == default, wrong, version, updated_at
    )
