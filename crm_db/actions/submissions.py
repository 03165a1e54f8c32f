"""Working off the inbox: claim raw submissions, and make leads of those that can be understood, ready to be followed up."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from crm_db.actions import alerts, arrivals, events, newcomers
from crm_db.actions.newcomers import Prepared, total
from crm_db.queries import sources
from crm_db.rules.normalise import Unusable
from crm_db.rules.parsing import Unreadable
from crm_db.rules.understanding import FilledInByARobot, SourceRules, understand
from crm_db.session import rows_changed

MOST_CLAIMS = 5

_SET_ASIDE = text(
    """
    update crm_inbox set status = 'dead', outcome = 'dead', reason = 'poison: its worker died each time it was tried',
           settled_at = now(), lease_token = null, lease_until = null
    where status = 'pending' and claims >= :most and lease_until < now()
    returning org_id, source_id
    """
)
_CLAIM = text(
    """
    update crm_inbox set claims = claims + 1, lease_token = :token, lease_until = now() + :lease
    where status = 'pending' and id in (
        select id from crm_inbox
        where status = 'pending' and kind = 'lead' and (lease_until is null or lease_until < now())
          and (not_before is null or not_before <= now()) and (claims > 0) = :again
          and (cast(:since as timestamptz) is null or received_at >= :since)
          and (cast(:until as timestamptz) is null or received_at < :until)
        order by id limit :limit for update skip locked
    )
    """
)
_WAITING = text(
    """
    select count(*) from crm_inbox
    where status = 'pending' and kind = 'lead' and (lease_until is null or lease_until < now())
      and (not_before is null or not_before <= now())
      and (cast(:since as timestamptz) is null or received_at >= :since)
      and (cast(:until as timestamptz) is null or received_at < :until)
    """
)
_CLAIMED = text(
    """
    select org_id, id, source_id, content_type, body, fetched, fetches, automation, received_at from crm_inbox
    where lease_token = :token and status = 'pending' order by id for update
    """
)
_SETTLE = text(
    """
    update crm_inbox i set status = s.status, outcome = s.outcome, lead_id = s.lead_id, reason = s.reason,
           settled_at = now(), lease_token = null, lease_until = null
    from unnest(cast(:ids as uuid[]), cast(:statuses as text[]), cast(:outcomes as text[]),
                cast(:leads as uuid[]), cast(:reasons as text[])) as s(id, status, outcome, lead_id, reason)
    where i.id = s.id and i.lease_token = :token and i.status = 'pending'
    """
)
_REPLAY = text(
    """
    update crm_inbox set status = 'pending', outcome = null, reason = null, settled_at = null, claims = 0, fetches = 0,
           lease_token = null, lease_until = null, not_before = null
    where org_id = :org and status = 'dead' and (cast(:ids as uuid[]) is null or id = any (:ids))
      and (cast(:source as text) is null
           or source_id in (select s.id from crm_sources s where s.org_id = :org and s.name = :source))
    returning id, source_id
    """
)


@dataclass(frozen=True)
class Claim:
    """A batch under a lease; `count` submissions carry `token`."""

    token: UUID
    count: int


@dataclass(frozen=True)
class Verdict:
    """What became of one submission: a lead (new or merged), or a dead letter with its reason."""

    submission_id: UUID
    lead_id: UUID | None = None
    created: bool = False
    reason: str | None = None

    @property
    def outcome(self) -> str:
        """One word for tables: new, merged or dead."""
        if self.lead_id is None:
            return "dead"
        return "new" if self.created else "merged"

    @property
    def needs_a_person(self) -> bool:
        """Whether this is a dead letter that somebody should look at; a robot's is not."""
        return self.lead_id is None and not (self.reason or "").startswith(FilledInByARobot.code)


@dataclass(frozen=True)
class Fetch:
    """A submission that brought only an id: the sender must be asked for the lead before there is one.

    It stays pending under the lease of its claim until the answer is kept, or is put off with `not_before`. `fetches` is how many
    times the sender has been asked already.
    """

    org_id: UUID
    submission_id: UUID
    source_id: UUID
    fetch_id: str
    fetches: int


@dataclass(frozen=True)
class Captured:
    """What became of a claimed batch: a verdict for each submission that is settled, and those that must be fetched first.

    prepared: what automation did for the leads that are new.
    """

    verdicts: tuple[Verdict, ...]
    fetches: tuple[Fetch, ...]
    prepared: Prepared


def claim(
    session: Session,
    *,
    limit: int,
    lease: timedelta,
    since: datetime | None = None,
    until: datetime | None = None,
    again_first: bool = False,
) -> Claim:
    """Take the oldest waiting submissions under a lease; what died with its worker too often is set aside.

    What was claimed before without an outcome goes alone: if it is at fault, it takes no mates with it. It comes after all
    others, or before them where `again_first` says so, lest it wait for ever under load.
    """
    set_aside = session.execute(_SET_ASIDE, {"most": MOST_CLAIMS}).all()
    alerts.count_dead_letters(session, {(row.org_id, row.source_id) for row in set_aside})
    token = uuid4()
    values = {"token": token, "lease": lease, "since": since, "until": until}
    kinds = [{"again": False, "limit": limit}, {"again": True, "limit": 1}]
    for kind in reversed(kinds) if again_first else kinds:
        if taken := rows_changed(session.execute(_CLAIM, {**values, **kind})):
            return Claim(token, taken)
    return Claim(token, 0)


