"""The catalogue: which documents each workspace holds, in what state, and the text of their pages."""

from core.catalogue.lease import Lease
from core.catalogue.records import DocumentRecord, State
from core.catalogue.store import Catalogue

__all__ = ["Catalogue", "DocumentRecord", "Lease", "State"]
