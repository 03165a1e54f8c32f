"""crm doctor."""

from typing import Annotated

import typer
from rich.text import Text

from deployments.cli import output


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("doctor", rich_help_panel="Look after")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array of the checks.")] = False,
) -> None:
    """Check files, database, roles, schema, Prefect and ports, and say what to do; code 1 when one is wrong.

    Examples:  crm doctor  ·  crm doctor --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from deployments.local.doctor import examine  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    checks = examine(load_settings())
    if as_json:
        output.print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            mark, style = ("ok", "green") if check.ok else ("problem", "red")
            remedy = f" → {check.remedy}" if check.remedy else ""
            output.console.print(
                Text.assemble((f"{mark:8}", style), f"{check.name}: {check.finding}{remedy}"), soft_wrap=True
            )
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)
