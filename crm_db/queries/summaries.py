"""The summaries that SQL functions give, as JSON."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_PIPELINE = text("select coalesce(json_agg(s), '[]')::text from (select * from get_pipeline_summary()) s")
_RECOMMENDATIONS = text(
    "select coalesce(json_agg(r order by r.rank), '[]')::text from get_ai_recommendations(:most, :owner) r"
)


def pipeline(session: Session) -> str:
    """What lies in each stage of the pipelines, by currency."""
    return str(session.execute(_PIPELINE).scalar_one())


def recommendations(session: Session, most: int, owner_id: UUID | None) -> str:
    """What to do next; owner_id: only for what this user owns."""
    return str(session.execute(_RECOMMENDATIONS, {"most": most, "owner": owner_id}).scalar_one())
