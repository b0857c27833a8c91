"""Cold start: a new process to its first answer, beside sentence-transformers with FAISS by hand.

``python -m benchmarks.cold`` runs each several times in turn and prints medians and their ratio. Both sides
stand on the same article, the same weights and one thread.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from typing import Annotated

import typer

QUESTION = "How many containers of munitions were sent?"

OURS = f"""
import qa
print(qa.load().ask({QUESTION!r}).quote.text)
"""

BY_HAND = f"""
import torch
torch.set_num_threads(1)
import faiss
from sentence_transformers import SentenceTransformer
from qa.article import read_article
from qa.encoder import find_model
article = read_article("index/article.md")
texts = [article.text[p.start:p.end] for _, p in article.paragraphs]
model = SentenceTransformer(str(find_model("all-MiniLM-L6-v2")), device="cpu")
index = faiss.IndexFlatIP(384)
index.add(model.encode(texts, normalize_embeddings=True))
print(texts[index.search(model.encode([{QUESTION!r}], normalize_embeddings=True), 1)[1][0][0]])
"""


def seconds(program: str) -> float:
    """Time a program in a process of its own."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    return time.perf_counter() - began


def main(runs: Annotated[int, typer.Option(help="Runs of each side.")] = 5) -> None:
    """Print both medians, in seconds, and how many times sooner the first is."""
    taken = [(seconds(OURS), seconds(BY_HAND)) for _ in range(runs)]
    ours, by_hand = (statistics.median(side) for side in zip(*taken, strict=True))
    print(f"qa.load().ask(...)                  {ours:6.2f} s")
    print(f"SentenceTransformer + FAISS by hand {by_hand:6.2f} s")
    print(f"times sooner                        {by_hand / ours:6.1f}")


if __name__ == "__main__":
    typer.run(main)
