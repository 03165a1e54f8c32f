"""What is written of people and companies by hand, brought to the one spelling that everything else relies on."""

from sqlalchemy import text

from crm_db.actions.writing import Writing
from crm_db.rules import editing

_ORG = text("select country, currency from crm_orgs where id = :org")


def complete(writing: Writing) -> None:
    """Spell what is given as capture does; raises crm_db.rules.normalise.Unusable, naming the field."""
    columns = writing.kind.columns
    given = {
        name: writing.values[name] for name in editing.SPELT if name in writing.values and name in columns
    }
    changed = {name: value for name, value in given.items() if _is_new(writing, name)}
    if not changed:
        return
    region = writing.session.execute(_ORG, {"org": writing.org_id}).one().country
    country = None if "country" in changed else writing.after("country")
    spelt = editing.spelling(changed, region=region, country=country, now=writing.now)
    writing.values.update(spelt.values)
    if spelt.extension:
        custom = writing.after("custom") or {}
        writing.values["custom"] = {**custom, "phone_extension": spelt.extension}


def price(writing: Writing, *amounts: str) -> None:
    """An amount without a currency is in the org's."""
    given = any(writing.after(amount) is not None for amount in amounts)
    if given and writing.after("currency") is None:
        org = writing.session.execute(_ORG, {"org": writing.org_id}).one()
        writing.values["currency"] = org.currency


def _is_new(writing: Writing, name: str) -> bool:
    """Whether a field is given another value: what stands there was spelt when it came, or is as another system had it."""
    return writing.before is None or writing.values[name] != writing.before[name]
