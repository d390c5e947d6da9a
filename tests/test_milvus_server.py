"""The runner of the real Milvus server, on which the integration tests and the benchmarks stand."""

import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from tests.milvus_server import ROOT, MilvusServer, ServerError, unsupported

pytestmark = [pytest.mark.server, pytest.mark.skipif(bool(unsupported()), reason=unsupported())]


def test_a_killed_server_comes_back_at_the_same_address_with_its_data(own_milvus_server):
    from pymilvus import MilvusClient

    before = own_milvus_server.uri
    client = MilvusClient(before, timeout=10)
    client.create_collection("kept", dimension=2, timeout=60)
    client.insert("kept", [{"id": 7, "vector": [0.6, 0.8]}])
    own_milvus_server.restart()
    assert own_milvus_server.uri == before
    again = MilvusClient(before, timeout=10)
    again.load_collection("kept", timeout=60)
    found = again.search("kept", [[0.6, 0.8]], limit=1, timeout=5)
    assert [hit["id"] for hit in found[0]] == [7]


def test_no_server_outlives_the_process_that_started_it(tmp_path):
    script = (
        "import sys; from pathlib import Path; from tests.milvus_server import MilvusServer\n"
        "server = MilvusServer(Path(sys.argv[1])); server.start()\n"
        "print(server.process_id, flush=True); sys.stdin.read()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    server = psutil.Process(int(starter.stdout.readline()))
    os.kill(starter.pid, signal.SIGKILL)
    starter.communicate()
    psutil.wait_procs([server], timeout=10)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=f"Port {port} is taken"):
            MilvusServer(tmp_path, port).start()
