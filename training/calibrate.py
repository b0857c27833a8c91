"""Fit the verdict: logistic models over the reader's margins and the search's scores.

Fitted on articles that neither the reader nor the search has seen: the calibration part of the public
sets and of our own articles, which count double since they are news as readers ask about it, and the
questions and conversations about the shipped article that are marked for choosing.
``python -m training.calibrate`` writes ``calibration.json`` beside the reader.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from qa.bot import SHIPPED_INDEX, Bot
from qa.calibration import Row, collect, fit
from qa.evaluation import Document, Examiner, Question, foreign, read_documents
from qa.index import load as load_index
from qa.reader import PACKAGED, Reader
from qa.verdict import FEATURES, TOPIC_FEATURES, Calibration, Logistic
from training import written
from training.data import DATA, part_of

SETS = ("squad2", "squad1", "squadshifts_newwiki", "timeqa_human", "fairytaleqa", "abgcoqa_coqa")
PER_SET = 60
"""Questions drawn from each public set."""

NEWS = 2.0
"""What a question about news counts for, where one about another text counts 1."""

LONGEST = 60
"""Passages of a document that are searched: a long newspaper article has no more."""

STRANGE = 12
"""Questions about the article before it that each of our own is asked."""

TOPIC_THRESHOLD = 0.45
"""Chosen on the shipped article's `choose` questions: higher, and what is on the topic is called off it."""

OWN = (Path("tests/questions"), Path("tests/questions/conversations"))
UNFITTED = Calibration(
    Logistic(dict.fromkeys(FEATURES, 0.0), 0.0),
    Logistic(dict.fromkeys(TOPIC_FEATURES, 0.0), 0.0),
    0.5,
    0.5,
    1.5,
    1.5,
)


def drawn(name: str, limit: int) -> Iterator[Document]:
    """Draw a set's questions until the limit is reached; for four, one more comes from another document."""
    rng = random.Random(name)
    documents = list(read_documents(DATA / name, lambda title: part_of(title) == "calibration"))
    rng.shuffle(documents)
    each = max(4, limit // len(documents))
    count = 0
    for number, document in enumerate(documents):
        passages = document.passages[:LONGEST]
        kept = {p.id for p in passages}
        own = [q for q in document.questions if not q.history and (not q.answerable or q.gold & kept)]
        if count >= limit or not own:
            continue
        asked = rng.sample(own, min(each, len(own)))
        count += len(asked)
        strange = answered(documents[number - 1])
        others = rng.sample(strange, min(each // 4, len(strange)))
        yield replace(document, passages=passages, questions=(*asked, *map(foreign, others)))


def news() -> Iterator[Document]:
    """Yield our own articles, each with some questions about the one before it."""
    others: list[Question] = []
    for document in written.documents("calibration"):
        yield replace(document, questions=(*document.questions, *map(foreign, others)))
        others = answered(document)[:STRANGE]


def answered(document: Document) -> list[Question]:
    """Return the questions that stand alone and that the document answers."""
    return [q for q in document.questions if q.answerable and not q.history]


def main(
    reader: Annotated[Path, typer.Option(help="The reader's folder; the calibration goes there.")] = PACKAGED,
    limit: Annotated[int, typer.Option(help="Questions of each set.")] = PER_SET,
) -> None:
    """Collect signals, fit, save."""
    examiner = Examiner(Bot(load_index(SHIPPED_INDEX), Reader(reader), UNFITTED), written.encoder().encode)
    public = [document for name in SETS for document in drawn(name, limit)]
    ours = [*news(), *(d for folder in OWN for d in examiner.documents(folder, "choose"))]
    rows: list[dict[float, Row]] = []
    for documents, weight in ((public, 1.0), (ours, NEWS)):
        for document in documents:
            rows += collect(examiner, [document], weight)
            print(document.article.title, len(rows), flush=True)
    fit(rows, TOPIC_THRESHOLD).save(reader / "calibration.json")
    print((reader / "calibration.json").read_text())


if __name__ == "__main__":
    typer.run(main)
