"""ETag, If-Match, If-None-Match: a record changes only while it is what the caller has seen (RFC 9110, section 13)."""

import re

from api.errors import BadPrecondition

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_VERSION = re.compile(r"[1-9][0-9]{0,8}")


def etag(version: int) -> str:
    """The ETag of a version."""
    return f'"{version}"'


def versions_in(if_match: str | None) -> frozenset[int] | None:
    """The versions that If-Match names; None where any will do. A weak tag names none. Raises BadPrecondition."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = _tags(if_match)
    if not tags:
        raise BadPrecondition
    return frozenset(int(tag) for is_weak, tag in tags if not is_weak and _VERSION.fullmatch(tag))


def is_seen(if_none_match: str | None, version: int) -> bool:
    """Whether If-None-Match names this version, weakly or not. What names nothing is as if it were not there."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or str(version) in {tag for _, tag in _tags(if_none_match)}


def _tags(header: str) -> list[tuple[bool, str]]:
    """The tags of a list, and whether each is weak; none where it is no list of tags."""
    rest, found = header.strip(" \t,"), []
    while rest:
        tag = _TAG.match(rest)
        after = rest[tag.end() :].lstrip(" \t") if tag else ""
        if tag is None or (after and not after.startswith(",")):
            return []
        found.append((tag[1] is not None, tag[2]))
        rest = after.lstrip(" \t,")
    return found
