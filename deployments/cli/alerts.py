"""crm alerts: what a person should look at."""

from typing import Annotated
from uuid import UUID

import typer

from deployments.cli import output

commands = typer.Typer(help="Alerts: what somebody should look at.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="alerts", rich_help_panel="Data")


@commands.command("list")
def list_alerts(
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the open alerts, and how many cases each stands for.

    Examples:  crm alerts list  ·  crm alerts list --all --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.queries import alerts  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    with acting() as (session, identity):
        found = alerts.latest(session, org_of(identity), state=None if every else "open", limit=limit)
    if as_json:
        output.print_json([asdict(alert) for alert in found])
        return
    columns = ("id", "severity", "state", "count", "title", "first", "last")
    rows = [
        (one.id, one.severity, one.state, one.count, one.title, one.first_at, one.last_at) for one in found
    ]
    output.print_table(f"Alerts ({len(rows)})", columns, rows)


@commands.command()
def resolve(
    alert_id: Annotated[UUID, typer.Argument(metavar="ID", help="Id from crm alerts list.")],
) -> None:
    """Say that an alert is dealt with; should it happen again, a new one opens.

    Example:  crm alerts resolve 0199f3c2-7d11-7c5e-9b1e-2f1f5b2c8a10
    """
    from crm_db.actions import alerts  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    with acting() as (session, identity):
        alerts.resolve(session, identity, alert_id)
    output.say("Resolved.")
