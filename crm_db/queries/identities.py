"""Who is known already? Exact look-ups by e-mail address, telephone number and a sender's own id."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, Text, any_, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from crm_db.models import Lead
from crm_db.rules.matching import Candidate
from crm_db.rules.normalise import LeadDraft


def candidates(session: Session, org_id: UUID, drafts: Sequence[LeadDraft]) -> list[Candidate]:
    """The org's leads that bear an e-mail address or telephone number of these drafts."""
    emails = {draft.email for draft in drafts if draft.email}
    phones = {draft.phone for draft in drafts if draft.phone}
    known = select(Lead.id, Lead.email, Lead.phone, Lead.created_at, Lead.last_name, Lead.first_name).where(
        Lead.org_id == org_id,
        Lead.deleted_at.is_(None),
        or_(Lead.email == any_(_array(emails)), Lead.phone == any_(_array(phones))),
    )
    return [
        Candidate(row.id, row.email, row.phone, row.created_at, row.last_name, first_name=row.first_name)
        for row in session.execute(known)
    ]


def taken_external_ids(
    session: Session, org_id: UUID, named: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Which of these (source, external id) pairs a lead bears already."""
    taken = select(Lead.source, Lead.external_id).where(
        Lead.org_id == org_id, tuple_(Lead.source, Lead.external_id).in_(named)
    )
    return {(source, external_id or "") for source, external_id in session.execute(taken)}


def _array(values: set[str]) -> BindParameter[list[str]]:
    return literal(sorted(values), ARRAY(Text))
