"""The ways that deals go: one of them is the default as soon as there is any."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from crm_db.actions.writing import Removal, Writing
from crm_db.errors import BadValue, InUse

_HAS_DEFAULT = text("select exists (select from crm_pipelines where org_id = :org and is_default)")
_TAKE_DEFAULT = text("update crm_pipelines set is_default = false where org_id = :org and is_default")
_IS_NEEDED = text(
    """
    select exists (select from crm_pipeline_stages where org_id = :org and pipeline_id = :id and deleted_at is null)
        or :is_default and exists (select from crm_pipelines where org_id = :org and id <> :id and deleted_at is null)
    """
)
_NO_DEFAULT = text("update crm_pipelines set is_default = false where org_id = :org and id = :id")


def complete(writing: Writing) -> None:
    """The first pipeline is the default; another becomes it by taking that from the former one."""
    was_default = writing.before is not None and writing.before["is_default"]
    if writing.is_new and not _has_default(writing.session, writing.org_id):
        writing.values["is_default"] = True
    if was_default and writing.values.get("is_default") is False:
        raise BadValue("is_default", "is taken away by making another pipeline the default")
    if writing.values.get("is_default") and not was_default:
        writing.session.execute(_TAKE_DEFAULT, {"org": writing.org_id})


def part_with(removal: Removal) -> None:
    """A pipeline with stages is needed, and the default as long as there is another one; raises InUse."""
    one = {"org": removal.org_id, "id": removal.before["id"]}
    if removal.session.execute(_IS_NEEDED, {**one, "is_default": removal.before["is_default"]}).scalar_one():
        raise InUse("pipeline")
    removal.session.execute(_NO_DEFAULT, one)


def _has_default(session: Session, org_id: UUID) -> bool:
    return bool(session.execute(_HAS_DEFAULT, {"org": org_id}).scalar_one())
