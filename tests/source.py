"""The project's own source as syntax trees, for the tests of its structure."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    """Syntax tree of one file."""
    return ast.parse(path.read_text())


def python_files(*roots: str) -> list[Path]:
    """Every Python file in these folders (or these files themselves) that exists."""
    found: list[Path] = []
    for root in roots:
        path = ROOT / root
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.is_file()
    return found


def module_name(path: Path) -> str:
    """How the file is imported: core/milvus/__init__.py is core.milvus."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules(*roots: str) -> dict[str, Path]:
    """Files by the name under which they are imported."""
    return {module_name(path): path for path in python_files(*roots)}


def functions(path: Path) -> Iterator[Function]:
    """Every function and method of a file, nested ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the end; decorators are not counted."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


@cache
def imports(path: Path, *, at_import: bool = False) -> set[str]:
    """Full names of what a file imports; `at_import` leaves out what functions import when called.

    `from a import b` gives a.b where that is a module of the project, else a.
    """
    own = modules("core", "pages", "tests")
    found = set()
    for node in _reached(tree(path)) if at_import else ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            full = {f"{base}.{alias.name}" for alias in node.names}
            found |= {name if name in own else base for name in full}
    return found


def _reached(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that run when the module is imported: no function bodies, nothing for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _reached(child)


def loaded_with(name: str) -> set[str]:
    """Every module that is imported when `name` is; what other packages import themselves is left out."""
    own = {**modules("core", "pages"), "app": ROOT / "app.py"}
    seen: set[str] = set()
    todo = {name}
    while todo:
        module = todo.pop()
        seen.add(module)
        parents = {module.rsplit(".", 1)[0]} if "." in module else set()
        reached = imports(own[module], at_import=True) if module in own else set()
        todo |= (reached | parents) - seen
    return seen


def tracked_files() -> list[Path]:
    """What git keeps; empty outside a git checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
