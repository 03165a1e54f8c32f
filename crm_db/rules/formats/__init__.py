"""Senders' own formats: which one a payload has, and what it says in flat names and values.

`read` gives what `mapping.read_fields` takes; the paths of a source's mapping still lead into the payload as it was posted.
Nothing here raises, whatever was sent, except `split` for a body with nothing in it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from crm_db.rules import mapping as mapped
from crm_db.rules import parsing
from crm_db.rules.formats import flat, google_ads, hubspot, jotform, meta, typeform, webflow
from crm_db.rules.formats.shape import Reading
from crm_db.rules.mapping import Fields
from crm_db.rules.parsing import ITEMS_PER_BATCH, JSON, Batch, TooMany, Unreadable, compact, payload_of

__all__ = ["NAMES", "Reading", "fields_of", "read", "recognised", "split"]

NAMES = ("auto", "json", "form", "google-ads", "meta", "typeform", "webflow", "jotform", "hubspot")
FLAT = frozenset({"json", "form"})

Fits = Callable[[Mapping[str, object]], bool]
Read = Callable[[Mapping[str, object]], Reading]
_SENDERS: dict[str, tuple[Fits, Read]] = {
    "google-ads": (google_ads.fits, google_ads.read),
    "meta": (meta.fits, meta.read),
    "typeform": (typeform.fits, typeform.read),
    "webflow": (webflow.fits, webflow.read),
    "jotform": (jotform.fits, jotform.read),
    "hubspot": (hubspot.fits, hubspot.read),
}


def recognised(payload: Mapping[str, object]) -> str:
    """The format that a parsed payload has."""
    named = (name for name, (fits, _) in _SENDERS.items() if fits(payload))
    return next(named, "form" if flat.fits_a_form(payload) else "json")


def read(format: str, payload: Mapping[str, object], mapping: Mapping[str, Any]) -> Reading:
    """What a payload says; `format` is the source's, and one that the payload does not have gives way to the one it has."""
    name = _format_of(format, payload)
    reading = flat.read(payload, name) if name in FLAT else _SENDERS[name][1](payload)
    own = reading.sender_id if name not in FLAT else mapped.sender_id(payload, None)
    by_mapping = mapped.mapped_id(payload, mapping) or mapped.mapped_id(reading.payload, mapping)
    return Reading(reading.format, reading.payload, by_mapping or own, reading.is_test, reading.fetch_id)


def fields_of(reading: Reading, posted: Mapping[str, object], mapping: Mapping[str, str] | None) -> Fields:
    """A lead's fields: the source's mapping leads into what was posted, then to the names of the reading."""
    return mapped.read_fields(reading.payload, mapping, posted=posted)


def split(format: str, content_type: str, body: bytes) -> Batch:
    """Take a body apart: an array into its elements, a Meta webhook into one for each lead, be it none.

    Raises as `parsing.split` does.
    """
    batch = parsing.split(content_type, body)
    if batch.is_array or format in FLAT or (format != "meta" and b"leadgen" not in body):
        return batch
    try:
        payload = payload_of(content_type, body)
    except Unreadable:
        return batch
    if not meta.is_webhook(payload):
        return batch
    changes = list(meta.changes(payload))
    if len(changes) > ITEMS_PER_BATCH:
        raise TooMany(len(changes), ITEMS_PER_BATCH)
    if len(changes) == 1 or not (changes or format == "meta"):
        return batch
    return Batch(tuple(compact(change) for change in changes), JSON, is_array=True)


def _format_of(format: str, payload: Mapping[str, object]) -> str:
    if format in FLAT:
        return format
    if format in _SENDERS and _SENDERS[format][0](payload):
        return format
    return recognised(payload)
