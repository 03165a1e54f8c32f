"""What a run posts: people once, twice, in arrays and racing, beside what must be refused or set aside."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deployments.demo.cast import HONEYPOT, Channels, Run
from deployments.demo.formats import NAMES, meta_lead
from deployments.demo.payloads import FORM_STYLES, JSON_STYLES, as_json, payload
from deployments.demo.people import Person
from deployments.demo.posts import (
    Post,
    form,
    form_to,
    in_format,
    json_single,
    of_meta,
    refused,
    signed,
    with_key,
)

REGIONS = {"website": "GB", "partner": "US", "form": "DE"}
ARRAY_SIZES = (3, 12)

Group = tuple[Post, ...]
"""Posts that go out at the same time, from several threads."""


@dataclass(frozen=True)
class Plan:
    """The posts of a run in their order, and what must come of them, counted in submissions.

    refused: posts without a valid proof. repeated: known by their key, so answered with an earlier event.
    merged: further submissions of a person. hopeless: nothing can be made of them. people: each becomes one
    lead. meta_leads: what Graph must know before the posts, because some name a lead there.
    """

    groups: tuple[Group, ...]
    people: int
    meta_leads: tuple[dict[str, Any], ...]
    merged: int
    repeated: int
    hopeless: int
    refused: int

    @property
    def submissions(self) -> int:
        """All that is posted."""
        return sum(post.count for group in self.groups for post in group)


def make_plan(run: Run, cast: Sequence[Person], *, with_graph: bool = False) -> Plan:
    """The same posts for the same run and people. with_graph: Meta posts ids of leads, to be fetched."""
    chance = random.Random(f"posts of run {run.number}")  # noqa: S311  # Repeatable on purpose.
    writer = _Writer(run, chance)
    in_arrays, alone = cast[: len(cast) // 5], cast[len(cast) // 5 :]
    groups = [*writer.arrays(in_arrays)]
    again = [person for person in alone if person.email and person.phone]
    merged = [*again[: _share(cast, 12)]]
    kept = {person.number for person in merged}
    rest = [person for person in alone if person.number not in kept]
    repeated = rest[: _share(cast, 12)]
    groups += [writer.same_person(person, index) for index, person in enumerate(merged)]
    groups += [writer.same_submission(person, index) for index, person in enumerate(repeated)]
    once = rest[len(repeated) :]
    in_formats = once[: max(len(NAMES), len(cast) // 6)]
    meta = [person for index, person in enumerate(in_formats) if NAMES[index % len(NAMES)] == "meta"]
    groups += [
        (writer.in_format(person, NAMES[index % len(NAMES)], with_graph),)
        for index, person in enumerate(in_formats)
    ]
    groups += [(writer.single(person),) for person in once[len(in_formats) :]]
    hopeless = [(post,) for post in writer.hopeless(_share(cast, 25))]
    unproven = [(post,) for post in writer.unproven(_share(cast, 30), cast)]
    everything = [*groups, *hopeless, *unproven]
    chance.shuffle(everything)
    leads = tuple(meta_lead(person, _leadgen_id(run, person)) for person in meta) if with_graph else ()
    return Plan(tuple(everything), len(cast), leads, len(merged), len(repeated), len(hopeless), len(unproven))


def _leadgen_id(run: Run, person: Person) -> int:
    """Meta's number of a lead."""
    return run.number * 1_000_000 + person.number


def _share(cast: Sequence[Person], one_in: int) -> int:
    """About one in so many, three at least: one of each kind."""
    return max(3, len(cast) // one_in)


class _Writer:
    """Writes the posts of one run, in ways drawn from `chance`."""

    def __init__(self, run: Run, chance: random.Random) -> None:
        self._run = run
        self._channels: Channels = run.channels
        self._chance = chance

    def single(self, person: Person) -> Post:
        """One person by one of the three sources."""
        where = self._chance.choices(("website", "partner", "form"), weights=(40, 25, 35))[0]
        return self._post(where, self._values(person, where))

    def in_format(self, person: Person, name: str, with_graph: bool) -> Post:
        """One person as a maker of forms or ads posts them."""
        source = self._channels.senders[name]
        if name == "meta":
            return of_meta(source, person, _leadgen_id(self._run, person), by_webhook=with_graph)
        return in_format(source, name, person)

    def arrays(self, cast: Sequence[Person]) -> Iterator[Group]:
        """Everybody in arrays of several people, by the key or signed."""
        left = list(cast)
        while left:
            size = self._chance.randint(*ARRAY_SIZES)
            batch, left = left[:size], left[size:]
            where = self._chance.choice(("website", "partner"))
            body = as_json([self._values(person, where) for person in batch])
            if where == "partner":
                yield (signed(self._channels.partner, body, count=len(batch)),)
            else:
                yield (with_key(self._channels.website, body, count=len(batch)),)

    def same_person(self, person: Person, index: int) -> Group:
        """Two submissions of one person at once: e-mail in another case, or phone in another spelling."""
        assert person.email is not None
        if index % 2 == 0:
            other = replace(person, email=person.email.upper(), phone=None, wish="Once more, from my phone.")
        else:
            other = replace(person, email=None, wish=None)
        return (self.single(person), self.single(other))

    def same_submission(self, person: Person, index: int) -> Group:
        """One submission twice at once: same Idempotency-Key, same own id of the sender, or same bytes."""
        where = self._chance.choice(("website", "partner"))
        values = self._values(person, where)
        if index % 3 == 0:
            keyed = self._post(where, values).with_header("Idempotency-Key", f"demo-{person.number}")
            return (keyed, keyed)
        if index % 3 == 1:
            own = {**values, "submission_id": f"S-{person.number:06}"}
            return (self._post(where, own), self._post(where, {**own, "attempt": 2}))
        same = self._post(where, values)
        return (same, same)

    def hopeless(self, count: int) -> Iterator[Post]:
        """Posts of a proven sender that no lead can be made of: no contact, broken JSON, a robot's form."""
        for number in range(count):
            if number % 3 == 0:
                yield self._post("partner", {"first_name": "Nobody", "notes": f"Guess who, number {number}"})
            elif number % 3 == 1:
                broken = f'{{"first_name": "Half", "notes": "broken off {number}", "email": '.encode()
                yield with_key(self._channels.website, broken)
            else:
                robot = {"name": "Best Offers", "email": f"robot{number}@spam.example", HONEYPOT: "buy"}
                yield self._post("form", robot)

    def unproven(self, count: int, cast: Sequence[Person]) -> Iterator[Post]:
        """Posts to be refused: a signature by the wrong secret, an unknown token, a key nobody was given."""
        for number in range(count):
            values = self._values(self._chance.choice(cast), "partner")
            match number % 3:
                case 0:
                    yield refused(signed(self._channels.partner, as_json(values), secret="guessed"))  # noqa: S106
                case 1:
                    yield refused(form_to(f"{self._chance.getrandbits(128):032x}", {"email": "a@b.example"}))
                case _:
                    yield refused(
                        with_key(self._channels.website, as_json(values), key="crm_live_0000_" + "0" * 48)
                    )

    def _values(self, person: Person, where: str) -> dict[str, Any]:
        style = self._chance.choice(FORM_STYLES if where == "form" else JSON_STYLES)
        return payload(person, style=style, region=REGIONS[where], way=self._chance.randrange(100))

    def _post(self, where: str, values: dict[str, Any]) -> Post:
        if where == "form":
            return form(self._channels.form, values, self._chance)
        source = self._channels.partner if where == "partner" else self._channels.website
        return json_single(source, values, sign=where == "partner")
