"""What a person sees of a demo: bars while it runs, then the story as tables, and where to look further."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from crm_db.queries.story import Example, Tally
from deployments.demo.carried import Carried
from deployments.demo.story import Story
from deployments.settings import Settings

STAGES = ("posted", "captured", "scored", "assigned", "e-mails sent")
LINE_EVERY_SECONDS = 5.0
ACTIONS = {"first-call": "call", "check-in": "e-mail: check in", "meeting": "invitation to a meeting"}


@dataclass
class Bars:
    """Live bars on a terminal, a line every few seconds elsewhere. submissions, people: what is to come."""

    console: Console
    submissions: int
    people: int
    _said: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:>12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        totals: Mapping[str, int | None] = {
            "posted": self.submissions,
            "captured": None,
            "e-mails sent": None,
        }
        self._bars: dict[str, TaskID] = {
            stage: self._progress.add_task(stage, total=totals.get(stage, self.people)) for stage in STAGES
        }

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, posted: int, tally: Tally) -> None:
        """Show how far it is; `posted` counts submissions that were answered."""
        done = (posted, tally.events - tally.pending, tally.scored, tally.assigned, tally.emails_sent)
        counts = dict(zip(STAGES, done, strict=True))
        for stage, count in counts.items():
            self._progress.update(self._bars[stage], completed=count)
        self._progress.update(self._bars["captured"], total=tally.events)
        if not self.console.is_terminal and time.monotonic() - self._said > LINE_EVERY_SECONDS:
            self._said = time.monotonic()
            words = ", ".join(f"{stage} {count}" for stage, count in counts.items())
            self.console.print(Text(words, style="dim"))


def show_story(console: Console, story: Story) -> None:
    """The tables: numbers, sums, messages, examples."""
    console.print()
    console.print(_numbers(story))
    console.print(_sums(story))
    console.print(_messages(story))
    if story.carried is not None:
        console.print(_carried(story.carried))
    console.print(_examples(story.found.examples))


def show_where(console: Console, settings: Settings, *, stays: bool, fakes: str | None = None) -> None:
    """The addresses to open. fakes: that of the provider fakes, where messages went there."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("API", f"{settings.api_url}/api/crm/leads (header X-API-Key: api_key of credentials.json)")
    table.add_row(
        "Prefect UI", f"{settings.prefect_url} (user and password: prefect_auth of credentials.json)"
    )
    table.add_row("Credentials", str(settings.home / "credentials.json"))
    if fakes is None:
        table.add_row("E-mails", f"{settings.home / 'outbox'} (crm outbox list, then crm outbox show NAME)")
    else:
        table.add_row("Fakes", f"{fakes}/_fake/status (CRM_HOME={settings.home} crm fakes status)")
    table.add_row("Dead letters", "crm dead list")
    title = "Everything stays up; Ctrl-C stops it" if stays else "Where to look"
    console.print(Panel(table, title=title, title_align="left", expand=False))


def _numbers(story: Story) -> Table:
    tally, latency = story.found.tally, story.found.first_answers
    table = _table("What happened", "", "number", "what it means")
    rows: list[tuple[str, object, str]] = [
        (
            "posted",
            story.plan.submissions,
            "submissions, by API key, by signature, by form, by makers of forms and ads",
        ),
        ("refused", story.answers.refused, "wrong signature, unknown token, unknown key (401)"),
        (
            "accepted",
            story.answers.accepted,
            "kept before they were answered (202, or 200 where its sender wants that)",
        ),
        ("repeated", story.repeated, "known by key, own id or bytes: answered with the first event"),
        ("new", tally.new, "became a lead"),
        ("merged", tally.merged, "further submissions of a person: the lead was enriched"),
        ("dead", tally.dead, ", ".join(f"{count} {why}" for why, count in story.found.dead.items())),
        ("scored", tally.scored, "with reasons"),
        ("assigned", tally.assigned, "to the free rep with the least open leads"),
        ("enrolled", tally.enrolled, "in the sequence New lead"),
        ("e-mails sent", tally.emails_sent, _where_emails_are(story)),
        ("texts written", story.texts, "by hand; outside quiet hours they leave at once"),
        (
            "first answer",
            _seconds(latency.p50),
            f"in half of {latency.leads} leads, from post to first message",
        ),
        ("", _seconds(latency.p95), "in 95 of 100"),
        ("", _seconds(latency.p99), "in 99 of 100"),
        ("flow runs", sum(story.flow_runs.values()), _counted(story.flow_runs)),
    ]
    for name, number, words in rows:
        table.add_row(name, Text(str(number)), Text(words, style="dim"))
    return table


def _sums(story: Story) -> Table:
    title = "The sums hold" if story.reconciles else "The sums do NOT hold"
    table = _table(title, "", "sum", "left", "right")
    for check in story.checks:
        mark = Text("✓", style="green") if check.holds else Text("✗", style="bold red")
        table.add_row(mark, Text(check.says), str(check.left), str(check.right))
    return table


def _messages(story: Story) -> Table:
    table = _table("Messages of the ledger", "channel", "state", "number")
    for channel, states in story.found.messages.items():
        for status, count in states.items():
            table.add_row(channel, status, str(count))
    return table


def _carried(carried: Carried) -> Table:
    """What the providers themselves say."""
    table = _table("The providers' side", "", "number", "what it means")
    rows = [
        ("accepted", carried.accepted, "e-mails and texts that the fakes took"),
        ("answer lost", carried.lost_answers, "accepted, and then a 500, a cut connection or no answer"),
        ("found again", carried.found_again, "of those: looked up at the provider, and known as sent"),
        ("twice", carried.accepted - carried.messages, "accepted again though they had been"),
        ("in doubt", carried.in_doubt, "still unknown"),
        ("faults", sum(carried.faults.values()), _counted(carried.faults)),
    ]
    for name, number, words in rows:
        table.add_row(name, str(number), Text(words, style="dim"))
    return table


def _where_emails_are(story: Story) -> str:
    if story.carried is not None:
        return f"{story.carried.accepted} messages at the fakes (crm fakes log)"
    return f"{story.found.eml_files} .eml files in the outbox"


def _examples(examples: tuple[Example, ...]) -> Table:
    table = _table("Some of the leads", "lead", "score", "because", "owner", "next action")
    for example in examples:
        where = ", ".join(part for part in (example.company, example.country) if part)
        action = ACTIONS.get(example.action, example.action)
        when = f"\n{example.action_at:%a %Y-%m-%d %H:%M} UTC" if example.action_at else ""
        table.add_row(
            Text(f"{example.name}\n{where}"),
            f"{example.score} {example.band}",
            Text("\n".join(example.reasons)),
            Text(f"{example.owner or 'nobody'}\n{example.team or ''}"),
            Text(f"{action}{when}"),
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        right = column in {"number", "left", "right"}
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
