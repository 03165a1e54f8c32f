"""What a deal needs beside what was entered: a stage to begin in, a currency, and a way that it may go."""

from uuid import UUID

from sqlalchemy import text

from crm_db.actions import spelling, winning
from crm_db.actions.writing import Writing
from crm_db.errors import BadValue
from crm_db.rules.deal_moves import NotAMove, StageFacts, check_move, check_stay

_STAGE = text(
    "select id, pipeline_id, name, kind, requires from crm_pipeline_stages where org_id = :org and id = :stage"
)
_FIRST_STAGE = text(
    """
    select s.id from crm_pipeline_stages s join crm_pipelines p on p.org_id = s.org_id and p.id = s.pipeline_id
    where s.org_id = :org and s.kind = 'open' and s.deleted_at is null and p.deleted_at is null
      and case when cast(:pipeline as uuid) is null then p.is_default else p.id = :pipeline end
    order by s.order_index, s.name limit 1
    """
)


def complete(writing: Writing) -> None:
    """Complete a deal that is to be written; raises BadValue where it cannot go."""
    values = writing.values
    pipeline = values.pop("pipeline_id", None)
    if writing.is_new and values.get("stage_id") is None:
        values["stage_id"] = _first_stage(writing, pipeline)
    spelling.price(writing, "value", "recurring_amount")
    if "probability" in values:
        values["probability_fixed"] = values["probability"] is not None
    after = _stage(writing, writing.after("stage_id"))
    before = None if writing.before is None else after
    if writing.before is not None and writing.before["stage_id"] != after.id:
        before = _stage(writing, writing.before["stage_id"])
    if pipeline not in (None, after.pipeline_id):
        raise BadValue("pipeline_id", "is not that of the stage; a deal goes on within its own pipeline")
    _check(writing, before, after)
    if before is None or before.id != after.id:
        _move(writing, after)


def _check(writing: Writing, before: StageFacts | None, after: StageFacts) -> None:
    """What its stage asks of a deal; a reason for losing is kept of deals that are lost, and told of no others."""
    try:
        if before is None or writing.before is None or before.id != after.id:
            check_move(before, after, writing.record())
        else:
            check_stay(after, dict(writing.before), writing.record())
    except NotAMove as problem:
        raise BadValue(problem.field, problem.words) from None
    reason = writing.values.get("lost_reason")
    if reason is not None and after.kind != "lost":
        raise BadValue("lost_reason", "is told of a deal that is lost")


def _move(writing: Writing, after: StageFacts) -> None:
    if after.kind != "open":
        for name in ("probability", "probability_fixed"):
            writing.values.pop(name, None)
    if after.kind == "won":
        winning.complete(writing)


def _first_stage(writing: Writing, pipeline: UUID | None) -> UUID:
    found: UUID | None = writing.session.execute(
        _FIRST_STAGE, {"org": writing.org_id, "pipeline": pipeline}
    ).scalar_one_or_none()
    if found is None:
        raise BadValue("stage_id", "is needed: there is no pipeline with an open stage to begin in")
    return found


def _stage(writing: Writing, stage_id: UUID) -> StageFacts:
    row = writing.session.execute(_STAGE, {"org": writing.org_id, "stage": stage_id}).one_or_none()
    if row is None:
        raise BadValue("stage_id", "names no stage")
    return StageFacts(*row)
