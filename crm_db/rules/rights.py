"""What people may do at the most, by their role; a key of theirs never gives more."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

SCOPES = ("read", "write", "capture", "admin")
RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "admin": frozenset(SCOPES),
        "system": frozenset(SCOPES),
        "manager": frozenset({"read", "write", "capture"}),
        "rep": frozenset({"read", "write", "capture"}),
        "viewer": frozenset({"read"}),
    }
)
"""What the holder of a key may do at the most: a key of no person (system) what its scopes say."""


def exceeding(scopes: Iterable[str], role: str) -> list[str]:
    """The scopes that somebody of this role cannot have."""
    return sorted(set(scopes) - RIGHTS.get(role, frozenset()))
