"""What a person sees while everything starts: steps and processes, then one panel that says where to go."""

from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deployments.local.child import State, View
from deployments.secret_files import Secrets
from deployments.settings import Settings

STYLES = {State.READY: "green", State.STARTING: "yellow", State.BACKING_OFF: "red", State.STOPPED: "dim"}


class StartView:
    """A live table on a terminal, one line per change elsewhere (logs, pipes)."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=8, transient=True)
        self._step = "Starting"
        self._views: tuple[View, ...] = ()
        self._said: dict[str, State] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def step(self, sentence: str) -> None:
        """What is being done now."""
        self._step = sentence
        self._console.print(Text(sentence, style="dim"))
        self._draw()

    def processes(self, views: tuple[View, ...]) -> None:
        """How the processes are; without a terminal only changes are printed."""
        self._views = views
        for view in views:
            if self._said.get(view.name) is not view.state:
                self._said[view.name] = view.state
                self._say_change(view)
        self._draw()

    def ready(self, settings: Settings, secrets: Secrets, seconds: float) -> None:
        """The panel with the addresses."""
        self._step = "Running; Ctrl-C stops everything"
        self._console.print(_panel(settings, secrets, seconds))
        self._live.stop()

    def _say_change(self, view: View) -> None:
        if not self._live.is_started:
            self._console.print(Text(f"{view.name}: {view.state}"))

    def _draw(self) -> None:
        if self._live.is_started:
            self._live.update(Group(Spinner("dots", Text(self._step)), _process_table(self._views)))


def _process_table(views: tuple[View, ...]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for view in views:
        restarts = f"restarted {view.restarts}×" if view.restarts else ""
        table.add_row(
            "  ", view.name, Text(view.state, style=STYLES[view.state]), Text(restarts, style="dim")
        )
    return table


def _panel(settings: Settings, secrets: Secrets, seconds: float) -> Panel:
    user = secrets.prefect_auth.partition(":")[0]
    credentials = settings.home / "credentials.json"
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("API", f"{settings.api_url}/docs")
    table.add_row("Prefect", settings.prefect_url)
    table.add_row("", f"log in with prefect_auth of credentials.json ({user}:…)")
    table.add_row("Credentials", str(credentials))
    table.add_row("E-mails sent", f"{settings.home / 'outbox'} (crm outbox list)")
    table.add_row("Logs", str(settings.home / "logs"))
    return Panel(
        table, title=f"Essentials CRM is ready after {seconds:.0f} s", title_align="left", expand=False
    )
