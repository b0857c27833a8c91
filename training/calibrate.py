"""Fit the verdict: logistic models over the reader's margins and the search's scores.

Fitted on articles that neither the reader nor the search has seen: the calibration part of the public
sets and of our own articles, which count double since they are news as readers ask about it, and the
questions and conversations about the shipped article that are marked for choosing.
``python -m training.calibrate`` writes ``calibration.json`` beside the reader, and prints first what such a
fit is worth: made on four fifths of the articles and asked about the last, each in its turn.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from qa.bot import SHIPPED_INDEX, Bot
from qa.calibration import RANKS, Row, collect, fit
from qa.evaluation import Examiner
from qa.index import load as load_index
from qa.questions import Document, Question, foreign, read_documents
from qa.reader import PACKAGED, Reader
from qa.report import print_table
from qa.verdict import FEATURES, TOPIC_FEATURES, Calibration, Logistic
from training import written
from training.data import DATA, part_of
from training.vectors import RememberedVectors

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

FOLDS = 5

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
    """Yield our own articles, each with some questions about the one before it.

    Those that were asked without the article at hand are left out: so few of them are found that with
    them the threshold falls for all others, whose wrong answers it lets through.
    """
    others: list[Question] = []
    for document in written.documents("calibration"):
        own = [q for q in document.questions if not written.ASKED.search(q.id)]
        yield replace(document, questions=(*own, *map(foreign, others)))
        others = answered(document)[:STRANGE]


def answered(document: Document) -> list[Question]:
    """Return the questions that stand alone and that the document answers."""
    return [q for q in document.questions if q.answerable and not q.history]


@dataclass(frozen=True)
class Collected:
    """A question's rows, the title of its article, and where that comes from."""

    source: str
    title: str
    rows: dict[float, Row]


def gather(reader: Path, limit: int) -> Iterator[Collected]:
    """Ask all that the verdict is fitted on, ``limit`` questions of each public set."""
    examiner = Examiner(Bot(load_index(SHIPPED_INDEX), Reader(reader), UNFITTED), RememberedVectors())
    sources: dict[str, Iterable[Document]] = {
        "public": (document for name in SETS for document in drawn(name, limit)),
        "news": news(),
        "choose": (document for folder in OWN for document in examiner.documents(folder, "choose")),
    }
    for source, documents in sources.items():
        for document in documents:
            for rows in collect(examiner, [document], 1.0 if source == "public" else NEWS):
                yield Collected(source, document.article.title, rows)


def crossed(collected: Sequence[Collected]) -> list[list[str]]:
    """Fit on four fifths of the articles and judge the last, five times; return a table, a line a source."""
    judged = np.zeros((len(collected), 5))
    titles = [one.title for one in collected]
    for learned, asked in GroupKFold(FOLDS).split(collected, groups=titles):
        fitted = fit([collected[i].rows for i in learned], TOPIC_THRESHOLD)
        for i in asked:
            rows = collected[i].rows
            row = rows[fitted.follow_up_rank if rows[RANKS[0]].signals.follow_up else fitted.rank]
            answered = fitted.verdict(row.signals) == "answered"
            sure = fitted.answers(row.signals)
            judged[i] = row.answerable, row.right, answered, row.signals.margin, sure
    table = [
        ["", "questions", "hit@1", "margin: AUROC", "AUROC", "answered", "refused", "passage and verdict"]
    ]
    for source in dict.fromkeys(one.source for one in collected):
        part = judged[[one.source == source for one in collected]]
        answerable, right, answered = part[:, :3].T.astype(bool)
        refused = 1 - answered[~answerable].mean()
        values = [
            right[answerable].mean(),
            *(roc_auc_score(answerable, scores) for scores in part[:, 3:].T),
            answered[answerable].mean(),
            refused,
            ((answered & right)[answerable].mean() + refused) / 2,
        ]
        table.append([source, str(len(part)), *(f"{value:.3f}" for value in values)])
    return table


def main(
    reader: Annotated[Path, typer.Option(help="The reader's folder; the calibration goes there.")] = PACKAGED,
    limit: Annotated[int, typer.Option(help="Questions of each set.")] = PER_SET,
) -> None:
    """Ask, print what a fit is worth, fit, save."""
    collected = []
    for one in gather(reader, limit):
        if not collected or collected[-1].title != one.title:
            print(one.title, len(collected), flush=True)
        collected.append(one)
    print_table(crossed(collected))
    fit([one.rows for one in collected], TOPIC_THRESHOLD).save(reader / "calibration.json")
    print((reader / "calibration.json").read_text())


if __name__ == "__main__":
    typer.run(main)
