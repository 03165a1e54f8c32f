"""crm fakes: providers that stand in for SendGrid, Twilio and Graph, and fail when told to."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.cli import output

if TYPE_CHECKING:
    from deployments.fakes.client import FakesClient
    from deployments.fakes.process import Running

commands = typer.Typer(
    help="Stand-ins for SendGrid, Twilio and Meta's Graph, for tests and trials.", no_args_is_help=True
)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON value, for programs.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="fakes", rich_help_panel="Run")


@commands.command()
def up(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen on 127.0.0.1; 0 for any.")
    ] = 18155,
    seed: Annotated[
        int, typer.Option(help="Decides every draw: faults, signatures' key, order of news.")
    ] = 1,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return when they answer.")] = False,
) -> None:
    """Start the fakes and keep them running until Ctrl-C; prints the settings that lead a CRM to them.

    What they accept they keep in memory only. They validate every request against the providers' contracts
    where those are on this machine (CRM_CONTRACTS_DIR).

    Examples:  crm fakes up  ·  crm fakes up --detach --port 18155
    """
    from deployments.fakes import process  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    home = load_settings().home
    if detach:
        _introduce(process.start(home, port=port, seed=seed))
        return
    process.serve(home, port=port, seed=seed, started=_introduce)


@commands.command()
def down() -> None:
    """Stop the fakes of this CRM_HOME.

    Example:  crm fakes down
    """
    from deployments.fakes import process  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    output.say("Stopped." if process.stop(load_settings().home) else "Nothing was running.")


@commands.command()
def status(as_json: AsJson = False) -> None:
    """Show where they are, what they met and what they accepted.

    Examples:  crm fakes status  ·  crm fakes status --json
    """
    running, client = _client()
    found, summary = client.status(), client.summary()
    if as_json:
        output.print_json({"url": running.url, "pid": running.pid, **found, "accepted": summary})
        return
    rows = [
        ("address", running.url),
        ("process", running.pid),
        ("contracts", "checked" if found["contracts"] else "not on this machine; own checks only"),
        ("accepted", _counted(summary["accepted"])),
        ("accepted, answer lost", _counted(summary["answer_lost"])),
        ("accepted twice", len(summary["twice"])),
        ("refused", found["refused"]),
        ("requests", _counted(found["requests"])),
        ("faults", _counted(found["faults"])),
        ("news posted", found["webhooks"]["posted"]),
    ]
    output.print_table("Fakes", ("", ""), rows)


@commands.command()
def log(
    since: Annotated[int, typer.Option(min=0, help="From this entry on.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List what was truly accepted, whatever the callers were told.

    Examples:  crm fakes log  ·  crm fakes log --since 100 --json
    """
    _, client = _client()
    found = client.log(since)
    if as_json:
        output.print_json(found)
        return
    columns = ("number", "kind", "message_id", "provider_id", "told", "at")
    rows = [[entry[name] for name in columns] for entry in found["accepted"]]
    output.print_table(f"Accepted ({len(rows)})", columns, rows)


@commands.command()
def faults(
    share: Annotated[float, typer.Option(min=0, max=1, help="Share of the calls that fail.")] = 0.0,
    after: Annotated[
        float, typer.Option(min=0, max=1, help="Share of those that are accepted first, and then fail.")
    ] = 0.5,
    lag: Annotated[float, typer.Option(min=0, help="Seconds until lookups show what was accepted.")] = 0.0,
    latency: Annotated[float, typer.Option(min=0, help="Most seconds that a call takes.")] = 0.0,
    hang: Annotated[float, typer.Option(min=0, help="Seconds after which a hanging call is cut.")] = 30.0,
    most: Annotated[int, typer.Option(min=0, help="Calls a second before the answer is 429; 0 for any.")] = 0,
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Let faults happen from now on; without options, none.

    Scripts of single faults and more are set over HTTP: see docs/guides/fakes.md.

    Examples:  crm fakes faults --share 0.3  ·  crm fakes faults --lag 5  ·  crm fakes faults
    """
    _, client = _client()
    plan: dict[str, Any] = {
        "share": share,
        "after_share": after,
        "lag_seconds": lag,
        "latency": [0.0, latency],
        "hang_seconds": hang,
        "most_a_second": most or None,
        "seed": seed,
    }
    kept = client.faults(plan)
    if as_json:
        output.print_json(kept)
    else:
        output.say(
            f"{share:.0%} of the calls fail, {after:.0%} of those after their work."
            if share
            else "No faults."
        )


def _client() -> "tuple[Running, FakesClient]":
    from deployments.errors import DeploymentError  # noqa: PLC0415
    from deployments.fakes import process  # noqa: PLC0415
    from deployments.fakes.client import FakesClient  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    running = process.find(load_settings().home)
    if running is None:
        raise DeploymentError("No fakes run for this CRM_HOME; start them with crm fakes up.")
    return running, FakesClient(running)


def _introduce(running: "Running") -> None:
    """Where they are, and the settings to start a CRM with."""
    from deployments.fakes.process import environment  # noqa: PLC0415

    output.say(f"Fakes at {running.url} (process {running.pid})")
    for name, value in environment(running.url).items():
        output.say(f"export {name}='{value}'", "dim")
    output.console.file.flush()


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "0"
