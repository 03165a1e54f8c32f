"""Which lead a row belongs to: by its key first, then as submissions are matched."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crm_db.rules.imports.deciding import Known, decide, learnt
from crm_db.rules.imports.rows import History, Identity, ReadRow
from crm_db.rules.matching import Candidate, enrich
from crm_db.rules.normalise import LeadDraft
from tests.crm_db.test_capture import NOW

OLD, OTHER = UUID(int=1), UUID(int=2)


def row(key: str, said: str = "a", **draft: object) -> ReadRow:
    return ReadRow(2, Identity(key, said.encode()), LeadDraft(**draft), History())  # type: ignore[arg-type]


def kinds(known: Known, *rows: ReadRow) -> list[tuple[str, UUID | None, int | None]]:
    return [(one.kind, one.lead_id, one.same_as) for one in decide(known, rows, now=NOW).decisions]


def candidate(lead_id: UUID, email: str | None = None, *keys: str) -> Candidate:
    return Candidate(lead_id, email, None, NOW, keys=keys)


def test_a_row_that_came_before_as_it_is_is_done_with():
    known = Known(said={"id:1": frozenset({b"a", b"b"})}, people=[candidate(OLD, None, "id:1")])
    decided = decide(known, [row("id:1", "a"), row("id:1", "b"), row("id:1", "c"), row("id:1", "c")], now=NOW)
    assert (decided.repeated, len(decided.decisions)) == (3, 1)


def test_a_key_wins_over_an_email():
    known = Known(people=[candidate(OLD, "old@x.example", "id:1"), candidate(OTHER, "a@x.example")])
    assert kinds(known, row("id:1", email="a@x.example")) == [("enrich", OLD, None)]
    assert kinds(known, row("id:2", email="a@x.example")) == [("enrich", OTHER, None)]


def test_a_key_twice_in_a_batch_is_one_lead():
    assert kinds(Known(), row("id:1", "a", email="a@x.example"), row("id:1", "b", email="b@x.example")) == [
        ("create", None, None),
        ("enrich", None, 0),
    ]


def test_an_address_that_another_lead_has_is_told_and_not_taken():
    known = Known(people=[candidate(OLD, None, "id:1"), candidate(OTHER, "a@x.example")])
    (kept,) = decide(known, [row("id:1", email="a@x.example")], now=NOW).rows
    assert (kept.draft.email, kept.draft.remarks) == (None, ("email: another lead has it",))
    assert kept.draft.custom == {"email_as_sent": "a@x.example"}


def test_an_address_that_an_earlier_row_of_the_batch_brought_is_not_taken_either():
    rows = [row("id:1", "a"), row("", email="z@x.example"), row("id:1", "b", email="z@x.example")]
    assert [one.draft.email for one in decide(Known(), rows, now=NOW).rows] == [None, "z@x.example", None]
    filled = [row("id:1", email="z@x.example"), row("id:2", email="z@x.example")]
    known = Known(people=[candidate(OLD, None, "id:1"), candidate(OTHER, None, "id:2")])
    assert [one.draft.email for one in decide(known, filled, now=NOW).rows] == ["z@x.example", None]


class World:
    """Leads as a run writes them, by `enrich`, and what a rehearsal knows of them, by `learnt`."""

    def __init__(self) -> None:
        self.leads: dict[UUID, dict[str, Any]] = {}
        self.known = Known()

    def bring(self, batch: Sequence[ReadRow]) -> None:
        decided = decide(self.known, batch, now=NOW)
        ids: list[UUID] = []
        for one, decision in zip(decided.rows, decided.decisions, strict=True):
            new = UUID(int=len(self.leads) + 1)
            same = None if decision.same_as is None else ids[decision.same_as]
            ids.append(new if decision.kind == "create" else decision.lead_id or same or new)
            lead = self.leads.setdefault(ids[-1], {"created_at": one.history.created_at or NOW})
            lead.update(enrich(lead, one.draft))
        said = {key: set(digests) for key, digests in self.known.said.items()}
        for one in decided.rows:
            said.setdefault(one.identity.key, set()).add(one.identity.digest)
        people = {person.lead_id: person for person in self.known.people}
        people |= {person.lead_id: person for person in learnt(self.known, decided, ids, now=NOW)}
        self.known = Known({key: frozenset(digests) for key, digests in said.items()}, list(people.values()))


def after(batches: Iterable[Sequence[ReadRow]]) -> World:
    world = World()
    for batch in batches:
        world.bring(batch)
    return world


def traits(person: Mapping[str, Any]) -> list[Any]:
    return [person.get(name) for name in ("first_name", "last_name", "email", "phone", "created_at")]


FEW = st.sampled_from([None, "1", "2", "3"])
ROWS = st.lists(
    st.tuples(FEW, FEW, FEW, FEW, FEW, st.sampled_from([None, NOW - timedelta(1), NOW - timedelta(2)])),
    max_size=14,
)


@given(ROWS, st.sets(st.integers(0, 14)))
def test_however_rows_are_cut_into_batches_no_two_leads_have_one_address(drawn, cuts):
    rows = [
        ReadRow(
            number,
            Identity(f"id:{key}" if key else f"row:{number}", bytes([number])),
            LeadDraft(email=email, phone=phone, first_name=first, last_name=last),
            History(created_at=made_at),
        )
        for number, (key, email, phone, first, last, made_at) in enumerate(drawn)
    ]
    alone = after([one] for one in rows)
    together = after(rows[begin:end] for begin, end in pairwise([0, *sorted(cuts), len(rows)]))
    assert together.leads == alone.leads
    addresses = [lead["email"] for lead in together.leads.values() if "email" in lead]
    assert len(addresses) == len(set(addresses))
    assert {person.lead_id: traits(vars(person)) for person in together.known.people} == {
        lead_id: traits(lead) for lead_id, lead in together.leads.items()
    }


def test_a_deleted_lead_stays_deleted():
    decided = decide(Known(gone=frozenset({"id:1"})), [row("id:1"), row("id:2")], now=NOW)
    assert [(number, fault.code) for number, fault in decided.refused] == [(2, "deleted_lead")]
    assert len(decided.decisions) == 1


def test_people_are_known_better_after_a_batch():
    known = Known(people=[candidate(OLD, None, "id:1")])
    decided = decide(known, [row("id:1", email="a@x.example"), row("id:2", phone="+4930123456")], now=NOW)
    first, second = learnt(known, decided, [OLD, OTHER], now=NOW + timedelta(1))
    assert (first.lead_id, first.email, first.keys) == (OLD, "a@x.example", ("id:1", "id:1"))
    assert (second.phone, second.created_at, second.keys) == ("+4930123456", NOW + timedelta(1), ("id:2",))
