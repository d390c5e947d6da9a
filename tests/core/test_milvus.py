import json
import subprocess
import sys

import pytest

from core.errors import BackendError, UsageError
from core.milvus import Backend, collection_name, fingerprint, parse_address, quote_all, space_key
from core.milvus.backend import connection_args
from core.settings import Settings


@pytest.mark.parametrize(
    ("uri", "kind", "shown"),
    [
        ("http://10.0.0.5:19530", "server", "http://10.0.0.5:19530"),
        (
            "https://root:secret@in01-1a.aws.zillizcloud.com:443",
            "zilliz",
            "https://in01-1a.aws.zillizcloud.com:443",
        ),
        ("some/where.db", "lite", "some/where.db"),
    ],
    ids=["server", "zilliz", "lite"],
)
def test_an_address_is_recognized_and_shown_without_credentials(uri, kind, shown):
    address = parse_address(Settings.load({"milvus_uri": uri}))
    assert (address.kind, address.shown) == (kind, shown)


@pytest.mark.parametrize(
    ("uri", "local"),
    [
        ("http://10.0.0.5:19530", False),
        ("https://in01.zillizcloud.com", False),
        ("http://localhost:19530", True),
        ("http://127.0.0.7:19530", True),
        ("http://[::1]:19530", True),
        ("some/where.db", True),
    ],
)
def test_what_is_on_this_machine_is_known(uri, local):
    assert parse_address(Settings.load({"milvus_uri": uri})).local is local


@pytest.mark.parametrize(
    "uri", ["localhost:19530", "ftp://host:1", "http://", "http://host:99999999", "notes.txt"]
)
def test_what_can_be_no_milvus_is_refused_with_the_remedy(uri):
    with pytest.raises(UsageError, match=r"http://HOST:19530"):
        parse_address(Settings.load({"milvus_uri": uri}))


def test_a_server_that_is_not_there_is_named_and_no_token_is_told():
    settings = Settings.load({"milvus_uri": "http://127.0.0.1:1", "milvus_token": "root:hunter2hunter2"})
    with pytest.raises(BackendError) as caught:
        Backend.connect(settings)
    assert "http://127.0.0.1:1 cannot be reached" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_lite_reports_what_it_is_and_can_do(tmp_path):
    backend = Backend.connect(Settings.load({"home": tmp_path}))
    assert backend.kind == "lite"
    assert backend.label.startswith("Milvus Lite 3.")
    assert backend.rtt_ms > 0
    assert backend.capabilities.hybrid
    assert not backend.capabilities.concurrent_writers


@pytest.mark.server
def test_a_server_reports_its_version_and_that_it_has_no_hybrid_search(milvus_server, tmp_path):
    backend = Backend.connect(Settings.load({"home": tmp_path, "milvus_uri": milvus_server}))
    assert backend.kind == "server"
    assert backend.version.startswith("2.3.5")
    assert not backend.capabilities.hybrid
    assert backend.capabilities.concurrent_writers


def test_a_lite_folder_held_by_another_process_is_explained(tmp_path):
    held = Backend.connect(Settings.load({"home": tmp_path}))
    script = (
        "import sys; from core.settings import Settings; from core.milvus import Backend\n"
        "from core.errors import BackendError\n"
        "try: Backend.connect(Settings.load({'home': sys.argv[1]}))\n"
        "except BackendError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Another process holds the Milvus Lite folder")
    assert "Traceback" not in done.stderr
    assert held.kind == "lite"


def test_an_older_lite_file_in_the_way_is_explained(tmp_path):
    (tmp_path / "milvus.db").write_bytes(b"SQLite format 3\x00")
    with pytest.raises(BackendError, match="is a file, and Milvus Lite 3 keeps a folder there"):
        Backend.connect(Settings.load({"home": tmp_path}))


def test_another_embedding_model_dimension_or_index_gets_other_collections():
    plain = Settings.load({})
    flat = Settings.load({"index_type": "FLAT"})
    marks = {
        fingerprint(plain, "model-a", 256, native=False),
        fingerprint(plain, "model-b", 256, native=False),
        fingerprint(plain, "model-a", 512, native=False),
        fingerprint(flat, "model-a", 256, native=False),
    }
    assert len(marks) == 4
    assert fingerprint(plain, "m", 1, native=True) == fingerprint(flat, "m", 1, native=True)


def test_workspaces_whose_names_look_alike_to_milvus_stay_apart():
    names = {collection_name(name, "controlled", "langchain", "abc") for name in ("a-b", "a_b", "A_b")}
    assert len(names) == 3
    assert all(name.replace("_", "").isalnum() for name in names)


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 41, "naïve"])
def test_a_name_that_can_be_no_workspace_is_refused(name):
    with pytest.raises(UsageError, match="cannot name a workspace"):
        space_key(name, "controlled", "abc")


def test_quotes_in_a_value_cannot_end_the_filter_literal():
    assert json.loads(quote_all(('a" or 1 == 1 or "', "b\\"))) == ['a" or 1 == 1 or "', "b\\"]


def test_nothing_but_results_reaches_the_terminal(tmp_path):
    """Milvus Lite logs a traceback for a call that it lacks; it must not reach the user."""
    script = (
        "import sys; from core.settings import Settings; from core.milvus import Backend\n"
        "b = Backend.connect(Settings.load({'home': sys.argv[1], 'consistency': 'Strong'}))\n"
        "c = b.controlled.sync\n"
        "c.create_collection('t', dimension=2); c.insert('t', [{'id': 1, 'vector': [0.1, 0.2]}])\n"
        "print(b.finish_sync('t'), len(c.search('t', [[0.1, 0.2]], limit=1)[0]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "1"]
    assert done.stderr == ""


def test_an_index_file_that_a_kill_cut_short_is_built_again(tmp_path):
    script = (
        "import sys, random; from core.settings import Settings; from core.milvus import Backend\n"
        "b = Backend.connect(Settings.load({'home': sys.argv[1]})); c = b.controlled.sync\n"
        "c.create_collection('t', dimension=4)\n"
        "c.insert('t', [{'id': i, 'vector': [random.random() for _ in range(4)]} for i in range(50)])\n"
        "print(b.finish_sync('t'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "50"
    files = list(tmp_path.rglob("*.idx"))
    assert files
    for file in files:
        file.write_bytes(b"")
    backend = Backend.connect(Settings.load({"home": tmp_path}))
    backend.wait_loaded("t")
    assert len(backend.controlled.sync.search("t", [[0.1, 0.2, 0.3, 0.4]], limit=5)[0]) == 5


def test_milvus_lite_is_not_pinged_for_it_would_cut_the_connection(settings):
    def options(uri):
        made = settings(milvus_uri=uri)
        return connection_args(parse_address(made), made).get("grpc_options")

    assert options("somewhere/milvus.db")["grpc.keepalive_permit_without_calls"] is False
    assert options("http://127.0.0.1:19530") is None
