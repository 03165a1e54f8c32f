"""crm flows: what runs when, what ops changed in the Prefect UI, and the way back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.cli import output

if TYPE_CHECKING:
    from deployments.lanes.prefect_api import PrefectApi
    from deployments.lanes.setups import Change

commands = typer.Typer(
    help="Flows: what runs when, and what ops changed in the Prefect UI.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Name = Annotated[str | None, typer.Argument(help="Name of a flow; every flow when not given.")]
Moment = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"], help="UTC unless it has an offset."
    ),
]
POLL_SECONDS = 1.0
FAILED = 2


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="flows", rich_help_panel="Look after")


@commands.command("list")
def list_flows(as_json: AsJson = False) -> None:
    """List the flows: lane, schedule, whether paused, last and next run.

    Examples:  crm flows list  ·  crm flows list --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from deployments.lanes import overview  # noqa: PLC0415

    with _prefect() as api:
        lines = overview.every(api)
    if as_json:
        output.print_json([asdict(line) | {"state": line.state} for line in lines])
        return
    rows = [
        (line.name, line.lane, line.schedule, line.state, _words(line.last_run), _at(line.next_run))
        for line in lines
    ]
    output.print_table(
        f"Flows ({len(rows)})", ("name", "lane", "schedule", "state", "last run (UTC)", "next run"), rows
    )


@commands.command()
def diff(name: Name = None, as_json: AsJson = False) -> None:
    """Show what ops changed against the code, field by field; all of it outlives restarts and upgrades.

    Examples:  crm flows diff  ·  crm flows diff lead-scoring --json
    """
    from deployments.lanes import overview  # noqa: PLC0415

    with _prefect() as api:
        found = overview.differences(api, name)
    _print_changes(found, as_json, "Changed by ops", "Nothing differs from the code.")


@commands.command()
def reset(
    name: Name = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it, only say what would be done.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take back what ops changed: schedules, pause, tags, default parameters and words are the code's again.

    Examples:  crm flows reset lead-scoring  ·  crm flows reset lead-scoring --yes  ·  crm flows reset --yes
    """
    from deployments.lanes import overview  # noqa: PLC0415

    with _prefect() as api:
        found = overview.reset(api, name) if yes else overview.differences(api, name)
    title = "Taken back" if yes else "Would be taken back; add --yes to do it"
    _print_changes(found, as_json, title, "Nothing to take back.")


@commands.command()
def pause(name: Annotated[str, typer.Argument(help="Name of the flow.")]) -> None:
    """Stop a flow: its intake obeys within 10 seconds, its schedules rest, what waits stays in the database.

    Example:  crm flows pause message-delivery
    """
    _pause(name, paused=True)


@commands.command()
def resume(name: Annotated[str, typer.Argument(help="Name of the flow.")]) -> None:
    """Let a paused flow run again; schedules that were switched off one by one stay off.

    Example:  crm flows resume message-delivery
    """
    _pause(name, paused=False)


@commands.command("run")
def run_flow(
    name: Annotated[str, typer.Argument(help="Name of the flow.")],
    since: Moment = None,
    until: Moment = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and change nothing.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for its end; code 2 unless it completed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start a run of a flow, limited to records of a period if one is given.

    Examples:  crm flows run lead-scoring --since 2026-11-01 --dry-run --wait  ·  crm flows run lead-capture
    """
    from deployments.lanes import overview  # noqa: PLC0415

    period = {"since": _utc(since), "until": _utc(until)}
    parameters = {key: value for key, value in period.items() if value} | {"dry_run": dry_run}
    with _prefect() as api:
        run = api.start(overview.deployment(api, name).id, parameters)
        if wait:
            run = _wait(api, run)
    shown = {"run_id": run["id"], "flow": name, "state": run["state_name"], "parameters": parameters}
    if as_json:
        output.print_json(shown)
    else:
        output.say(f"{name}, run {run['id']}: {run['state_name']}")
    if wait and run["state_type"] != "COMPLETED":
        raise typer.Exit(FAILED)


def _pause(name: str, *, paused: bool) -> None:
    from deployments.lanes import overview  # noqa: PLC0415

    with _prefect() as api:
        overview.pause(api, name, paused=paused)
    output.say(f"{name} is {'paused' if paused else 'on'}.")


@contextmanager
def _prefect() -> "Iterator[PrefectApi]":
    """The running stack's Prefect; raises DeploymentError where there is none."""
    from deployments.lanes.prefect_api import PrefectApi, PrefectAway  # noqa: PLC0415
    from deployments.local.status import as_running  # noqa: PLC0415
    from deployments.secret_files import known_secrets  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    secrets = known_secrets(settings.home)
    if secrets is None:
        raise PrefectAway
    api = PrefectApi(f"{as_running(settings).prefect_url}/api", secrets.prefect_auth)
    try:
        yield api
    finally:
        api.close()


def _wait(api: "PrefectApi", run: dict[str, Any]) -> dict[str, Any]:
    from deployments.lanes.prefect_api import FINISHED  # noqa: PLC0415

    while run["state_type"] not in FINISHED:
        time.sleep(POLL_SECONDS)
        run = api.run(run["id"])
    return run


def _print_changes(found: "dict[str, list[Change]]", as_json: bool, title: str, nothing: str) -> None:
    if as_json:
        output.print_json(
            {
                name: [
                    {"field": one.field, "code": _plain(one.code), "server": _plain(one.server)}
                    for one in made
                ]
                for name, made in found.items()
            }
        )
        return
    rows = [
        (name, one.field, _shown(one.code), _shown(one.server))
        for name, made in found.items()
        for one in made
    ]
    if rows:
        output.print_table(title, ("flow", "field", "in the code", "in Prefect"), rows)
    else:
        output.say(nothing)


def _words(run: dict[str, Any] | None) -> str:
    return f"{run['state']} {_at(run)}" if run is not None else ""


def _at(run: dict[str, Any] | None) -> str:
    """Month, day, hour and minute in UTC."""
    return str(run["at"])[5:16].replace("T", " ") if run is not None else ""


def _shown(value: Any) -> str:
    from deployments.lanes.overview import schedule_in_words  # noqa: PLC0415

    if isinstance(value, dict) and "schedule" in value:
        return schedule_in_words(value)
    return "-" if value is None else str(_plain(value))


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _utc(moment: datetime | None) -> str | None:
    from datetime import UTC  # noqa: PLC0415

    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat() if moment else None
