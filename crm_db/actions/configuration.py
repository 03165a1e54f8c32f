"""What is special about the kinds of record that say how an org works: who is there, what may post, what is written to whom."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from crm_db.actions import api_keys, sequences, sources, suppressions, teams, templates, users
from crm_db.actions.writing import Removal, Writing

RULES: Mapping[str, Callable[[Writing], None]] = MappingProxyType(
    {
        "team": teams.complete,
        "user": users.complete,
        "key": api_keys.complete,
        "source": sources.complete,
        "sequence": sequences.complete,
        "template": templates.complete,
        "suppression": suppressions.complete,
    }
)
REMOVALS: Mapping[str, Callable[[Removal], Mapping[str, Any] | None]] = MappingProxyType(
    {
        "team": teams.part_with,
        "user": users.part_with,
        "key": api_keys.part_with,
        "source": sources.part_with,
        "sequence": sequences.part_with,
        "template": templates.part_with,
    }
)
