"""Examples of what is answered, made from the schemas: each fits, and no route is without."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Schema = Mapping[str, Any]

ID = "019a0000-0000-7000-8000-000000000000"
_BY_FORMAT: Mapping[str, str] = MappingProxyType(
    {"uuid": ID, "date-time": "2026-12-01T09:00:00Z", "date": "2026-12-01"}
)
_BY_NAME: Mapping[str, str] = MappingProxyType({"kind": "open", "prefix": "k3Fq9aZx", "role": "rep"})
_BY_TYPE: Mapping[str, Any] = MappingProxyType(
    {"string": "…", "integer": 1, "number": 1.0, "boolean": True, "null": None, "object": {}, "array": []}
)


def example_of(schema: Schema, schemas: Mapping[str, Schema], name: str = "") -> Any:
    """Something that fits a schema; schemas: those that it may refer to by name; name: what it is called where it stands.

    What may be nothing is nothing, unless the schema brings an example of it.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if "properties" in schema:
        told = {key: example_of(one, schemas, key) for key, one in schema["properties"].items()}
        return told | next(iter(schema.get("examples", ())), {})
    if given := schema.get("examples") or schema.get("enum"):
        return given[0]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return None if {"type": "null"} in choices else example_of(choices[0], schemas, name)
    if "items" in schema:
        return [example_of(schema["items"], schemas, name)] if schema["items"] else []
    return _plain(schema, name)


def _plain(schema: Schema, name: str) -> Any:
    if "const" in schema:
        return schema["const"]
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    return _BY_NAME.get(name, _BY_TYPE.get(schema.get("type", ""), {}))
