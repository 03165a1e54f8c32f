"""Which lead a row belongs to: by its key first, then as submissions are matched."""

from datetime import timedelta
from uuid import UUID

from crm_db.rules.imports.deciding import Known, decide, learnt
from crm_db.rules.imports.rows import History, Identity, ReadRow
from crm_db.rules.matching import Candidate
from crm_db.rules.normalise import LeadDraft
from tests.crm_db.test_capture import NOW

OLD, OTHER = UUID(int=1), UUID(int=2)


def row(key: str, said: str = "a", **draft: object) -> ReadRow:
    return ReadRow(2, Identity(key, said.encode()), LeadDraft(**draft), History())  # type: ignore[arg-type]


def kinds(known: Known, *rows: ReadRow) -> list[tuple[str, UUID | None, int | None]]:
    return [(one.kind, one.lead_id, one.same_as) for one in decide(known, rows).decisions]


def candidate(lead_id: UUID, email: str | None = None, *keys: str) -> Candidate:
    return Candidate(lead_id, email, None, NOW, keys=keys)


def test_a_row_that_came_before_as_it_is_is_done_with():
    known = Known(said={"id:1": frozenset({b"a", b"b"})}, people=[candidate(OLD, None, "id:1")])
    decided = decide(known, [row("id:1", "a"), row("id:1", "b"), row("id:1", "c"), row("id:1", "c")])
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
    (kept,) = decide(known, [row("id:1", email="a@x.example")]).rows
    assert (kept.draft.email, kept.draft.remarks) == (None, ("email: another lead has it",))
    assert kept.draft.custom == {"email_as_sent": "a@x.example"}


def test_a_deleted_lead_stays_deleted():
    decided = decide(Known(gone=frozenset({"id:1"})), [row("id:1"), row("id:2")])
    assert [(number, fault.code) for number, fault in decided.refused] == [(2, "deleted_lead")]
    assert len(decided.decisions) == 1


def test_people_are_known_better_after_a_batch():
    known = Known(people=[candidate(OLD, None, "id:1")])
    decided = decide(known, [row("id:1", email="a@x.example"), row("id:2", phone="+4930123456")])
    first, second = learnt(known, decided, [OLD, OTHER], now=NOW + timedelta(1))
    assert (first.lead_id, first.email, first.keys) == (OLD, "a@x.example", ("id:1", "id:1"))
    assert (second.phone, second.created_at, second.keys) == ("+4930123456", NOW + timedelta(1), ("id:2",))
