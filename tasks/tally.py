"""What a run counts, and the summary that it leaves in the Prefect UI."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from prefect.artifacts import create_markdown_artifact

Tally = Counter[str]


@dataclass(frozen=True)
class Window:
    """The period that a run is limited to, and whether it only looks. `since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None
    dry_run: bool = False


def sum_of(tallies: Iterable[Mapping[str, int]]) -> Tally:
    """All counts together; a zero stays visible."""
    total: Tally = Counter()
    for tally in tallies:
        total.update(tally)
    return total


def report(
    title: str, tally: Mapping[str, int], *, seconds: float, window: Window, link: str
) -> dict[str, int]:
    """Leave the run's counts and duration as an artifact; returns the counts, which become the flow's result."""
    rows = "\n".join(f"| {name.replace('_', ' ')} | {count:,} |" for name, count in tally.items())
    mode = "dry run: nothing was changed" if window.dry_run else "done"
    period = f"from {window.since or 'the beginning'} to {window.until or 'now'}"
    table = f"| what | count |\n|---|---:|\n{rows}"
    markdown = f"## {title}: {mode}\n\n{period}, {seconds:.2f} s\n\n{table}\n\n[Records]({link})\n"
    create_markdown_artifact(markdown=markdown, description=f"{title}: {mode}")
    return dict(tally)
