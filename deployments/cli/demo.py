"""crm demo: watch leads arrive, be scored, assigned and followed up, and see the sums hold."""

from typing import Annotated

import typer

INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", rich_help_panel="Run")(demo)


def demo(
    leads: Annotated[int, typer.Option(min=20, help="How many people become leads.")] = 300,
    rate: Annotated[
        float, typer.Option(min=0.0, help="Submissions a second; 0 posts as fast as it goes.")
    ] = 20.0,
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the story, and stop what the demo started.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="The story as the last JSON object on stdout; progress goes to stderr."),
    ] = False,
) -> None:
    """Post leads over HTTP, follow them through the flows, and tell the story in numbers that must add up.

    Starts everything when nothing runs in this CRM_HOME, and then stays up until Ctrl-C. Each run makes new
    people. Exit code 0 when every sum holds, else 1.

    Examples:  crm demo  ·  crm demo --leads 1000 --rate 0  ·  crm demo --exit --json
    """
    from rich.console import Console  # noqa: PLC0415

    from deployments.cli import output  # noqa: PLC0415
    from deployments.cli.progress import StartView  # noqa: PLC0415
    from deployments.demo import drive, running, show  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    console = Console(stderr=True, highlight=False) if as_json else output.console
    settings, view = load_settings(), StartView(console)
    try:
        with running.stoppable(), running.ready_stack(settings, view) as (found, ours):
            story = drive.play(found, console, leads=leads, rate=rate)
            stays = ours and not leave
            show.show_story(console, story)
            show.show_where(console, found, stays=stays)
            if as_json:
                output.print_json(story.as_dict())
                output.console.file.flush()
            if stays:
                running.stay_up(found)
    except KeyboardInterrupt:
        view.step("Stopped.")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(0 if story.reconciles else 1)
