"""sentence-transformers with FAISS, by hand: the README of each."""

import json
from collections.abc import Callable
from pathlib import Path


def build(texts: list[str], folder: str, model: str) -> None:
    """Embed the texts and keep them beside a flat FAISS index."""
    import faiss
    from sentence_transformers import SentenceTransformer

    vectors = SentenceTransformer(model, device="cpu").encode(texts, normalize_embeddings=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    faiss.write_index(index, str(Path(folder, "vectors.faiss")))
    Path(folder, "texts.json").write_text(json.dumps(texts), encoding="utf-8")


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open both again."""
    import faiss
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu")
    index = faiss.read_index(str(Path(folder, "vectors.faiss")))
    texts: list[str] = json.loads(Path(folder, "texts.json").read_text(encoding="utf-8"))

    def search(question: str) -> str:
        _, found = index.search(encoder.encode([question], normalize_embeddings=True), 5)
        return texts[found[0][0]]

    return search
