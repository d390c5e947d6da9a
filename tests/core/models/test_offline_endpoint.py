import asyncio
import base64
import importlib
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import openai
import pytest

from core.models import resolve
from core.models.offline import built_in, runner
from core.models.prompt import NO_ANSWER, context_block, user_prompt
from core.settings import OFFLINE_CHAT_MODEL, OFFLINE_DIMENSION, OFFLINE_EMBEDDING_MODEL, Settings

PROMPT = user_prompt(
    context_block(3, "a.txt", 2, "The ferry leaves at noon. Tea is hot."), "When does the ferry leave?"
)
ANSWER = "“The ferry leaves at noon.” [3]"
MESSAGES = [{"role": "user", "content": PROMPT}]


@pytest.fixture
def sdk(offline):
    with openai.OpenAI(base_url=offline.base_url, api_key=offline.key, max_retries=0) as client:
        yield client


@pytest.fixture
def raw(offline):
    headers = {"authorization": f"Bearer {offline.key}"}
    with httpx.Client(base_url=offline.base_url, headers=headers) as client:
        yield client


def test_the_sdk_lists_the_models(sdk):
    assert {model.id for model in sdk.models.list()} == {OFFLINE_CHAT_MODEL, OFFLINE_EMBEDDING_MODEL}


@pytest.mark.parametrize("encoding", ["float", "base64"])
@pytest.mark.parametrize(
    "texts", ["one text", ["one text"], ["b", "a", "one text"]], ids=["str", "one", "many"]
)
def test_the_sdk_embeds(sdk, texts, encoding):
    answer = sdk.embeddings.create(model=OFFLINE_EMBEDDING_MODEL, input=texts, encoding_format=encoding)
    last = answer.data[-1].embedding
    if isinstance(last, str):
        last = np.frombuffer(base64.b64decode(last), "<f4")
    assert [item.index for item in answer.data] == list(range(len(texts) if isinstance(texts, list) else 1))
    assert np.linalg.norm(last) == pytest.approx(1, abs=1e-5)
    assert len(last) == OFFLINE_DIMENSION
    assert answer.usage.prompt_tokens > 0


def test_a_text_has_the_same_vector_whatever_it_is_embedded_with(offline):
    from core.models import ModelClient

    client = ModelClient(offline, Settings.load())
    texts = [f"text number {n} " * (1 + n % 7) for n in range(60)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda _: client.embed_sync(texts), range(6)))
    alone = [client.embed_sync([text])[0] for text in texts]
    client.close()
    assert all(vectors == alone for vectors in together)


def test_the_sdk_chats(sdk):
    answer = sdk.chat.completions.create(model=OFFLINE_CHAT_MODEL, messages=MESSAGES)
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_the_sdk_streams_word_by_word_with_usage_at_the_end(sdk):
    options = {"include_usage": True}
    chunks = list(
        sdk.chat.completions.create(
            model=OFFLINE_CHAT_MODEL, messages=MESSAGES, stream=True, stream_options=options
        )
    )
    words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert "".join(filter(None, words)) == ANSWER
    assert len(list(filter(None, words))) == len(ANSWER.split())
    assert chunks[-1].usage.completion_tokens > 0
    assert chunks[-2].choices[0].finish_reason == "stop"


def test_the_async_sdk_streams_too(offline):
    async def ask():
        async with openai.AsyncOpenAI(
            base_url=offline.base_url, api_key=offline.key, max_retries=0
        ) as client:
            stream = await client.chat.completions.create(
                model=OFFLINE_CHAT_MODEL, messages=MESSAGES, stream=True
            )
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(ask()) == ANSWER


def test_a_token_limit_is_kept_and_told(sdk):
    answer = sdk.chat.completions.create(model=OFFLINE_CHAT_MODEL, messages=MESSAGES, max_tokens=2)
    assert answer.choices[0].message.content == "“The ferry "
    assert answer.choices[0].finish_reason == "length"


def test_messages_in_parts_and_other_roles_are_understood(sdk):
    parts = [{"type": "text", "text": PROMPT}]
    messages = [{"role": "user", "content": "Old question?"}, {"role": "assistant", "content": None}]
    answer = sdk.chat.completions.create(
        model=OFFLINE_CHAT_MODEL, messages=[*messages, {"role": "user", "content": parts}]
    )
    assert answer.choices[0].message.content == ANSWER


