import asyncio

import pytest

from core.errors import ModelError
from core.models import probe, resolve
from core.settings import Settings
from core.trace import tracing
from tests.core.fault_endpoint import vector_of

TEXTS = [f"text {number}" for number in range(50)]


def embed(client, texts, how):
    """Embed with either twin."""
    if how == "sync":
        return client.embed_sync(texts)

    async def run():
        try:
            return await client.embed(texts)
        finally:
            await client.aclose()

    return asyncio.run(run())


both = pytest.mark.parametrize("how", ["sync", "async"])


@both
@pytest.mark.parametrize("batch", [1, 7, 64], ids=lambda size: f"batch of {size}")
def test_vectors_come_in_the_order_of_the_texts(fault, client_for, how, batch):
    vectors = embed(client_for(embedding_batch=batch), TEXTS, how)
    assert vectors == [list(vector_of(text, fault.dimension)) for text in TEXTS]
    assert fault.count("embeddings") == -(-len(TEXTS) // batch)


@both
def test_no_texts_need_no_request(fault, client_for, how):
    assert embed(client_for(), [], how) == []
    assert fault.seen == []


@both
def test_at_most_so_many_requests_are_under_way(fault, client_for, how):
    fault.misbehave("slow", seconds=0.02)
    embed(client_for(embedding_batch=5, embedding_concurrency=3), TEXTS, how)
    assert 1 < fault.most_at_once <= 3


@both
def test_odd_characters_reach_the_endpoint(fault, client_for, how):
    embed(client_for(), ["naïve 日本 🚂", "half a \ud83d pair"], how)
    assert fault.seen[0].body["input"] == ["naïve 日本 🚂", "half a ? pair"]


@both
def test_a_server_that_knows_no_base64_is_understood(fault, client_for, how):
    fault.floats_only = True
    assert embed(client_for(), ["a"], how) == [pytest.approx(vector_of("a", fault.dimension))]


@both
def test_each_request_is_a_span_and_its_tokens_are_counted(client_for, how):
    with tracing() as trace:
        embed(client_for(embedding_batch=20), TEXTS, how)
    assert [(span.kind, span.ok) for span in trace.spans] == [("embed", True)] * 3
    assert trace.usage == {"embedding": len(TEXTS)}


@both
def test_a_batch_that_fails_ends_the_rest(fault, client_for, how):
    fault.misbehave("unauthorized", after=1)
    client = client_for(embedding_batch=1, embedding_concurrency=2)
    with pytest.raises(ModelError, match="refused the key"):
        embed(client, TEXTS, how)
    assert fault.count("embeddings") < len(TEXTS)


def test_both_frameworks_are_given_the_same_clients(client_for):
    client = client_for()
    assert client.http_sync() is client.http_sync()
    assert client.http_async() is client.http_async()


def test_after_closing_a_client_can_be_used_again(client_for):
    client = client_for()
    first = client.embed_sync(["a"])
    client.close()
    assert client.embed_sync(["a"]) == first


# Which endpoint the settings mean


def test_nothing_set_means_the_built_in_endpoint(offline):
    assert (offline.kind, offline.embedding_kind, offline.dimension) == ("offline", "offline", 256)
    assert offline.label == "built-in extractive answerer (offline)"


def test_a_key_alone_means_openai():
    endpoint = resolve(Settings.load({"model_key": "sk-abc", "embedding_dimension": 1536}))
    assert endpoint.base_url == endpoint.embedding_base_url == "https://api.openai.com/v1"
    assert (endpoint.chat_model, endpoint.embedding_model) == ("gpt-4o-mini", "text-embedding-3-small")
    assert endpoint.label == "gpt-4o-mini at api.openai.com"
    assert "sk-abc" not in repr(endpoint)


def test_models_that_are_not_named_are_looked_up(fault, settings_for):
    endpoint = resolve(settings_for(chat_model="", embedding_model="", embedding_dimension=0))
    assert (endpoint.chat_model, endpoint.embedding_model) == (fault.chat_model, fault.embedding_model)
    assert endpoint.dimension == fault.dimension
    assert (fault.count("models"), fault.count("embeddings")) == (1, 1)


@pytest.mark.parametrize("missing", ["chat", "embedding"])
def test_an_endpoint_without_such_a_model_says_which_to_name(fault, settings_for, missing):
    fault.models = [name for name in fault.models if missing not in name]
    with pytest.raises(ModelError, match=f"lists no {missing} model.*TANDEM_{missing.upper()}_MODEL"):
        resolve(settings_for(chat_model="", embedding_model=""))


def test_embeddings_may_be_built_in_beside_an_endpoint(fault, settings_for):
    endpoint = resolve(settings_for(embedding_base_url="offline", embedding_model="", embedding_dimension=0))
    assert (endpoint.kind, endpoint.embedding_kind, endpoint.dimension) == ("endpoint", "offline", 256)
    assert endpoint.embedding_key != fault.key


@pytest.mark.parametrize(
    ("embedding_key", "sent"),
    [("", "no-key"), ("sk-embedding", "sk-embedding")],
    ids=["no key of its own", "a key of its own"],
)
def test_the_chat_key_goes_to_no_other_host(settings_for, embedding_key, sent):
    settings = settings_for(embedding_base_url="http://127.0.0.1:9/v1", embedding_key=embedding_key)
    assert resolve(settings).embedding_key == sent


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"chat_model": "gpt-4o"}, "gpt-4o needs an endpoint"),
        ({"embedding_model": "bge-m3"}, "bge-m3 needs an endpoint"),
        ({"embedding_dimension": 300}, "vectors of 256 numbers, not 300"),
        ({"model_base_url": "http://me:secret@127.0.0.1/v1"}, "holds a user name or password"),
    ],
    ids=["chat model", "embedding model", "dimension", "password in the address"],
)
def test_settings_that_contradict_each_other_are_refused(changes, message):
    with pytest.raises(ModelError, match=message) as caught:
        resolve(Settings.load(changes))
    assert "secret" not in str(caught.value)


def test_no_proxy_stands_between_tandem_and_this_machine(monkeypatch, fault, client_for):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert len(client_for().embed_sync(["a"])) == 1


def test_a_proxy_from_the_environment_is_used_for_other_hosts(monkeypatch, fault):
    """The fault endpoint stands in for the proxy: it sees the request for a host that does not exist."""
    monkeypatch.setenv("http_proxy", fault.base_url.removesuffix("/v1"))
    settings = Settings.load({"model_base_url": "http://models.invalid/v1", "model_retries": 0})
    with pytest.raises(ModelError):
        resolve(settings)
    assert fault.proxied == ["http://models.invalid/v1/models"]


# The doctor's probe


def test_the_probe_tries_everything(offline):
    checks = {check.name: check for check in probe(offline)}
    assert [check.ok for check in checks.values()] == [True] * 3
    assert "tandem-extractive" in checks["models"].detail
    assert "256 dimensions" in checks["embed"].detail
    assert all(check.milliseconds > 0 for check in checks.values())


def test_the_probe_says_what_does_not_work_and_goes_on(fault, settings_for):
    settings = settings_for()
    fault.misbehave("server_error", only="embeddings")
    checks = {check.name: check for check in probe(resolve(settings), settings)}
    assert {name: check.ok for name, check in checks.items()} == {
        "models": True,
        "embed": False,
        "chat": True,
    }
    assert "HTTP 500" in checks["embed"].detail
    assert fault.count("embeddings") == 1
