"""Advisory locks on who people are, so that no two transactions make two leads of one person."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.rules.keys import identity_lock
from crm_db.rules.normalise import LeadDraft

_LOCK = text(
    "select pg_advisory_xact_lock(key) from (select unnest(cast(:keys as bigint[])) as key order by 1) as sorted"
)


def take(session: Session, org_id: UUID, people: Iterable[tuple[str, LeadDraft]]) -> None:
    """Lock each e-mail address, telephone number and id of people, told by sources, until the transaction ends.

    Everybody takes them in one order.
    """
    said = {
        (kind, value)
        for source, draft in people
        for kind, value in (
            ("email", draft.email),
            ("phone", draft.phone),
            ("external", draft.external_id and f"{source}\0{draft.external_id}"),
        )
        if value
    }
    session.execute(_LOCK, {"keys": sorted(identity_lock(org_id, *one) for one in said)})
