"""Reports what has grown: functions over 25 lines and modules over 200. It only tells; people decide.

Run by `make check`, or: python -m tests.house.sizes
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.code import PRODUCT, ROOT, Module, modules

FUNCTION_LINES = 25
MODULE_LINES = 200


def long_functions(module: Module) -> Iterator[tuple[int, str]]:
    """Length and place of each function whose body, its docstring left out, is over the habit."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or node.lineno) - body[0].lineno + 1 if body else 0
            if lines > FUNCTION_LINES:
                yield lines, f"{module.path}:{node.lineno} {node.name}"


def long_modules(module: Module) -> Iterator[tuple[int, str]]:
    """Length and path of a module over the habit."""
    lines = len((ROOT / module.path).read_text(encoding="utf-8").splitlines())
    if lines > MODULE_LINES:
        yield lines, module.path


def report() -> list[str]:
    """One line for each function and module over the habit, the longest first."""
    sources = modules(*PRODUCT)
    functions = sorted((item for source in sources for item in long_functions(source)), reverse=True)
    files = sorted((item for source in sources for item in long_modules(source)), reverse=True)
    return [
        f"Sizes: {len(functions)} functions over {FUNCTION_LINES} lines, "
        f"{len(files)} of {len(sources)} modules over {MODULE_LINES} (a report, not a rule)",
        *(f"  {lines:4} {place}" for lines, place in [*functions, *files]),
    ]


if __name__ == "__main__":
    print("\n".join(report()))
