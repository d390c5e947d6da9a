"""Documents and pages in SQL. Every call blocks: coroutines go through the loop's `blocking`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import time
from typing import Any

from sqlalchemy import Connection, Delete, Engine, Exists, Row, and_, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.catalogue.records import DocumentRecord, State
from core.catalogue.schema import connect, documents, explain, pages
from core.documents.records import Page
from core.settings import Settings


class Catalogue:
    """What each workspace holds. A `space` is `Workspace.space(mode)`; safe to use from any thread.

    Every method raises `StorageError` when the database or its disk fails.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.url = engine.url.render_as_string(hide_password=True)

    @classmethod
    def open(cls, settings: Settings) -> Catalogue:
        """Open the catalogue of the settings, creating its tables when they are missing."""
        return cls(connect(settings))

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction; all of it happens, or nothing. A key that exists is an `IntegrityError`."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise explain(error, str(self._engine.url)) from error

    def documents(self, space: str) -> tuple[DocumentRecord, ...]:
        """Every revision in a space, in any state, by name."""
        return self._records(documents.c.space == space)

    def hidden(self, space: str) -> tuple[str, ...]:
        """Ids whose chunks may be in Milvus but must not be found; empty when nothing is under way."""
        query = select(documents.c.document_id).where(
            documents.c.space == space, documents.c.state != "indexed"
        )
        with self.transaction() as connection:
            return tuple(connection.scalars(query.order_by(documents.c.document_id)))

    def leftovers(self, space: str) -> tuple[DocumentRecord, ...]:
        """Revisions whose chunks are to be deleted, unless an ingest is writing them right now."""
        return self._records(and_(documents.c.space == space, documents.c.state.in_(["indexing", "retired"])))

    def corpus(self, workspace: str) -> tuple[DocumentRecord, ...]:
        """The newest whole revision of each document, whichever space of the workspace it is in."""
        wanted = and_(documents.c.workspace == workspace, documents.c.state.in_(["indexed", "lost"]))
        found = sorted(self._records(wanted), key=lambda record: record.added_at)
        newest = {record.name: record for record in found}
        return tuple(newest[name] for name in sorted(newest))

    def pages(self, workspace: str, content_hash: str, kind: str) -> tuple[Page, ...]:
        """The text of a document by page; empty when the catalogue does not hold it."""
        query = select(pages.c.number, pages.c.text).where(
            pages.c.workspace == workspace, pages.c.content_hash == content_hash, pages.c.kind == kind
        )
        with self.transaction() as connection:
            rows = connection.execute(query.order_by(pages.c.page_index)).all()
        return tuple(Page(number, text) for number, text in rows)

    def page(self, space: str, document_id: str, page_index: int) -> Page | None:
        """The page that a chunk (`Chunk.document_id`, `Chunk.page_index`) was cut from."""
        same_text = and_(
            pages.c.workspace == documents.c.workspace,
            pages.c.content_hash == documents.c.content_hash,
            pages.c.kind == documents.c.kind,
        )
        query = (
            select(pages.c.number, pages.c.text)
            .join_from(documents, pages, same_text)
            .where(documents.c.space == space, documents.c.document_id == document_id)
            .where(pages.c.page_index == page_index)
        )
        with self.transaction() as connection:
            row = connection.execute(query).one_or_none()
        return Page(row.number, row.text) if row else None

    def begin(
        self,
        workspace: str,
        space: str,
        records: Sequence[DocumentRecord],
        text: Sequence[Page],
        *,
        kept: bool = False,
    ) -> bool:
        """Note revisions of one document as being written, with the text that they are cut from.

        Must come before the first of their chunks, so that no kill leaves chunks that nobody knows.
        `kept` says that the text came from here: then False, and nothing changes, when the document
        was removed meanwhile.
        """
        first = records[0]
        key: dict[str, Any] = {
            "workspace": workspace,
            "content_hash": first.content_hash,
            "kind": first.kind,
        }
        rows = [
            key | {"page_index": index, "number": page.number, "text": page.text}
            for index, page in enumerate(text)
        ]
        ids = [record.document_id for record in records]
        with suppress(_RemovedError), self.transaction() as connection:
            # Writing first takes the lock under which the question below is asked.
            connection.execute(delete(pages).where(*(pages.c[name] == value for name, value in key.items())))
            if kept and not connection.scalar(select(_held(workspace, first))):
                raise _RemovedError
            connection.execute(_delete_documents(space, ids))
            connection.execute(insert(documents), [_row(workspace, space, record) for record in records])
            if rows:
                connection.execute(insert(pages), rows)
            return True
        return False

    def complete(self, space: str, name: str, document_ids: Sequence[str]) -> bool:
        """Make revisions findable and retire those that they replace, in one transaction.

        False, and nothing changes, when the document was removed meanwhile.
        """
        of_name = and_(documents.c.space == space, documents.c.name == name)
        ours = and_(of_name, documents.c.document_id.in_(document_ids), documents.c.state == "indexing")
        others = and_(of_name, documents.c.document_id.not_in(document_ids))
        with suppress(_RemovedError), self.transaction() as connection:
            done = connection.execute(update(documents).where(ours).values(state="indexed", added_at=time()))
            if done.rowcount < len(document_ids):
                raise _RemovedError
            connection.execute(update(documents).where(others).values(state="retired"))
            return True
        return False

    def hide(self, space: str, document_ids: Sequence[str]) -> None:
        """Take revisions out of sight: their chunks are to be deleted."""
        self._set(space, document_ids, "retired")

    def lose(self, space: str, document_ids: Sequence[str]) -> None:
        """Take revisions out of sight whose chunks Milvus has lost; their text is kept for `reindex`."""
        self._set(space, document_ids, "lost")

    def retire(self, workspace: str, names: Iterable[str]) -> tuple[str, ...]:
        """Remove documents from every space of a workspace: hidden at once, chunks yet to be deleted.

        Returns the names that were there.
        """
        ours = and_(documents.c.workspace == workspace, documents.c.name.in_(list(names)))
        ours = and_(ours, documents.c.state != "retired")
        with self.transaction() as connection:
            found = tuple(connection.scalars(select(documents.c.name).where(ours).distinct()))
            connection.execute(update(documents).where(ours).values(state="retired"))
        return tuple(sorted(found))

    def drop(self, workspace: str, space: str, document_ids: Sequence[str]) -> None:
        """Forget revisions whose chunks are gone, and the text that nothing refers to any more."""
        used = exists().where(
            documents.c.workspace == pages.c.workspace,
            documents.c.content_hash == pages.c.content_hash,
            documents.c.kind == pages.c.kind,
            documents.c.state != "retired",
        )
        with self.transaction() as connection:
            connection.execute(_delete_documents(space, document_ids))
            connection.execute(delete(pages).where(pages.c.workspace == workspace, ~used))

    def _set(self, space: str, document_ids: Sequence[str], state: State) -> None:
        ours = and_(documents.c.space == space, documents.c.document_id.in_(document_ids))
        with self.transaction() as connection:
            connection.execute(update(documents).where(ours).values(state=state))

    def _records(self, wanted: Any) -> tuple[DocumentRecord, ...]:
        query = select(documents).where(wanted).order_by(documents.c.name, documents.c.added_at)
        with self.transaction() as connection:
            return tuple(_record(row) for row in connection.execute(query))


