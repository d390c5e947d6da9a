"""What keeps the tree as DESIGN and the README promise it: doors, directions, sizes, nothing private."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.source import (
    ROOT,
    functions,
    imports,
    length,
    loaded_with,
    modules,
    python_files,
    tracked_files,
    tree,
)

# Rooms of core from the ground up: one may import those on the lines above its own, none beside it.
FLOORS = (
    ("errors",),
    ("settings", "trace", "imports"),
    ("loop",),
    ("jobs", "milvus", "models", "documents", "sample", "database", "processes"),
    ("engines",),
    ("catalogue",),
    ("workspace",),
    ("ask", "ingest", "doctor", "parity", "bench"),
    ("history",),
    ("evaluate", "vote"),
    ("kinds",),
    ("serialize",),
    ("",),  # the door, core/__init__.py
    ("cli",),
    ("__main__",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# Each costs half a second or more, or is a framework that only its own adapter may know.
HEAVY = {
    *(
        "bs4",
        "docx",
        "pptx",
        "pypdfium2",
        "wordllama",
        "tokenizers",
        "openai",
        "tiktoken",
        "pandas",
        "plotly",
    ),
    *("llama_index", "langchain", "langchain_core", "langchain_milvus", "langchain_openai", "nltk"),
    *("pymilvus", "milvus_lite", "faiss", "grpc", "streamlit"),
}
DOORS = ["core", "core.documents", "core.engines", "core.milvus", "core.models", "core.cli"]
SCRIPTS = [*modules("pages"), *(["app"] if (ROOT / "app.py").exists() else [])]


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def loaded_after(statement: str) -> set[str]:
    """Top-level packages in a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def names_from_core(syntax: ast.Module) -> set[str]:
    """Full names of what a file takes from core: modules, and names used through the door."""
    found = set()
    for node in ast.walk(syntax):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "core":
            found.add(f"core.{node.attr}")
    return {name for name in found if name.partition(".")[0] == "core"}


@pytest.mark.parametrize("door", DOORS)
def test_importing_a_door_of_core_brings_in_nothing_heavy(door):
    """A page's first text must not wait for seconds of imports."""
    heavy = loaded_after(f"import {door}") & HEAVY
    assert not heavy


def test_no_part_of_core_imports_streamlit():
    everything = [name for name in modules("core") if name != "core.__main__"]
    assert "streamlit" not in loaded_after(f"import {', '.join(everything)}")
    assert not [path for path in python_files("core") if any("streamlit" in name for name in imports(path))]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_starts_without_any_framework(script):
    frameworks = {
        "llama_index",
        "langchain",
        "langchain_core",
        "langchain_milvus",
        "pymilvus",
        "pandas",
        "plotly",
    }
    assert not {name.partition(".")[0] for name in loaded_with(script)} & frameworks


def test_every_room_of_core_has_its_floor():
    assert {room_of(name) for name in modules("core")} <= set(FLOOR), "add the new room to FLOORS"


def test_imports_in_core_point_downwards_only():
    upwards = [
        f"{name} imports {target}"
        for name, path in modules("core").items()
        for target in imports(path)
        if target.partition(".")[0] == "core"
        and room_of(target) != room_of(name)
        and FLOOR[room_of(target)] >= FLOOR[room_of(name)]
    ]
    assert not upwards


@pytest.mark.parametrize(
    ("engine", "others"),
    [("llamaindex", ("langchain",)), ("langchain", ("llama_index", "core.engines.llamaindex"))],
    ids=["llamaindex", "langchain"],
)
def test_the_engines_do_not_know_each_other(engine, others):
    for path in python_files(f"core/engines/{engine}.py", f"core/engines/{engine}"):
        foreign = [name for name in imports(path) if name.startswith((*others, f"core.engines.{others[0]}"))]
        assert not foreign


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_page_takes_from_core_only_what_its_door_offers(script):
    import core

    syntax = tree(ROOT / "app.py" if script == "app" else modules("pages")[script])
    beyond = names_from_core(syntax) - {"core"} - {f"core.{name}" for name in core.__all__}
    assert not beyond


