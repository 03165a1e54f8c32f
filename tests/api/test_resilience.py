"""The API when its database comes and goes, and what it never says or writes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from crm_db.actions.sources import NewSource
from tests.api.conftest import Serve
from tests.api.serving import Cable, client_of, eventually, is_problem, signed
from tests.conftest import Database, Org

PATHS = [
    ("GET", "/api/crm/health"),
    ("GET", "/api/crm/leads"),
    ("GET", f"/api/crm/events/{UUID(int=1)}"),
    ("GET", "/api/crm/messages"),
]


@pytest.fixture
def cable(database: Database) -> Iterator[Cable]:
    """The line from the API to its database."""
    line = Cable(database.app_url)
    yield line
    line.close()


@pytest.fixture
def far(
    serve: Serve, database: Database, org: Org, source: NewSource, cable: Cable
) -> Iterator[httpx.Client]:
    """A client of an API that reaches its database through the cable."""
    base = serve(
        app_database_url=cable.through(database.app_url),
        capture_database_url=cable.through(database.capture_url),
        database_wait_seconds=1,
    )
    with client_of(base, org.api_key) as client:
        yield client


def test_while_the_database_is_away_everything_is_503_and_then_heals_by_itself(
    far: httpx.Client, source: NewSource, cable: Cable
) -> None:
    capture = f"/api/crm/capture/{source.token}"
    with ThreadPoolExecutor(20) as threads:  # so that every connection of the pools is in use once
        list(threads.map(lambda n: far.post(capture, json={"n": n}), range(40)))
    for _ in range(2):
        assert [far.request(*path).status_code for path in PATHS] == [200, 200, 404, 200]
        cable.cut()
        for method, path in PATHS:
            response = far.request(method, path)
            is_problem(response, 503, "database_unavailable")
            assert int(response.headers["retry-after"]) >= 1
        is_problem(far.post(capture, json={"n": "down"}), 503, "database_unavailable")
        cable.mend()
        eventually(lambda: far.post(capture, json={"n": "up"}).status_code == 202)
        eventually(lambda: far.get("/api/crm/leads").status_code == 200)


def test_dead_connections_cost_no_caller_an_error(far: httpx.Client, source: NewSource, cable: Cable) -> None:
    capture = f"/api/crm/capture/{source.token}"
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda n: far.post(capture, json={"n": n}), range(40)))
    cable.cut()
    cable.mend()
    answers = [far.post(capture, json={"again": n}).status_code for n in range(20)]
    assert answers == [202] * 20
    assert far.get("/api/crm/leads").status_code == 200


def test_the_api_may_start_before_its_database(
    serve: Serve, database: Database, source: NewSource, cable: Cable
) -> None:
    cable.cut()
    base = serve(
        app_database_url=cable.through(database.app_url),
        capture_database_url=cable.through(database.capture_url),
        database_wait_seconds=1,
    )
    with client_of(base) as client:
        is_problem(client.get("/api/crm/health"), 503, "database_unavailable")
        cable.mend()
        eventually(lambda: client.get("/api/crm/health").status_code == 200)
        eventually(lambda: client.post(f"/api/crm/capture/{source.token}", json={"n": 1}).status_code == 202)


def test_a_202_is_committed_however_often_the_line_breaks(
    far: httpx.Client, source: NewSource, cable: Cable, owner: psycopg.Connection
) -> None:
    def post_until_kept(n: int) -> str:
        while True:
            answer = far.post(f"/api/crm/capture/{source.token}", json={"submission_id": n})
            if answer.status_code == 202:
                return str(answer.json()["event_id"])
            assert answer.status_code == 503

    with ThreadPoolExecutor(8) as threads:
        kept = [threads.submit(post_until_kept, n) for n in range(200)]
        for last in (50, 100, 150):
            eventually(kept[last].done)
            cable.cut()
            cable.mend()
        ids = sorted(one.result() for one in kept)
    stored = owner.execute("select id::text from crm_inbox order by 1").fetchall()
    assert [row[0] for row in stored] == ids


def test_a_statement_that_the_database_gives_up_is_answered_with_503(
    admin: httpx.Client, database: Database, owner: psycopg.Connection
) -> None:
    give_up = """
        select pg_cancel_backend(pid) from pg_stat_activity
        where datname = %s and usename = 'crm_app' and wait_event_type = 'Lock'
    """
    with (
        psycopg.connect(database.server.admin_url, autocommit=True) as operator,
        ThreadPoolExecutor(1) as threads,
        owner.transaction(),
    ):
        owner.execute("lock table crm_leads in access exclusive mode")
        asked = threads.submit(admin.get, "/api/crm/leads")
        eventually(lambda: operator.execute(give_up, [database.name]).fetchone() is not None)
        is_problem(asked.result(), 503, "database_unavailable")


def test_a_failure_nobody_foresaw_is_a_bare_500(
    admin: httpx.Client, owner: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    owner.execute("alter table crm_leads rename column company to firma")
    problem = is_problem(admin.get("/api/crm/leads"), 500, "internal_error")
    assert problem["detail"] == "Something went wrong here."
    assert "UndefinedColumn" in caplog.text
    assert "company" not in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/api/crm/leads", 405)]
)
def test_unknown_paths_and_methods_are_problems_too(
    anyone: httpx.Client, method: str, path: str, status: int
) -> None:
    code = {404: "no_such_path", 405: "method_not_allowed"}[status]
    is_problem(anyone.request(method, path), status, code)


def test_every_answer_is_marked_as_not_to_be_stored_or_guessed(
    admin: httpx.Client, source: NewSource
) -> None:
    for response in (
        admin.get("/"),
        admin.get("/api/crm/leads"),
        admin.get("/api/crm/leads/x"),
        admin.post(f"/api/crm/capture/{source.token}", json={}),
        admin.post("/api/crm/capture/unknown", json={}),
    ):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_the_description_is_complete_and_loads_nothing_from_elsewhere(anyone: httpx.Client) -> None:
    description = anyone.get("/openapi.json").json()
    capture = description["paths"]["/api/crm/capture/{source}"]["post"]
    assert {"401", "413", "422", "429", "503"} <= capture["responses"].keys()
    assert set(description["components"]["securitySchemes"]) == {"ApiKey", "Bearer"}
    for path, methods in description["paths"].items():
        for method in methods.values():
            assert method["summary"] and method["tags"], path
            assert path.endswith(("/health", "{source}")) or method["security"], path
    assert anyone.get("/redoc").status_code == 404  # FastAPI's pages load their scripts from another host


def test_neither_answers_nor_logs_hold_a_token_or_what_was_posted(
    database: Database, source: NewSource, cable: Cable, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    """The real process as `crm up` starts it, through good, bad and failing calls."""
    log, port = tmp_path / "api.log", free_port()
    command = [sys.executable, "-m", "uvicorn", "api.app:create_app", "--factory"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--no-access-log"]
    environment = {
        **os.environ,
        "CRM_APP_DATABASE_URL": cable.through(database.app_url),
        "CRM_CAPTURE_DATABASE_URL": cable.through(database.capture_url),
        "CRM_API_DATABASE_WAIT": "1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    told = []
    try:
        with client_of(f"http://127.0.0.1:{port}") as client:
            eventually(lambda: _answers(client))
            for state in ("up", "down"):
                for body in (b'{"email":"secret@person.example"}', b"[secret@person.example", b"[]"):
                    for headers in (
                        {},
                        {"X-CRM-Signature": signed("wrong", body)},
                        {"Idempotency-Key": "a b"},
                    ):
                        path = f"/api/crm/capture/{source.token}"
                        told += [client.post(path, content=body, headers=headers)]
                        told += [client.post(path + "/", content=body), client.put(path, content=body)]
                if state == "up":
                    cable.cut()
    finally:
        process.terminate()
        process.wait(30)
    assert {answer.status_code for answer in told} == {202, 401, 404, 405, 422, 503}
    written = log.read_text() + "".join(f"{answer.text}{answer.headers}" for answer in told)
    for secret in (source.token, source.secret, "secret@person.example", database.app_url.split("@")[0]):
        assert secret not in written


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/api/crm/health").status_code == 200
    except httpx.TransportError:
        return False
