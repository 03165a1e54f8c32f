"""crm import: leads of another system, from a CSV file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.cli import output

if TYPE_CHECKING:
    from deployments.importing.run import Counts

commands = typer.Typer(help="Bring in what other systems know.", no_args_is_help=True)
INTERRUPTED = 130
REST = "The same command again does the rest."


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="import", rich_help_panel="Data")


@commands.callback()
def group() -> None:
    """Bring in what other systems know."""


@commands.command()
def leads(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header.", dir_okay=False)],
    mapping: Annotated[
        Path | None, typer.Option(help="TOML or JSON: which column is which field.", dir_okay=False)
    ] = None,
    source: Annotated[str | None, typer.Option(help="The leads' source, instead of the mapping's.")] = None,
    enrol: Annotated[
        bool, typer.Option("--enrol", help="Follow open leads up: default sequence, word to their owners.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what a run would do; write nothing.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(help="CSV for rows that cannot be imported (FILE.rejects.csv).", dir_okay=False),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=16, help="Worker processes.")] = 2,
    encoding: Annotated[str | None, typer.Option(help="Of FILE; UTF-8 when not given.")] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Between cells; found in the header when not given.")
    ] = None,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Print a mapping to start from, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The counts as JSON.")] = False,
) -> None:
    """Import leads, each once: the same file again changes nothing, and an import that was killed is taken up by it.

    A row of somebody known fills gaps and overwrites nothing. Rows that cannot be imported go to a file of their own.

    Examples:  crm import leads old.csv --suggest > old.toml  ·  crm import leads old.csv --mapping old.toml --dry-run  ·
    crm import leads old.csv --mapping old.toml --rejects left.csv  ·  crm import leads old.csv --mapping old.toml --enrol --json
    """
    from deployments.importing.files import opened  # noqa: PLC0415
    from deployments.importing.rejects import Rejects  # noqa: PLC0415

    mark = _delimiter(delimiter)
    if suggest:
        _suggest(file, encoding, mark)
        return
    if mapping is None:
        raise typer.BadParameter(
            "--mapping is needed; crm import leads FILE --suggest prints one to start from"
        )
    left = rejects or file.with_name(f"{file.stem}.rejects.csv")
    if left.resolve() in {file.resolve(), mapping.resolve()}:
        raise typer.BadParameter("--rejects names the file that is imported, or its mapping")
    began = time.monotonic()
    with opened(file, encoding=encoding, delimiter=mark) as table:
        plan, assignment = _assigned(table.header, mapping, source, enrol)
        with Rejects(left, table) as kept:
            counts = _run(table, assignment, kept, processes, dry_run)
        facts = {
            "file": str(file),
            "source": plan.source,
            **counts.as_dict(),
            "rejects": str(left) if kept.count else None,
            "dry_run": dry_run,
            "seconds": round(time.monotonic() - began, 3),
        }
    _tell(facts, as_json)


def _suggest(file: Path, encoding: str | None, delimiter: str | None) -> None:
    from crm_db.rules.imports.suggesting import suggested  # noqa: PLC0415
    from deployments.importing.files import opened  # noqa: PLC0415

    with opened(file, encoding=encoding, delimiter=delimiter) as table:
        typer.echo(suggested(table.header, file.stem), nl=False)


def _delimiter(text: str | None) -> str | None:
    mark = {"tab": "\t", r"\t": "\t"}.get(text or "", text)
    if mark is not None and len(mark) != 1:
        raise typer.BadParameter("--delimiter is one character, or tab")
    return mark


def _assigned(header: tuple[str, ...], mapping: Path, source: str | None, enrol: bool) -> Any:
    """The plan for these columns, and the assignment of whoever follows it."""
    from uuid import uuid4  # noqa: PLC0415

    from crm_db.actions.imported_leads import Job  # noqa: PLC0415
    from crm_db.queries import imports  # noqa: PLC0415
    from crm_db.rules.imports.plan import BadMapping, read_plan  # noqa: PLC0415
    from deployments.cli.acting import acting, login, org_of  # noqa: PLC0415
    from deployments.errors import DeploymentError  # noqa: PLC0415
    from deployments.importing.files import mapping_of  # noqa: PLC0415
    from deployments.importing.workers import Assignment  # noqa: PLC0415

    given = mapping_of(mapping)
    try:
        plan = read_plan(given, header, source=source)
        with acting() as (session, identity):
            place = imports.place(session, org_of(identity), plan.source)
            owners = imports.owners(session, org_of(identity))
        plan = read_plan(given, header, source=source, region=place.region)
    except BadMapping as bad:
        raise DeploymentError(f"{mapping} does not fit: {bad}") from None
    job = Job(org_of(identity), uuid4(), plan.source, place.source_id, place.team_id, enrol, owners)
    return plan, Assignment(login()[0], identity, plan, job)


def _run(table: Any, assignment: Any, rejects: Any, processes: int, dry_run: bool) -> "Counts":
    """Import or rehearse; Ctrl-C finishes what is in hand and tells how far it came."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from deployments.errors import DeploymentError  # noqa: PLC0415
    from deployments.importing.pool import pool  # noqa: PLC0415
    from deployments.importing.rehearsal import rehearsal  # noqa: PLC0415
    from deployments.importing.run import BATCHES_AHEAD, Counts, run  # noqa: PLC0415

    counts = Counts()
    hands = rehearsal(assignment) if dry_run else pool(assignment, processes)
    ahead = 1 if dry_run else processes * BATCHES_AHEAD
    try:
        with hands as import_rows, _progress(table) as progress:
            run(table.rows, import_rows, rejects, batches_ahead=ahead, progress=progress, counts=counts)
    except KeyboardInterrupt:
        typer.echo(f"Stopped after {_summed(counts.as_dict())}. {REST}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except OperationalError:
        how_far = _summed(counts.as_dict())
        raise DeploymentError(f"The database did not go on after {how_far}. {REST}") from None
    return counts


@contextmanager
def _progress(table: Any) -> "Iterator[Callable[[Counts], None]]":
    """A bar on a terminal's stderr, by bytes of the file; nothing elsewhere."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=table.size)

        def show(counts: "Counts") -> None:
            bar.update(task, completed=table.position, description=_summed(counts.as_dict()))

        yield show


def _summed(facts: dict[str, Any]) -> str:
    kinds = ("new", "merged", "repeated", "rejected")
    rows = "1 row" if facts["rows"] == 1 else f"{facts['rows']:,} rows"
    return f"{rows}: " + ", ".join(f"{facts[kind]:,} {kind}" for kind in kinds)


def _tell(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.print_json(facts)
        return
    output.say(f"{_summed(facts)}.{' Nothing was written.' if facts['dry_run'] else ''}")
    if facts["rejects"]:
        output.say(f"Rows that could not be imported are in {facts['rejects']}, each with its reason.")
