"""A real Milvus server that asks who is there."""

import pytest

from core.errors import BackendError
from core.milvus import Backend
from core.settings import Settings
from tests.milvus_server import MilvusServer, unsupported

TOKEN = "root:Milvus"  # what a new server has


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory):
    if reason := unsupported():
        pytest.skip(reason)
    with MilvusServer(tmp_path_factory.mktemp("guarded"), token=TOKEN) as server:
        yield server.uri


@pytest.mark.server
@pytest.mark.parametrize("token", ["", "root:wrong-password"], ids=["none", "wrong"])
def test_a_wrong_token_is_refused_with_the_remedy_and_never_shown(guarded_server, tmp_path, token):
    settings = Settings.load({"home": tmp_path, "milvus_uri": guarded_server, "milvus_token": token})
    with pytest.raises(BackendError, match="refused the credentials: set TANDEM_MILVUS_TOKEN") as caught:
        Backend.connect(settings)
    assert "wrong-password" not in str(caught.value)


@pytest.mark.server
def test_the_right_token_is_let_in(guarded_server, tmp_path):
    settings = Settings.load({"home": tmp_path, "milvus_uri": guarded_server, "milvus_token": TOKEN})
    assert Backend.connect(settings).version.startswith("2.3.5")
