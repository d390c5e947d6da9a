"""Turn what OpenAI clients and httpx raise into one clear sentence with its remedy."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx

from core.errors import ModelError, redact
from core.models.endpoint import NO_KEY, Endpoint
from core.models.transport import TRIES, retry_after
from core.models.wire import BrokenOff, MalformedReply, call_kind


@dataclass(frozen=True)
class _Call:
    """The call that failed, in words."""

    where: str
    model: str
    setting: str
    built_in: bool
    has_key: bool
    variable: str
    secrets: tuple[str, ...]


def explain(error: BaseException, endpoint: Endpoint) -> ModelError:
    """The `ModelError` to show for `error`, wherever in its chain of causes the reason lies.

    An error that nothing is known about becomes a sentence that names its type only.
    """
    chain = list(_causes(error))
    for known in chain:
        if isinstance(known, ModelError):
            return known
    call = _describe(chain, endpoint)
    for known in chain:
        response = getattr(known, "response", None)
        if isinstance(response, httpx.Response) and not response.is_success:
            return _from_status(response, call)
    for reason in (_from_transport, _from_stream):
        for known in chain:
            if message := reason(known, call):
                return ModelError(message)
    return ModelError(
        f"The call to {call.where} failed ({type(error).__name__}). Ask again, or run the doctor."
    )


def is_model_error(error: BaseException) -> bool:
    """Whether `error`, or anything that caused it, comes from a call to a model."""
    return any(
        isinstance(known, ModelError | httpx.HTTPError | httpx.StreamError)
        or type(known).__module__.partition(".")[0] == "openai"
        or (isinstance(known, json.JSONDecodeError) and _passed_through(known.__traceback__, "openai"))
        for known in _causes(error)
    )


def wrong_dimension(endpoint: Endpoint, found: int) -> ModelError:
    """The vectors are not as long as they are meant to be."""
    return ModelError(
        f"The embedding model {endpoint.embedding_model} gives vectors of {found} numbers, not "
        f"{endpoint.dimension} as TANDEM_EMBEDDING_DIMENSION says or as they were at first. Set it to "
        f"{found}, or to 0 to have the endpoint asked."
    )


def malformed(endpoint: Endpoint) -> ModelError:
    """The embedding endpoint's answer cannot be read."""
    return ModelError(_malformed(_describe([], endpoint, embedding=True)))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what caused it, each once, with the members of groups."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        known = pending.pop(0)
        if known is None or id(known) in seen:
            continue
        seen.add(id(known))
        yield known
        pending += [known.__cause__, known.__context__]
        if isinstance(known, BaseExceptionGroup):
            pending += known.exceptions


def _describe(chain: list[BaseException], endpoint: Endpoint, *, embedding: bool = False) -> _Call:
    request = next(filter(None, map(_request, chain)), None)
    if embedding or (request is not None and call_kind(request) == "embed"):
        base_url, model, key = endpoint.embedding_base_url, endpoint.embedding_model, endpoint.embedding_key
        setting, kind = "TANDEM_EMBEDDING_MODEL", endpoint.embedding_kind
    else:
        base_url, model, key = endpoint.base_url, endpoint.chat_model, endpoint.key
        setting, kind = "TANDEM_CHAT_MODEL", endpoint.kind
    separate = base_url != endpoint.base_url
    where = "the built-in model endpoint" if kind == "offline" else f"the model endpoint {base_url}"
    variable = "TANDEM_EMBEDDING" if separate else "TANDEM_MODEL"
    return _Call(where, model, setting, kind == "offline", key != NO_KEY, variable, endpoint.secrets)


def _request(error: BaseException) -> httpx.Request | None:
    try:
        request = getattr(error, "request", None)
    except RuntimeError:  # httpx raises this where no request was noted
        return None
    return request if isinstance(request, httpx.Request) else None


def _from_status(response: httpx.Response, call: _Call) -> ModelError:
    status = response.status_code
    problem = _problem(response)
    if response.is_redirect:
        return ModelError(_malformed(call))
    if status in (401, 403):
        return ModelError(_refused_key(status, call))
    if status == 404:
        return ModelError(_not_found(problem, call))
    if status == 429:
        pause = retry_after(response)
        return ModelError(_too_many(response, problem, pause, call), retry_after=pause)
    if status >= 500:
        tries = _tries(response)
        return ModelError(
            f"{_start(call.where)} failed on its side (HTTP {status}){tries}. Ask again in a while, or look "
            "into the endpoint's own log."
        )
    if problem.get("code") == "context_length_exceeded":
        return ModelError(
            f"The prompt is too long for the model {call.model}. Lower top-k or the chunk size, or take a "
            "model with a larger context."
        )
    said = _said(problem, call)
    return ModelError(
        f"{_start(call.where)} refused the request (HTTP {status}){said} Check the model settings."
    )


