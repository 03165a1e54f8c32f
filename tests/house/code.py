"""Reads the project's own source: its files, their syntax trees, and what they call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("api", "crm_db", "deployments", "flows", "integrations", "tasks")
ALL = (*PRODUCT, "benchmarks", "tests")


@dataclass(frozen=True)
class Module:
    """One source file: `path` from the project's root, with forward slashes."""

    path: str
    tree: ast.Module

    def calls(self) -> Iterator[ast.Call]:
        """Every call in the file."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def imports(self) -> set[str]:
        """Every module named in an import, `from a import b` as both `a` and `a.b`."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def texts(self) -> Iterator[ast.Constant]:
        """Every text in the file but docstrings."""
        docstrings = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield node

    def at(self, node: ast.expr) -> str:
        """Where something stands, as editors understand it."""
        return f"{self.path}:{node.lineno}"


def module(path: str, source: str) -> Module:
    """A module from its text."""
    return Module(path, ast.parse(source))


def modules(*packages: str) -> list[Module]:
    """The source files of these packages, in order; a package that is not there yet has none."""
    paths = (path for package in packages for path in sorted((ROOT / package).rglob("*.py")))
    return [module(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain; what is no chain of names ends in an empty name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
