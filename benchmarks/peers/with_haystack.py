"""Haystack's in-memory store and sentence-transformers embedders, as its page on the retriever shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any


def _store() -> Any:
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    return InMemoryDocumentStore(embedding_similarity_function="cosine")


def build(texts: list[str], folder: str, model: str) -> None:
    """Embed the texts as documents and save the store."""
    from haystack import Document
    from haystack.utils import ComponentDevice
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersDocumentEmbedder,
    )

    embedder = SentenceTransformersDocumentEmbedder(
        model=model, device=ComponentDevice.from_str("cpu"), progress_bar=False
    )
    embedder.warm_up()
    store = _store()
    store.write_documents(embedder.run(documents=[Document(content=text) for text in texts])["documents"])
    store.save_to_disk(str(Path(folder, "store.json")))


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open the store again, behind a pipeline of embedder and retriever."""
    from haystack import Pipeline
    from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
    from haystack.utils import ComponentDevice
    from haystack_integrations.components.embedders.sentence_transformers import (
        SentenceTransformersTextEmbedder,
    )

    store = type(_store()).load_from_disk(str(Path(folder, "store.json")))
    pipeline = Pipeline()
    pipeline.add_component(
        "embedder",
        SentenceTransformersTextEmbedder(
            model=model, device=ComponentDevice.from_str("cpu"), progress_bar=False
        ),
    )
    pipeline.add_component("retriever", InMemoryEmbeddingRetriever(document_store=store, top_k=5))
    pipeline.connect("embedder.embedding", "retriever.query_embedding")
    pipeline.warm_up()

    def search(question: str) -> str:
        found = pipeline.run({"embedder": {"text": question}})
        return str(found["retriever"]["documents"][0].content)

    return search