def _refused_key(status: int, call: _Call) -> str:
    if not call.has_key:
        return f"{_start(call.where)} wants a key (HTTP {status}) and none is set. Set {call.variable}_KEY."
    return f"{_start(call.where)} refused the key (HTTP {status}). Check {call.variable}_KEY."


def _not_found(problem: dict[str, Any], call: _Call) -> str:
    if problem.get("code") == "model_not_found" or "model" in str(problem.get("message", "")).lower():
        return (
            f"{_start(call.where)} has no model named {call.model} (HTTP 404). Set {call.setting} to one "
            "that it lists; `python -m core doctor` shows them."
        )
    return (
        f"{_start(call.where)} does not know the address or the model {call.model} (HTTP 404). Check "
        f"{call.variable}_BASE_URL (it usually ends in /v1) and {call.setting}."
    )


def _too_many(response: httpx.Response, problem: dict[str, Any], pause: float | None, call: _Call) -> str:
    if "insufficient_quota" in (problem.get("code"), problem.get("type")):
        return f"The quota of the key at {call.where} is used up (HTTP 429). Add credit, or use another key."
    wait = f"in {_duration(pause)}, as it asks" if pause else "in a minute"
    return (
        f"{_start(call.where)} takes no more requests for now (HTTP 429){_tries(response)}. Ask again "
        f"{wait}, or lower TANDEM_EMBEDDING_CONCURRENCY."
    )


def _from_transport(error: BaseException, call: _Call) -> str | None:
    """Errors of the connection."""
    if isinstance(error, MalformedReply):
        return _malformed(call)
    if isinstance(error, BrokenOff):
        return _broken_off(call)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        if call.built_in:
            return "The built-in model endpoint does not answer any more. Start Tandem again."
        return (
            f"Nothing answers at {call.where}. Start the server there, or correct {call.variable}_BASE_URL "
            "(and check the network)."
        )
    if isinstance(error, httpx.TimeoutException):
        return (
            f"{_start(call.where)} sent nothing for {_duration(_limit(error))}, so the call was given up. "
            "Ask again, or raise TANDEM_MODEL_TIMEOUT."
        )
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return f"{call.variable}_BASE_URL is no usable address. It must look like http://host:port/v1."
    if isinstance(error, httpx.DecodingError):
        return _malformed(call)
    return _broken_off(call) if isinstance(error, httpx.TransportError) else None


def _from_stream(error: BaseException, call: _Call) -> str | None:
    """Errors that the endpoint reports, or makes, inside an answer that had begun."""
    if isinstance(error, json.JSONDecodeError):
        return _malformed(call)
    openai = sys.modules.get("openai")  # an error of its cannot exist before it was imported
    if openai is None or not isinstance(error, openai.APIError):
        return None
    if isinstance(error, openai.APIResponseValidationError):
        return _malformed(call)
    if isinstance(error, openai.APITimeoutError | openai.APIConnectionError):
        return f"The connection to {call.where} was lost. Ask again, or check that it is running."
    said = _said({"message": error.message}, call)
    return f"{_start(call.where)} reported an error while it answered{said} Ask again."


def _malformed(call: _Call) -> str:
    return (
        f"{_start(call.where)} sent something that is no OpenAI-compatible answer. Check that "
        f"{call.variable}_BASE_URL is the address of such an endpoint; it usually ends in /v1."
    )


def _broken_off(call: _Call) -> str:
    return f"{_start(call.where)} broke off in the middle of its answer. What had come is kept; ask again."


def _problem(response: httpx.Response) -> dict[str, Any]:
    """The `error` object of a refusal, as far as there is one."""
    try:
        answer = response.json()
    except (ValueError, httpx.StreamError):
        return {}
    problem = answer.get("error", answer) if isinstance(answer, dict) else {}
    return problem if isinstance(problem, dict) else {"message": str(problem)}


def _said(problem: dict[str, Any], call: _Call) -> str:
    """The endpoint's own words: one line, short, without secrets."""
    message = " ".join(str(problem.get("message") or "").split())
    if not message:
        return "."
    return f": “{redact(message[:400], call.secrets)[:200]}”."


def _tries(response: httpx.Response) -> str:
    tries = response.extensions.get(TRIES, 1)
    return f", {tries} times in a row" if tries > 1 else ""


def _limit(error: httpx.TimeoutException) -> float | None:
    request = _request(error)
    limits = request.extensions.get("timeout", {}) if request is not None else {}
    limit = limits.get("read")
    return float(limit) if limit else None


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "too long"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"


def _passed_through(frames: TracebackType | None, package: str) -> bool:
    while frames is not None:
        if str(frames.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == package:
            return True
        frames = frames.tb_next
    return False


def _start(phrase: str) -> str:
    return phrase[:1].upper() + phrase[1:]
