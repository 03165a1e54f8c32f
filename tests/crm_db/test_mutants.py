"""A hole in a wall is seen. Here a few of them; `make faults ROW=walls` makes them all."""

from tests.databases import Server
from tests.walls.mutants import MUTANTS, verdicts

SOME = (
    "leads are read by the whole org",
    "deals may be given to anybody in the org",
    "leads may be given to anybody",
    "contacts of others may be changed",
    "finding knows no owners",
)


def test_a_hole_in_a_wall_is_seen(server: Server) -> None:
    few = [mutant for mutant in MUTANTS if mutant.words in SOME]
    assert len(few) == len(SOME)
    assert [verdict.mutant.words for verdict in verdicts(server, few) if verdict.probe is None] == []
