"""The row of the API: requests made at random from its own description, by two people and by nobody.

Looked for: a failure of the server, an answer that is not as described, a route that answers without a key.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import psycopg
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.app import create_app
from api.settings import Settings
from crm_db.models import Base
from tests.api.serving import client_of, serving
from tests.databases import Database
from tests.faults.found import Found
from tests.faults.ground import Ground
from tests.walls import world as worlds
from tests.walls.copies import copy_of
from tests.walls.world import World

CASES = 10_000
THREADS = 4
ROLES = ("admin", "ada")
OPEN = re.compile(r"/api/crm/(capture|health|thank-you)|/docs|/openapi")
"""What needs no key; capture's proofs have tests of their own."""
NEEDS_PREFECT = "/api/crm/flows"
ANYWHERE = {400, 405, 413}
"""What every route may answer to a body that cannot be read."""
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 2**70, 1e308, -1e-308, 0.1, "", " ", "\0", "x" * 501, "null", "1", "\U0010ffff",
    "' or 1=1 --", "%",
    [], {}, [None], [[[]]], {"a": {"b": []}}, "2026-13-45", "9999-12-31T23:59:59+14:00", "0001-01-01",
    "Europe/Berlin", "a@b.example",
    "019a0000-0000-7000-8000-000000000000", "-7d", "this_month", "name:eq:x", "value:gt:5", "custom.x:null:true", "-created_at",
)  # fmt: skip


@dataclass(frozen=True)
class Route:
    """One operation of the description."""

    method: str
    path: str
    words: Mapping[str, Any]


@dataclass
class Case:
    """One request, and who makes it; None: nobody."""

    route: Route
    role: str | None
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


