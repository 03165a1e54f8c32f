"""The row of the API: requests made at random from its own description, by two people and by nobody.

Looked for: a failure of the server, an answer that is not as described, a route that answers without a key.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
from hypothesis.configuration import set_hypothesis_home_dir
from schemathesis import Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup, ServerError
from schemathesis.openapi.checks import IgnoredAuth, JsonSchemaError
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import Table

from api.settings import Settings
from crm_db.models import Base
from crm_db.rules.settings import KNOWN
from tests.api.serving import PATIENCE_SECONDS, serving
from tests.databases import Database, Server
from tests.faults.cases import ROLES, Request, requests, schema_of
from tests.faults.found import Found
from tests.faults.ground import Ground
from tests.walls import world as worlds
from tests.walls.copies import copy_of
from tests.walls.world import World

CASES = 10_000
CASES_A_ROUND = 2_000
"""After so many it is asked anew what records there are."""
THREADS = 4
KNOWN_OF_A_KIND = 20
WELL_ANSWERED = 0.2
"""The share of cases that must come to something, or the others show little."""
NEEDS_PREFECT = "/api/crm/flows"
BEFORE_THE_KEY = {400, 401, 413}
"""What nobody may be told: that a key is needed, or that the body cannot be read."""
KINDS = ("server error", "schema", "ignored authentication")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]


@dataclass(frozen=True)
class Stage:
    """Where a case is played: the API that is served, its database, and who and what there is."""

    url: str
    database: Database
    world: World


def fuzz(ground: Ground) -> Found:
    """The row at its full size."""
    return throw(ground.server, cases=CASES, chance=ground.seed)


def throw(server: Server, *, cases: int, chance: int) -> Found:
    """Throw cases at the API; what broke, each kind once with how often."""
    with _stage(server) as stage, ThreadPoolExecutor(THREADS) as many:
        description = httpx.get(f"{stage.url}/openapi.json", trust_env=False).json()
        told: list[tuple[int, list[str]]] = []
        for first in range(0, cases, CASES_A_ROUND):
            schema = schema_of(description, _known(stage, description))
            places = range(first, min(first + CASES_A_ROUND, cases))
            told += many.map(lambda request: _tried(stage, request), requests(schema, places, chance))
    found = Counter(words for _, faults in told for words in faults)
    well = sum(200 <= status < 300 for status, _ in told)
    figures = {"cases": len(told), "answered well": well}
    for kind in KINDS:
        figures[kind.replace(" ", "_")] = sum(
            count for words, count in found.items() if words.startswith(kind)
        )
    return Found(
        figures,
        tuple(f"{words} ({count} times)" for words, count in found.most_common()),
        () if well >= cases * WELL_ANSWERED else ("too few cases were answered well",),
    )


@contextmanager
def _stage(server: Server) -> Iterator[Stage]:
    with (
        tempfile.TemporaryDirectory(prefix="crm-hypothesis-") as folder,
        copy_of(server) as database,
    ):
        set_hypothesis_home_dir(folder)
        world = worlds.build(database)
        urls = {"app_database_url": database.app_url, "capture_database_url": database.capture_url}
        try:
            with serving(Settings.model_validate(urls)) as url:
                yield Stage(url, database, world)
        finally:
            set_hypothesis_home_dir(None)


def _known(stage: Stage, description: Mapping[str, Any]) -> dict[str, list[str]]:
    """The ids of some records of the first org, rather of those that are not deleted, by the plural that paths say."""
    with psycopg.connect(stage.database.owner_url) as owner:
        plurals = {path.split("/")[3] for path in description["paths"]}
        tables = {plural: table for plural in plurals if (table := _table_of(plural)) is not None}
        known = {plural: _ids(owner, table, stage.world.org_ids["acme"]) for plural, table in tables.items()}
    return {plural: ids for plural, ids in known.items() if ids} | {"settings": list(KNOWN)}


def _table_of(plural: str) -> Table | None:
    wanted = "_inbox" if plural == "events" else f"_{plural.replace('-', '_')}"
    tables = Base.metadata.sorted_tables
    return next(
        (one for one in tables if one.name.endswith(wanted) and {"id", "org_id"} <= set(one.c.keys())), None
    )


def _ids(owner: psycopg.Connection, table: Table, org_id: UUID) -> list[str]:
    order = "deleted_at is not null, id" if "deleted_at" in table.c else "id"
    rows = owner.execute(
        f"select id from {table.name} where org_id = %s order by {order} limit %s", [org_id, KNOWN_OF_A_KIND]
    )
    return [str(row[0]) for row in rows]


def _tried(stage: Stage, request: Request) -> tuple[int, list[str]]:
    """The status of the answer, 0 when there is none, and what is wrong with it."""
    key = {"X-API-Key": stage.world.people[request.role].key} if request.role else {}
    plain: dict[str, Any] = {"proxies": {"http": ""}, "timeout": PATIENCE_SECONDS, "allow_redirects": False}
    at = f"{request.case.operation.label} by {request.role or 'nobody'}"
    try:
        response = request.case.call(stage.url, headers=key, **plain)
    except OSError as error:
        return 0, [f"server error: no answer to {at}: {type(error).__name__}"]
    if response.status_code in {401, 403} and request.role:
        _let_count_again(stage)
    awaited = response.status_code == 503 and request.case.path.startswith(NEEDS_PREFECT)
    failures: list[Failure] = []
    try:
        request.case.validate_response(
            response,
            checks=CHECKS,
            excluded_checks=[not_a_server_error] if awaited else [],
            headers=key,
            transport_kwargs=plain,
        )
    except FailureGroup as group:
        failures += group.exceptions
    faults = [f"{_kind(failure)} at {at}: {response.status_code}" for failure in failures]
    if request.role is None and _ignores_the_key(request, response):
        faults.append(f"ignored authentication: nobody is told more at {at}: {response.status_code}")
    return response.status_code, faults


def _kind(failure: Failure) -> str:
    """What is wrong, without the values that were sent or answered."""
    if isinstance(failure, ServerError):
        return "server error"
    if isinstance(failure, IgnoredAuth):
        return f"ignored authentication: {failure.title}"
    place = (
        "/".join(str(part) for part in failure.schema_path) if isinstance(failure, JsonSchemaError) else ""
    )
    return f"schema: {failure.title} {place}".rstrip()


def _ignores_the_key(request: Request, response: Response) -> bool:
    """Whether somebody without a key is told more than that one is needed."""
    asks = {} not in request.case.operation.definition.raw.get("security", [{}])
    return asks and response.status_code not in BEFORE_THE_KEY and b"json_invalid" not in response.content


def _let_count_again(stage: Stage) -> None:
    """Somebody may have used a right and put a key or its holder out of work, or into another."""
    with psycopg.connect(stage.database.owner_url, autocommit=True) as owner:
        for role in ROLES:
            person = stage.world.people[role]
            owner.execute(
                "update crm_users set active = true, role = %s where id = %s and (not active or role <> %s)",
                [person.role, person.user_id, person.role],
            )
            owner.execute(
                "update crm_api_keys set revoked_at = null, expires_at = null, scopes = '{admin}' where prefix = %s"
                " and (revoked_at is not null or expires_at is not null or scopes <> '{admin}')",
                [person.key.split("_")[2]],
            )
