"""Deciding whether a submission is somebody we know, and what it may add to what we know of them.

A submission is the person whose e-mail it carries; failing that, the person whose phone it carries; the
oldest lead wins. A phone may be a company's switchboard: when both sides have an e-mail and a last name,
and both differ, they are two people. A batch is decided as if its submissions came one after the other.

What comes from another system's records may carry a key that says who it is; it wins over e-mail and phone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from crm_db.rules.mapping import MAX_CUSTOM
from crm_db.rules.normalise import MAX_TAGS, LeadDraft

_JUST_NOW = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Candidate:
    """An existing lead that may share an e-mail or a phone with the batch."""

    lead_id: UUID
    email: str | None
    phone: str | None
    created_at: datetime
    last_name: str | None = None
    keys: tuple[str, ...] = ()
    """By which its records in another system are known to be this lead's."""
    first_name: str | None = None


@dataclass(frozen=True)
class Traits:
    """By what a person is told from others."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Decision:
    """What to do with one submission: create a lead, or enrich `lead_id` or what `same_as` creates.

    `same_as` is an index into the batch and always that of a submission decided "create". `email_taken`: another lead has the
    e-mail, so this one, which is known by its key and has none, must not get it.
    """

    kind: Literal["create", "enrich"]
    lead_id: UUID | None
    same_as: int | None
    reason: str
    email_taken: bool = False


def match_batch(
    existing: Sequence[Candidate],
    incoming: Sequence[LeadDraft],
    keys: Sequence[str] = (),
    made_at: Sequence[datetime] = (),
) -> list[Decision]:
    """One decision for each submission, in order.

    keys: the key of each, where they have any. made_at: when the lead was made that it would be, if not now.
    """
    people = _People()
    for candidate in sorted(existing, key=lambda known: (known.created_at, known.lead_id)):
        person = _Person((candidate.created_at, len(people.all)), candidate.lead_id, None)
        person.traits = Traits(candidate.first_name, candidate.last_name, candidate.email, candidate.phone)
        people.add(person)
        people.by_key.update(dict.fromkeys(candidate.keys, person))
    return [
        _decide(people, draft, index, keys[index] if keys else "", made_at[index] if made_at else _JUST_NOW)
        for index, draft in enumerate(incoming)
    ]


def learn(traits: Traits, draft: LeadDraft) -> Traits:
    """What is known of a lead that a submission enriched, by the rule of `enrich`."""
    current = vars(traits)
    return replace(traits, **{name: getattr(draft, name) for name in current if _fills(current, draft, name)})


def enrich(current: Mapping[str, object], draft: LeadDraft) -> dict[str, object]:
    """The columns of an existing lead that a submission changes: gaps are filled, nothing overwritten.

    `current` maps column names to values. Values that belong together (first and last name, country and time
    zone, value and currency) are only filled when the submission agrees with the half that is there. Tags are
    added; of custom fields the existing win; a consent withdrawn is withdrawn, one given fills only a gap.
    """
    changes: dict[str, object] = {}
    for column in _FILLED:
        if _fills(current, draft, column):
            changes[column] = getattr(draft, column)
    merged = {
        "utm": dict(draft.utm) if _is_empty(current.get("utm")) else current.get("utm"),
        "consent": _consent(_members(current.get("consent")), draft.consent),
        "tags": _tags(current.get("tags"), draft.tags),
        "custom": _custom(_members(current.get("custom")), draft.custom),
    }
    changes.update(
        (column, value) for column, value in merged.items() if _differs(value, current.get(column))
    )
    return changes


_FILLED = (
    "external_id", "first_name", "last_name", "email", "phone", "company", "title", "value", "currency",
    "probability", "country", "timezone", "language",
)  # fmt: skip
_PARTNER = {
    "first_name": "last_name", "last_name": "first_name", "country": "timezone", "timezone": "country",
    "value": "currency", "currency": "value",
}  # fmt: skip


class _Person:
    """A lead as far as matching knows it: `rank` is its age, `lead_id` or `index` where it is or will be."""

    def __init__(self, rank: tuple[datetime, int], lead_id: UUID | None, index: int | None) -> None:
        self.rank = rank
        self.lead_id = lead_id
        self.index = index
        self.traits = Traits()

    def is_another_than(self, draft: LeadDraft) -> bool:
        """Whether somebody with the same phone is a different person: both e-mail and last name differ."""
        own = self.traits
        if not (own.email and draft.email and own.last_name and draft.last_name):
            return False
        return own.email != draft.email and own.last_name.casefold() != draft.last_name.casefold()


class _People:
    """Everybody known so far, by e-mail, by phone and by key."""

    def __init__(self) -> None:
        self.all: list[_Person] = []
        self.by_key: dict[str, _Person] = {}
        self.by_email: defaultdict[str, list[_Person]] = defaultdict(list)
        self.by_phone: defaultdict[str, list[_Person]] = defaultdict(list)

    def add(self, person: _Person) -> None:
        self.all.append(person)
        self.index(person)

    def index(self, person: _Person) -> None:
        """Make a person findable by what is known of them by now."""
        for key, found in ((person.traits.email, self.by_email), (person.traits.phone, self.by_phone)):
            if key and person not in found[key]:
                found[key].append(person)


def _decide(people: _People, draft: LeadDraft, index: int, key: str, made_at: datetime) -> Decision:
    person, reason = _find(people, draft, key)
    decision = Decision("create", None, None, reason)
    if person is None:
        person = _Person((made_at, len(people.all)), None, index)
        people.all.append(person)
    else:
        taken = not person.traits.email and bool(people.by_email.get(draft.email or ""))
        decision = Decision("enrich", person.lead_id, person.index, reason, email_taken=taken)
    person.traits = learn(person.traits, replace(draft, email=None) if decision.email_taken else draft)
    people.index(person)
    if key:
        people.by_key[key] = person
    return decision


def _find(people: _People, draft: LeadDraft, key: str) -> tuple[_Person | None, str]:
    """The person a submission is from, and why; nobody when it is from somebody new."""
    if key in people.by_key:
        return people.by_key[key], "same record of its sender"
    by_email = people.by_email.get(draft.email or "", [])
    if by_email:
        return _oldest(by_email), "same e-mail"
    by_phone = people.by_phone.get(draft.phone or "", [])
    same = [person for person in by_phone if not person.is_another_than(draft)]
    if same:
        return _oldest(same), "same phone"
    if by_phone:
        return None, "same phone, but another e-mail and another last name: a shared phone"
    return None, "nobody with this e-mail or phone"


def _oldest(people: list[_Person]) -> _Person:
    return min(people, key=lambda person: person.rank)


def _fills(current: Mapping[str, object], draft: LeadDraft, column: str) -> bool:
    """Whether a column is a gap that a submission fills."""
    return (
        getattr(draft, column) is not None
        and _is_empty(current.get(column))
        and _agrees(current, draft, _PARTNER.get(column))
    )


def _agrees(current: Mapping[str, object], draft: LeadDraft, partner: str | None) -> bool:
    """Whether the other half of a pair is not contradicted: empty on one side, or the same on both."""
    if partner is None:
        return True
    there, sent = current.get(partner), getattr(draft, partner)
    return _is_empty(there) or sent is None or there == sent


def _consent(current: Mapping[str, object], sent: Mapping[str, bool]) -> dict[str, object]:
    gaps = {channel: given for channel, given in sent.items() if not given or current.get(channel) is None}
    return {**current, **gaps}


def _tags(current: object, sent: tuple[str, ...]) -> list[object]:
    """The existing tags, all of them, and the new ones up to the limit."""
    existing: list[object] = list(current) if isinstance(current, (list, tuple)) else []
    new = [tag for tag in sent if tag not in existing]
    return existing + new[: max(0, MAX_TAGS - len(existing))]


def _custom(current: Mapping[str, object], sent: Mapping[str, object]) -> dict[str, object]:
    """The existing custom fields, all of them, and the new ones up to the limit."""
    new = [(name, value) for name, value in sent.items() if name not in current]
    return {**current, **dict(new[: max(0, MAX_CUSTOM - len(current))])}


def _members(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _is_empty(value: object) -> bool:
    return value is None or value in ("", {})


def _differs(value: object, current: object) -> bool:
    there = list(current) if isinstance(current, tuple) else current
    return bool(value) and value != there