def count_waiting(session: Session, *, since: datetime | None = None, until: datetime | None = None) -> int:
    """How many submissions a run would look at now."""
    return int(session.execute(_WAITING, {"since": since, "until": until}).scalar_one())


def capture(session: Session, token: UUID, *, now: datetime) -> Captured:
    """Make leads of the submissions claimed under `token`; all or none, so a kill leaves them to the next claim.

    What must be fetched from its sender first keeps its lease and is returned apart; nothing of it is settled here.
    """
    rows = session.execute(_CLAIMED, {"token": token}).mappings().all()
    rules = sources.reading_rules(session, sorted({(row["org_id"], row["source_id"]) for row in rows}))
    verdicts: list[Verdict] = []
    fetches: list[Fetch] = []
    by_org: dict[UUID, list[arrivals.Arrival]] = defaultdict(list)
    for row in rows:
        match _read(row, rules[row["org_id"], row["source_id"]], now):
            case Verdict() as verdict:
                verdicts.append(verdict)
            case Fetch() as fetch:
                fetches.append(fetch)
            case arrivals.Arrival() as arrival:
                by_org[row["org_id"]].append(arrival)
    prepared: list[Prepared] = []
    for org_id in sorted(by_org):  # orgs in one order: their locks are
        verdicts += _keep(session, org_id, by_org[org_id], prepared, now)
    _settle(session, token, verdicts)
    dead = {verdict.submission_id for verdict in verdicts if verdict.needs_a_person}
    alerts.count_dead_letters(
        session, {(row["org_id"], row["source_id"]) for row in rows if row["id"] in dead}
    )
    return Captured(tuple(verdicts), tuple(fetches), total(prepared))


def replay(
    session: Session, org_id: UUID, ids: Sequence[UUID] | None = None, *, source: str | None = None
) -> list[UUID]:
    """Put dead letters back in line, all of the org's when `ids` is None, or of one source; returns which. Twice is harmless."""
    wanted = {"org": org_id, "ids": None if ids is None else list(ids), "source": source}
    back = session.execute(_REPLAY, wanted).all()
    alerts.count_dead_letters(session, {(org_id, row.source_id) for row in back})
    return [row.id for row in back]


def _read(row: RowMapping, rules: RowMapping, now: datetime) -> "Verdict | Fetch | arrivals.Arrival":
    """Understand one submission, or say why it cannot be; the reason never repeats what was sent."""
    fetched = None if row["fetched"] is None else bytes(row["fetched"])
    try:
        understood = understand(
            _rules_of(rules), row["content_type"], bytes(row["body"]), fetched=fetched, now=now
        )
    except (Unreadable, FilledInByARobot, Unusable) as problem:
        return Verdict(row["id"], reason=f"{problem.code}: {problem.words}")
    reading = understood.reading
    if understood.draft is None:
        return Fetch(row["org_id"], row["id"], row["source_id"], reading.fetch_id or "", row["fetches"])
    return arrivals.Arrival(
        draft=understood.draft,
        source=rules["name"],
        source_id=row["source_id"],
        team_id=rules["team_id"],
        automation=row["automation"] and not reading.is_test,
        at=row["received_at"],
        submission_id=row["id"],
    )


def _rules_of(row: RowMapping) -> SourceRules:
    return SourceRules(row["format"], row["mapping"] or {}, row["region"], row["honeypot"])


def _keep(
    session: Session,
    org_id: UUID,
    arrived: Sequence[arrivals.Arrival],
    prepared: list[Prepared],
    now: datetime,
) -> list[Verdict]:
    """Keep a batch; when the database refuses it, halve it until the one at fault stands alone."""
    done: list[Prepared] = []
    try:
        with session.begin_nested():
            kept = arrivals.keep(
                session,
                org_id,
                arrived,
                write=lambda leads: done.append(newcomers.write(session, org_id, leads, now=now)),
            )
    except (DataError, IntegrityError) as refusal:
        if len(arrived) == 1:
            reason = f"refused: the database cannot hold it ({type(refusal.orig).__name__})"
            return [Verdict(_submission(arrived[0]), reason=reason)]
        middle = len(arrived) // 2
        first = _keep(session, org_id, arrived[:middle], prepared, now)
        return first + _keep(session, org_id, arrived[middle:], prepared, now)
    prepared += done
    verdicts = [
        Verdict(_submission(arrival), lead_id=one.lead_id, created=one.created)
        for arrival, one in zip(arrived, kept, strict=True)
    ]
    events.record(session, org_id, "lead.created", "lead", _leads(verdicts, created=True))
    events.record(session, org_id, "lead.enriched", "lead", _leads(verdicts, created=False))
    return verdicts


def _submission(arrival: arrivals.Arrival) -> UUID:
    if arrival.submission_id is None:
        raise ValueError("an arrival of the inbox names its submission")
    return arrival.submission_id


def _leads(verdicts: Iterable[Verdict], *, created: bool) -> list[UUID]:
    return list(dict.fromkeys(v.lead_id for v in verdicts if v.lead_id is not None and v.created is created))


def _settle(session: Session, token: UUID, verdicts: Sequence[Verdict]) -> None:
    values: dict[str, Any] = {
        "token": token,
        "ids": [verdict.submission_id for verdict in verdicts],
        "statuses": ["dead" if verdict.lead_id is None else "done" for verdict in verdicts],
        "outcomes": [verdict.outcome for verdict in verdicts],
        "leads": [verdict.lead_id for verdict in verdicts],
        "reasons": [verdict.reason for verdict in verdicts],
    }
    session.execute(_SETTLE, values)
