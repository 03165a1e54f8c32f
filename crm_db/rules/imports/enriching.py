"""What a row adds to a lead that is there already: gaps are filled, an open lead may be closed, nothing is overwritten."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from crm_db.rules.imports.plan import OPEN
from crm_db.rules.imports.rows import ReadRow
from crm_db.rules.matching import enrich

_SCORED_BY = {"value", "probability", "last_contact"}


def changes(
    lead: Mapping[str, Any],
    row: ReadRow,
    defaults: Mapping[str, object],
    *,
    owner_id: UUID | None,
    enrol: bool,
    now: datetime,
) -> dict[str, Any]:
    """The columns of a lead that a row changes.

    defaults: what the org says of new leads; a value that is still its default counts as a gap, since nobody has said it.
    owner_id: who the row says owns it. enrol: let automation look at a lead that can be reached, unless it does already.
    """
    said = {
        name: None if name in defaults and value == defaults[name] else value for name, value in lead.items()
    }
    changed = {name: value for name, value in enrich(said, row.draft).items() if name != "external_id"}
    changed |= _closing(lead, row)
    given = {"last_contact": row.history.last_contact, "owner_id": owner_id}
    changed |= {name: value for name, value in given.items() if value is not None and lead[name] is None}
    then = {**lead, **changed}
    if enrol and lead["automation"] == "off" and then["status"] in OPEN and (then["email"] or then["phone"]):
        changed["automation"] = "pending"
    elif lead["scored_at"] is not None and _SCORED_BY & changed.keys():
        changed["rescore_at"] = now
    return changed


def _closing(lead: Mapping[str, Any], row: ReadRow) -> dict[str, Any]:
    """An outcome is news of an open lead; one that is known stays, and at most learns when it was."""
    history = row.history
    if history.is_open:
        return {}
    if lead["status"] in OPEN:
        return {"status": history.status, "closed_at": history.closed_at}
    late = lead["status"] == history.status and lead["closed_at"] is None and history.closed_at is not None
    return {"closed_at": history.closed_at} if late else {}
