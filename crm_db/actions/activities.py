"""Entries on timelines and task lists."""

from sqlalchemy import insert
from sqlalchemy.orm import Session

from crm_db.actions.attempts import OpenAttempt
from crm_db.models import Activity


def add_task(session: Session, attempt: OpenAttempt) -> None:
    """Put what the attempt asks for on the owner's list, due when the message was.

    Called in the transaction that records the attempt, so that the task exists exactly when the ledger says so.
    """
    statement = insert(Activity).values(
        org_id=attempt.org_id,
        lead_id=attempt.subject_of.lead_id,
        kind=attempt.subject_of.config.get("kind", "task"),
        direction="out",
        subject=attempt.rendered.subject,
        body=attempt.rendered.text,
        message_id=attempt.message_id,
        due_at=attempt.subject_of.due_at,
    )
    session.execute(statement)
