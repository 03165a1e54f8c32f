"""crm outbox: the e-mails that went out as files."""

from typing import Annotated

import typer

from deployments.cli import output

commands = typer.Typer(help="E-mails that were sent as files (no mail server set).", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="File name, or its beginning.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="outbox", rich_help_panel="Data")


@commands.command("list")
def list_files(
    limit: Annotated[int, typer.Option(min=1, help="How many, youngest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array.")] = False,
) -> None:
    """List the e-mails, youngest first.

    Examples:  crm outbox list  ·  crm outbox list --limit 200 --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from deployments.outbox import sent_files  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    files = sent_files(load_settings().home, limit)
    if as_json:
        output.print_json([asdict(file) for file in files])
        return
    rows = [(file.name, file.sent_at, file.to, file.subject) for file in files]
    output.print_table(f"E-mails ({len(rows)})", ("name", "sent", "to", "subject"), rows)


@commands.command()
def show(name: Name) -> None:
    """Print one e-mail: headers, text, attachments.

    Example:  crm outbox show 0199f3
    """
    from deployments.outbox import find_file, read_message, text_of  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    message = read_message(find_file(load_settings().home, name))
    for header, value in message.items():
        output.say(f"{header}: {value}", "dim")
    output.say("")
    output.say(text_of(message))
    for part in message.iter_attachments():
        output.say(
            f"[attachment {part.get_filename() or 'without a name'}, {part.get_content_type()}]", "dim"
        )


@commands.command("open")
def open_file(name: Name) -> None:
    """Open one e-mail in the mail program of this machine.

    Example:  crm outbox open 0199f3
    """
    from deployments.errors import DeploymentError  # noqa: PLC0415
    from deployments.outbox import find_file  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    path = find_file(load_settings().home, name)
    if typer.launch(str(path)) != 0:
        raise DeploymentError(f"This machine has no program to open it with; the file is {path}.")
