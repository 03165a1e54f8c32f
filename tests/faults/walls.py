"""The row of the walls: holes are made in them, one at a time, and the probes must see nearly all."""

from tests.faults.found import Found
from tests.faults.ground import Ground
from tests.walls.mutants import WANTED_SHARE, share_caught, tell, verdicts


def break_walls(ground: Ground) -> Found:
    """Every mutant; which ones survived."""
    found = []
    for verdict in verdicts(ground.server):
        tell(verdict)
        found.append(verdict)
    survived = tuple(verdict.mutant.words for verdict in found if verdict.probe is None)
    figures: dict[str, float] = {"mutants": len(found), "caught": len(found) - len(survived)}
    if share_caught(found) < WANTED_SHARE:
        return Found(figures, wanting=tuple(f"nobody saw: {words}" for words in survived))
    return Found(figures)
