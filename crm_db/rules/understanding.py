"""Understanding one submission from end to end: its bytes, its sender's format, the source's mapping, the lead it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from crm_db.rules import formats, mapping, normalise
from crm_db.rules.formats import Reading
from crm_db.rules.normalise import LeadDraft
from crm_db.rules.parsing import JSON, is_json, payload_of

TEST_TAG = "test"


@dataclass(frozen=True)
class SourceRules:
    """How a source's posts are read. region: ISO-2 country of telephone numbers without a prefix."""

    format: str = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    region: str | None = None
    honeypot: str | None = None


@dataclass(frozen=True)
class Understood:
    """A submission that makes sense; without a draft it names by `reading.fetch_id` what must be fetched first."""

    reading: Reading
    draft: LeadDraft | None


class FilledInByARobot(Exception):
    """The field that people never see was filled in."""

    code = "honeypot"
    words = "a field that people do not see was filled in"


def understand(
    rules: SourceRules, content_type: str, body: bytes, *, fetched: bytes | None = None, now: datetime
) -> Understood:
    """Make a draft of a submission; `fetched` is what its sender told of it, where the post was an id only.

    Raises parsing.Unreadable, FilledInByARobot, normalise.Unusable.
    """
    posted: Mapping[str, object] = payload_of(content_type, body)
    reading = formats.read(rules.format, posted, rules.mapping)
    if reading.format in formats.FLAT:
        reading = replace(reading, format="json" if is_json(content_type, body) else "form")
    if reading.fetch_id is not None:
        if fetched is None:
            return Understood(reading, None)
        posted = payload_of(JSON, fetched)
        reading = replace(formats.read(rules.format, posted, rules.mapping), fetch_id=reading.fetch_id)
    honeypot = rules.honeypot or mapping.HONEYPOT
    if mapping.honeypot_filled(posted, honeypot) or mapping.honeypot_filled(reading.payload, honeypot):
        raise FilledInByARobot
    fields = formats.fields_of(reading, posted, rules.mapping)
    draft = normalise.normalise_lead(fields, region=rules.region, now=now)
    return Understood(reading, _as_test(draft) if reading.is_test else draft)


def _as_test(draft: LeadDraft) -> LeadDraft:
    return replace(draft, tags=tuple(dict.fromkeys((TEST_TAG, *draft.tags)))[: normalise.MAX_TAGS])
