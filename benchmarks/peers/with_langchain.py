"""LangChain's FAISS vector store with HuggingFaceEmbeddings, as its pages on both integrations show."""

from collections.abc import Callable
from typing import Any


def _embeddings(model: str) -> Any:
    from langchain_huggingface import HuggingFaceEmbeddings

    return HuggingFaceEmbeddings(
        model_name=model, model_kwargs={"device": "cpu"}, encode_kwargs={"normalize_embeddings": True}
    )


def build(texts: list[str], folder: str, model: str) -> None:
    """Embed the texts and save the store."""
    from langchain_community.vectorstores import FAISS

    FAISS.from_texts(texts, _embeddings(model)).save_local(folder)


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open the store again."""
    from langchain_community.vectorstores import FAISS

    store = FAISS.load_local(folder, _embeddings(model), allow_dangerous_deserialization=True)

    def search(question: str) -> str:
        return str(store.similarity_search(question, k=5)[0].page_content)

    return search
