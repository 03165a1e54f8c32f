"""Sequences that people write: a draft is written whole and goes live; who was enrolled before stays in what was live then."""

from collections.abc import Collection
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, select, text, update
from sqlalchemy.orm import Session

from crm_db.actions import events
from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, InUse, RecordNotFound, VersionConflict
from crm_db.models import Enrolment, Sequence, SequenceVersion, Step, Template
from crm_db.session import Identity

_TOUCH = text(
    "update crm_sequences set updated_at = clock_timestamp() where org_id = :org and id = :sequence"
)


@dataclass(frozen=True)
class NewStep:
    """A contact to be: `delay` counts from the enrolment, not from the step before."""

    channel: str
    delay: timedelta
    timing: str
    template: str
    config: dict[str, Any] = field(default_factory=dict)


def complete(writing: Writing) -> None:
    """At most one sequence is the default, and it must be live; the new default takes over from the old one."""
    if not writing.values.get("is_default") or (writing.before and writing.before["is_default"]):
        return
    if (
        writing.before is None
        or _version(writing.session, writing.org_id, writing.before["id"], "live") is None
    ):
        raise BadValue("is_default", "needs a version that is live: write a draft and publish it first")
    writing.session.execute(
        update(Sequence)
        .where(Sequence.org_id == writing.org_id, Sequence.is_default)
        .values(is_default=False)
    )


def part_with(removal: Removal) -> None:
    """A sequence goes with its versions and steps, unless somebody was ever enrolled; raises InUse."""
    session, org_id, sequence_id = removal.session, removal.org_id, removal.before["id"]
    enrolled = exists().where(Enrolment.org_id == org_id, Enrolment.sequence_id == sequence_id)
    if session.execute(select(enrolled)).scalar_one():
        raise InUse("sequence")
    versions = select(SequenceVersion.id).where(
        SequenceVersion.org_id == org_id, SequenceVersion.sequence_id == sequence_id
    )
    session.execute(delete(Step).where(Step.org_id == org_id, Step.version_id.in_(versions)))
    session.execute(
        delete(SequenceVersion).where(
            SequenceVersion.org_id == org_id, SequenceVersion.sequence_id == sequence_id
        )
    )


def write_draft(
    session: Session,
    identity: Identity,
    sequence_id: UUID,
    steps: Many[NewStep],
    *,
    versions: Collection[int] | None = None,
) -> None:
    """Make these the steps of the draft. versions: of which the sequence must still have one.

    Raises RecordNotFound, VersionConflict, BadValue.
    """
    org_id = _held(session, identity, sequence_id, versions)
    _check(session, org_id, steps)
    draft = _version(session, org_id, sequence_id, "draft") or _new_draft(session, org_id, sequence_id)
    session.execute(delete(Step).where(Step.org_id == org_id, Step.version_id == draft))
    rows = [
        {"org_id": org_id, "version_id": draft, "position": position, **vars(step)}
        for position, step in enumerate(steps, 1)
    ]
    session.execute(insert(Step), rows)
    session.execute(_TOUCH, {"org": org_id, "sequence": sequence_id})
    events.record(session, org_id, "sequence.changed", "sequence", [sequence_id])


def publish(
    session: Session, identity: Identity, sequence_id: UUID, *, versions: Collection[int] | None = None
) -> None:
    """Let the draft be what leads are enrolled in from now on. Raises RecordNotFound, VersionConflict, BadValue."""
    org_id = _held(session, identity, sequence_id, versions)
    draft = _version(session, org_id, sequence_id, "draft")
    if draft is None:
        raise BadValue("draft", "is not there; write one first")
    here = (SequenceVersion.org_id == org_id, SequenceVersion.sequence_id == sequence_id)
    for former, state in (("live", "archived"), ("draft", "live")):  # never two live at once
        session.execute(
            update(SequenceVersion).where(*here, SequenceVersion.state == former).values(state=state)
        )
    session.execute(_TOUCH, {"org": org_id, "sequence": sequence_id})
    events.record(session, org_id, "sequence.published", "sequence", [sequence_id])


def _held(session: Session, identity: Identity, sequence_id: UUID, versions: Collection[int] | None) -> UUID:
    """The org of a sequence that nobody else changes until the transaction ends."""
    found = session.execute(
        select(Sequence.org_id, Sequence.version)
        .where(Sequence.org_id == identity.org_id, Sequence.id == sequence_id)
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise RecordNotFound("sequence", sequence_id)
    if versions is not None and found.version not in versions:
        raise VersionConflict("sequence")
    org_id: UUID = found.org_id
    return org_id


def _version(session: Session, org_id: UUID, sequence_id: UUID, state: str) -> UUID | None:
    question = select(SequenceVersion.id).where(
        SequenceVersion.org_id == org_id,
        SequenceVersion.sequence_id == sequence_id,
        SequenceVersion.state == state,
    )
    return session.scalar(question)


def _new_draft(session: Session, org_id: UUID, sequence_id: UUID) -> UUID:
    last = select(func.coalesce(func.max(SequenceVersion.number), 0)).where(
        SequenceVersion.org_id == org_id, SequenceVersion.sequence_id == sequence_id
    )
    number = session.execute(last).scalar_one() + 1
    values = {"org_id": org_id, "sequence_id": sequence_id, "number": number}
    made = insert(SequenceVersion).values(values).returning(SequenceVersion.id)
    return session.execute(made).scalar_one()


def _check(session: Session, org_id: UUID, steps: Many[NewStep]) -> None:
    """Raises BadValue naming the step at fault."""
    found = session.execute(select(Template.name, Template.channel).where(Template.org_id == org_id))
    channels: dict[str, str] = {row.name: row.channel for row in found}
    before = timedelta()
    for number, step in enumerate(steps):
        place = f"steps.{number}"
        if step.template not in channels:
            raise BadValue(f"{place}.template", "names no template")
        if channels[step.template] != step.channel:
            raise BadValue(f"{place}.template", "is one for another channel")
        if step.delay < before:
            raise BadValue(
                f"{place}.delay", "is shorter than that of the step before; both count from enrolment"
            )
        before = step.delay
