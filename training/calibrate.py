"""Fit the verdict: logistic models over the reader's margins and the search's scores.

Fitted on articles that neither the reader nor the search has seen: the calibration part of the public
sets and of our own articles, which count double since they are news as readers ask about it, and the
questions about the shipped article that are marked for choosing. ``python -m training.calibrate``
writes ``calibration.json`` beside the reader.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import faiss
import typer

from qa.bot import SHIPPED_INDEX, Bot, clean
from qa.calibration import RANKS, Row, fit
from qa.encoder import PassageEncoder
from qa.evaluation import Document, Question, read_documents, read_questions
from qa.index import Index
from qa.index import load as load_index
from qa.reader import PACKAGED, Reader
from qa.verdict import FEATURES, TOPIC_FEATURES, Calibration, Logistic
from training import written
from training.data import part_of
from training.reader import DATA

SETS = ("squad2", "squad1", "squadshifts_newwiki", "timeqa_human", "fairytaleqa", "abgcoqa_coqa")
PER_SET = 60
"""Questions drawn from each public set."""

NEWS = 2.0
"""What a question about news counts for, where one about another text counts 1."""

LONGEST = 60
"""Passages of a document that are searched: a long newspaper article has no more."""

TOPIC_THRESHOLD = 0.45
"""Chosen on the shipped article's `choose` questions: higher, and what is on the topic is called off it."""

OWN = Path("tests/questions/questions.jsonl")
UNFITTED = Calibration(
    Logistic(dict.fromkeys(FEATURES, 0.0), 0.0),
    Logistic(dict.fromkeys(TOPIC_FEATURES, 0.0), 0.0),
    0.5,
    0.5,
    1.5,
)


def index_of(document: Document, encoder: PassageEncoder, shipped: Index) -> Index:
    """Make an index in memory of a set's document, passages as the set gives them."""
    passages = document.passages[:LONGEST]
    vectors = faiss.IndexFlatIP(shipped.manifest.encoder.dimension)
    vectors.add(encoder.encode([text for p in passages for text in p.embedded]))
    return replace(shipped, articles=(document.article,), passages=passages, vectors=vectors)


def indexes(
    part: str, sets: tuple[str, ...], limit: int
) -> Iterator[tuple[str, Index, list[Question], list[Question]]]:
    """Yield (set, index, its questions, another document's questions) until a set's limit is drawn."""
    shipped = load_index(SHIPPED_INDEX)
    encoder = PassageEncoder("all-MiniLM-L6-v2")
    for name in sets:
        rng = random.Random(name)
        documents = list(read_documents(DATA / name, lambda title: part_of(title) == part))
        rng.shuffle(documents)
        each = max(4, limit // len(documents))
        drawn = 0
        for number, document in enumerate(documents):
            kept = {p.id for p in document.passages[:LONGEST]}
            own = [q for q in document.questions if not q.answerable or q.gold & kept]
            own = [q for q in own if not q.history]
            strange = [q for q in documents[number - 1].questions if q.answerable and not q.history]
            if drawn >= limit or not own:
                continue
            asked = rng.sample(own, min(each, len(own)))
            drawn += len(asked)
            yield (
                name,
                index_of(document, encoder, shipped),
                asked,
                rng.sample(strange, min(each // 4, len(strange))),
            )


def main(
    reader: Annotated[Path, typer.Option(help="The reader's folder; the calibration goes there.")] = PACKAGED,
    limit: Annotated[int, typer.Option(help="Questions of each set.")] = PER_SET,
) -> None:
    """Collect signals, choose the rank's weight, fit both models, save."""
    loaded = Reader(reader)
    rows: list[dict[float, Row]] = []

    def collect(index: Index, questions: list[Question], strange: list[Question], weight: float) -> None:
        bot = Bot(index, loaded, UNFITTED)
        for question, own in [(q, True) for q in questions] + [(q, False) for q in strange]:
            seen = bot.look(clean(question.text))
            row = {}
            for rank in RANKS:
                judged = bot.judge(seen, rank)
                right = own and index.passages[judged.order[0]].id in question.gold
                touches = own and question.verdict != "off_topic"
                row[rank] = Row(judged.signals, right, own and question.answerable, touches, weight)
            rows.append(row)

    for name, index, questions, strange in indexes("calibration", SETS, limit):
        collect(index, questions, strange, 1.0)
        print(name, len(rows), flush=True)
    others: list[Question] = []
    for index, questions in written.documents("calibration"):
        alone = [q for q in questions if not q.history]
        collect(index, alone, others, NEWS)
        others = [q for q in alone if q.answerable][:12]
        print(index.articles[0].title, len(rows), flush=True)
    shipped = load_index(SHIPPED_INDEX)
    own = [q for q in read_questions(OWN, shipped.passages)[None] if q.part == "choose"]
    collect(shipped, [q for q in own if q.verdict in {"answered", "related", "off_topic"}], [], NEWS)
    fit(rows, TOPIC_THRESHOLD).save(reader / "calibration.json")
    print((reader / "calibration.json").read_text())


if __name__ == "__main__":
    typer.run(main)
