"""Templates: words of messages. What a template may name is a closed list (`rules.rendering.FIELDS`)."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db import seed
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, InUse
from crm_db.rules import rendering
from crm_db.rules.rendering import FIELDS, TemplateError

BUILT_IN = frozenset({"owner-notice", "owner-again", "alert"})
"""Those that the CRM itself writes to its people with."""
assert {template["name"] for template in seed.TEMPLATES} >= BUILT_IN
_NEEDED = text(
    """
    select exists (select from crm_steps s
                   join crm_sequence_versions v on v.org_id = s.org_id and v.id = s.version_id
                   where s.org_id = :org and s.template = :name
                     and (v.state in ('draft', 'live')
                          or exists (select from crm_enrolments e where e.org_id = v.org_id and e.version_id = v.id
                                     and e.state in ('active', 'paused'))))
        or exists (select from crm_messages m where m.org_id = :org and m.template = :name
                   and m.status in ('scheduled', 'claimed', 'sending'))
    """
)


def complete(writing: Writing) -> None:
    """Check the words of a template; one that is needed keeps its name and channel. Raises BadValue, InUse."""
    for part in ("subject", "body"):
        _check(part, writing.after(part) or "")
    before = writing.before
    if before is None:
        return
    if any(writing.after(name) != before[name] for name in ("name", "channel")):
        _check_not_needed(writing.session, writing.org_id, before["name"])


def part_with(removal: Removal) -> None:
    """A template that a sequence, a waiting message or the CRM itself needs cannot go; raises InUse."""
    _check_not_needed(removal.session, removal.org_id, removal.before["name"])


def _check(part: str, words: str) -> None:
    blank = {"subject": "", "body": ""}
    try:
        rendering.check(rendering.Template(**{**blank, part: words}))
    except TemplateError as error:
        longer = any("longer" in problem for problem in error.problems)
        known = ", ".join(sorted(FIELDS))
        raise BadValue(
            part, "is too long" if longer else f"has braces that name no known field; the fields are {known}"
        ) from None


def _check_not_needed(session: Session, org_id: UUID, name: str) -> None:
    if name in BUILT_IN or session.execute(_NEEDED, {"org": org_id, "name": name}).scalar_one():
        raise InUse("template")
