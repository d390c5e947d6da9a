"""What people are told when an endpoint fails, through every client that Tandem uses."""

import asyncio
import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import openai
import pytest

from core.errors import ModelError
from core.models import ModelClient, explain, is_model_error, resolve
from core.models.transport import retry_after
from core.trace import tracing
from tests.core.fault_endpoint import WORDS

MESSAGES = [{"role": "user", "content": "Hello?"}]


def stream_sync(client):
    """Stream an answer through the OpenAI SDK and the shared blocking client."""
    endpoint = client.endpoint
    sdk = openai.OpenAI(
        base_url=endpoint.base_url, api_key=endpoint.key, max_retries=0, http_client=client.http_sync()
    )
    stream = sdk.chat.completions.create(
        model=endpoint.chat_model,
        messages=MESSAGES,
        stream=True,
        stream_options={"include_usage": True},
    )
    return [chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices]


def stream_async(client):
    """Async twin of `stream_sync`."""

    async def run():
        endpoint = client.endpoint
        sdk = openai.AsyncOpenAI(
            base_url=endpoint.base_url, api_key=endpoint.key, max_retries=0, http_client=client.http_async()
        )
        try:
            stream = await sdk.chat.completions.create(
                model=endpoint.chat_model,
                messages=MESSAGES,
                stream=True,
                stream_options={"include_usage": True},
            )
            return [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        finally:
            await client.aclose()

    return asyncio.run(run())


both = pytest.mark.parametrize("stream", [stream_sync, stream_async], ids=["sync", "async"])


def failure(client, stream):
    """The sentence that a person reads."""
    with pytest.raises((openai.APIError, httpx.HTTPError, json.JSONDecodeError)) as caught:
        stream(client)
    assert is_model_error(caught.value)
    sentence = str(explain(caught.value, client.endpoint))
    assert client.endpoint.key not in sentence
    assert "\n" not in sentence
    return sentence


CHAT_FAULTS = [
    ("unauthorized", "refused the key (HTTP 401). Check TANDEM_MODEL_KEY"),
    ("forbidden", "refused the key (HTTP 403)"),
    ("unknown_model", "has no model named fault-chat (HTTP 404). Set TANDEM_CHAT_MODEL"),
    ("not_found", "TANDEM_MODEL_BASE_URL (it usually ends in /v1) and TANDEM_CHAT_MODEL"),
    ("quota", "quota of the key"),
    ("server_error", "failed on its side (HTTP 500), 2 times in a row"),
    ("web_page", "no OpenAI-compatible answer"),
    ("not_json", "no OpenAI-compatible answer"),
    ("error_event", "reported an error while it answered: “Out of memory, key ***”"),
    ("cut", "broke off in the middle"),
    ("short", "broke off in the middle"),
]


@both
@pytest.mark.parametrize(("fault_name", "expected"), CHAT_FAULTS, ids=[name for name, _ in CHAT_FAULTS])
def test_each_fault_of_an_answer_has_its_sentence(fault, client_for, stream, fault_name, expected):
    fault.misbehave(fault_name)
    assert expected in failure(client_for(model_retries=1), stream)


@both
@pytest.mark.parametrize("fault_name", ["hang", "stall"])
def test_silence_ends_with_the_limit_that_was_set(fault, client_for, stream, fault_name):
    fault.misbehave(fault_name)
    sentence = failure(client_for(model_timeout=0.2), stream)
    assert "sent nothing for 0.2 s" in sentence
    assert fault.count("completions") == 1


EMBED_FAULTS = [
    ("unauthorized", "refused the key"),
    ("unknown_model", "no model named fault-embedding (HTTP 404). Set TANDEM_EMBEDDING_MODEL"),
    ("server_error", "HTTP 500"),
    ("redirect", "no OpenAI-compatible answer"),
    ("web_page", "no OpenAI-compatible answer"),
    ("not_json", "no OpenAI-compatible answer"),
    ("cut", "broke off"),
    ("wrong_dimension", "vectors of 4 numbers, not 8"),
    ("hang", "sent nothing for 0.2 s"),
]


@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize(("fault_name", "expected"), EMBED_FAULTS, ids=[name for name, _ in EMBED_FAULTS])
def test_each_fault_of_an_embedding_has_its_sentence(fault, client_for, how, fault_name, expected):
    fault.misbehave(fault_name)
    client = client_for(model_timeout=0.2, model_retries=0)
    with pytest.raises(ModelError) as caught:
        client.embed_sync(["a"]) if how == "sync" else asyncio.run(client.embed(["a"]))
    assert expected in str(caught.value)
    assert fault.key not in str(caught.value)


@pytest.mark.parametrize(
    ("fault_name", "expected"), [("unauthorized", "refused the key"), ("not_json", "no OpenAI-compatible")]
)
def test_faults_are_told_while_the_models_are_looked_up(fault, settings_for, fault_name, expected):
    fault.misbehave(fault_name)
    with pytest.raises(ModelError, match=expected) as caught:
        resolve(settings_for(chat_model=""))
    assert fault.key not in str(caught.value)


@both
def test_nobody_at_the_address(fault, client_for, settings_for, stream):
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    sentence = failure(client_for(model_base_url=address, model_retries=0), stream)
    assert sentence.startswith(f"Nothing answers at the model endpoint {address}. Start the server")


def test_an_endpoint_that_wants_a_key_when_none_is_set(fault, client_for):
    fault.misbehave("unauthorized")
    with pytest.raises(ModelError, match="and none is set"):
        client_for(model_key="").embed_sync(["a"])


def test_the_remedy_names_the_settings_of_the_separate_embedding_endpoint(fault, settings_for):
    settings = settings_for(model_base_url="http://127.0.0.1:9/v1", embedding_base_url=fault.base_url)
    fault.misbehave("unauthorized")
    with pytest.raises(ModelError, match="TANDEM_EMBEDDING_KEY"):
        ModelClient(resolve(settings), settings).embed_sync(["a"])


# Patience


@both
@pytest.mark.parametrize("fault_name", ["rate_limited", "server_error"])
def test_a_passing_fault_is_sat_out(fault, client_for, stream, fault_name):
    fault.misbehave(fault_name, times=2, retry_after="0.01")
    assert "".join(stream(client_for())) == "".join(WORDS)
    assert fault.count("completions") == 3


@both
def test_a_lasting_limit_is_told_with_the_pause_it_asks_for(fault, client_for, stream):
    fault.misbehave("rate_limited", retry_after="0.02")
    with pytest.raises(openai.RateLimitError) as caught:
        stream(client := client_for())
    error = explain(caught.value, client.endpoint)
    assert "HTTP 429), 3 times in a row. Ask again in 0.02 s, as it asks" in str(error)
    assert error.retry_after == 0.02


@both
def test_an_endpoint_that_asks_for_hours_is_not_asked_again(fault, client_for, stream):
    fault.misbehave("rate_limited", retry_after="7200")
    assert "in 2 hours, as it asks" in failure(client_for(), stream)
    assert fault.count("completions") == 1


@both
@pytest.mark.parametrize("fault_name", ["cut", "short", "stall", "error_event", "quota", "web_page"])
def test_what_repeating_cannot_mend_is_not_repeated(fault, client_for, stream, fault_name):
    fault.misbehave(fault_name)
    failure(client_for(model_timeout=0.2), stream)
    assert fault.count("completions") == 1


def test_a_lost_connection_is_made_again(fault, client_for):
    """The first connection is closed before an answer, as by a server that restarts."""
    fault.misbehave("hang_up", times=1)
    assert len(client_for().embed_sync(["a"])) == 1
    assert fault.count("embeddings") == 2


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        pytest.param("3", 3, 3, id="seconds"),
        pytest.param("0.25", 0.25, 0.25, id="fraction"),
        pytest.param(lambda: format_datetime(datetime.now(UTC) + timedelta(hours=1)), 3000, 3600, id="date"),
        pytest.param("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0, id="past date"),
        pytest.param("soon", None, None, id="nonsense"),
        pytest.param("nan", None, None, id="not a number"),
        pytest.param("-5", None, None, id="negative"),
        pytest.param("", None, None, id="empty"),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value, least, most):
    value = value() if callable(value) else value  # counted from the test on, not from its collection
    pause = retry_after(httpx.Response(429, headers={"retry-after": value}))
    assert pause is None if least is None else least <= pause <= most


@pytest.mark.parametrize("fault_name", ["hang", "rate_limited"])
def test_a_call_can_be_cancelled_while_it_waits(fault, client_for, fault_name):
    """A closed page must not go on waiting, neither for an answer nor for the pause before a repeat."""
    fault.misbehave(fault_name, retry_after="30")
    client = client_for(model_timeout=30)

    async def run():
        with tracing() as trace:
            call = asyncio.create_task(client.embed(["a"]))
            await asyncio.to_thread(fault.arrived.wait, 10)
            call.cancel()
            await asyncio.wait([call], timeout=10)
        await client.aclose()
        return call.cancelled(), [span.ok for span in trace.spans]

    assert asyncio.run(run()) == (True, [False])


# Wire timings


@both
def test_a_streamed_answer_leaves_its_timings_and_tokens(fault, client_for, stream):
    with tracing() as trace:
        stream(client_for())
    (span,) = trace.spans
    assert (span.kind, span.ok) == ("generate", True)
    assert span.start < span.first <= span.end
    assert trace.usage == {"input": 11, "output": len(WORDS)}


@both
def test_the_first_token_is_the_first_one_with_text(offline, stream):
    """With 60 ms to the first token and 30 ms between them, the wire shows both."""
    from core.settings import Settings

    settings = Settings.load({"offline_first_token_ms": 60, "offline_token_ms": 30})
    client = ModelClient(resolve(settings), settings)
    with tracing() as trace:
        words = list(filter(None, stream(client)))
    (span,) = trace.spans
    assert span.first - span.start >= 0.06
    assert span.first < span.end
    # Not counted from the first token: on a busy machine it is read late, the last one never early.
    assert span.end - span.start >= 0.06 + 0.03 * (len(words) - 2)


@both
@pytest.mark.parametrize("fault_name", ["unauthorized", "cut", "short", "not_json", "stall", "error_event"])
def test_a_failed_call_leaves_one_span_that_is_not_ok(fault, client_for, stream, fault_name):
    fault.misbehave(fault_name)
    with tracing() as trace:
        failure(client_for(model_timeout=0.2), stream)
    assert [span.ok for span in trace.spans] == [False]


@both
def test_waiting_for_a_busy_endpoint_counts_as_part_of_the_call(fault, client_for, stream):
    fault.misbehave("rate_limited", times=1, retry_after="0.05")
    with tracing() as trace:
        stream(client_for())
    assert len(trace.spans) == 1
    assert trace.spans[0].seconds >= 0.05


def test_an_answer_that_is_left_early_is_not_ok(fault, client_for):
    client = client_for()
    endpoint = client.endpoint
    body = {"model": endpoint.chat_model, "messages": MESSAGES, "stream": True}
    with (
        tracing() as trace,
        client.http_sync().stream("POST", f"{endpoint.base_url}/chat/completions", json=body) as response,
    ):
        next(response.iter_raw(16))
    assert [(span.kind, span.ok) for span in trace.spans] == [("generate", False)]


def test_two_questions_at_once_keep_their_timings_apart(fault, client_for):
    client = client_for()

    async def ask(texts):
        with tracing() as trace:
            await client.embed(texts)
        return trace.usage["embedding"]

    async def run():
        try:
            return await asyncio.gather(ask(["a"]), ask(["a", "b"]), ask(["a", "b", "c"]))
        finally:
            await client.aclose()

    assert asyncio.run(run()) == [1, 2, 3]


# What explain makes of errors that wrap others


def wrapped(error):
    try:
        try:
            raise error
        except Exception as inner:
            raise RuntimeError("the framework says: sk-leaked-by-framework") from inner
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("refused"), "Nothing answers"),
        (httpx.ReadTimeout("slow"), "sent nothing for too long"),
        (json.JSONDecodeError("x", "y", 0), "no OpenAI-compatible answer"),
        (ModelError("said before."), "said before."),
        (ExceptionGroup("several", [ValueError("x"), httpx.ReadError("lost")]), "broke off"),
    ],
    ids=["connect", "timeout", "json", "already explained", "group"],
)
def test_the_reason_is_found_below_what_a_framework_wraps_around_it(fault, client_for, error, expected):
    sentence = str(explain(wrapped(error), client_for().endpoint))
    assert expected in sentence
    assert "sk-leaked" not in sentence


def test_what_is_not_the_models_fault_is_not_called_so(client_for):
    assert not is_model_error(wrapped(ValueError("bad")))
    assert str(explain(ValueError("sk-secret-value"), client_for().endpoint)).count("ValueError") == 1
