"""The story of a run: what was posted, what became of it, and whether the sums hold."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from crm_db.queries import story
from crm_db.queries.story import Example, FirstAnswers, Tally
from deployments.demo.carried import Carried
from deployments.demo.cast import Run
from deployments.demo.plan import Plan
from deployments.demo.sender import Answers


@dataclass(frozen=True)
class Check:
    """One sum: two ways to one number."""

    says: str
    left: int
    right: int

    @property
    def holds(self) -> bool:
        """Whether both ways lead to the same number."""
        return self.left == self.right


@dataclass(frozen=True)
class Found:
    """What the database says about the run,, and how many of its e-mails are files in the outbox."""

    tally: Tally
    messages: Mapping[str, Mapping[str, int]]
    dead: Mapping[str, int]
    first_answers: FirstAnswers
    examples: tuple[Example, ...]
    eml_files: int


@dataclass(frozen=True)
class Story:
    """Everything that is told. posting and settling are in seconds; flow_runs: name to runs meanwhile.

    texts: text messages that somebody wrote to leads. carried: with the provider fakes, what they accepted.
    """

    run: Run
    plan: Plan
    answers: Answers
    found: Found
    flow_runs: Mapping[str, int]
    posting: float
    settling: float
    texts: int = 0
    carried: Carried | None = None

    @property
    def repeated(self) -> int:
        """Accepted submissions that were answered with the event of an earlier one."""
        return self.answers.accepted - self.answers.events

    @property
    def checks(self) -> list[Check]:
        """The sums: first over what the senders saw, then what the database says, then the disk."""
        plan, answers, tally = self.plan, self.answers, self.found.tally
        return [
            Check("posted = accepted + refused", plan.submissions, answers.accepted + answers.refused),
            Check("refused = posted without a valid proof", answers.refused, plan.refused),
            Check("posts answered as they deserve = posts", self._as_intended, len(answers.every)),
            Check(
                "accepted = new + merged + dead + repeated",
                answers.accepted,
                tally.new + tally.merged + tally.dead + self.repeated,
            ),
            Check("events answered = events kept", answers.events, tally.events),
            Check("new = people, each one lead", tally.new, plan.people),
            Check("new = leads there are", tally.new, tally.leads),
            Check("merged = further submissions of the same person", tally.merged, plan.merged),
            Check("dead = hopeless submissions", tally.dead, plan.hopeless),
            Check("scored = leads", tally.scored, tally.leads),
            Check("assigned + nobody free = leads", tally.assigned + tally.nobody_free, tally.leads),
            Check("enrolled = leads", tally.enrolled, tally.leads),
            Check("still waiting = 0", tally.pending + tally.unsettled, 0),
            Check("messages failed or in doubt = 0", self._messages("failed") + self._messages("unknown"), 0),
            Check(".eml files = e-mails sent by this machine", self.found.eml_files, tally.emails_local),
            Check("texts written = texts in the ledger", self.texts, self._texts),
            *self._checks_of_fakes(),
        ]

    def _checks_of_fakes(self) -> Iterator[Check]:
        """Nothing twice, nothing lost, and every doubt settled by asking."""
        if self.carried is None:
            return
        carried = self.carried
        yield Check("accepted by the fakes = messages, none twice", carried.accepted, carried.messages)
        yield Check("accepted by the fakes = sent in the ledger, none lost", carried.accepted, carried.sent)
        yield Check(
            "accepted but the answer lost = found again by lookup", carried.lost_answers, carried.found_again
        )
        yield Check("messages still in doubt = 0", carried.in_doubt, 0)

    @property
    def reconciles(self) -> bool:
        """Whether every sum holds."""
        return all(check.holds for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """The shape of `crm demo --json`."""
        tally, latency = self.found.tally, self.found.first_answers
        return {
            "run": self.run.number,
            "sources": self.run.channels.names,
            "posted": self.plan.submissions,
            "refused": self.answers.refused,
            "accepted": self.answers.accepted,
            "repeated": self.repeated,
            "events": self.answers.events,
            **{name: getattr(tally, name) for name in ("new", "merged", "dead", "scored", "assigned")},
            **{name: getattr(tally, name) for name in ("nobody_free", "enrolled")},
            "dead_reasons": dict(self.found.dead),
            "messages": {channel: dict(states) for channel, states in self.found.messages.items()},
            "emails_sent": tally.emails_sent,
            "eml_files": self.found.eml_files,
            "latency_seconds": {name: _rounded(value) for name, value in asdict(latency).items()},
            "flow_runs": dict(self.flow_runs),
            "seconds": {"posting": _rounded(self.posting), "settling": _rounded(self.settling)},
            "tried_again": self.answers.tried_again,
            "examples": [asdict(example) for example in self.found.examples],
            "checks": [{**asdict(check), "holds": check.holds} for check in self.checks],
            "reconciles": self.reconciles,
            "texts": self.texts,
            "fakes": asdict(self.carried) if self.carried else None,
        }

    @property
    def _as_intended(self) -> int:
        return sum(answer.as_intended for answer in self.answers.every)

    @property
    def _texts(self) -> int:
        return sum(self.found.messages.get("sms", {}).values())

    def _messages(self, status: str) -> int:
        return sum(states.get(status, 0) for states in self.found.messages.values())


def look(session: Session, run: Run, outbox: Path) -> Found:
    """Read what became of the run; `outbox` is the folder where e-mails end that leave by no mail server."""
    sources = run.channels.ids
    return Found(
        tally=story.tally(session, run.org_id, sources),
        messages=story.messages_by_state(session, run.org_id, sources),
        dead=story.dead_by_reason(session, run.org_id, sources),
        first_answers=story.first_answers(session, run.org_id, sources),
        examples=tuple(story.examples(session, run.org_id, sources)),
        eml_files=_count_files(session, run, outbox),
    )


def _count_files(session: Session, run: Run, outbox: Path) -> int:
    """The files of this run's e-mails: a file is named after its message."""
    ours = {str(message) for message in story.email_ids(session, run.org_id, run.channels.ids)}
    return sum(path.stem in ours for path in outbox.glob("*.eml"))


def _rounded(value: float | None) -> float | None:
    return round(value, 3) if isinstance(value, float) else value
