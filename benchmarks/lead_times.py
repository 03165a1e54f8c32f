"""Where the time of a lead goes, from its post to its first message, read from the database and Prefect's runs.

The stages of one lead, all by clocks of one machine:
  answer    the sender begins to post -> it has its 202
  wait      the submission is kept -> Prefect has a run of lead-capture for it
  begin     that run is made -> it runs
  reach     it runs -> the transaction that makes this lead begins
  capture   that transaction begins -> the one that scores, assigns and enrols begins
  prepare   that transaction begins -> the run of message-delivery that sends its first message is made
  open      that run is made -> the attempt at this message begins (start of the run, and messages before it)
  send      the attempt begins -> it is recorded as sent
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import psycopg
from psycopg.rows import dict_row

from benchmarks.prefect_runs import Run

STAGES = ("answer", "wait", "begin", "reach", "capture", "prepare", "open", "send")
_MOMENTS = """
    select i.id::text as event, extract(epoch from i.received_at)::float8 as received,
           extract(epoch from i.settled_at)::float8 as captured, extract(epoch from m.created_at)::float8 as prepared,
           extract(epoch from a.started_at)::float8 as opened, extract(epoch from m.sent_at)::float8 as sent
    from crm_inbox i
    left join lateral (select * from crm_messages m where m.org_id = i.org_id and m.lead_id = i.lead_id
                       and m.recipient = 'lead' and m.channel = 'email' order by m.sent_at nulls last limit 1) m on true
    left join lateral (select * from crm_message_attempts a where a.org_id = m.org_id and a.message_id = m.id
                       order by a.number desc limit 1) a on true
    where i.id = any (%s::uuid[])
"""


@dataclass(frozen=True)
class LeadTime:
    """One lead: seconds from three beginnings to its first sent message, and the seconds of each stage."""

    from_due: float
    from_answer: float
    from_received: float
    stages: dict[str, float]


def moments_of(owner_url: str, events: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The moments of each event in seconds since 1970; None for what did not happen (yet)."""
    with psycopg.connect(owner_url, row_factory=dict_row) as connection:
        return {row["event"]: row for row in connection.execute(_MOMENTS, [list(events)])}


def lead_times(
    posts: Sequence[dict[str, Any]],
    moments: dict[str, dict[str, Any]],
    captures: Sequence[Run],
    deliveries: Sequence[Run],
) -> list[LeadTime]:
    """The times of every accepted post whose first message was sent."""
    found = []
    for post in posts:
        moment = moments.get(post["event"] or "")
        if moment is not None and moment["sent"] is not None:
            found.append(_lead_time(post, moment, captures, deliveries))
    return found


def _lead_time(
    post: dict[str, Any], moment: dict[str, Any], captures: Sequence[Run], deliveries: Sequence[Run]
) -> LeadTime:
    capture, delivery = _run_at(captures, moment["captured"]), _run_at(deliveries, moment["opened"])
    points = [
        post["sent"],
        post["answered"],
        max(post["answered"], capture.created),
        max(post["answered"], capture.started or capture.created),
        moment["captured"],
        moment["prepared"],
        max(moment["prepared"], delivery.created),
        moment["opened"],
        moment["sent"],
    ]
    seconds = [later - earlier for earlier, later in pairwise(points)]
    return LeadTime(
        from_due=moment["sent"] - post["due"],
        from_answer=moment["sent"] - post["answered"],
        from_received=moment["sent"] - moment["received"],
        stages=dict(zip(STAGES, seconds, strict=True)),
    )


def _run_at(runs: Sequence[Run], moment: float) -> Run:
    """The last run that was started by then: the runs of a lane follow one another."""
    starts = [run.started or run.created for run in runs]
    return runs[max(0, bisect_right(starts, moment) - 1)]
