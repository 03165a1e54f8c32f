"""The `crm` command line: one module per group of commands, each with its help and examples.

A command module imports what it needs inside its functions, because `crm --help` must answer at once and the
libraries behind the commands take long to import.
"""

import sys

import typer
from rich.console import Console
from rich.text import Text

from deployments.cli import (
    alerts,
    database,
    dead,
    demo,
    doctor,
    fakes,
    flows,
    imports,
    outbox,
    running,
    sources,
)

app = typer.Typer(
    name="crm",
    help="Essentials CRM on this machine: run it, look after it, see what it sent.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
for module in (running, demo, flows, fakes, database, doctor, outbox, dead, sources, imports, alerts):
    module.register(app)


def main() -> None:
    """Run a command; an error of ours is one red sentence and exit code 1 (CRM_DEBUG=1 shows the trace)."""
    try:
        app(prog_name="crm")
    except Exception as error:
        from deployments.cli.failures import sentence_of  # noqa: PLC0415

        sentence = sentence_of(error)
        if sentence is None:
            raise
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text(sentence, style="red"))
        sys.exit(1)
