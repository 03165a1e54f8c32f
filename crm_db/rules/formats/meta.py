"""Meta Lead Ads: a webhook that brings ids only, and the lead as Graph gives it, fetched or posted.

A webhook may tell of several leads at once: `changes` takes it apart into one webhook for each.
"""

import re
from collections.abc import Iterator, Mapping

from crm_db.rules.formats.shape import Answers, Reading, id_of, is_yes, mappings, members, readable, text_of

_LEAD_ID = re.compile(r"[0-9]{1,40}", re.ASCII)
_DUMMY = "<test lead: dummy data"
_ABOUT = (
    "form_id",
    "form_name",
    "ad_id",
    "ad_name",
    "adset_id",
    "adset_name",
    "campaign_id",
    "campaign_name",
    "platform",
)


def fits(payload: Mapping[str, object]) -> bool:
    """Whether this is a webhook of a page, or a lead as Graph gives it."""
    return is_webhook(payload) or isinstance(payload.get("field_data"), list)


def is_webhook(payload: Mapping[str, object]) -> bool:
    """Whether this brings ids only."""
    return payload.get("object") == "page" and isinstance(payload.get("entry"), list)


def changes(payload: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """One webhook for each lead that this one tells of; changes of other kinds are left out."""
    for entry in mappings(payload.get("entry")):
        for change in mappings(entry.get("changes")):
            if change.get("field") == "leadgen":
                yield {**payload, "entry": [{**entry, "changes": [change]}]}


def read(payload: Mapping[str, object]) -> Reading:
    """The lead; of a webhook the first lead's id, by which it is fetched."""
    return _webhook(payload) if is_webhook(payload) else _lead(payload)


def _webhook(payload: Mapping[str, object]) -> Reading:
    first = next(changes(payload), {})
    entry = next(mappings(first.get("entry")), {})
    value = members(next(mappings(entry.get("changes")), {}).get("value"))
    lead_id = id_of(value.get("leadgen_id"))
    known = lead_id if lead_id and _LEAD_ID.fullmatch(lead_id) else None
    answers = Answers()
    for name in ("page_id", "form_id", "ad_id", "adgroup_id"):
        answers.add(name, value.get(name))
    answers.add_missing("external_id", known)
    return Reading("meta", answers.values, known, fetch_id=known)


def _lead(payload: Mapping[str, object]) -> Reading:
    """Questions go by their names in Graph; the dummy answers of Meta's testing tool are left out."""
    answers, is_test = Answers(), False
    for question in mappings(payload.get("field_data")):
        given = question.get("values")
        values = given if isinstance(given, list) else [given]
        real = [value for value in values if not text_of(value).startswith(_DUMMY)]
        is_test = is_test or len(real) < len(values)
        name = readable(text_of(question.get("name")))
        answers.add(name, real[0] if len(real) == 1 else real)
    for box in mappings(payload.get("custom_disclaimer_responses")):
        answers.add(readable(text_of(box.get("checkbox_key"))), is_yes(box.get("is_checked")))
    for name in _ABOUT:
        answers.add_missing(name, payload.get(name))
    answers.add_missing("external_id", payload.get("id"))
    return Reading("meta", answers.values, id_of(payload.get("id")), is_test=is_test)
