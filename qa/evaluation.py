"""Measures over question sets: is the right passage found, is silence kept where it should be?

A set is a folder with ``questions.jsonl`` and, unless its questions are about an index, a
``corpus.jsonl``: the form of the public sets that ``QA_DATA`` points to.
"""

from __future__ import annotations

import json
import math
import re
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from qa.answer import Answer
from qa.article import Article, Paragraph, Section
from qa.bot import Bot
from qa.errors import QaError
from qa.passages import Passage, sentences_of

CALIBRATION_BINS = 10
Form = Literal["history", "alone", "rewrite"]
FORMS: tuple[Form, ...] = ("history", "alone", "rewrite")


@dataclass(frozen=True)
class Question:
    """A question of a set. ``gold`` holds the ids of the passages that answer it.

    ``verdict`` is what should be said; None where the set does not tell related from off topic.
    """

    id: str
    text: str
    gold: frozenset[str]
    answers: tuple[str, ...]
    answerable: bool
    kind: str = ""
    part: str = ""
    verdict: str | None = None
    history: tuple[dict[str, str], ...] = ()
    rewrite: str = ""


@dataclass(frozen=True)
class Document:
    """An article with its passages and the questions asked about it."""

    article: Article
    passages: tuple[Passage, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of one question."""

    question: Question
    answer: Answer

    @property
    def ranks(self) -> list[int]:
        """Places, from 1, at which right passages stand."""
        return [n for n, p in enumerate(self.answer.passages, 1) if p.id in self.question.gold]

    @property
    def answered(self) -> bool:
        """Whether the bot claimed an answer."""
        return self.answer.verdict == "answered"


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file.

    Raises:
        QaError: naming the line that is none.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        yield json.loads(line)
                    except ValueError as error:
                        raise QaError(f"{path}:{number}: is not JSON.") from error
    except OSError as error:
        raise QaError(f"{path}: cannot be read ({error.strerror}).") from error


def read_questions(path: Path, passages: Sequence[Passage] = ()) -> dict[str | None, list[Question]]:
    """Read questions, by the document they are about.

    Where a row names no gold passages, those of ``passages`` that hold one of its answers are gold.
    """
    found: dict[str | None, list[Question]] = defaultdict(list)
    for row in read_rows(path):
        try:
            answers = tuple(row.get("answers", ()))
            gold = row.get("passage_ids")
            if gold is None:
                gold = [p.id for p in passages if any(a in p.text for a in answers)]
            verdict = row.get("verdict") or ("answered" if row["answerable"] else None)
            question = Question(
                id=str(row["id"]),
                text=row["question"],
                gold=frozenset(gold),
                answers=answers,
                answerable=row["answerable"],
                kind=row.get("kind", ""),
                part=row.get("part", ""),
                verdict=verdict,
                rewrite=row.get("rewrite") or row["question"],
                history=tuple(
                    {"role": turn["role"], "content": turn["text"]} for turn in row.get("history", ())
                ),
            )
        except (KeyError, TypeError) as error:
            raise QaError(f"{path}: a row lacks or mistakes {error}: {str(row)[:80]}") from error
        found[row.get("doc_id")].append(question)
    return found


def read_documents(folder: Path, keep: Callable[[str], bool] = lambda title: True) -> Iterator[Document]:
    """Yield the documents of a set whose title is kept, with their questions."""
    questions = read_questions(folder / "questions.jsonl")
    for row in read_rows(folder / "corpus.jsonl"):
        title = row.get("title") or row["doc_id"]
        asked = questions.get(row["doc_id"], [])
        if not asked or not keep(title):
            continue
        texts = [p["text"] for p in row["passages"]]
        article, places = _article(title.replace("_", " "), texts)
        passages = tuple(
            Passage(p["id"], article.title, start, end, article, tuple(sentences_of(article, start, end)))
            for p, (start, end) in zip(row["passages"], places, strict=True)
        )
        yield Document(article, passages, tuple(asked))


def _article(title: str, texts: Sequence[str]) -> tuple[Article, list[tuple[int, int]]]:
    places = []
    position = 0
    for text in texts:
        places.append((position, position + len(text)))
        position += len(text) + 2
    section = Section((), 0, 0, 0, tuple(Paragraph(*place) for place in places))
    return Article(title, "\n\n".join(texts), (section,)), places


def ask_all(bot: Bot, questions: Iterable[Question], form: Form = "history") -> Iterator[Outcome]:
    """Ask every question: with the history it has, without it, or as a person rewrote it to stand alone."""
    for question in questions:
        history = question.history if form == "history" else ()
        text = question.rewrite if form == "rewrite" else question.text
        yield Outcome(question, bot.ask(text, history=history))


def measure(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return every measure that the outcomes allow, by its usual name."""
    from sklearn.metrics import roc_auc_score

    measures: dict[str, float] = {"questions": len(outcomes)}
    answerable = [o for o in outcomes if o.question.answerable]
    if answerable:
        ranks = [o.ranks for o in answerable]
        for k in (1, 3, 5):
            measures[f"hit@{k}"] = _mean(bool(r and r[0] <= k) for r in ranks)
        measures["MRR"] = _mean(1 / r[0] if r else 0.0 for r in ranks)
        measures["nDCG@10"] = _mean(
            _ndcg(r, len(o.question.gold)) for r, o in zip(ranks, answerable, strict=True)
        )
    labels = [o.question.answerable for o in outcomes]
    confidences = [o.answer.confidence for o in outcomes]
    if len(set(labels)) == 2:
        refused = _mean(not o.answered for o in outcomes if not o.question.answerable)
        taken = _mean(o.answered for o in answerable)
        measures["verdict balanced accuracy"] = (refused + taken) / 2
        measures["answered when answerable"] = taken
        measures["refused when unanswerable"] = refused
        measures["passage and verdict right"] = _mean(
            o.answered == o.question.answerable and (not o.question.answerable or o.ranks[:1] == [1])
            for o in outcomes
        )
        measures["AUROC"] = float(roc_auc_score(labels, confidences))
    right = [o.question.answerable and bool(o.ranks) and o.ranks[0] == 1 for o in outcomes]
    measures["calibration error"] = calibration_error(confidences, right)
    told = [o for o in outcomes if o.question.verdict in {"answered", "related", "off_topic"}]
    if any(o.question.verdict != "answered" for o in told):
        measures["three-way verdict accuracy"] = _mean(o.question.verdict == o.answer.verdict for o in told)
    scored = [o for o in outcomes if o.question.answers or not o.question.answerable]
    if scored:
        measures["exact match"] = _mean(_best(o, exact_match) for o in scored)
        measures["F1"] = _mean(_best(o, token_f1) for o in scored)
    quoted = [o for o in answerable if o.answer.quote and o.question.answers]
    if quoted:
        measures["quote meets answer"] = _mean(_meets(o) for o in quoted)
    return measures


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error over ten bins of like size (Nguyen and O'Connor 2015)."""
    order = np.argsort(confidences, kind="stable")
    error = 0.0
    for chunk in np.array_split(order, min(CALIBRATION_BINS, len(order))):
        gap = np.mean([confidences[i] for i in chunk]) - np.mean([right[i] for i in chunk])
        error += abs(float(gap)) * len(chunk) / len(order)
    return error


def exact_match(found: str, gold: str) -> float:
    """Return 1.0 where both texts are alike but for case, punctuation and articles (SQuAD's rule)."""
    return float(_plain(found) == _plain(gold))


def token_f1(found: str, gold: str) -> float:
    """Return the F1 of the words that two texts share (SQuAD's rule)."""
    a, b = _plain(found).split(), _plain(gold).split()
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if shared else float(a == b)


def _best(outcome: Outcome, score: Callable[[str, str], float]) -> float:
    quote = outcome.answer.quote
    if not outcome.question.answerable:
        return float(quote is None)
    return max((score(quote.text, a) for a in outcome.question.answers), default=0.0) if quote else 0.0


def _meets(outcome: Outcome) -> bool:
    quote = outcome.answer.quote
    assert quote is not None
    return any(
        a in quote.text or quote.text in a or token_f1(quote.text, a) > 0.5 for a in outcome.question.answers
    )


def _plain(text: str) -> str:
    text = re.sub(r"\b(a|an|the)\b", " ", text.lower())
    return " ".join("".join(c for c in text if c not in string.punctuation + "“”’‘").split())


def _ndcg(ranks: Sequence[int], gold: int) -> float:
    gain = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10)
    best = sum(1 / math.log2(n + 1) for n in range(1, min(gold, 10) + 1))
    return gain / best if best else 0.0


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(np.mean(found)) if found else 0.0
