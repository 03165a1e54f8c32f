"""`crm status` for people."""

from dataclasses import asdict
from typing import Any

from deployments.cli import output
from deployments.local.status import Status


def print_status(status: Status) -> None:
    """Processes, servers, and what waits."""
    phase = "not everything is ready" if status.phase == "ready" else status.phase
    output.say(f"Essentials CRM: {'ready' if status.ready else phase}", "green" if status.ready else "yellow")
    rows = [
        (process.name, process.pid or "-", process.state, process.restarts or "")
        for process in status.processes
    ]
    output.print_table("Processes", ("name", "pid", "state", "restarts"), rows)
    output.print_table("Servers", ("name", "answers", "where"), _servers(status))
    if paused := status.prefect.get("paused_by_ops"):
        output.say(f"Paused by ops: {', '.join(paused)}", "yellow")
    if status.backlog is not None:
        output.print_table(
            "Waiting", ("what", "now"), [(_words(k), v) for k, v in asdict(status.backlog).items()]
        )


def _servers(status: Status) -> list[tuple[str, str, object]]:
    def row(name: str, facts: dict[str, Any], where: str) -> tuple[str, str, object]:
        return name, "yes" if facts["answers"] else "no", facts[where] or "-"

    return [
        row("database", status.database, "address"),
        row("prefect", status.prefect, "url"),
        row("api", status.api, "url"),
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")
