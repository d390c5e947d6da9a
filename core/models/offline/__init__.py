"""The built-in endpoint: an OpenAI-compatible server on loopback that needs no network and no key."""

from core.models.offline.runner import BuiltIn, built_in

__all__ = ["BuiltIn", "built_in"]
