"""What clients of the built-in endpoint may send, and the errors they get, in OpenAI's shapes."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from core.settings import OFFLINE_CHAT_MODEL, OFFLINE_DIMENSION, OFFLINE_EMBEDDING_MODEL

MODELS = (OFFLINE_CHAT_MODEL, OFFLINE_EMBEDDING_MODEL)
LARGEST_BATCH = 2048


class ApiError(Exception):
    """A refusal, with the HTTP status and the fields of OpenAI's error object."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        kind = "server_error" if status >= 500 else "invalid_request_error"
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


class EmbeddingRequest(BaseModel):
    """Body of `POST /embeddings`."""

    model: str
    input: str | list[str]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None

    def texts(self) -> list[str]:
        """The texts to embed; raises `ApiError` where OpenAI would."""
        texts = [self.input] if isinstance(self.input, str) else self.input
        if not texts or len(texts) > LARGEST_BATCH:
            raise ApiError(400, f"'input' must hold 1 to {LARGEST_BATCH} texts.", param="input")
        if "" in texts:
            raise ApiError(400, "'input' cannot hold an empty string.", param="input")
        if self.dimensions not in (None, OFFLINE_DIMENSION):
            raise ApiError(400, f"This model has {OFFLINE_DIMENSION} dimensions only.", param="dimensions")
        check_model(self.model, OFFLINE_EMBEDDING_MODEL)
        return texts


class Part(BaseModel):
    """One part of a message in parts; only text parts count."""

    type: str
    text: str = ""


class Message(BaseModel):
    """One message of a chat."""

    role: str
    content: str | list[Part] | None = None

    def text(self) -> str:
        """Its text, parts joined."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(BaseModel):
    """Options of a streamed answer."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """Body of `POST /chat/completions`; sampling parameters are taken and have no effect."""

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    n: int | None = Field(1, ge=1, le=1)

    def chat(self) -> list[tuple[str, str]]:
        """The messages as (role, text); raises `ApiError` for a model that is not here."""
        check_model(self.model, OFFLINE_CHAT_MODEL)
        return [(message.role, message.text()) for message in self.messages]

    @property
    def limit(self) -> int | None:
        """Most pieces that the answer may have."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with a usage chunk."""
        return self.stream_options is not None and self.stream_options.include_usage


_Body = TypeVar("_Body", bound=BaseModel)


def read(kind: type[_Body], body: bytes) -> _Body:
    """Parse a request body; raises `ApiError` saying which field is wrong."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_input=False)) from None


def check_model(name: str, expected: str) -> None:
    """Raise OpenAI's `model_not_found` unless `name` is the model that does this work here."""
    if name != expected:
        text = f"The model `{name}` does not exist here; this endpoint has `{expected}` for it."
        raise ApiError(404, text, param="model", code="model_not_found")


def _refusal(problems: list[Any]) -> ApiError:
    first = problems[0]
    param = str(first["loc"][0]) if first["loc"] else None
    if param is None:
        return ApiError(400, "The body of the request is not a JSON object.")
    if param == "input":
        text = "'input' must be a string or a list of strings; arrays of token ids are not supported."
        return ApiError(400, text, param=param)
    return ApiError(400, f"'{param}' is not usable: {first['msg']}.", param=param)
