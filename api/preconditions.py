"""ETag, If-Match, If-None-Match: a record changes only while it is what the caller has seen."""

import re

from api.errors import BadPrecondition

_TAG = re.compile(r'"(\d{1,9})"')


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def version_in(if_match: str | None) -> int | None:
    """The version that If-Match names; None where any will do. Raises BadPrecondition."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise BadPrecondition
    return int(found[1])
