"""Rows `disk-full` and `connections-exhausted`: the database has no room, capture says 503, and goes on by itself afterwards."""

import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from api.settings import Settings
from tests.api.serving import client_of, serving
from tests.databases import Server
from tests.faults.bench import Bench, bench_on
from tests.faults.breaches import Accepted
from tests.faults.crash_points import work_off
from tests.faults.found import Found

DISK_BYTES = 48 * 1024 * 1024
"""Room for a database like ours, and some more."""
PATIENCE_SECONDS = 120.0
QUIET_LOOKS = 10
UNAVAILABLE, ACCEPTED = 503, 202
_PADDING = "x" * 6_000
"""Beside the person in each post, so that few posts take the last room."""


class Unmounted(RuntimeError):
    """This account may not mount a small disk."""


@dataclass
class Poster:
    """Posts people to an API one after the other and keeps what it was answered."""

    client: httpx.Client
    bench: Bench
    answers: Counter[int] = field(default_factory=Counter)
    refused: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def post(self, number: int) -> int:
        """Post person `number`; a refusal is to be made good later."""
        email, key = f"late{number}@faults.example", f"late-{number}"
        body = {"email": email, "name": "A Person", "comment": _PADDING}
        answer = self.client.post(
            f"/api/crm/capture/{self.bench.source.token}", json=body, headers={"Idempotency-Key": key}
        )
        self.answers[answer.status_code] += 1
        if answer.status_code == ACCEPTED:
            self.bench.accepted.append(Accepted(key, answer.json()["event_id"], email))
        else:
            self.refused.append(number)
            if answer.status_code != UNAVAILABLE or answer.json().get("code") != "database_unavailable":
                self.wrong.append(f"answered {answer.status_code}: {answer.text[:200]}")
        return answer.status_code

    def make_good(self) -> float:
        """Post what was refused, with its key, until all is kept; seconds until the first was."""
        began, first = time.monotonic(), 0.0
        while self.refused:
            if self.post(self.refused.pop(0)) == ACCEPTED:
                first = first or time.monotonic() - began
            elif time.monotonic() - began > PATIENCE_SECONDS:
                break
        return first


def disk_full(server: Server, *, posts: int) -> Found:
    """The disk of the database is filled under an API that serves; it is made free, and nobody restarts anything."""
    with small_disk(server) as (disk, tablespace):

        def fill() -> Callable[[], None]:
            hog = disk / "hog"
            _write_until_full(hog)
            return hog.unlink

        with bench_on(server, people=2, tablespace=tablespace) as bench:
            return _exhaust(bench, fill, posts=posts)


def connections_exhausted(server: Server, *, posts: int) -> Found:
    """Somebody takes every connection that the server has; then lets them go."""
    with bench_on(server, people=2) as bench:

        def take() -> Callable[[], None]:
            hog = ExitStack()
            _take_connections(bench, hog)
            return hog.close

        return _exhaust(bench, take, posts=posts)


def _exhaust(bench: Bench, exhaust: Callable[[], Callable[[], None]], *, posts: int) -> Found:
    """Post before, while and after there is no room; work off what was kept, and recount."""
    began = time.monotonic()
    settings = {
        "app_database_url": bench.database.app_url,
        "capture_database_url": bench.database.capture_url,
        "database_wait_seconds": 1,
    }
    with serving(Settings.model_validate(settings)) as url, client_of(url) as client:
        poster = Poster(client, bench)
        for number in range(posts):
            poster.post(number)
        free = exhaust()
        try:
            _post_until_refused(poster, posts)
        finally:
            free()
        first = poster.make_good()
    work_off(bench)
    refusals = poster.answers[UNAVAILABLE]
    return Found.of(
        bench.breaches(),
        wanting=[
            *poster.wrong,
            *[f"person {number} was never kept" for number in poster.refused],
            *([] if refusals >= posts else [f"{refusals} refusals instead of {posts}"]),
        ],
        answers={str(status): count for status, count in poster.answers.items()},
        events=len(bench.accepted),
        seconds_to_recover=round(first, 2),
        seconds=round(time.monotonic() - began, 1),
    )


def _post_until_refused(poster: Poster, posts: int) -> None:
    """Go on until as many have been refused; the last room goes to the first of them."""
    number, until = posts, time.monotonic() + PATIENCE_SECONDS
    while poster.answers[UNAVAILABLE] < posts and time.monotonic() < until:
        poster.post(number)
        number += 1


@contextmanager
def small_disk(server: Server) -> Iterator[tuple[Path, str]]:
    """A disk of DISK_BYTES in memory with a tablespace on it. Raises Unmounted where that is not allowed."""
    name = f"crm_small_{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="crm-disk-") as folder:
        Path(folder).chmod(0o711)
        with _mounted(Path(folder)), psycopg.connect(server.admin_url, autocommit=True) as operator:
            space = Path(folder) / "space"
            space.mkdir(mode=0o700)
            row = operator.execute("show data_directory").fetchone()
            assert row is not None
            owner = Path(row[0]).stat()
            os.chown(space, owner.st_uid, owner.st_gid)
            where = sql.Literal(str(space))
            operator.execute(
                sql.SQL("create tablespace {} owner crm_owner location {}").format(
                    sql.Identifier(name), where
                )
            )
            try:
                yield Path(folder), name
            finally:
                operator.execute(sql.SQL("drop tablespace {}").format(sql.Identifier(name)))


@contextmanager
def _mounted(folder: Path) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0711", "none", str(folder)]
    answer = subprocess.run(mount, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise Unmounted(f"no small disk: {answer.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _write_until_full(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(8192))


def _take_connections(bench: Bench, hog: ExitStack) -> None:
    """All that are free, then those of the API, until it has none: it asks anew at once, and may be quicker once or twice."""
    theirs = "datname = %s and usename in ('crm_app', 'crm_capture')"
    count = f"select count(*) from pg_stat_activity where {theirs}"
    end = f"select pg_terminate_backend(pid) from pg_stat_activity where {theirs}"
    names, until = [bench.database.name], time.monotonic() + PATIENCE_SECONDS
    with psycopg.connect(bench.database.server.admin_url, autocommit=True) as operator:
        quiet = 0
        while quiet < QUIET_LOOKS:
            if time.monotonic() > until:
                raise TimeoutError("the API keeps its connections")
            _take_what_is_free(bench, hog)
            quiet = quiet + 1 if operator.execute(count, names).fetchone() == (0,) else 0
            operator.execute(end, names)
            time.sleep(0.05)
    for _ in range(QUIET_LOOKS):  # the operator's own, as soon as it has ended
        _take_what_is_free(bench, hog)
        time.sleep(0.05)


def _take_what_is_free(bench: Bench, hog: ExitStack) -> None:
    with suppress(psycopg.OperationalError):
        while True:
            hog.enter_context(psycopg.connect(bench.database.owner_url))
