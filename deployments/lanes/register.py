"""Make Prefect know what prefect.yaml lists, without undoing what ops changed in its UI.

A deployment that is missing is made. Of one that is there, entrypoint, parameter form and version are the code's; all
else is merged with what ops changed (`setups.merge`). What the code registered last is kept as a variable in Prefect
itself, so that it lives and dies with the deployments it describes. Registering twice, or twice at once, changes
nothing. Run as `python -m deployments.lanes.register`.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools import is_valid_schema, validate
from pydantic.fields import FieldInfo

from deployments.lanes.entries import ROOT, Entry, read_entries
from deployments.lanes.prefect_api import Known, PrefectApi, PrefectRefused
from deployments.lanes.setups import Json, Setup, merge

POOL = "crm"
SWEEPS = "sweeps"


@dataclass(frozen=True)
class Registered:
    """Names of the deployments that were made, updated, and left alone."""

    made: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]


def register(entries: Iterable[Entry] | None = None) -> Registered:
    """Register everything in prefect.yaml with the server of PREFECT_API_URL. Idempotent."""
    api = PrefectApi(PREFECT_API_URL.value() or "", PREFECT_API_AUTH_STRING.value())
    outcome: dict[str, list[str]] = {"made": [], "updated": [], "unchanged": []}
    try:
        api.ensure_pool(
            POOL, "Runs of Essentials CRM.", SWEEPS, "Frequent sweeps: run by the delivery intake."
        )
        for entry in read_entries() if entries is None else entries:
            outcome[_register_one(api, entry)].append(entry.name)
    finally:
        api.close()
    return Registered(**{word: tuple(names) for word, names in outcome.items()})


def _register_one(api: PrefectApi, entry: Entry) -> str:
    """Make or update one deployment; returns which it was: made, updated or unchanged."""
    code_owned = _code_owned(entry)
    known = api.deployment(entry.name)
    if known is None:
        try:
            api.create(entry.name, code_owned, entry.setup)
        except PrefectRefused:  # another register made it at the same moment
            if api.deployment(entry.name) is None:
                raise
        api.keep_record(entry.name, entry.setup)
        return "made"
    registered = api.record(entry.name)
    if known.version == code_owned["version"] and registered == entry.setup:
        return "unchanged"
    _update(api, entry, known, registered, code_owned)
    # Last: a register that is killed before this merges once more, to the same result.
    api.keep_record(entry.name, entry.setup)
    return "updated"


def _update(api: PrefectApi, entry: Entry, known: Known, registered: Setup | None, code_owned: Json) -> None:
    wanted = merge(registered, entry.setup, known.setup)
    fitting = {
        name: value
        for name, value in wanted.parameters.items()
        if _fits(name, value, code_owned["parameter_openapi_schema"])
    }
    api.update(known, code_owned, replace(wanted, parameters=fitting))


def _fits(name: str, value: Any, schema: dict[str, Any]) -> bool:
    """Whether a default parameter that ops set is one that the flow still takes; one that is not would fail each run."""
    return name in schema["properties"] and not validate({name: value}, schema, ignore_required=True)


def _code_owned(entry: Entry) -> dict[str, Any]:
    """What the code alone decides about a deployment; `version` is a hash over all of its entry."""
    fields: dict[str, Any] = {
        "entrypoint": entry.entrypoint,
        "path": str(ROOT),
        "parameter_openapi_schema": form_of(load_flow_from_entrypoint(entry.entrypoint)),
        "enforce_parameter_schema": True,
    }
    identity = json.dumps([fields, entry.setup.as_json()], sort_keys=True)
    return {**fields, "version": hashlib.sha256(identity.encode()).hexdigest()[:16]}


def form_of(flow: Flow[..., Any]) -> dict[str, Any]:
    """The flow's parameters as the UI's form shows them, with the titles and descriptions of their annotations.

    Prefect by itself takes types and defaults only, and a parameter's name for its title.
    """
    schema = parameter_schema(flow).model_dump(mode="json")
    for name, hint in get_type_hints(flow.fn, include_extras=True).items():
        for said in get_args(hint)[1:] if get_origin(hint) is Annotated else ():
            if isinstance(said, FieldInfo) and name in schema["properties"]:
                schema["properties"][name] |= {"title": said.title, "description": said.description}
    is_valid_schema(schema, preprocess=False)
    return schema


if __name__ == "__main__":
    register()
