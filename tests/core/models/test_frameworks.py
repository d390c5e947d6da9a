"""Both frameworks' own OpenAI clients over the shared HTTP clients: answers and faults."""

import asyncio

import httpx
import openai
import pytest

from core.models import ModelClient, explain, is_model_error
from core.models.prompt import context_block, user_prompt
from core.settings import Settings
from core.trace import tracing

PROMPT = user_prompt(
    context_block(3, "a.txt", 2, "The ferry leaves at noon. Tea is hot."), "When does the ferry go?"
)
ANSWER = "“The ferry leaves at noon.” [3]"


def llama_index_llm(client):
    from llama_index.llms.openai_like import OpenAILike

    endpoint = client.endpoint
    return OpenAILike(
        model=endpoint.chat_model,
        api_base=endpoint.base_url,
        api_key=endpoint.key,
        is_chat_model=True,
        context_window=32_000,
        max_retries=0,
        additional_kwargs={"stream_options": {"include_usage": True}},
        http_client=client.http_sync(),
        async_http_client=client.http_async(),
    )


def langchain_llm(client):
    from langchain_openai import ChatOpenAI

    endpoint = client.endpoint
    return ChatOpenAI(
        model=endpoint.chat_model,
        base_url=endpoint.base_url,
        api_key=endpoint.key,
        max_retries=0,
        stream_usage=True,
        http_client=client.http_sync(),
        http_async_client=client.http_async(),
    )


async def llama_index_stream(client):
    stream = await llama_index_llm(client).astream_complete(PROMPT)
    return "".join([part.delta or "" async for part in stream])


def llama_index_stream_sync(client):
    return "".join(part.delta or "" for part in llama_index_llm(client).stream_complete(PROMPT))


async def langchain_stream(client):
    return "".join([part.text async for part in langchain_llm(client).astream(PROMPT)])


def langchain_stream_sync(client):
    return "".join(part.text for part in langchain_llm(client).stream(PROMPT))


def llama_index_embedding(client):
    from llama_index.embeddings.openai_like import OpenAILikeEmbedding

    endpoint = client.endpoint
    return OpenAILikeEmbedding(
        model_name=endpoint.embedding_model,
        api_base=endpoint.embedding_base_url,
        api_key=endpoint.embedding_key,
        max_retries=0,
        http_client=client.http_sync(),
        async_http_client=client.http_async(),
    )


def langchain_embedding(client):
    from langchain_openai import OpenAIEmbeddings

    endpoint = client.endpoint
    return OpenAIEmbeddings(
        model=endpoint.embedding_model,
        base_url=endpoint.embedding_base_url,
        api_key=endpoint.embedding_key,
        check_embedding_ctx_length=False,
        max_retries=0,
        http_client=client.http_sync(),
        http_async_client=client.http_async(),
    )


CALLS = {
    "llama_index stream": (llama_index_stream, ANSWER),
    "llama_index stream, sync": (llama_index_stream_sync, ANSWER),
    "langchain stream": (langchain_stream, ANSWER),
    "langchain stream, sync": (langchain_stream_sync, ANSWER),
    "llama_index embed": (lambda client: llama_index_embedding(client).aget_query_embedding("noon"), None),
    "llama_index embed, sync": (
        lambda client: llama_index_embedding(client).get_query_embedding("noon"),
        None,
    ),
    "langchain embed": (lambda client: langchain_embedding(client).aembed_query("noon"), None),
    "langchain embed, sync": (lambda client: langchain_embedding(client).embed_query("noon"), None),
}
every_call = pytest.mark.parametrize(("call", "expected"), CALLS.values(), ids=CALLS)


def perform(client, call):
    """Make a call of either kind, and close the client on the loop it was used on."""

    async def run():
        try:
            result = call(client)
            return await result if asyncio.iscoroutine(result) else result
        finally:
            await client.aclose()

    return asyncio.run(run())


@every_call
def test_both_frameworks_use_the_built_in_endpoint_and_are_timed(offline, call, expected):
    client = ModelClient(offline, Settings.load())
    with tracing() as trace:
        result = perform(client, call)
    vector = client.embed_sync(["noon"])[0]
    client.close()
    assert result == (expected or pytest.approx(vector))
    (span,) = trace.spans
    assert (span.kind, span.ok) == ("generate" if expected else "embed", True)
    assert (span.first is not None) is bool(expected)
    assert set(trace.usage) == ({"input", "output"} if expected else {"embedding"})


FAULTS = [
    ("unauthorized", "refused the key"),
    ("hang", "sent nothing for 0.3 s"),
    ("cut", "broke off"),
    ("web_page", "no OpenAI-compatible answer"),
]


@every_call
@pytest.mark.parametrize(("fault_name", "sentence"), FAULTS, ids=[name for name, _ in FAULTS])
def test_a_fault_is_explained_through_either_framework(
    fault, client_for, call, expected, fault_name, sentence
):
    fault.misbehave(fault_name)
    client = client_for(model_timeout=0.3, model_retries=0)
    with pytest.raises((openai.APIError, httpx.HTTPError)) as caught:
        perform(client, call)
    assert is_model_error(caught.value)
    assert sentence in str(explain(caught.value, client.endpoint))
    assert len(fault.seen) == 1
