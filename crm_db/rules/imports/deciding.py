"""Deciding a batch of rows: which lead each belongs to, which were here before as they are, and which cannot be kept.

A row of the same key is the same record, whatever else it says; else the rules for submissions hold (rules/matching.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from crm_db.rules.imports.rows import Identity, ReadRow
from crm_db.rules.imports.table import Fault
from crm_db.rules.matching import Candidate, Decision, Traits, learn, match_batch
from crm_db.rules.normalise import AS_SENT, LeadDraft

DELETED = Fault("deleted_lead", "its lead was deleted here; it is not brought back by an import")


@dataclass(frozen=True)
class Known:
    """What is known before a batch is decided.

    said: of each key the digests of what was imported under it. people: leads that share a key, an e-mail or a phone with the
    batch. gone: keys whose lead was deleted.
    """

    said: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    people: Sequence[Candidate] = ()
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decided:
    """What to do with a batch, row by row; `repeated` and `refused` rows are done with."""

    rows: tuple[ReadRow, ...]
    decisions: tuple[Decision, ...]
    repeated: int
    refused: tuple[tuple[int, Fault], ...]


def is_repeated(known: Known, identity: Identity) -> bool:
    """Whether this very row was imported before, read in the same way."""
    return identity.digest in known.said.get(identity.key, ())


def decide(known: Known, rows: Sequence[ReadRow], *, now: datetime) -> Decided:
    """Decide a batch as if its rows came one after the other."""
    said = {key: set(digests) for key, digests in known.said.items()}
    kept: list[ReadRow] = []
    refused: list[tuple[int, Fault]] = []
    for row in rows:
        seen = said.setdefault(row.identity.key, set())
        if row.identity.digest in seen:
            continue
        if row.identity.key in known.gone:
            refused.append((row.number, DELETED))
            continue
        seen.add(row.identity.digest)
        kept.append(row)
    decisions = match_batch(
        known.people,
        [row.draft for row in kept],
        [row.identity.key for row in kept],
        [row.history.created_at or now for row in kept],
    )
    return Decided(
        tuple(
            replace(row, draft=_less_email(row.draft)) if decision.email_taken else row
            for row, decision in zip(kept, decisions, strict=True)
        ),
        tuple(decisions),
        repeated=len(rows) - len(kept) - len(refused),
        refused=tuple(refused),
    )


def learnt(known: Known, decided: Decided, lead_ids: Sequence[UUID], *, now: datetime) -> list[Candidate]:
    """The people of a batch as they are known after it: with all keys, and what was empty filled."""
    people = {person.lead_id: person for person in known.people}
    touched = {}
    for row, lead_id in zip(decided.rows, lead_ids, strict=True):
        new = Candidate(lead_id, None, None, row.history.created_at or now)
        person = people.get(lead_id, new)
        traits = learn(Traits(person.first_name, person.last_name, person.email, person.phone), row.draft)
        people[lead_id] = touched[lead_id] = replace(
            person, **vars(traits), keys=(*person.keys, row.identity.key)
        )
    return list(touched.values())


def _less_email(draft: LeadDraft) -> LeadDraft:
    """The draft without its e-mail, which is kept and told: two leads of one address are none."""
    return replace(
        draft,
        email=None,
        custom={**draft.custom, f"email{AS_SENT}": draft.email},
        remarks=(*draft.remarks, "email: another lead has it"),
    )
