"""crm dead: submissions that could not be understood."""

from typing import Annotated
from uuid import UUID

import typer

from deployments.cli import output

commands = typer.Typer(help="Dead letters: submissions that could not be understood.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="dead", rich_help_panel="Data")


@commands.command("list")
def list_letters(
    limit: Annotated[int, typer.Option(min=1, help="How many, youngest first.")] = 50, as_json: AsJson = False
) -> None:
    """List dead letters with their reasons.

    Examples:  crm dead list  ·  crm dead list --limit 500 --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.queries import submissions  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    with acting() as (session, _):
        letters = submissions.dead(session, limit)
    if as_json:
        output.print_json([asdict(letter) for letter in letters])
        return
    rows = [
        (letter.id, letter.received_at, letter.source, letter.reason, letter.claims) for letter in letters
    ]
    output.print_table(f"Dead letters ({len(rows)})", ("id", "received", "source", "reason", "tries"), rows)


@commands.command()
def show(letter_id: Annotated[UUID, typer.Argument(metavar="ID", help="Id from crm dead list.")]) -> None:
    """Print one dead letter as JSON, with the body as it was received.

    Example:  crm dead show 0199f3c2-7d11-7c5e-9b1e-2f1f5b2c8a10
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.errors import RecordNotFound  # noqa: PLC0415
    from crm_db.queries import submissions  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    with acting() as (session, _):
        letter = submissions.get(session, letter_id)
    if letter is None:
        raise RecordNotFound("dead letter", letter_id)
    output.print_json(asdict(letter) | {"body": letter.body.decode(errors="replace")})


@commands.command()
def replay(
    ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="[ID]...", help="Ids from crm dead list.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take dead letters up again, after what made them fail was mended.

    Examples:  crm dead replay 0199f3c2-7d11-7c5e-9b1e-2f1f5b2c8a10  ·  crm dead replay --all
    """
    from crm_db.actions import submissions  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    if everything == bool(ids):
        raise typer.BadParameter("give the ids of the letters, or --all")
    with acting() as (session, identity):
        count = submissions.replay(session, org_of(identity), None if everything else ids)
    if as_json:
        output.print_json({"replayed": count})
    else:
        output.say(f"{count} taken up again.")
