"""What is written of people and companies by hand, brought to the one spelling that everything else relies on."""

from crm_db.actions.writing import Writing
from crm_db.queries import settings
from crm_db.rules import editing, normalise


def complete(writing: Writing) -> None:
    """Spell what is given as capture does; raises crm_db.rules.normalise.Unusable, naming the field."""
    columns = writing.kind.columns
    given = {
        name: writing.values[name] for name in editing.SPELT if name in writing.values and name in columns
    }
    changed = {name: value for name, value in given.items() if _is_new(writing, name)}
    if not changed:
        return
    region = settings.country_of(writing.session, writing.org_id)
    country = None if "country" in changed else writing.after("country")
    spelt = editing.spelling(changed, region=region, country=country, now=writing.now)
    writing.values.update(spelt.values)
    if spelt.extension:
        custom = writing.after("custom") or {}
        writing.values["custom"] = {**custom, "phone_extension": spelt.extension}


def phone_number(writing: Writing, given: str) -> str:
    """A telephone number as every other is spelt; without a prefix it is one of the org's country. Raises Unreadable."""
    return normalise.phone_number(given, settings.country_of(writing.session, writing.org_id))


def price(writing: Writing, *amounts: str) -> None:
    """An amount without a currency is in the org's."""
    given = any(writing.after(amount) is not None for amount in amounts)
    if given and writing.after("currency") is None:
        writing.values["currency"] = settings.currency_of(writing.session, writing.org_id)


def _is_new(writing: Writing, name: str) -> bool:
    """Whether a field is given another value: what stands there was spelt when it came, or is as another system had it."""
    return writing.before is None or writing.values[name] != writing.before[name]
