"""What a person should read on a lead's timeline about something that was said of the lead."""

from collections.abc import Mapping

from crm_db.rules.normalise import LeadDraft

_SHOWN = ("first_name", "last_name", "email", "phone", "company", "title", "value", "currency", "country")


def told(draft: LeadDraft, lead: Mapping[str, object]) -> str | None:
    """Its notes, what it says otherwise than the lead (by column), what was not understood; None where there is nothing."""
    notes = draft.custom.get("notes")
    parts = [str(notes)] if notes else []
    said = {column: getattr(draft, column) for column in _SHOWN}
    parts += [
        f"Says otherwise: {column} {value}"
        for column, value in said.items()
        if value is not None and value != lead[column]
    ]
    parts += [f"Not understood: {remark}" for remark in draft.remarks]
    return "\n".join(parts) or None
