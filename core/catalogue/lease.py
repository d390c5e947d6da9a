"""Who may write to a workspace: one ingest at a time, across processes and machines."""

from __future__ import annotations

import uuid
from time import time

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.catalogue.schema import leases
from core.catalogue.store import Catalogue
from core.processes import EXPIRES, has_ended, this_process

RENEW = 10.0
"""Seconds between two renewals."""


class Lease:
    """The right to write to one workspace; holding it makes every unfinished revision a leftover.

    It keeps processes apart; inside one process the caller does. It is renewed while it is held. A
    holder that died is known at once on the same machine (its process is gone), and elsewhere by
    60 s without renewal, so machines' clocks may differ by less than that.
    """

    def __init__(self, catalogue: Catalogue, workspace: str) -> None:
        self._catalogue = catalogue
        self._workspace = workspace
        self._process = this_process()
        self._owner = self._process + uuid.uuid4().hex[:12]

    def acquire(self) -> bool:
        """Take the lease; False when another ingest holds it. Blocks only for the database."""
        try:
            with self._catalogue.transaction() as connection:
                return self._take(connection)
        except IntegrityError:
            return False

    def renew(self) -> bool:
        """Say that the holder lives; False when the lease was lost."""
        with self._catalogue.transaction() as connection:
            done = connection.execute(update(leases).where(self._mine()).values(renewed_at=time()))
        return done.rowcount == 1

    def release(self) -> None:
        """Give the lease back."""
        with self._catalogue.transaction() as connection:
            connection.execute(delete(leases).where(self._mine()))

    def _take(self, connection: Connection) -> bool:
        now = time()
        held = connection.execute(select(leases).where(leases.c.workspace == self._workspace)).one_or_none()
        if held is None:
            new = {"workspace": self._workspace, "owner": self._owner, "renewed_at": now}
            connection.execute(insert(leases).values(new))
            return True
        # One of this very process was never given back: the disk was full, for example.
        ours = held.owner.startswith(self._process)
        if held.renewed_at > now - EXPIRES and not ours and not has_ended(held.owner):
            return False
        unchanged = and_(leases.c.owner == held.owner, leases.c.renewed_at == held.renewed_at)
        taken = connection.execute(
            update(leases)
            .where(leases.c.workspace == self._workspace, unchanged)
            .values(owner=self._owner, renewed_at=now)
        )
        return taken.rowcount == 1

    def _mine(self) -> ColumnElement[bool]:
        return and_(leases.c.workspace == self._workspace, leases.c.owner == self._owner)
