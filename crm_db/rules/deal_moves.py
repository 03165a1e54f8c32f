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
    missing = [name for name in _asked(after) if not _is_told(deal, name)]
    if missing:
        raise _needed(after, missing[0])


def check_stay(stage: StageFacts, before: Mapping[str, Any], deal: Mapping[str, Any]) -> None:
    """Raise NotAMove where a deal loses what its stage asks for; what it came without it may go on without."""
    taken = [name for name in _asked(stage) if _is_told(before, name) and not _is_told(deal, name)]
    if taken:
        raise _needed(stage, taken[0])


def _asked(stage: StageFacts) -> list[str]:
    return [*(["lost_reason"] if stage.kind == "lost" else []), *stage.requires]


def _is_told(deal: Mapping[str, Any], name: str) -> bool:
    value = deal.get(name)
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [])


def _needed(stage: StageFacts, name: str) -> NotAMove:
    where = "where a deal is lost" if name == "lost_reason" else f"in the stage {stage.name}"
    return NotAMove(name, f"is needed {where}")
