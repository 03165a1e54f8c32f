"""crm up, crm down, crm status."""

from typing import Annotated

import typer

from deployments.cli import output

NOT_READY = 3
PANEL = "Run"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("up", rich_help_panel=PANEL)(up)
    app.command("down", rich_help_panel=PANEL)(down)
    app.command("status", rich_help_panel=PANEL)(status)


def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when all is ready; it goes on running.")
    ] = False,
) -> None:
    """Start everything and keep it running until Ctrl-C: database, Prefect, intakes, worker, API.

    What dies is started again. A log per process is in CRM_HOME/logs.

    Examples:  crm up  ·  crm up --detach  ·  CRM_API_PORT=8080 crm up
    """
    from deployments.cli.progress import StartView  # noqa: PLC0415
    from deployments.errors import Stopped  # noqa: PLC0415
    from deployments.local.detach import start_detached  # noqa: PLC0415
    from deployments.local.providers import check_providers  # noqa: PLC0415
    from deployments.local.stack import run_stack  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    check_providers(settings.home)
    with StartView(output.console) as view:
        if detach:
            start_detached(settings, view)
            return
        try:
            run_stack(settings, view)
        except Stopped as error:
            view.step(str(error))
            raise typer.Exit(1) from None


def down(
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for work in hand before it is hurried.")
    ] = 120.0,
) -> None:
    """Stop everything in order; work in hand is finished first.

    Examples:  crm down  ·  crm down --timeout 10
    """
    from deployments.local.detach import stop_running  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    output.say(stop_running(load_settings(), timeout))


def status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Show processes, ports, database, Prefect and what waits; exit code 0 when all is ready, else 3.

    Examples:  crm status  ·  crm status --json
    """
    from deployments.cli.status_view import print_status  # noqa: PLC0415
    from deployments.local.status import read_status  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    found = read_status(load_settings())
    if as_json:
        output.print_json(found.as_dict())
    else:
        print_status(found)
    raise typer.Exit(0 if found.ready else NOT_READY)
