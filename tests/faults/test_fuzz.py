"""A small size of the row of the API: every operation meets two requests made at random."""

from tests.faults.fuzz import throw


def test_the_api_answers_as_it_describes_itself_and_nobody_without_a_key(server):
    found = throw(server, cases=200, chance=7)
    assert (found.breaches, found.wanting, found.figures["cases"]) == ((), (), 200)
