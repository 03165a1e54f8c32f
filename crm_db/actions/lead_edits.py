"""What a change of a lead brings with it: one spelling, a time of closing, rest for its sequences, a new score, a decision."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text

from crm_db.actions import assignments, spelling
from crm_db.actions.writing import Writing
from crm_db.errors import BadValue, Taken
from crm_db.session import on_behalf_of_the_org

CLOSED = frozenset({"converted", "lost", "unqualified"})
SCORED_BY = ("value", "probability", "last_contact")
"""The facts that the base score looks at."""

_REACHED_BY = ("email", "phone")
_CLOCKS_DIFFER = timedelta(minutes=5)
_REASON = "the lead is closed"
_NAMESAKE = text(
    """
    select exists (select from crm_leads where org_id = :org and email = :email and id <> :lead and deleted_at is null)
    """
)
_STOP = text(
    """
    update crm_enrolments set state = 'stopped', reason = :reason
    where org_id = :org and lead_id = :lead and state = 'active'
    """
)
_GO_ON = text(
    """
    update crm_enrolments set state = 'active', reason = null
    where org_id = :org and lead_id = :lead and state = 'stopped' and reason = :reason
    """
)


def complete(writing: Writing) -> None:
    """Complete what is changed of a lead. Raises BadValue, Taken, crm_db.rules.normalise.Unusable."""
    _keep_refusals(writing)
    spelling.complete(writing)
    if writing.before is None:
        return
    _check_last_contact(writing)
    _check_email(writing, writing.before["id"])
    _check_reach(writing, writing.before)
    if _differs(writing, "status"):
        _close_or_open(writing, writing.before["id"])
    if writing.before["score"] is not None and any(_differs(writing, name) for name in SCORED_BY):
        writing.values["rescore_at"] = writing.now
    if _differs(writing, "owner_id"):
        assignments.remember_by_hand(
            writing.session,
            writing.org_id,
            writing.before["id"],
            writing.values["owner_id"],
            by=writing.identity.actor,
            now=writing.now,
        )


def _keep_refusals(writing: Writing) -> None:
    """A change speaks of the channels that it names; what somebody said of the others stays."""
    if writing.before is not None and not writing.whole and "consent" in writing.values:
        writing.values["consent"] = {**writing.before["consent"], **writing.values["consent"]}


def _check_last_contact(writing: Writing) -> None:
    told = writing.values.get("last_contact")
    if told is not None and told > writing.now + _CLOCKS_DIFFER:
        raise BadValue("last_contact", "lies in the future")


def _check_email(writing: Writing, lead_id: UUID) -> None:
    """A person is one lead: an address that another lead bears is not given to a second one, nor brought back with one."""
    email = writing.after("email")
    if email is None or not (_differs(writing, "email") or _differs(writing, "deleted_at")):
        return
    values = {"org": writing.org_id, "email": email, "lead": lead_id}
    with on_behalf_of_the_org(writing.session):
        is_taken = writing.session.execute(_NAMESAKE, values).scalar_one()
    if is_taken:
        raise Taken("lead", "email")


def _check_reach(writing: Writing, before: RowMapping) -> None:
    """A lead that can be reached stays so; one that came without an address and a number may go on without."""
    reached, left = (any(get(name) for name in _REACHED_BY) for get in (before.get, writing.after))
    if reached and not left:
        raise BadValue("email", "is needed where there is no telephone number")


def _close_or_open(writing: Writing, lead_id: UUID) -> None:
    """A closed lead has a time of closing, and its sequences rest; they go on where it is opened again.

    What they had planned already is judged once more when it is to leave, as all messages are.
    """
    closed = writing.values["status"] in CLOSED
    if closed or (writing.before is not None and writing.before["status"] in CLOSED):
        writing.values["closed_at"] = writing.now if closed else None
    values = {"org": writing.org_id, "lead": lead_id, "reason": _REASON}
    writing.session.execute(_STOP if closed else _GO_ON, values)


def _differs(writing: Writing, name: str) -> bool:
    return (
        writing.before is not None and name in writing.values and writing.values[name] != writing.before[name]
    )
