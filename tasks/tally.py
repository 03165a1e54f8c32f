"""What every flow takes, what a run counts, and the summary that it leaves in the Prefect UI."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from prefect.artifacts import create_markdown_artifact
from prefect.runtime import flow_run
from prefect.settings import PREFECT_UI_URL
from pydantic import AfterValidator, Field

Tally = Counter[str]

Moment = Annotated[
    datetime, AfterValidator(lambda moment: moment if moment.tzinfo else moment.replace(tzinfo=UTC))
]
"""One without an offset is meant in UTC."""
Since = Annotated[
    Moment | None,
    Field(
        title="Since",
        description="Only records from this moment on: submissions received, leads made or enrolled, messages due. "
        "Empty: from the beginning.",
    ),
]
Until = Annotated[
    Moment | None, Field(title="Until", description="Only records before this moment. Empty: until now.")
]
DryRun = Annotated[
    bool, Field(title="Dry run", description="Count what would be done and change nothing; nothing is sent.")
]


@dataclass(frozen=True)
class Window:
    """The period that a run is limited to, and whether it only looks. `since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None
    dry_run: bool = False

    @property
    def limited(self) -> bool:
        """Whether the run is about a period only."""
        return self.since is not None or self.until is not None


def sum_of(tallies: Iterable[Mapping[str, int]]) -> Tally:
    """All counts together; a zero stays visible."""
    total: Tally = Counter()
    for tally in tallies:
        total.update(tally)
    return total


def report(
    title: str, tally: Mapping[str, int], *, seconds: float, window: Window, link: str
) -> dict[str, int]:
    """Leave the run's counts and duration as the flow's artifact; returns the counts, which become the flow's result.

    The artifact's key is the flow's name, so that the page Artifacts shows each flow's latest. It holds counts and
    addresses, never anything about a person.
    """
    mode = "dry run: nothing was changed" if window.dry_run else "done"
    period = f"from {window.since or 'the beginning'} to {window.until or 'now'}"
    lines = [f"| {name.replace('_', ' ')} | {count:,} |" for name, count in tally.items()]
    parts = [
        f"## {title}: {mode}",
        f"{period}, {seconds:.2f} s",
        "\n".join(["| what | count |", "|---|---:|", *lines]),
        " · ".join(f"[{words}]({address})" for words, address in _links(tally, link)),
    ]
    create_markdown_artifact(
        key=title, markdown="\n\n".join(parts) + "\n", description=f"{title}: {mode}, {period}"
    )
    return dict(tally)


def _links(tally: Mapping[str, int], records: str) -> list[tuple[str, str]]:
    """This run, the records it works on, and those that its counts speak of."""
    links = [("Records", records)]
    began = flow_run.scheduled_start_time
    if records.endswith("/leads") and began is not None:
        links.append(("Leads made since this run", f"{records}?created_after={began:%Y-%m-%dT%H:%M:%SZ}"))
    if records.endswith("/messages"):
        links += [
            (status.capitalize(), f"{records}?status={status}")
            for status in ("sent", "failed", "unknown")
            if tally.get(status)
        ]
    if flow_run.id and PREFECT_UI_URL.value():
        links.append(("This run", f"{PREFECT_UI_URL.value()}/runs/flow-run/{flow_run.id}"))
    return links
