"""Does the question encoder lose by eight-bit weights? ``python -m training.precision``.

Exports it both ways, searches squad2's articles for every answerable question with each, and prints how
often the right paragraph comes first: by vectors alone, and by the fused search.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer

from qa import report
from qa.bot import SHIPPED_INDEX
from qa.encoder import DEFAULT_MODEL, PassageEncoder, QuestionEncoder
from qa.evaluation import indexed
from qa.index import load as load_index
from qa.measures import Interval
from qa.questions import draw, read_documents
from qa.search import Search
from training.data import DATA
from training.vectors import VECTORS, RememberedVectors

RESAMPLES = 1_000


def interval(values: np.ndarray) -> Interval:
    """Return a mean with its 95 % bootstrap interval."""
    rng = np.random.default_rng(0)
    drawn = values[rng.integers(len(values), size=(RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))


def main(
    name: Annotated[str, typer.Argument(help="A folder in QA_DATA.")] = "squad2",
    model: Annotated[str, typer.Option(help="A sentence-transformers model.")] = DEFAULT_MODEL,
    limit: Annotated[int | None, typer.Option(help="Questions, about; all without.")] = None,
    cache: Annotated[Path, typer.Option(help="Where passages' vectors are kept.")] = VECTORS,
) -> None:
    """Print hit@1 with float32 and with int8, and what int8 gains or loses."""
    passages = PassageEncoder(model)
    shipped = load_index(SHIPPED_INDEX)
    encode = RememberedVectors(model, cache)
    hits: dict[tuple[str, str], list[bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        encoders = {}
        for precision in ("float32", "int8"):
            info = passages.info(int8=precision == "int8")
            passages.export(Path(folder) / precision, int8=precision == "int8")
            encoders[precision] = QuestionEncoder(Path(folder) / precision, info)
        like = replace(shipped, manifest=msgspec.structs.replace(shipped.manifest, encoder=info))
        for document in draw(list(read_documents(DATA / name)), limit):
            index = indexed(document, encode, like)
            for precision, encoder in encoders.items():
                search = Search(replace(index, encoder=encoder))
                for question in document.questions:
                    if question.answerable:
                        found = search.score(question.text)
                        for way, scores in (("vectors", found.cosine), ("fused", found.fused)):
                            hit = index.passages[int(scores.argmax())].id in question.gold
                            hits.setdefault((way, precision), []).append(hit)
    rows = [["hit@1", "questions", "float32", "int8", "int8 less float32"]]
    for way in ("vectors", "fused"):
        whole, eight = (np.array(hits[way, p], dtype=float) for p in ("float32", "int8"))
        cells = [report.cell(interval(values)) for values in (whole, eight, eight - whole)]
        rows.append([way, str(len(whole)), *cells])
    report.print_table(rows)


if __name__ == "__main__":
    typer.run(main)
