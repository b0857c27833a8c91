"""LlamaIndex's VectorStoreIndex with HuggingFaceEmbedding, kept as its page on storing shows."""

from collections.abc import Callable


def build(texts: list[str], folder: str, model: str) -> None:
    """Embed the texts as nodes and persist the index."""
    from llama_index.core import VectorStoreIndex
    from llama_index.core.schema import TextNode
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    nodes = [TextNode(text=text) for text in texts]
    index = VectorStoreIndex(nodes, embed_model=HuggingFaceEmbedding(model_name=model, device="cpu"))
    index.storage_context.persist(persist_dir=folder)


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open the index again, as a retriever: there is no language model to write answers."""
    from llama_index.core import StorageContext, load_index_from_storage
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    embed_model = HuggingFaceEmbedding(model_name=model, device="cpu")
    index = load_index_from_storage(StorageContext.from_defaults(persist_dir=folder), embed_model=embed_model)
    retriever = index.as_retriever(similarity_top_k=5)

    def search(question: str) -> str:
        return str(retriever.retrieve(question)[0].get_content())

    return search