class Maker:
    """Makes cases by chance. `ids`: those of records that there are, by their table."""

    def __init__(self, description: Mapping[str, Any], ids: Mapping[str, list[str]], seed: int) -> None:
        self._schemas = description["components"]["schemas"]
        self._by_table, self._random = ids, random.Random(seed)
        self._ids = [one for some in ids.values() for one in some]
        self._routes = [
            Route(method.upper(), path, words)
            for path, methods in description["paths"].items()
            for method, words in methods.items()
        ]

    def cases(self, count: int) -> Iterator[Case]:
        """So many; every route is met in turn."""
        for number in range(count):
            yield self._case(self._routes[number % len(self._routes)])

    def _case(self, route: Route) -> Case:
        role = None if self._random.random() < 0.1 else self._random.choice(ROLES)
        case = Case(route, role, route.path)
        for parameter in route.words.get("parameters", ()):
            name, place = parameter["name"], parameter["in"]
            if place == "path":
                given = self._in_path(route.path.split("/")[3], parameter["schema"])
                case.path = case.path.replace(f"{{{name}}}", given)
            elif self._random.random() < (0.9 if parameter.get("required") else 0.12):
                value = self.value(parameter["schema"])
                if place == "query":
                    case.query[name] = value
                elif place == "header" and value is not None:
                    case.headers[name] = re.sub(r"[^\x21-\x7e]", "?", str(value))[:300]
        content = route.words.get("requestBody", {}).get("content", {})
        if "application/json" in content and self._random.random() < 0.97:
            case.body = self.value(content["application/json"]["schema"])
        return case

    def _in_path(self, plural: str, schema: Mapping[str, Any]) -> str:
        fitting = [table for table in self._by_table if table.endswith(plural.replace("-", "_"))]
        if fitting and self._random.random() < 0.8:
            return self._random.choice(self._by_table[fitting[0]])
        return re.sub(r"[^A-Za-z0-9_.-]", "-", str(self.value(schema)))[:80] or "-"

    def value(self, schema: Mapping[str, Any], depth: int = 0) -> Any:
        """Something that fits a schema, mostly."""
        if self._random.random() < 0.03 or depth > 6:
            return self._random.choice(ODD)
        if "$ref" in schema:
            return self.value(self._schemas[schema["$ref"].rpartition("/")[2]], depth + 1)
        if choices := schema.get("anyOf") or schema.get("oneOf"):
            return self.value(self._random.choice(choices), depth + 1)
        if "const" in schema or "enum" in schema:
            return schema["const"] if "const" in schema else self._random.choice(schema["enum"])
        makers: dict[str, Callable[[Mapping[str, Any], int], Any]] = {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._number,
            "number": self._number,
            "boolean": lambda *_: self._random.random() < 0.5,
            "null": lambda *_: None,
        }
        make = makers.get(schema.get("type", ""))
        return self._random.choice(ODD) if make is None else make(schema, depth)

    def _array(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        most = min(schema.get("maxItems", 3), 3)
        return [self.value(schema.get("items", {}), depth + 1) for _ in range(self._random.randint(0, most))]

    def _number(self, schema: Mapping[str, Any], _: int) -> float:
        least, most = schema.get("minimum", -5), schema.get("maximum", 1000)
        if schema["type"] == "integer":
            return self._random.randint(int(least), int(most))
        return round(self._random.uniform(float(least), float(most)), 2)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        needed = schema.get("required", ())
        made = {
            name: self.value(part, depth + 1)
            for name, part in schema.get("properties", {}).items()
            if self._random.random() < (0.97 if name in needed else 0.2)
        }
        if isinstance(schema.get("additionalProperties"), dict) or "properties" not in schema:
            more = schema.get("additionalProperties")
            part = more if isinstance(more, dict) else {}
            made |= {
                f"f{number}": self.value(part, depth + 1) for number in range(self._random.randint(0, 2))
            }
        if self._random.random() < 0.03:
            made["surplus"] = self._random.choice(ODD)
        return made

    def _string(self, schema: Mapping[str, Any], _: int) -> str:
        match schema.get("format"):
            case "uuid":
                return self._random.choice(self._ids)
            case "date":
                return f"20{self._random.randint(10, 40)}-{self._random.randint(1, 12):02}-{self._random.randint(1, 28):02}"
            case "date-time":
                return f"2026-{self._random.randint(1, 12):02}-{self._random.randint(1, 28):02}T10:00:00Z"
            case _:
                words = self._random.choice(
                    ("EUR", "x", "Ada", "a@b.example", "+442079460958", "DE", "value", "name:eq:x", "ß" * 30)
                )
                return (words * 2)[: schema.get("maxLength", 60)] if self._random.random() < 0.2 else words


class Judge:
    """Holds answers against the description."""

    def __init__(self, description: Mapping[str, Any]) -> None:
        self._components = description["components"]

    def faults(self, case: Case, response: httpx.Response) -> Iterator[str]:
        """What is wrong with an answer, by route and status; no values."""
        at = f"{case.route.method} {case.route.path} by {case.role}: {response.status_code}"
        status = response.status_code
        if status >= 500 and not (status == 503 and case.route.path.startswith(NEEDS_PREFECT)):
            yield f"server error: {at}"
        if case.role is None and status != 401 and not OPEN.match(case.route.path) and status != 405:
            yield f"ignored authentication: {at}"
        described = case.route.words.get("responses", {})
        if str(status) not in described and status not in ANYWHERE and status < 500:
            yield f"schema: {at} is not described"
        if status >= 400 and not response.headers.get("content-type", "").startswith(
            ("application/problem+json", "text/html")
        ):
            yield f"schema: {at} is no problem"
        if status < 300 and response.headers.get("content-type") == "application/json":
            yield from self._misfits(at, described.get(str(status), {}), response)

    def _misfits(self, at: str, described: Mapping[str, Any], response: httpx.Response) -> Iterator[str]:
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if not schema:
            return
        validator = Draft202012Validator({**schema, "components": self._components})
        for error in list(validator.iter_errors(response.json()))[:1]:
            place = ".".join(re.sub(r"\d+", "*", str(part)) for part in error.absolute_path)
            yield f"schema: {at} does not fit at {place}: {error.validator}"


def fuzz(ground: Ground, *, cases: int = CASES) -> Found:
    """Throw cases at the API; what broke, each kind once with how often."""
    nowhere = {"app_database_url": "postgresql://nowhere", "capture_database_url": "postgresql://nowhere"}
    description = create_app(Settings.model_validate(nowhere)).openapi()
    with copy_of(ground.server) as database:
        world = worlds.build(database)
        ids = _ids(database, world)
        maker, judge = Maker(description, ids, ground.seed), Judge(description)
        settings = {"app_database_url": database.app_url, "capture_database_url": database.capture_url}
        with (
            serving(Settings.model_validate(settings)) as url,
            client_of(url) as client,
            ThreadPoolExecutor(THREADS) as many,
        ):
            told = list(
                many.map(lambda case: _tried(client, case, judge, database, world), maker.cases(cases))
            )
    found = Counter(words for one in told for words in one[1])
    figures = {
        "cases": len(told),
        "answered well": sum(status < 300 for status, _ in told),
        **{kind.replace(" ", "_"): sum(count for words, count in found.items() if words.startswith(kind))
           for kind in ("server error", "schema", "ignored authentication")},
    }  # fmt: skip
    return Found(figures, tuple(f"{words} ({count} times)" for words, count in found.most_common()))


def _ids(database: Database, world: World) -> dict[str, list[str]]:
    """The ids of what there is in the first org, by table, and one that is nowhere."""
    found = {"nowhere": [str(UUID(int=7))]}
    with psycopg.connect(database.owner_url) as owner:
        for table in Base.metadata.sorted_tables:
            if "id" in table.c and "org_id" in table.c:
                rows = owner.execute(
                    f"select id from {table.name} where org_id = %s", [world.org_ids["acme"]]
                )
                found[table.name] = [str(row[0]) for row in rows]
    return {table: ids for table, ids in found.items() if ids}


def _tried(
    client: httpx.Client, case: Case, judge: Judge, database: Database, world: World
) -> tuple[int, list[str]]:
    key = {"X-API-Key": world.people[case.role].key} if case.role else {}
    response = client.request(
        case.route.method,
        case.path,
        params=_query(case.query),
        headers={**case.headers, **key},
        json=case.body,
    )
    if response.status_code == 401 and case.role:
        _let_count_again(database)
        return 401, []
    return response.status_code, list(judge.faults(case, response))


def _query(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [str(one) for one in value] if isinstance(value, list) else str(value)
        for name, value in values.items()
    }


def _let_count_again(database: Database) -> None:
    """Somebody used a right and put a key or its holder out of work."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("update crm_api_keys set revoked_at = null, expires_at = null")
        owner.execute("update crm_users set active = true")
        owner.execute("update crm_users set role = 'admin' where email = 'admin@acme.example'")
