"""Workspaces of their own on one Milvus Lite, with the built-in model endpoint."""

import itertools

import pytest

from core.loop import run
from core.settings import Settings
from core.workspace import Workspace

_numbers = itertools.count()


@pytest.fixture(scope="session")
def lite(tmp_path_factory):
    """Settings that all tests share, so that Milvus Lite is opened once."""
    return Settings.load({"home": tmp_path_factory.mktemp("ingest"), "chunk_size": 300, "chunk_overlap": 0})


@pytest.fixture
def new_workspace(lite):
    """Opens an empty workspace, with the settings given."""

    def make(**changes):
        name = f"w{next(_numbers)}"
        return run(Workspace.open(lite.model_copy(update=changes), name))

    return make


@pytest.fixture
def workspace(new_workspace):
    return new_workspace()
