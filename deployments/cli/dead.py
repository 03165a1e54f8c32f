"""crm dead: submissions that could not be understood."""

import time
from collections import Counter
from typing import Annotated, Any
from uuid import UUID

import typer

from deployments.cli import output

commands = typer.Typer(help="Dead letters: submissions that could not be understood.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
OfSource = Annotated[str | None, typer.Option("--source", help="Only those of this source.")]
POLL_SECONDS = 0.5


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(commands, name="dead", rich_help_panel="Data")


@commands.command("list")
def list_letters(
    limit: Annotated[int, typer.Option(min=1, help="How many, youngest first.")] = 50,
    group: Annotated[bool, typer.Option("--group", help="Counts by source and reason, of all.")] = False,
    source: OfSource = None,
    as_json: AsJson = False,
) -> None:
    """List dead letters with their reasons.

    Examples:  crm dead list  ·  crm dead list --group  ·  crm dead list --source website --limit 500 --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.queries import submissions  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    with acting() as (session, _):
        groups = (
            [one for one in submissions.dead_groups(session) if source in (None, one.source)] if group else []
        )
        letters = [] if group else submissions.dead(session, limit, source=source)
    if as_json:
        output.print_json([asdict(one) for one in groups] + [asdict(one) for one in letters])
    elif group:
        title = f"Dead letters ({sum(one.count for one in groups)})"
        counts = [(one.source, one.reason, one.count, one.first_at, one.last_at) for one in groups]
        output.print_table(title, ("source", "reason", "count", "first", "last"), counts)
    else:
        rows = [(one.id, one.received_at, one.source, one.reason, one.claims) for one in letters]
        columns = ("id", "received", "source", "reason", "tries")
        output.print_table(f"Dead letters ({len(rows)})", columns, rows)


@commands.command()
def show(
    letter_id: Annotated[UUID, typer.Argument(metavar="ID", help="Id from crm dead list.")],
    as_json: AsJson = False,
) -> None:
    """Print one dead letter as it was received, what is wrong with it, and a mapping that would read it.

    Examples:  crm dead show 0199f3c2-7d11-7c5e-9b1e-2f1f5b2c8a10  ·
    crm dead show 0199f3c2-7d11-7c5e-9b1e-2f1f5b2c8a10 --json
    """
    from dataclasses import asdict  # noqa: PLC0415

    from crm_db.clock import utc_now  # noqa: PLC0415
    from crm_db.errors import RecordNotFound  # noqa: PLC0415
    from crm_db.queries import sources, submissions  # noqa: PLC0415
    from crm_db.rules.diagnosis import diagnose  # noqa: PLC0415
    from crm_db.rules.understanding import SourceRules  # noqa: PLC0415
    from deployments.cli import diagnosing  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    with acting() as (session, identity):
        letter = submissions.get(session, letter_id)
        source = letter and sources.identified(session, org_of(identity), letter.source_id)
    if letter is None:
        raise RecordNotFound("dead letter", letter_id)
    rules = source.rules if source else SourceRules()
    diagnosis = diagnose(rules, letter.content_type, letter.body, fetched=letter.fetched, now=utc_now())
    changeable = letter.source if source and source.active else None
    facts = asdict(letter) | {"body": _text(letter.body), "fetched": _text(letter.fetched)}
    if as_json:
        output.print_json(facts | {"diagnosis": diagnosing.facts_of(diagnosis, changeable)})
        return
    shown = (
        "id",
        "source",
        "status",
        "reason",
        "received_at",
        "settled_at",
        "claims",
        "lead_id",
        "content_type",
    )
    output.print_table(f"Dead letter {letter_id}", ("what", "value"), [(name, facts[name]) for name in shown])
    for name in ("body", "fetched"):
        if facts[name] is not None:
            output.say(f"\n{name.capitalize()}, as it was received:\n{facts[name]}\n")
    diagnosing.tell(diagnosis, changeable)


@commands.command()
def replay(
    ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="[ID]...", help="Ids from crm dead list.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    source: OfSource = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait, and tell what became of them.")] = False,
    seconds: Annotated[int, typer.Option("--seconds", min=1, help="Wait at most as long as this.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Take dead letters up again, after what made them fail was mended; twice is harmless.

    Examples:  crm dead replay 0199f3c2-7d11-7c5e-9b1e-2f1f5b2c8a10  ·  crm dead replay --source website --wait  ·
    crm dead replay --all
    """
    from crm_db.actions import submissions  # noqa: PLC0415
    from deployments.cli.acting import acting, org_of  # noqa: PLC0415

    if sum((everything, bool(ids), source is not None)) != 1:
        raise typer.BadParameter("give the ids of the letters, or --all, or --source")
    with acting() as (session, identity):
        back = submissions.replay(session, org_of(identity), ids or None, source=source)
    became = _await(back, seconds) if wait else None
    if as_json:
        output.print_json({"replayed": len(back)} | ({"became": dict(became)} if became is not None else {}))
        return
    output.say(f"{len(back)} taken up again.")
    if became:
        output.say(", ".join(f"{count} {_BECAME[name]}" for name, count in sorted(became.items())) + ".")


_BECAME = {
    "new": "became leads",
    "merged": "enriched a lead",
    "dead": "are dead again",
    "pending": "still wait",
}


def _await(ids: list[UUID], seconds: int) -> "Counter[str]":
    """What became of submissions, once none is pending any more or the time is over."""
    from crm_db.queries import submissions  # noqa: PLC0415
    from deployments.cli.acting import acting  # noqa: PLC0415

    end = time.monotonic() + seconds
    while True:
        with acting() as (session, _):
            found = submissions.outcomes(session, ids)
        if not found["pending"] or time.monotonic() > end:
            return Counter({name: count for name, count in found.items() if count})
        time.sleep(POLL_SECONDS)


def _text(body: bytes | None) -> Any:
    return None if body is None else body.decode(errors="replace")
