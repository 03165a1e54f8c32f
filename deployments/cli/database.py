"""crm migrate, crm schema."""

from typing import Annotated

import typer

from deployments.cli import output


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("migrate", rich_help_panel="Look after")(migrate)
    app.command("schema", rich_help_panel="Look after")(schema)


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would be applied; code 1 if anything.")
    ] = False,
) -> None:
    """Bring the database to the schema of this version; crm up does it by itself.

    An embedded database that is not running is started for it and stopped again.

    Examples:  crm migrate  ·  crm migrate --check
    """
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from crm_db.migrate import pending, upgrade  # noqa: PLC0415
    from deployments.local.bootstrap import Bootstrap  # noqa: PLC0415
    from deployments.local.locate import running_database  # noqa: PLC0415
    from deployments.secret_files import load_secrets  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    with running_database(settings) as addresses:
        if check:
            try:
                waiting = pending(addresses.owner)
            except OperationalError:
                waiting = ("everything: this installation's database is not there yet",)
            output.say(f"To be applied: {', '.join(waiting)}" if waiting else "Nothing to apply.")
            raise typer.Exit(1 if waiting else 0)
        Bootstrap(settings, load_secrets(settings.home), addresses).make_databases()
        report = upgrade(addresses.owner)
    output.say(f"Migrations applied: {', '.join(report.applied) or 'none'}")
    output.say(f"SQL files re-applied: {', '.join(report.functions) or 'none'}")


def schema(
    sql: Annotated[bool, typer.Option("--sql", help="As SQL that makes it on an empty database.")] = False,
) -> None:
    """Tell the schema of this version; no database of yours is touched or needed.

    Example:  crm schema --sql > crm_db/schema.sql
    """
    from deployments import schema as schemas  # noqa: PLC0415

    if not sql:
        raise typer.BadParameter("say in which form: --sql")
    typer.echo(schemas.fresh(), nl=False)
