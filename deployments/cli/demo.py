"""crm demo: watch leads arrive, be scored, assigned and followed up, and see the sums hold."""

from contextlib import ExitStack
from typing import Annotated, Literal

import typer

INTERRUPTED = 130
Providers = Literal["local", "fakes"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", rich_help_panel="Run")(demo)


def demo(
    leads: Annotated[int, typer.Option(min=20, help="How many people become leads.")] = 300,
    rate: Annotated[
        float, typer.Option(min=0.0, help="Submissions a second; 0 posts as fast as it goes.")
    ] = 20.0,
    providers: Annotated[
        Providers,
        typer.Option(
            help="Where messages go: files of this machine, or stand-ins for SendGrid and Twilio that fail."
        ),
    ] = "local",
    faults: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="With --providers fakes: share of the sends that fail.")
    ] = 0.3,
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

    With --providers fakes it plays on a stack of its own (CRM_HOME/with-fakes) beside the ordinary one. Half of the sends
    that fail are accepted first; nothing may leave twice or be lost.

    Examples:  crm demo  ·  crm demo --leads 1000 --rate 0  ·  crm demo --exit --json  ·  crm demo --providers fakes
    """
    from rich.console import Console  # noqa: PLC0415

    from deployments.cli import output  # noqa: PLC0415
    from deployments.cli.progress import StartView  # noqa: PLC0415
    from deployments.demo import carriers, drive, running, show  # noqa: PLC0415
    from deployments.settings import load_settings  # noqa: PLC0415

    console = Console(stderr=True, highlight=False) if as_json else output.console
    settings, view = load_settings(), StartView(console)
    try:
        with ExitStack() as ends:
            ends.enter_context(running.stoppable())
            fakes = None
            if providers == "fakes":
                settings, fakes = ends.enter_context(carriers.led_to_fakes(settings, view, faults))
            else:
                running.check_nobody_is_written_to()
            ends.enter_context(running.one_at_a_time(settings))
            found, ours = ends.enter_context(running.ready_stack(settings, view))
            story = drive.play(found, console, leads=leads, rate=rate, fakes=fakes)
            stays = ours and not leave
            show.show_story(console, story)
            show.show_where(console, found, stays=stays, fakes=fakes.url if fakes else None)
            if as_json:
                output.print_json(story.as_dict())
                output.console.file.flush()
            if stays:
                running.stay_up(found)
    except KeyboardInterrupt:
        view.step("Stopped.")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(0 if story.reconciles else 1)
