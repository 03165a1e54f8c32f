"""How `crm sources test` tells what submissions would become."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from deployments.cli import diagnosing, output

if TYPE_CHECKING:
    from crm_db.queries.previews import Preview


def facts_of(preview: "Preview", source: str) -> dict[str, Any]:
    """A preview for programs."""
    diagnosis = preview.diagnosis and diagnosing.facts_of(preview.diagnosis, source)
    return {**asdict(preview), "diagnosis": diagnosis}


def tell(preview: "Preview", number: int, source: str) -> None:
    """A preview for a person."""
    about: list[tuple[str, object]] = [
        ("format", preview.format),
        ("sender's id", preview.sender_id or "none; the same bytes count as the same for 24 hours"),
        ("a test", "yes: kept with the tag test, never enrolled" if preview.is_test else "no"),
    ]
    lead = [(name, _plain(value)) for name, value in preview.lead.items()]
    own = [(f"custom.{name}", _plain(value)) for name, value in preview.custom.items()]
    remarks = [("not usable", remark) for remark in preview.remarks]
    output.say(f"{number}. {_outcome(preview)}", style="bold")
    output.print_table("", ("what", "value"), [*about, *lead, *own, *remarks])
    if preview.diagnosis is not None:
        diagnosing.tell(preview.diagnosis, source)


def _outcome(preview: "Preview") -> str:
    match preview.outcome:
        case "new":
            return f"would become a new lead ({preview.matched})"
        case "merged" if preview.merges_into is not None:
            return f"would merge into lead {preview.merges_into} ({preview.matched})"
        case "merged":
            return f"would merge into number {preview.same_as} ({preview.matched})"
        case "fetch":
            return f"would be fetched from its sender by the id {preview.fetch_id}, and is read then"
        case _:
            return "would be a dead letter"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items())
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
