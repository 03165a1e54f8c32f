"""One spelling for what people change by hand: as capture writes it, or a refusal that names the field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crm_db.rules.mapping import Fields
from crm_db.rules.normalise import MAX_NAME_CHARS, LeadDraft, Unusable, normalise_lead
from crm_db.rules.text import one_line

SPELT = ("first_name", "last_name", "email", "phone", "country", "currency", "timezone", "language")
"""The fields that have one spelling."""

_NAMES = ("first_name", "last_name")


@dataclass(frozen=True)
class Spelling:
    """The given fields as they are kept; `extension`: what a telephone number had behind it, which has no field of its own."""

    values: Mapping[str, str | None]
    extension: str | None = None


def spelling(
    given: Mapping[str, str | None], *, region: str | None, country: str | None, now: datetime
) -> Spelling:
    """How the fields of SPELT among `given` are kept; what is blank is empty.

    region, country (ISO 3166): where a telephone number without its country is read. Raises Unusable, naming the field.
    """
    known: dict[str, object] = {}
    for name in SPELT:
        if text := (given.get(name) or "").strip():
            known[name] = text
    draft = _read({"country": country, **known} if country else known, region, now)
    for remark in draft.remarks:
        field, _, words = remark.partition(": ")
        if field in known:
            raise Unusable("unusable_field", field, words)
    for name in _NAMES:  # capture cuts a name that is too long; who writes it here is there to be asked
        if len(one_line(str(known.get(name, "")), MAX_NAME_CHARS + 1)) > MAX_NAME_CHARS:
            raise Unusable("unusable_field", name, "too long")
    kept = {name: getattr(draft, name) if name in known else None for name in SPELT if name in given}
    extension = draft.custom.get("phone_extension")
    return Spelling(kept, str(extension) if extension else None)


def _read(known: Mapping[str, object], region: str | None, now: datetime) -> LeadDraft:
    if not known:
        return LeadDraft()
    return normalise_lead(Fields(known, {}), region=region, now=now, reachable=False)
