"""How commands tell what is wrong with a submission, and the command that would mend it."""

import json
import shlex
from typing import TYPE_CHECKING, Any

from deployments.cli import output

if TYPE_CHECKING:
    from crm_db.rules.diagnosis import Diagnosis


def facts_of(diagnosis: "Diagnosis", source: str | None) -> dict[str, Any]:
    """A diagnosis for programs; `source` is None where it is gone, and then there is nothing to change."""
    return {
        "problem": diagnosis.problem,
        "format": diagnosis.format,
        "at_fault": dict(diagnosis.at_fault),
        "suggestions": [
            {"field": one.field, "path": one.path, "by": one.by, "others": list(one.others)}
            for one in diagnosis.suggestions
        ],
        "mapping": dict(diagnosis.mapping),
        "makes_a_lead": diagnosis.makes_a_lead,
        "command": command_for(diagnosis, source),
    }


def command_for(diagnosis: "Diagnosis", source: str | None) -> str | None:
    """The command that sets the suggested mapping, ready to paste; None where nothing is suggested."""
    if source is None or not diagnosis.mapping:
        return None
    mapping = json.dumps(dict(diagnosis.mapping), ensure_ascii=False)
    return f"crm sources change {shlex.quote(source)} --mapping {shlex.quote(mapping)}"


def tell(diagnosis: "Diagnosis", source: str | None) -> None:
    """A diagnosis for a person: the reason, what of the mapping found nothing, and what would."""
    from crm_db.rules.diagnosis import told  # noqa: PLC0415

    output.say(f"Why: {diagnosis.problem or 'nothing is wrong with it any more; replay it'}")
    for field, path in diagnosis.at_fault.items():
        output.say(f"The mapping's entry {field}: {path} finds nothing here.")
    if not diagnosis.suggestions:
        output.say("No mapping can be suggested from what was sent." if diagnosis.problem else "")
        return
    output.say("Suggested, please check:")
    for sentence in told(diagnosis.suggestions):
        output.say(f"  {sentence}")
    output.say(
        "With this it becomes a lead." if diagnosis.makes_a_lead else "With this alone it makes no lead yet."
    )
    command = command_for(diagnosis, source)
    if command is not None:
        output.say(command, style="bold")
