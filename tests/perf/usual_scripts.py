"""Ingest of one PDF as one would write it with each framework alone, and with Tandem.

    python -m tests.perf.usual_scripts llamaindex|langchain|tandem FILE.pdf URI FOLDER

prints JSON: `seconds` of the work itself, `searchable`, the seconds until a count at Strong
consistency saw every row of every collection, and the `chunks` in each. The
work is done twice in the process, first on two pages of the file, and timed the second time: so
imports, the loading of the embedding model (WordLlama for all) and the start of Milvus Lite are
excluded on all sides. Included is everything from the file to the last chunk stored, creating the
collections among it; for Tandem also the flush and the load, which make searches fast.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

Work = Callable[[Path, str], Any]


def embedding_model():
    import wordllama

    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def llamaindex(uri: str, folder: Path) -> Work:
    """`SimpleDirectoryReader` and `VectorStoreIndex.from_documents`, with their defaults."""
    import pypdf
    from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document
    from llama_index.vector_stores.milvus import MilvusVectorStore

    model = embedding_model()

    class Embedding(BaseEmbedding):
        def _get_text_embedding(self, text):
            return model.embed([text])[0].tolist()

        def _get_text_embeddings(self, texts):
            return model.embed(texts).tolist()

        _get_query_embedding = _get_text_embedding

        async def _aget_query_embedding(self, query):
            return self._get_text_embedding(query)

    class PdfReader(BaseReader):
        """What llama-index-readers-file does; that package refuses the pypdf and pandas in use here."""

        def load_data(self, file, extra_info=None, fs=None):
            with Path(file).open("rb") as stream:
                reader = pypdf.PdfReader(stream)
                return [
                    Document(
                        text=page.extract_text(),
                        metadata={
                            "page_label": reader.page_labels[number],
                            "file_name": Path(file).name,
                            **(extra_info or {}),
                        },
                    )
                    for number, page in enumerate(reader.pages)
                ]

    def work(pdf, collection):
        reader = SimpleDirectoryReader(input_files=[str(pdf)], file_extractor={".pdf": PdfReader()})
        store = MilvusVectorStore(uri=uri, dim=256, collection_name=collection, overwrite=True)
        storage = StorageContext.from_defaults(vector_store=store)
        VectorStoreIndex.from_documents(reader.load_data(), storage_context=storage, embed_model=Embedding())
        return store.client

    return work


def langchain(uri: str, folder: Path) -> Work:
    """`PyPDFLoader`, `RecursiveCharacterTextSplitter` and `Milvus.from_documents`."""
    import warnings

    from langchain_community.document_loaders import PyPDFLoader
    from langchain_core.embeddings import Embeddings
    from langchain_milvus import Milvus
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from pymilvus import connections

    warnings.simplefilter("ignore")
    model = embedding_model()

    class Embedding(Embeddings):
        def embed_documents(self, texts):
            return model.embed(texts).tolist()

        def embed_query(self, text):
            return self.embed_documents([text])[0]

    class Connected(Milvus):
        """With the pymilvus in use here, the plain class finds no connection (FACTS: issues 128, 130)."""

        def _init(self, *arguments, **options):
            connections.connect(alias=self.alias, **self._connection_args)
            super()._init(*arguments, **options)

    def work(pdf, collection):
        pages = PyPDFLoader(str(pdf)).load()
        chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=150).split_documents(pages)
        store = Connected.from_documents(
            chunks, Embedding(), connection_args={"uri": uri}, collection_name=collection
        )
        return store.client

    return work


def tandem(uri: str, folder: Path) -> Work:
    """Both engines at once."""
    from core import Settings, Upload, Workspace, ingest, run

    settings = Settings.load({"home": folder, "milvus_uri": uri})

    async def both(pdf, name):
        workspace = await Workspace.open(settings, name)
        return workspace, await ingest(workspace, [Upload(pdf.name, pdf)])

    def work(pdf, collection):
        workspace, summary = run(both(pdf, collection))
        assert summary.succeeded, summary
        return workspace.backend.controlled.sync

    return work


MAKERS = {"llamaindex": llamaindex, "langchain": langchain, "tandem": tandem}


def excerpt(pdf: Path, folder: Path) -> Path:
    """A file of two of the pages."""
    import pypdf

    writer = pypdf.PdfWriter()
    writer.append(str(pdf), pages=(10, 12))
    path = folder / "excerpt.pdf"
    writer.write(path)
    return path


def counted(client, mark: str) -> list[int]:
    """Rows of each collection whose name has the mark, once they can be searched."""
    counts = []
    for name in client.list_collections():
        if mark in name:
            client.load_collection(name)
            rows = client.query(name, filter="", output_fields=["count(*)"], consistency_level="Strong")
            counts.append(rows[0]["count(*)"])
    return counts


def main(what: str, pdf: str, uri: str, folder: str) -> None:
    """Warm up, time the work, and drop what it made."""
    work = MAKERS[what](uri, Path(folder))
    mark = f"u{uuid.uuid4().hex[:8]}"
    work(excerpt(Path(pdf), Path(folder)), f"{mark}warm")
    start = perf_counter()
    client = work(Path(pdf), f"{mark}full")
    seconds = perf_counter() - start
    chunks = counted(client, f"{mark}full")
    searchable = perf_counter() - start
    for name in client.list_collections():
        if mark in name:
            client.drop_collection(name)
    print(json.dumps({"seconds": seconds, "searchable": searchable, "chunks": chunks}))


if __name__ == "__main__":
    main(*sys.argv[1:])
