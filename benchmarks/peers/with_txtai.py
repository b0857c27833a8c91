"""txtai's Embeddings with content, as its documentation's first page shows."""

from collections.abc import Callable


def build(texts: list[str], folder: str, model: str) -> None:
    """Embed the texts and save the index."""
    from txtai import Embeddings

    embeddings = Embeddings(path=model, content=True, gpu=False)
    embeddings.index(texts)
    embeddings.save(folder)


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open the index again; it remembers its model."""
    from txtai import Embeddings

    embeddings = Embeddings()
    embeddings.load(folder)

    def search(question: str) -> str:
        return str(embeddings.search(question, 5)[0]["text"])

    return search
