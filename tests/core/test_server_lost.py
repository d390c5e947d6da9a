"""A real Milvus server that goes away between questions, and comes back."""

import pytest

from core import Settings, Upload, Workspace, answers, ingest, run

TEXT = b"The lighthouse keeper is called Ada Brandt."


@pytest.mark.server
def test_a_server_that_goes_away_is_named_and_asking_goes_on_when_it_is_back(own_milvus_server, tmp_path):
    server = own_milvus_server
    settings = Settings.load({"home": tmp_path, "milvus_uri": server.uri, "milvus_timeout": 3})
    workspace = run(Workspace.open(settings, "lost"))
    assert run(ingest(workspace, [Upload("a.txt", TEXT)])).succeeded
    server.kill()
    for answer in run(answers(workspace, "What is the lighthouse keeper called?"), timeout=60).values():
        assert answer.error.startswith(f"Milvus server at {server.uri} ")
        assert answer.error.endswith(".")
    server.restart()
    for answer in run(answers(workspace, "What is the lighthouse keeper called?"), timeout=120).values():
        assert answer.error is None
        assert "Ada Brandt" in answer.text
