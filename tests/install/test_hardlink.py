"""A fresh install of requirements.txt as Streamlit Community Cloud makes it: by uv, with hard links.

nltk refuses files with several links, among them those that LlamaIndex carries for its sentence
splitter: what works after `pip install` may fail there.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.source import ROOT

pytestmark = [pytest.mark.install, pytest.mark.timeout(600)]
UNREACHABLE = ("error sending request", "failed to fetch", "dns error", "could not connect", "timed out")
TEXT = "\n\n".join(
    f"Harbour notice {pier}. The ferry of pier {pier} leaves every {pier + 20} minutes. Dogs travel free of "
    "charge, e.g. when they are muzzled. Bicycles cost 2.50 euros. Tickets are sold on board."
    for pier in range(1, 40)
)


def pip_settings() -> dict[str, str]:
    """What pip is set to use on this machine, by option; the last source named wins, as in pip."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    pairs = (line.partition("=") for line in listed.splitlines())
    return {key.rpartition(".")[2]: ast.literal_eval(value) for key, _, value in pairs if value}


def uv_environment(cache: Path) -> dict[str, str]:
    """The environment in which uv finds packages where pip finds them."""
    pip = pip_settings()
    found = {
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        # pip takes the best version of all indexes, uv by default the first index that has any.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if "extra-index-url" in pip else None,
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "SSL_CERT_FILE": pip.get("cert"),
        "ALL_PROXY": pip.get("proxy"),
    }
    given = {name: value for name, value in found.items() if value}
    return {**given, **os.environ, "UV_CACHE_DIR": str(cache)}


def install(folder: Path) -> Path:
    """Make the environment in `folder`, whose uv cache lies on the same file system; its Python."""
    environment = uv_environment(folder / "cache")
    python = folder / "venv" / "bin" / "python"
    commands = [
        ["venv", "--python", sys.executable, str(folder / "venv")],
        ["pip", "install", "--link-mode=hardlink", "--python", str(python), "-r", "requirements.txt"],
    ]
    for command in commands:
        call = [find_uv_bin(), *command, "--quiet"]
        done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and any(sign in done.stderr.lower() for sign in UNREACHABLE):
            pytest.skip("uv reaches no package index from here")
        assert done.returncode == 0, done.stderr
    return python


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    yield install(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def harbour(tmp_path_factory):
    path = tmp_path_factory.mktemp("documents") / "harbour.txt"
    path.write_text(TEXT)
    return path


def tandem(python: Path, home: Path, *arguments: str, **settings: str) -> dict:
    """The JSON that a command of the fresh install prints."""
    command = [python, "-m", "core", *arguments, "--json"]
    environment = {**os.environ, **settings, "TANDEM_HOME": str(home)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def packages(python: Path) -> Path:
    return next((python.parents[1] / "lib").glob("python3.*")) / "site-packages"


def test_the_install_is_hard_linked_small_and_has_no_torch(python):
    folder = packages(python)
    assert (folder / "llama_index" / "core" / "__init__.py").stat().st_nlink > 1
    assert not [name for name in ("torch", "nvidia", "transformers") if (folder / name).exists()]
    size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 1.1e9


@pytest.mark.parametrize("splitter", ["shared", "llamaindex", "langchain"])
def test_documents_are_split_and_indexed_in_both_engines(python, harbour, splitter):
    home = harbour.parent / splitter
    done = tandem(python, home, "ingest", str(harbour), TANDEM_SPLITTER=splitter)
    assert done["files"][0]["status"] == "indexed"
    assert min(engine["chunks"] for engine in done["engines"].values()) > 1


def test_a_question_is_answered_by_both_engines_each_with_its_own_splitter(python, harbour):
    home = harbour.parent / "native"
    tandem(python, home, "ingest", str(harbour), "--native")
    done = tandem(python, home, "ask", "How often does the ferry of pier 7 leave?", "--mode", "native")
    assert all("27 minutes" in answer["text"] for answer in done["answers"])
