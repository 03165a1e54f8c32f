"""Declaring fields of an org's own: what is declared must fit what records hold already."""

from contextlib import closing
from typing import Any

from sqlalchemy import Result, select

from crm_db.actions.writing import Writing
from crm_db.errors import BadValue
from crm_db.models import Activity, Base, Contact, Customer, Deal, Lead, Subscription, SupportTicket
from crm_db.rules.custom_values import Declared, Misfit, check
from crm_db.session import on_behalf_of_the_org

_TABLES: dict[str, type[Base]] = {
    "lead": Lead,
    "deal": Deal,
    "activity": Activity,
    "customer": Customer,
    "contact": Contact,
    "subscription": Subscription,
    "ticket": SupportTicket,
}
_CHOOSING = frozenset({"choice", "choices"})
_AT_ONCE = 1000


def complete(writing: Writing) -> None:
    """Hold a field that is to be declared against what it must be; raises BadValue."""
    writing.need("entity", "name", "type")
    _check_options(writing)
    if writing.before is None:
        return
    for name in ("entity", "name"):
        if writing.after(name) != writing.before[name]:
            raise BadValue(name, "stays as it is; declare another field instead")
    if any(writing.after(name) != writing.before[name] for name in ("type", "options")):
        _check_what_is_held(writing)


def _check_options(writing: Writing) -> None:
    options = writing.after("options") or []
    if writing.after("type") in _CHOOSING:
        if not options or len(set(options)) < len(options):
            raise BadValue("options", "is needed for a choice, each option once")
    elif options:
        raise BadValue("options", "belongs to the types choice and choices")


def _check_what_is_held(writing: Writing) -> None:
    """A type, or fewer options, for which no record holds a value that does not fit, one that was deleted neither."""
    declared = Declared(writing.after("name"), writing.after("type"), writing.after("options") or [])
    with on_behalf_of_the_org(writing.session), closing(_held(writing, declared.name)) as held:
        misfit = any(_misfits(declared, value) for value in held.scalars())
    if misfit:
        what = "options" if writing.after("type") == writing.before["type"] else "type"  # type: ignore[index]
        raise BadValue(what, "does not fit what records hold already; change those first")


def _held(writing: Writing, name: str) -> Result[Any]:
    """Each value that records of the org hold in a field, read as it is asked for."""
    table = Base.metadata.tables[_TABLES[writing.after("entity")].__tablename__].c
    question = select(table.custom[name]).where(table.org_id == writing.org_id, table.custom.has_key(name))
    return writing.session.execute(question.distinct(), execution_options={"yield_per": _AT_ONCE})


def _misfits(declared: Declared, value: Any) -> bool:
    try:
        check({declared.name: value}, [declared])
    except Misfit:
        return True
    return False
