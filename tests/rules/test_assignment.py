"""Who gets a lead, and why the others did not."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.assignment import Assignment, Rep, choose_owners

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NORTH, SOUTH = UUID(int=901), UUID(int=902)


def rep(
    n: int,
    load: int = 0,
    *,
    active: bool = True,
    capacity: int | None = None,
    days_ago: int | None = None,
    team: UUID | None = NORTH,
) -> Rep:
    last = None if days_ago is None else NOW - timedelta(days=days_ago)
    return Rep(UUID(int=n), f"Rep {n}", team, active, capacity, load, last)


@pytest.mark.parametrize(
    ("reps", "chosen", "reasons"),
    [
        ([], None, []),
        ([rep(1)], 1, ["chosen: fewest open leads (0), waited longest"]),
        ([rep(1, active=False)], None, ["is not active"]),
        ([rep(1, 5, capacity=5)], None, ["is full (5 of 5 open leads)"]),
        ([rep(1, 4, capacity=5)], 1, ["chosen: fewest open leads (4), waited longest"]),
        ([rep(1, capacity=0)], None, ["is full (0 of 0 open leads)"]),
        (
            [rep(1, 3), rep(2, 2)],
            2,
            ["has more open leads (3, the chosen one 2)", "chosen: fewest open leads (2), waited longest"],
        ),
        (
            [rep(1, days_ago=1), rep(2, days_ago=2)],
            2,
            [
                "has as many open leads (0), but got a lead more recently",
                "chosen: fewest open leads (0), waited longest",
            ],
        ),
        (
            [rep(1, days_ago=999), rep(2)],
            2,
            [
                "has as many open leads (0), but got a lead more recently",
                "chosen: fewest open leads (0), waited longest",
            ],
        ),
        (
            [rep(2), rep(1)],
            1,
            [
                "is equal in load (0) and waiting; the order of ids decided",
                "chosen: fewest open leads (0), waited longest",
            ],
        ),
    ],
)
def test_the_least_loaded_then_longest_waiting_rep_is_chosen_and_every_rep_gets_a_reason(
    reps: list[Rep], chosen: int | None, reasons: list[str]
) -> None:
    assignment = choose_owner(reps)
    assert assignment.user_id == (None if chosen is None else UUID(int=chosen))
    assert assignment.team_id == (None if chosen is None else NORTH)
    assert [verdict.reason for verdict in assignment.verdicts] == reasons
    assert [verdict.user_id for verdict in assignment.verdicts] == [each.user_id for each in reps]
    assert [verdict.open_leads for verdict in assignment.verdicts] == [each.open_leads for each in reps]


def choose_owner(reps: list[Rep], team: UUID | None = None) -> Assignment:
    return choose_owners(reps, [team])[0]


def test_a_leads_team_keeps_other_teams_out() -> None:
    assignment = choose_owner([rep(1, 0, team=SOUTH), rep(2, 9)], NORTH)
    assert (assignment.user_id, assignment.team_id) == (UUID(int=2), NORTH)
    assert assignment.verdicts[0].reason == "is in another team"


def test_a_lead_without_an_able_rep_stays_with_its_team() -> None:
    assignment = choose_owner([rep(1, active=False)], NORTH)
    assert (assignment.user_id, assignment.team_id) == (None, NORTH)


def test_leads_of_two_teams_share_the_load_of_a_rep_in_both() -> None:
    reps = [rep(1, 0), rep(1, 0, team=SOUTH), rep(2, 1), rep(3, 1, team=SOUTH)]
    chosen = [assignment.user_id for assignment in choose_owners(reps, [NORTH, SOUTH, SOUTH, NORTH])]
    assert [user_id and user_id.int for user_id in chosen] == [1, 3, 1, 2]


def test_a_rep_in_two_teams_has_one_load() -> None:
    both = [rep(1, 0), rep(1, 0, team=SOUTH), rep(2, 0)]
    chosen = [assignment.user_id for assignment in choose_owners(both, [None] * 4)]
    assert Counter(chosen) == {UUID(int=1): 2, UUID(int=2): 2}


def test_leads_in_a_row_fill_the_gaps_and_then_go_round() -> None:
    assignments = choose_owners([rep(1, 2), rep(2, 0, capacity=3), rep(3, 1, active=False)], [None] * 6)
    assert [each.user_id and each.user_id.int for each in assignments] == [2, 2, 1, 2, 1, 1]
    assert assignments[5].verdicts[1].reason == "is full (3 of 3 open leads)"


REPS = st.lists(
    st.builds(
        rep,
        st.integers(1, 5),
        st.integers(0, 4),
        active=st.booleans(),
        capacity=st.none() | st.integers(0, 5),
        days_ago=st.none() | st.integers(0, 3),
    ),
    unique_by=lambda each: each.user_id,
)


@given(REPS, st.integers(0, 12))
def test_choosing_in_a_row_is_choosing_one_by_one(reps: list[Rep], n: int) -> None:
    together = choose_owners(reps, [None] * n)
    current = list(reps)
    for step, assignment in enumerate(together):
        assert choose_owner(current) == assignment
        current = [
            replace(each, open_leads=each.open_leads + 1, last_assigned_at=NOW + timedelta(seconds=step + 1))
            if each.user_id == assignment.user_id
            else each
            for each in current
        ]


@given(REPS)
def test_the_order_of_the_candidates_does_not_matter(reps: list[Rep]) -> None:
    assert choose_owner(reps).user_id == choose_owner(reps[::-1]).user_id
