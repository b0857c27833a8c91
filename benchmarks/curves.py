"""Growth: FAISS index types from ten vectors to a million, and the whole search over as many passages.

The vectors are synthetic: points of a 48-dimensional space whose axes fade, as those of sentence embeddings
do, turned into 384 dimensions. A question is a passage's vector with noise. An approximate type counts where
recall@10 against flat reaches 0.97; its effort is set to the least that does.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import OURS, ROOT, python, surroundings

SIZES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
TYPES = ("flat", "HNSW", "IVF SQ8")
FEWEST = {"HNSW": 1_000, "IVF SQ8": 10_000}
"""Below these sizes an approximate type only adds work."""

MOST = {"HNSW": 100_000, "whole search": 100_000}
"""Building beyond takes longer than a few minutes; ``--full`` goes on to a million."""

RECALL = 0.97
DIMENSION = 384
LATENT = 48
ASKED = 50


@dataclass(frozen=True)
class Point:
    """One type at one size; ``recall`` is that at 10 against flat."""

    kind: str
    size: int
    search: float
    megabytes: float
    build: float
    load: float
    recall: float
    effort: int


def curves(largest: int, full: bool) -> list[Point]:
    """Measure each type at each size, every point in a process of its own."""
    points = []
    for size in (s for s in SIZES if s <= largest):
        for kind in (*TYPES, "whole search"):
            if size < FEWEST.get(kind, 0) or (size > MOST.get(kind, size) and not full):
                continue
            found = subprocess.run(
                [python(OURS), "-m", "benchmarks.curves", kind, str(size)],
                cwd=ROOT,
                env=surroundings(),
                check=True,
                capture_output=True,
            )
            points.append(Point(**json.loads(found.stdout)))
    return points


def best(points: list[Point]) -> dict[int, str]:
    """Return the type that searches fastest at each size, among those that find enough."""
    vectors = [p for p in points if p.kind in TYPES and p.recall >= RECALL]
    return {
        size: min((p for p in vectors if p.size == size), key=lambda p: p.search).kind
        for size in sorted({p.size for p in vectors})
    }


def measure_type(kind: str, size: int) -> Point:
    """Build, keep, open and search one FAISS index."""
    import faiss
    import numpy as np

    faiss.omp_set_num_threads(1)
    vectors, asked = _synthetic(size)
    exact = faiss.IndexFlatIP(DIMENSION)
    exact.add(vectors)
    k = min(10, size)
    _, right = exact.search(asked, k)
    began = time.perf_counter()
    index = _built(kind, vectors)
    build = time.perf_counter() - began
    del exact, vectors
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "vectors.faiss")
        faiss.write_index(index, str(path))
        # In a fresh process: here the memory that building gave back would be taken again, unseen.
        command = [sys.executable, __file__, str(path)]
        fresh = subprocess.run(command, env=surroundings(), check=True, capture_output=True)
        load, megabytes = json.loads(fresh.stdout)
    recall, effort = 0.0, 0
    for effort in (0,) if kind == "flat" else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        if kind == "HNSW":
            index.hnsw.efSearch = max(10, effort)
        elif kind != "flat":
            index.nprobe = effort
        _, found = index.search(asked, k)
        recall = float(np.mean([len(set(a) & set(b)) / k for a, b in zip(found, right, strict=True)]))
        if recall >= RECALL:
            break
    search = _median_seconds(lambda one: index.search(one, k), [asked[i : i + 1] for i in range(ASKED)])
    return Point(kind, size, search, megabytes, build, load, recall, effort)


def measure_whole(size: int) -> Point:
    """Search as the bot does, words and vectors fused, over copies of the article's sentences."""
    import faiss

    from qa.index import Index, load
    from qa.passages import Passage
    from qa.search import Search

    small = load(ROOT / "index")
    article = small.articles[0]
    spans = [span for p in small.passages for span in p.sentences]
    passages = []
    for i in range(size):
        # A stretch from one sentence into a later one: few are alike.
        start, end = (
            spans[i % len(spans)][0],
            spans[min(i * 7 // len(spans) % 3 + i % len(spans), len(spans) - 1)][1],
        )
        passages.append(Passage(f"p{i}", "", start, max(start + 1, end), article))
    vectors, _ = _synthetic(size)
    flat = faiss.IndexFlatIP(DIMENSION)
    flat.add(vectors)
    index = Index(small.folder, small.manifest, small.articles, tuple(passages), flat, small.encoder)
    before = _resident()
    began = time.perf_counter()
    search = Search(index)
    load_seconds = time.perf_counter() - began
    megabytes = _resident() - before + vectors.nbytes / 1e6
    asked = [
        "How many containers of munitions were sent?",
        "What did they sign?",
        "Who met whom in Pyongyang?",
    ]
    taken = _median_seconds(search.score, asked * 3)
    return Point("whole search", size, taken, megabytes, 0.0, load_seconds, 1.0, 0)


def _synthetic(size: int) -> tuple[Any, Any]:
    import faiss
    import numpy as np

    rng = np.random.default_rng(0)
    fading = (1 / np.sqrt(np.arange(1, LATENT + 1))).astype(np.float32)
    turned = rng.standard_normal((LATENT, DIMENSION), dtype=np.float32)

    def embed(latent: Any) -> Any:
        vectors = latent * fading @ turned
        faiss.normalize_L2(vectors)
        return vectors

    latent = rng.standard_normal((size, LATENT), dtype=np.float32)
    near = latent[rng.integers(0, size, ASKED)] + 0.5 * rng.standard_normal((ASKED, LATENT), dtype=np.float32)
    return embed(latent), embed(near)


def _built(kind: str, vectors: Any) -> Any:
    import faiss

    size = len(vectors)
    if kind == "flat":
        index = faiss.IndexFlatIP(DIMENSION)
    elif kind == "HNSW":
        index = faiss.IndexHNSWFlat(DIMENSION, 32, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = 80
    else:
        lists = max(16, round(size**0.5))
        quantizer = faiss.IndexFlatIP(DIMENSION)
        index = faiss.IndexIVFScalarQuantizer(
            quantizer, DIMENSION, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.max_points_per_centroid = 64
        index.train(vectors)
    index.add(vectors)
    return index


def _median_seconds(call: Any, asked: list[Any]) -> float:
    taken = []
    for one in asked:
        began = time.perf_counter()
        call(one)
        taken.append(time.perf_counter() - began)
    return sorted(taken)[len(taken) // 2]


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def load_file(path: str) -> tuple[float, float]:
    """Return the seconds and the MB that it takes to open a FAISS file."""
    import faiss

    before = _resident()
    began = time.perf_counter()
    index = faiss.read_index(path)
    seconds = time.perf_counter() - began
    assert index.ntotal
    return seconds, _resident() - before


def main(kind: str, size: int) -> None:
    """Print one point as JSON."""
    point = measure_whole(size) if kind == "whole search" else measure_type(kind, size)
    print(json.dumps(asdict(point)))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(json.dumps(load_file(sys.argv[1])))
    else:
        main(sys.argv[1], int(sys.argv[2]))
