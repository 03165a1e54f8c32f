"""HubSpot form submissions: a list of `fields`, the page they come from, and what was consented to."""

from collections.abc import Mapping

from crm_db.rules.formats.shape import Answers, Reading, id_of, is_yes, mappings, members, text_of

_COMPANY = "0-2"
"""HubSpot's number of the object type that a company's properties belong to; a contact's is 0-1."""


def fits(payload: Mapping[str, object]) -> bool:
    """Whether this has a list of named fields."""
    return any("name" in field and "value" in field for field in mappings(payload.get("fields")))


def read(payload: Mapping[str, object]) -> Reading:
    """Fields go by their property names; a company's own name is the person's company."""
    answers = Answers()
    for field in mappings(payload.get("fields")):
        answers.add(_name(field), field.get("value"))
    _add_consent(answers, members(payload.get("legalConsentOptions")))
    context = members(payload.get("context"))
    answers.add_missing("page_url", context.get("pageUri"))
    answers.add_missing("page_name", context.get("pageName"))
    answers.add_missing("form_id", payload.get("formGuid") or payload.get("formId"))
    sent = payload.get("submissionId") or payload.get("conversionId")
    answers.add_missing("external_id", sent)
    return Reading("hubspot", answers.values, id_of(sent))


def _name(field: Mapping[str, object]) -> str:
    name = text_of(field.get("name"))
    if field.get("objectTypeId") != _COMPANY:
        return name
    return "company" if name == "name" else f"company {name}"


def _add_consent(answers: Answers, options: Mapping[str, object]) -> None:
    """A ticked subscription is a yes to e-mail, none ticked a no to e-mail; no consent to processing is a no to everything."""
    consent = members(options.get("consent")) or options
    subscriptions = [is_yes(one.get("value")) for one in mappings(consent.get("communications"))]
    if subscriptions:
        answers.add_missing("consent_email", any(subscriptions))
    processing = consent.get("consentToProcess")
    if processing is not None:
        answers.add("consent to process", is_yes(processing))
        if not is_yes(processing):
            answers.add_missing("consent", False)
    interest = members(options.get("legitimateInterest"))
    answers.add("legitimate interest", interest.get("legalBasis"))
