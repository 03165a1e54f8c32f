"""Webflow form submissions, of the second version of its webhooks and of the first."""

from collections.abc import Mapping

from crm_db.rules.formats.shape import Answers, Reading, id_of, members


def fits(payload: Mapping[str, object]) -> bool:
    """Whether this is a form submission of either version."""
    first = (
        isinstance(payload.get("data"), Mapping)
        and "site" in payload
        and ("_id" in payload or "d" in payload)
    )
    second = payload.get("triggerType") == "form_submission" and isinstance(payload.get("payload"), Mapping)
    return first or second


def read(payload: Mapping[str, object]) -> Reading:
    """Answers go by the names of their fields."""
    form = members(payload.get("payload")) or payload
    answers = Answers()
    for name, value in members(form.get("data")).items():
        answers.add(name, value)
    answers.add_missing("form_name", form.get("name"))
    answers.add_missing("form_id", form.get("formId"))
    answers.add_missing("site_id", form.get("siteId") or form.get("site"))
    sent = form.get("id") or form.get("_id")
    answers.add_missing("external_id", sent)
    return Reading("webflow", answers.values, id_of(sent))
