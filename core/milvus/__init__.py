"""Milvus: where vectors live. Importing this room does not import pymilvus."""

from core.milvus.address import KIND_LABELS, Address, Kind, parse_address
from core.milvus.backend import Backend, Capabilities, Clients, backend_key, quote_all
from core.milvus.collections import PREFIX, check_workspace, collection_name, fingerprint, space_key
from core.milvus.explain import explain, is_loading, is_lost, is_milvus_error, is_stale

__all__ = [
    "KIND_LABELS",
    "PREFIX",
    "Address",
    "Backend",
    "Capabilities",
    "Clients",
    "Kind",
    "backend_key",
    "check_workspace",
    "collection_name",
    "explain",
    "fingerprint",
    "is_loading",
    "is_lost",
    "is_milvus_error",
    "is_stale",
    "parse_address",
    "quote_all",
    "space_key",
]
