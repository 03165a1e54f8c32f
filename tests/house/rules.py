"""The rules themselves: each takes a module and gives the places that break it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable

from tests.house.code import Module, dotted

CLOCKS = frozenset({"crm_db/clock.py", "integrations/clock.py"})
"""The only files that read the wall clock: business time, and the time stamped on envelopes."""

COMMITTERS = ("crm_db/session.py", "crm_db/migrations/")
PRINTERS = ("deployments/cli.py", "deployments/cli/")

_READS_THE_CLOCK = re.compile(
    r"(^|\.)(datetime|date)\.(now|utcnow|today)$|(^|\.)time\.(time|time_ns|localtime|gmtime)$"
)
_CLOCK_NAMES = {"time": {"time", "time_ns", "localtime", "gmtime"}}
_SQL = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\("
    r"|(create|alter|drop|truncate)\s+(table|index|view|function|role|schema)\s)",
    re.IGNORECASE | re.DOTALL,
)
_DATABASE = {"psycopg", "sqlalchemy"}


def commits(module: Module) -> list[str]:
    """Calls of `.commit(` outside the one place that commits, and the migrations."""
    if module.path.startswith(COMMITTERS):
        return []
    return [module.at(call) for call in module.calls() if dotted(call.func).endswith(".commit")]


def clock_readings(module: Module) -> list[str]:
    """Calls and imports that read the wall clock outside the clock modules."""
    if module.path in CLOCKS:
        return []
    calls = [module.at(call) for call in module.calls() if _READS_THE_CLOCK.search(dotted(call.func))]
    return calls + [f"{module.path}: {name}" for name in sorted(module.imports() & _clock_imports())]


def _clock_imports() -> set[str]:
    return {f"{source}.{name}" for source, names in _CLOCK_NAMES.items() for name in names}


def sql_in_flows(module: Module) -> list[str]:
    """SQL text, or a database library, in a flow."""
    texts = [module.at(text) for text in module.texts() if _SQL.search(str(text.value))]
    libraries = {name.split(".")[0] for name in module.imports()} & _DATABASE
    return texts + [f"{module.path}: imports {name}" for name in sorted(libraries)]


def prints(module: Module) -> list[str]:
    """Calls of `print` outside the command line."""
    if module.path.startswith(PRINTERS):
        return []
    return [module.at(call) for call in module.calls() if dotted(call.func) == "print"]


def without_docstring(module: Module) -> list[str]:
    """The module itself, when it holds something and does not say what it is for."""
    return [] if not module.tree.body or ast.get_docstring(module.tree) else [module.path]


def sending_modules(modules: Iterable[Module]) -> set[str]:
    """Dotted names of the modules that can send: they import a port or the registry, or one that does."""
    imports = {module.path.removesuffix(".py").replace("/", "."): module.imports() for module in modules}
    sending = {"integrations.registry", "integrations.ports"}
    while news := {name for name, used in imports.items() if used & sending} - sending:
        sending |= news
    return sending & imports.keys()


def retries(module: Module, sending: Collection[str]) -> list[str]:
    """`retries=` or a retry delay in a module that can send; there the ledger alone decides."""
    if module.path.removesuffix(".py").replace("/", ".") not in sending:
        return []
    return [
        module.at(call)
        for call in module.calls()
        for keyword in call.keywords
        if keyword.arg in {"retries", "retry_delay_seconds", "retry_condition_fn"}
        and not (isinstance(keyword.value, ast.Constant) and keyword.value.value == 0)
    ]
