"""Counting a demo again without the product: by plain SQL and by reading the files."""

from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import psycopg

_OF_RUN = """
    with sources as (select org_id, id from crm_sources where name = any (%(names)s)),
         posted as (select i.* from crm_inbox i join sources s on s.org_id = i.org_id and s.id = i.source_id),
         made as (select l.* from crm_leads l join sources s on s.org_id = l.org_id and s.id = l.source_id),
         sent as (select m.*, l.email as lead_email, u.email as user_email
                  from crm_messages m join made l on l.org_id = m.org_id and l.id = m.lead_id
                  left join crm_users u on u.org_id = m.org_id and u.id = m.user_id)
"""
_NUMBERS = """
    select (select count(*) from posted) as events,
           (select count(*) from posted where status = 'done' and outcome = 'new') as new,
           (select count(*) from posted where status = 'done' and outcome = 'merged') as merged,
           (select count(*) from posted where status = 'dead' and reason is not null) as dead,
           (select count(distinct lead_id) from posted) as leads_of_events,
           (select count(*) from made) as leads,
           (select count(distinct coalesce(email, phone)) from made) as people,
           (select count(*) from made where score is not null and score_reasons <> '[]') as scored,
           (select count(*) from made where owner_id is not null and team_id is not null) as assigned,
           (select count(*) from crm_enrolments e where e.lead_id in (select id from made)) as enrolled,
           (select count(*) from sent where channel = 'email' and status = 'sent') as emails_sent,
           (select count(*) from crm_message_attempts a
            join sent m on m.org_id = a.org_id and m.id = a.message_id
            where m.channel = 'email' and a.outcome = 'sent') as attempts_that_sent
"""
_MESSAGES = "select channel, status, count(*) from sent group by channel, status"
_EMAILS = """
    select id::text, coalesce(user_email, lead_email) from sent where channel = 'email' and status = 'sent'
"""


@dataclass(frozen=True)
class Recount:
    """numbers: by name. messages: channel to state to number. emails: message id to where it went."""

    numbers: dict[str, int]
    messages: dict[str, dict[str, int]]
    emails: dict[str, str]


def recount(connection: psycopg.Connection, source_names: list[str]) -> Recount:
    """Everything that the sources of a run led to."""

    def ask(question: str) -> psycopg.Cursor[Any]:
        return connection.execute(_OF_RUN + question, {"names": source_names})

    numbers = ask(_NUMBERS)
    names = [column.name for column in numbers.description or ()]
    (row,) = numbers.fetchall()
    messages: dict[str, dict[str, int]] = {}
    for channel, status, count in ask(_MESSAGES):
        messages.setdefault(channel, {})[status] = count
    return Recount(dict(zip(names, row, strict=True)), messages, dict(ask(_EMAILS).fetchall()))


def files_in(outbox: Path) -> dict[str, EmailMessage]:
    """Message id, as the e-mail itself says, to the e-mail; fails where two files are of one message."""
    found: dict[str, EmailMessage] = {}
    for path in outbox.glob("*.eml"):
        email = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
        message_id = str(email["X-CRM-Message-Id"])
        assert message_id not in found, "two files of one message"
        found[message_id] = email
    return found