def test_pages_share_code_only_through_their_parts():
    for name, path in modules("pages").items():
        shared = {item for item in imports(path) if item.startswith("pages.")}
        assert all(item.startswith("pages.parts") for item in shared), name


def test_everything_that_the_door_offers_is_there():
    import core

    assert sorted(set(core.__all__)) == sorted(core.__all__)
    assert not [name for name in core.__all__ if not hasattr(core, name)]


def test_functions_are_short():
    """Half of them under 10 lines, none over 60: the habit of the codebases this one learns from."""
    lengths = {
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}": length(function)
        for path in python_files("core", "pages", "tests", "app.py")
        for function in functions(path)
    }
    product = [lines for name, lines in lengths.items() if not name.startswith("tests")]
    assert not {name: lines for name, lines in lengths.items() if lines > 60}
    assert statistics.median(product) < 10


def test_files_are_short():
    files = python_files("core", "pages", "tests", "app.py")
    assert not [path for path in files if len(path.read_text().splitlines()) >= 400]


# Written with gaps, so that this file does not hold what it looks for.
PRIVATE = {
    "a key": r"\b(?:sk-(?:proj-)?[A-Za-z0-9]{24,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[A-Z0-9]{16})",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE[ ]KEY",
    "a path of one machine": r"(?<![\w.~])/(?:home|Users|root|opt|work|mnt)[/]\w",
    "a Windows path": r"\b[A-Z]:[\\]Users",
    "a package index": r"(?:index[-_]url|find[-_]links)[ =]+\S?\w+:/|pypi\.org[/]simple|pythonhosted[.]org",
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_nothing_private_to_a_machine_is_in_the_tree(kind):
    if not tracked_files():
        pytest.skip("this is no git checkout")
    found = []
    for path in tracked_files():
        text = path.read_bytes().decode("utf-8", "ignore")
        found += [f"{path.relative_to(ROOT)}: {match}" for match in re.findall(PRIVATE[kind], text)]
    assert not found


def test_what_must_not_be_kept_is_not_kept():
    """Streamlit Community Cloud would take these before requirements.txt, or publish them."""
    names = {path.relative_to(ROOT).as_posix() for path in tracked_files()}
    assert not names & {"uv.lock", "Pipfile", "environment.yml", ".env", ".streamlit/secrets.toml"}
    assert not [name for name in names if name.startswith((".tandem/", ".milvus-server/", "test-results/"))]


@pytest.mark.parametrize(
    ("requirements", "roots"),
    [("requirements.txt", ("core", "pages", "app.py")), ("requirements-dev.txt", ("tests",))],
    ids=["app", "tests"],
)
def test_every_package_that_is_imported_is_installed_by_the_requirements(requirements, roots):
    """What happens to be in this environment may be missing in a fresh one."""
    own = {"core", "pages", "tests", "app"}
    used = {name.partition(".")[0] for path in python_files(*roots) for name in imports(path)}
    provided = packages_distributions()
    installed = installed_by(ROOT / requirements)
    missing = {
        name for name in used - own - sys.stdlib_module_names if not installed & names_of(provided.get(name))
    }
    assert not missing


def installed_by(requirements: Path) -> set[str]:
    """Names of all distributions that a requirements file leads to, other files it includes among them."""
    found: set[str] = set()
    todo = []
    for line in requirements.read_text().splitlines():
        if line.startswith("-r "):
            found |= installed_by(requirements.parent / line[3:])
        elif line and not line.startswith("#"):
            todo.append(line)
    while todo:
        wanted = Requirement(todo.pop())
        applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        name = canonicalize_name(wanted.name)
        if applies and name not in found:
            found.add(name)
            todo += distribution(name).requires or []
    return found


def names_of(distributions: list[str] | None) -> set[str]:
    return {canonicalize_name(name) for name in distributions or ()}


def test_no_torch_is_asked_for():
    lines = (ROOT / "requirements.txt").read_text().lower().splitlines()
    assert not [line for line in lines if line.startswith(("torch", "sentence-transformers", "transformers"))]
