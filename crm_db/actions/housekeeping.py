"""What the database needs done from time to time: partitions ahead of time, and keys whose time is over."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.session import rows_changed

MONTHS_AHEAD = 3

_PARTITIONS = text("select crm_ensure_partitions(:months)")
_EXPIRED = text(
    """
    delete from crm_keys where (org_id, scope, key) in (
        select org_id, scope, key from crm_keys where expires_at < now() limit :limit
    )
    """
)


def make_partitions(session: Session) -> int:
    """Make the log partitions of the coming months; returns how many were missing."""
    return int(session.execute(_PARTITIONS, {"months": MONTHS_AHEAD}).scalar_one())


def drop_expired_keys(session: Session, *, limit: int) -> int:
    """Forget keys whose retention is over (body hashes after 24 hours); returns how many."""
    return rows_changed(session.execute(_EXPIRED, {"limit": limit}))