class _RemovedError(Exception):
    """Rolls a transaction back: what it would complete is no longer there."""


def _held(workspace: str, record: DocumentRecord) -> Exists:
    """Whether the workspace has this content under this name, in whichever space."""
    return exists().where(
        documents.c.workspace == workspace,
        documents.c.name == record.name,
        documents.c.content_hash == record.content_hash,
        documents.c.state != "retired",
    )


def _delete_documents(space: str, document_ids: Sequence[str]) -> Delete:
    return delete(documents).where(documents.c.space == space, documents.c.document_id.in_(document_ids))


def _row(workspace: str, space: str, record: DocumentRecord) -> dict[str, Any]:
    return {
        "space": space,
        "document_id": record.document_id,
        "workspace": workspace,
        "name": record.name,
        "content_hash": record.content_hash,
        "kind": record.kind,
        "splitter": record.splitter,
        "engines": ",".join(record.engines),
        "characters": record.characters,
        "chunks": record.chunks,
        "state": "indexing",
        "added_at": time(),
    }


def _record(row: Row[Any]) -> DocumentRecord:
    return DocumentRecord(
        name=row.name,
        document_id=row.document_id,
        content_hash=row.content_hash,
        kind=row.kind,
        splitter=row.splitter,
        engines=tuple(row.engines.split(",")),
        characters=row.characters,
        chunks=row.chunks,
        state=row.state,
        added_at=row.added_at,
    )
