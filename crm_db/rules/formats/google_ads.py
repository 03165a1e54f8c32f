"""Google Ads lead forms: `user_column_data` with a column for each question; `google_key` is a proof and is never kept."""

from collections.abc import Mapping

from crm_db.rules.aliases import field_named
from crm_db.rules.formats.shape import Answers, Reading, id_of, is_yes, mappings, readable, text_of

_PLACES = frozenset({"CITY", "REGION", "POSTAL_CODE", "STREET_ADDRESS"})
_ABOUT = ("form_id", "campaign_id", "adgroup_id", "creative_id", "asset_group_id", "gcl_id", "lead_stage")


def fits(payload: Mapping[str, object]) -> bool:
    """Whether this is a lead form's post."""
    return isinstance(payload.get("user_column_data"), list)


def read(payload: Mapping[str, object]) -> Reading:
    """Google's own questions go by their column ids, others by their wording."""
    answers = Answers()
    for column in mappings(payload.get("user_column_data")):
        answers.add(_name(column), column.get("string_value"))
    for name in _ABOUT:
        answers.add_missing(name, payload.get(name))
    answers.add_missing("external_id", payload.get("lead_id"))
    lead_id = id_of(payload.get("lead_id"))
    return Reading("google-ads", answers.values, lead_id, is_test=is_yes(payload.get("is_test")))


def _name(column: Mapping[str, object]) -> str:
    column_id, wording = text_of(column.get("column_id")), text_of(column.get("column_name"))
    if field_named(column_id) or column_id in _PLACES:
        return readable(column_id)
    return wording or readable(column_id)
