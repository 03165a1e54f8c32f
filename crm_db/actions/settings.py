"""Changing an org's settings: what cannot be used is refused, and former values stay in the change log."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crm_db import seed
from crm_db.actions import events
from crm_db.errors import BadValue, NotAllowed, RecordNotFound, VersionConflict
from crm_db.models import Setting
from crm_db.rules.settings import KNOWN, Unfit, check
from crm_db.session import Identity


def write(
    session: Session,
    identity: Identity,
    key: str,
    value: Mapping[str, Any],
    *,
    versions: Collection[int] | None = None,
) -> None:
    """Set one. versions: of which it must still have one. Raises RecordNotFound, BadValue, VersionConflict."""
    if key not in KNOWN:
        raise RecordNotFound("setting", key)
    try:
        check(key, value)
    except Unfit as problem:
        raise BadValue(f"value.{problem.part}" if problem.part else "value", problem.words) from None
    held = _held(session, identity, key)
    if versions is not None and held.version not in versions:
        raise VersionConflict("setting")
    if held.value == value:
        return
    statement = update(Setting).where(Setting.org_id == held.org_id, Setting.key == key)
    session.execute(statement.values(value=dict(value)))
    events.record(session, held.org_id, "setting.changed", "setting", [held.id])


def reset(session: Session, identity: Identity, key: str, *, versions: Collection[int] | None = None) -> None:
    """Set one back to what a new org starts with. Raises RecordNotFound, VersionConflict."""
    write(session, identity, key, seed.SETTINGS.get(key, {}), versions=versions)


def _held(session: Session, identity: Identity, key: str) -> Row[Any]:
    """The setting as it is, held until the transaction ends; what nobody set yet is written down first, as version 1."""
    if identity.org_id is None:
        raise NotAllowed("an identity within an org")
    default = {"org_id": identity.org_id, "key": key, "value": seed.SETTINGS[key]}
    session.execute(insert(Setting).values(default).on_conflict_do_nothing())
    question = select(Setting.org_id, Setting.id, Setting.value, Setting.version).where(
        Setting.org_id == identity.org_id, Setting.key == key
    )
    return session.execute(question.with_for_update()).one()
