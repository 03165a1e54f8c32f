"""Requests made at random by schemathesis from the API's description, often with the ids of records that there are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode

ROLES = ("admin", "ada")
WHO = (*ROLES * 9, None, None)
MODES = (GenerationMode.POSITIVE,) * 5 + (GenerationMode.NEGATIVE,)
IN_PATHS, IN_BODIES = 0.9, 0.4
"""How often what names a record names one that there is."""
FIELDS = {"owner_id": "users", "parent_id": "teams", "entity_id": "leads"}
"""Fields whose records are called otherwise."""
NAMES = {"key": "settings", "source": "sources"}
"""Parts of paths that name something, and what."""
MOST_QUERY_BYTES = 60_000
"""A longer one is refused by the HTTP server before the API sees it."""


@dataclass(frozen=True)
class Request:
    """A case, and who makes it; None: nobody."""

    case: Case[Any]
    role: str | None


def schema_of(description: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> BaseSchema:
    """The description as schemathesis reads it. known: ids, or names, of what there is, by the plural that paths say."""
    fields = {f"{plural.removesuffix('s')}_id": plural for plural in known} | FIELDS
    bound = {f"body.{name}": _one_of(plural, IN_BODIES) for name, plural in fields.items()}
    bound |= {f"path.{name}": _one_of(plural, IN_PATHS) for name, plural in (fields | NAMES).items()}
    config = {
        "dictionaries": {plural: {"values": list(values)} for plural, values in known.items()},
        "parameters": bound,
        "operations": [
            {
                "include-path-regex": f"^/api/crm/{plural}/",
                "parameters": {"path.record_id": _one_of(plural, IN_PATHS)},
            }
            for plural in known
        ],
        "generation": {"with-security-parameters": False},
    }
    return schemathesis.openapi.from_dict(dict(description), config=schemathesis.Config.from_dict(config))


def _one_of(plural: str, probability: float) -> dict[str, Any]:
    return {"dictionary": plural, "probability": probability}


def requests(schema: BaseSchema, places: range, chance: int) -> list[Request]:
    """Those at these places of an endless row in which every operation has its turn; the same chance makes the same."""
    operations = [operation for methods in schema.values() for operation in methods.values()]
    turns = [place % len(operations) for place in places]
    made = {
        turn: iter(_of(operations[turn], count, f"{chance} {places.start} {turn}"))
        for turn, count in Counter(turns).items()
    }
    return [next(made[turn]) for turn in turns]


def _of(operation: APIOperation[Any, Any, Any, Any], count: int, chance: str) -> list[Request]:
    """So many of one operation. Hypothesis may give fewer, as many of its tries are in vain; it is asked again then."""
    made: list[Request] = []
    while len(made) < count:

        @seed(f"{chance} {len(made)}")
        @settings(
            max_examples=count - len(made),
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(_requests(operation))
        def keep(request: Request) -> None:
            made.append(request)

        keep()
    return made[:count]


@st.composite
def _requests(draw: st.DrawFn, operation: APIOperation[Any, Any, Any, Any]) -> Request:
    role = draw(st.sampled_from(WHO))
    case = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(MODES))))
    assume(len(urlencode(case.query, doseq=True)) < MOST_QUERY_BYTES)
    if draw(st.booleans()):
        _strip(case)
    draw(st.integers())  # or an operation with nothing to choose would be told to be exhausted at once
    return Request(case, role)


def _strip(case: Case[Any]) -> None:
    """Take away what need not be there: with every cursor and condition at once hardly a question would be answered."""
    needed = {parameter.name for parameter in case.operation.query if parameter.is_required}
    case.query = {name: value for name, value in case.query.items() if name in needed}
    case.headers = CaseInsensitiveDict()
