"""crm sources: who may post leads."""

import json
from typing import Annotated

import typer

from deployments.cli import output

commands = typer.Typer(help="Sources: the systems that may post leads.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
Name = Annotated[str, typer.Argument(help="Name of the source, as in its address.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="sources", rich_help_panel="Data")


@commands.command()
def add(
    name: Name,
    form: Annotated[str, typer.Option("--format", help="How its posts are read: auto, json, form.")] = "auto",
    secret: Annotated[str | None, typer.Option(help="Secret of its signatures; made when not given.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Country (ISO-2) of telephone numbers without a prefix.")
    ] = None,
    mapping: Annotated[str | None, typer.Option(help="JSON object: lead field to path in the post.")] = None,
    honeypot: Annotated[
        str | None, typer.Option(help="Form field that people never see; filled in, the post is set aside.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option("--rate-per-minute", min=1, help="Most posts a minute and API process.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a system post leads; its secret, API key and address are shown this once.

    Examples:  crm sources add website  ·  crm sources add fair --region DE --json  ·
    crm sources add partner --mapping '{"email": "person.mail"}'
    """
    from crm_db.actions import sources  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415
    from deployments.secret_files import read_json  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    paths = _mapping(mapping)
    with acting() as (session, identity):
        made = sources.add(
            session,
            identity,
            name,
            format=form,
            secret=secret,
            region=region,
            mapping=paths,
            honeypot=honeypot,
            rate_per_minute=rate,
        )
    api_url = read_json(load_settings().home / "credentials.json")["api_url"]
    facts = {
        "name": made.name,
        "secret": made.secret,
        "api_key": made.api_key,
        "url": f"{api_url}/api/crm/capture/{made.token}",
    }
    if as_json:
        output.print_json(facts)
    else:
        output.print_table(f"Source {name}", ("what", "value"), list(facts.items()))


@commands.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """List the sources.

    Example:  crm sources list
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.queries import sources  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    with acting() as (session, identity):
        found = sources.every(session, org_of(identity))
    if as_json:
        output.print_json([asdict(source) for source in found])
        return
    rows = [
        (row.name, row.format, row.region, "yes" if row.active else "no", row.created_at) for row in found
    ]
    output.print_table(f"Sources ({len(rows)})", ("name", "format", "region", "active", "made"), rows)


@commands.command()
def show(name: Name) -> None:
    """Print one source as JSON; its proofs cannot be read back.

    Example:  crm sources show website
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.errors import RecordNotFound  # noqa: PLC0415
    from crm_db.queries import sources  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    with acting() as (session, identity):
        found = [source for source in sources.every(session, org_of(identity)) if source.name == name]
    if not found:
        raise RecordNotFound("source", name)
    output.print_json(asdict(found[0]))


@commands.command()
def remove(name: Name) -> None:
    """Stop taking leads from a source and revoke its keys; what it sent stays.

    Example:  crm sources remove website
    """
    from crm_db.actions import sources  # noqa: PLC0415
    from crm_db.clock import utc_now  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    with acting() as (session, identity):
        sources.remove(session, identity, name, now=utc_now())
    output.say(f"Source {name} is closed.")


def _mapping(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise typer.BadParameter("--mapping is a JSON object of lead field to path")
    return {str(field): str(path) for field, path in value.items()}
