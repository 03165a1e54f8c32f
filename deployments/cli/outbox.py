"""crm outbox: what went out as files."""

from typing import Annotated

import typer

from deployments.cli import output

commands = typer.Typer(
    help="E-mails, invitations, holds, texts and call sheets that left as files.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="The message's id, or its beginning.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="outbox", rich_help_panel="Data")


@commands.command("list")
def list_files(
    kind: Annotated[str | None, typer.Option(help="email, invite, hold, sms or call.")] = None,
    to: Annotated[str | None, typer.Option(help="Part of a recipient's name, address or number.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, youngest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array.")] = False,
) -> None:
    """List what left, youngest first.

    Examples:  crm outbox list  ·  crm outbox list --kind invite --to ada@  ·  crm outbox list --limit 200 --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from deployments.errors import DeploymentError  # noqa: PLC0415
    from deployments.outbox import KINDS, sent_files  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    if kind is not None and kind not in KINDS:
        raise DeploymentError(f"--kind can be: {', '.join(KINDS)}.")
    files = sent_files(load_settings().home, limit, kind=kind, to=to)
    if as_json:
        output.print_json([asdict(file) for file in files])
        return
    rows = [(file.name, file.kind, file.sent_at, file.to, file.subject) for file in files]
    output.print_table(f"Messages ({len(rows)})", ("name", "kind", "sent", "to", "subject"), rows)


@commands.command()
def show(name: Name) -> None:
    """Print one message in readable words: who, when, what, attachments.

    Example:  crm outbox show 0199f3
    """
    from deployments.outbox import find_file, shown  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    message = shown(find_file(load_settings().home, name))
    for fact, value in message.facts:
        output.say(f"{fact}: {value}", "dim")
    if message.facts:
        output.say("")
    output.say(message.text)
    for attachment in message.attached:
        output.say(f"[attachment {attachment}]", "dim")


@commands.command("open")
def open_file(name: Name) -> None:
    """Open one message with the program of this machine: mail, calendar or text.

    Example:  crm outbox open 0199f3
    """
    from deployments.errors import DeploymentError  # noqa: PLC0415
    from deployments.outbox import find_file, to_open  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    path = to_open(find_file(load_settings().home, name))
    if typer.launch(str(path)) != 0:
        raise DeploymentError(f"This machine has no program to open it with; the file is {path}.")
