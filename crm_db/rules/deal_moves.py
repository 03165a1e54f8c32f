"""Where a deal may go: what a stage asks of it, and what becomes of a deal that is won or lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class StageFacts:
    """What a move needs to know of a stage."""

    id: UUID
    pipeline_id: UUID
    name: str
    kind: str
    requires: Sequence[str] = ()


class NotAMove(ValueError):
    """A deal cannot go there as it is; names the field that stands in the way."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(f"{field}: {words}")
        self.field, self.words = field, words


def check_move(before: StageFacts | None, after: StageFacts, deal: Mapping[str, Any]) -> None:
    """Raise NotAMove where a deal with these fields may not come from one stage into another; before: None when it is new.

    A deal goes on within its pipeline. To a lost stage it brings the reason; to any stage what that requires.
    """
    if before is not None and before.pipeline_id != after.pipeline_id:
        raise NotAMove("stage_id", "is a stage of another pipeline; a deal goes on within its own")
    if after.kind == "lost" and not str(deal.get("lost_reason") or "").strip():
        raise NotAMove("lost_reason", "is needed where a deal is lost")
    missing = [name for name in after.requires if deal.get(name) in (None, "", [])]
    if missing:
        raise NotAMove(missing[0], f"is needed in the stage {after.name}")
