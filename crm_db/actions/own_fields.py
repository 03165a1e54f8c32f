"""Fields of an org's own on a record that is written: null takes one away, and what is declared must fit."""

from sqlalchemy import select

from crm_db.actions.writing import Writing
from crm_db.errors import BadValue
from crm_db.models import CustomField
from crm_db.rules.custom_values import Declared, Misfit, check


def complete(writing: Writing) -> None:
    """Lay what is given over what is there, and hold it against what the org declared; raises BadValue."""
    if "custom" not in writing.kind.columns or not (writing.is_new or "custom" in writing.values):
        return
    given = writing.values.get("custom") or {}
    held = {} if writing.before is None or writing.whole else writing.before["custom"]
    values = {name: value for name, value in {**held, **given}.items() if value is not None}
    declared = writing.session.execute(
        select(CustomField.name, CustomField.type, CustomField.options, CustomField.required).where(
            CustomField.org_id == writing.org_id, CustomField.entity == writing.kind.name, CustomField.active
        )
    )
    try:
        check(values, [Declared(*row) for row in declared])
    except Misfit as misfit:
        raise BadValue(misfit.field, misfit.words) from None
    writing.values["custom"] = values