CHAT, EMBED = "/chat/completions", "/embeddings"
GOOD_CHAT = {"model": OFFLINE_CHAT_MODEL, "messages": MESSAGES}
GOOD_EMBED = {"model": OFFLINE_EMBEDDING_MODEL, "input": "x"}


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        pytest.param(EMBED, GOOD_EMBED | {"input": [1, 2]}, 400, "input", id="token ids"),
        pytest.param(EMBED, GOOD_EMBED | {"input": [[1, 2]]}, 400, "input", id="many token ids"),
        pytest.param(EMBED, GOOD_EMBED | {"input": []}, 400, "input", id="no texts"),
        pytest.param(EMBED, GOOD_EMBED | {"input": ["a", ""]}, 400, "input", id="empty text"),
        pytest.param(EMBED, GOOD_EMBED | {"input": ["a"] * 2049}, 400, "input", id="too many texts"),
        pytest.param(EMBED, GOOD_EMBED | {"dimensions": 99}, 400, "dimensions", id="other dimensions"),
        pytest.param(EMBED, GOOD_EMBED | {"model": "gpt-9"}, 404, "model", id="unknown embedding model"),
        pytest.param(CHAT, GOOD_CHAT | {"model": "gpt-9"}, 404, "model", id="unknown chat model"),
        pytest.param(CHAT, GOOD_CHAT | {"messages": []}, 400, "messages", id="no messages"),
        pytest.param(CHAT, {"model": OFFLINE_CHAT_MODEL}, 400, "messages", id="messages missing"),
        pytest.param(CHAT, GOOD_CHAT | {"n": 3}, 400, "n", id="several answers"),
        pytest.param(CHAT, ["list"], 400, None, id="not an object"),
        pytest.param("/nowhere", {}, 404, None, id="unknown route"),
        pytest.param("/models", {}, 405, None, id="wrong method"),
    ],
)
def test_a_bad_request_gets_an_error_of_openais_shape(raw, path, body, status, param):
    response = raw.post(path, json=body)
    problem = response.json()["error"]
    assert (response.status_code, problem["param"]) == (status, param)
    assert problem["type"] == "invalid_request_error"
    assert problem["message"].endswith(".")


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Basic x", "Bearer é".encode()], ids=repr)
def test_nothing_is_served_without_the_key(offline, given):
    headers = {} if given is None else {"authorization": given}
    response = httpx.get(f"{offline.base_url}/models", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")


def test_it_listens_on_this_machine_only(offline):
    assert offline.base_url.startswith("http://127.0.0.1:")


def test_delays_hold_for_the_session_that_set_them_only(offline):
    """The stream of a slow session is still under way when the same question is answered elsewhere."""
    slow = resolve(Settings.load({"offline_first_token_ms": 60, "offline_token_ms": 60}))
    assert (slow.key, slow.dimension) == (offline.key, offline.dimension)
    assert "60 ms to the first token" in slow.label
    assert offline.label == "built-in extractive answerer (offline)"
    body = GOOD_CHAT | {"stream": True}
    headers = {"authorization": f"Bearer {slow.key}"}
    with httpx.stream("POST", f"{slow.base_url}/chat/completions", json=body, headers=headers) as stream:
        lines = stream.iter_lines()
        next(lines)
        fast = httpx.post(f"{offline.base_url}/chat/completions", json=body, headers=headers)
        assert "[DONE]" in fast.text
        assert sum(1 for line in lines if line) >= len(ANSWER.split())


def test_the_delays_are_those_that_were_set():
    """Sequential by construction: 6 words at 40 ms each cannot take less than 200 ms."""
    slow = resolve(Settings.load({"offline_first_token_ms": 50, "offline_token_ms": 40}))
    headers = {"authorization": f"Bearer {slow.key}"}
    response = httpx.post(f"{slow.base_url}/chat/completions", json=GOOD_CHAT, headers=headers)
    assert response.elapsed.total_seconds() >= 0.05 + 0.04 * (len(ANSWER.split()) - 1)


def test_one_server_serves_the_process_even_after_a_reload():
    with ThreadPoolExecutor(8) as pool:
        origins = {running.origin for running in pool.map(lambda _: built_in(), range(8))}
    again = importlib.reload(runner).built_in()
    assert origins == {again.origin}
    assert sum(thread.name == "tandem-offline-endpoint" for thread in threading.enumerate()) == 1


def test_the_key_is_in_no_repr(offline):
    assert offline.key not in repr(offline) + str(built_in()) + offline.label + offline.embedding_label


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_gets_an_endpoint_of_its_own(offline):
    code = (
        "import os, httpx, warnings; warnings.simplefilter('ignore')\n"
        "from core.models.offline import built_in\n"
        "first = built_in()\n"
        "if os.fork() == 0:\n"
        "    mine = built_in()\n"
        "    headers = {'authorization': 'Bearer ' + mine.key}\n"
        "    answer = httpx.get(mine.origin + '/v1/models', headers=headers)\n"
        "    os._exit(0 if mine != first and answer.status_code == 200 else 1)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_it_is_quiet_and_leaves_the_logging_of_the_process_alone():
    code = (
        "import logging, sys; before = logging.getLogger().level\n"
        "from core.models import ModelClient, resolve\n"
        "from core.settings import Settings\n"
        "client = ModelClient(resolve(Settings.load()), Settings.load()); client.embed_sync(['x'])\n"
        "assert not logging.getLogger().handlers and logging.getLogger().level == before\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_room_loads_none_of_its_modules():
    code = (
        "import sys, core.models; print(*(name for name in sys.modules if name.startswith('core.models.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_no_answer_is_one_sentence_that_people_can_read():
    assert re.fullmatch(r"[A-Z][^.]+\.", NO_ANSWER)
