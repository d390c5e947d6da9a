"""Keep harmless or doubled Milvus log lines off the user's terminal."""

from __future__ import annotations

import logging


class _HarmlessLite(logging.Filter):
    """Milvus Lite does not implement AllocTimestamp; pymilvus copes, grpc still logs a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        raised = record.exc_info[1] if record.exc_info else None
        return not isinstance(raised, NotImplementedError)


def quiet_logs() -> None:
    """Silence what pymilvus, Milvus Lite and faiss log besides the exceptions that they raise.

    pymilvus logs every failed call with its traceback and then raises it: the raised error is
    turned into a sentence for the user, so the log line would only be noise.
    """
    server = logging.getLogger("grpc._server")
    if not any(isinstance(item, _HarmlessLite) for item in server.filters):
        server.addFilter(_HarmlessLite())
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)


_LEVELS = {
    "pymilvus": logging.CRITICAL,
    "milvus_lite": logging.CRITICAL,
    "faiss": logging.WARNING,
    "langchain_milvus": logging.CRITICAL,
    "llama_index.vector_stores.milvus": logging.CRITICAL,
}
