"""Questions with known answers -> a calibration: what the margins and scores of a reader are worth.

Needed where another reader than the packaged one reads: its margins have a scale of their own. Every
question is asked once; both logistic models, the rank's weight and the threshold come from what was seen.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qa.answer import VERDICTS
from qa.bot import clean, load
from qa.errors import QaError
from qa.evaluation import Examiner
from qa.index import calibrate as put_calibration
from qa.index import refuse_foreign
from qa.questions import FOREIGN, Document
from qa.report import watched
from qa.verdict import FEATURES, TOPIC_FEATURES, Calibration, Logistic, Signals

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

RANKS = (0.5, 1.0, 1.5, 2.0, 3.0)
"""Weights of the search's score against the margin that are tried."""

THRESHOLDS = (0.2, 0.7)
"""Bounds of the confidence from which a question is answered, for readers whose margins tell little."""

FLAT = 1e-6
"""The least that an answerable question is surer than another: of a reader that cannot tell, it is less."""

SHIFTS = (-5.0, 5.0)
"""Bounds of a follow-up's weight: where none of them, or all, were right, it gets none."""

FEWEST = 20
"""Questions of each kind that a calibration needs: with fewer it follows chance."""


def calibrate_index(folder: Path, questions: Path, part: str, limit: int | None = None) -> int:
    """Fit an index's confidence to its reader and put that into the index; return on how many questions.

    Args:
        folder: the index.
        questions: a set.
        part: of questions about the index, only those marked with it, and those without a mark.
        limit: questions that are drawn of a set with a corpus; all when None.

    Raises:
        QaError: if the index or the set is none, or the set has too few questions of a kind.
    """
    bot = load(folder)
    refuse_foreign(folder)
    examiner = Examiner(bot)
    documents = examiner.drawn(questions, part, limit)
    asked = [question for document in documents for question in document.questions]
    # Said before all are read, which takes long.
    _refuse_few([q.answerable for q in asked if not q.history], f"{questions}, part {part!r}: ")
    rows = list(watched(collect(examiner, documents), str(questions), len(asked)))
    put_calibration(folder, fit(rows, bot.calibration.topic_threshold), bot.index.manifest)
    return len(rows)


@dataclass(frozen=True)
class Row:
    """What was seen of a question; whether the first passage answers, and whether the article could.

    ``touches`` says whether the article is about what is asked at all; ``weight`` is what it counts for.
    """

    signals: Signals
    right: bool
    answerable: bool
    touches: bool
    weight: float = 1.0


def collect(
    examiner: Examiner, documents: Iterable[Document], weight: float = 1.0
) -> Iterator[dict[float, Row]]:
    """Look once at each first question and each follow-up, and judge it with every rank's weight.

    What was asked later and leans on nothing is passed over: it is read as a first question is.
    ``weight`` is what each of the questions counts for when fitting.
    """
    for document in documents:
        bot = examiner.bot(document)
        for question in document.questions:
            forms = bot.forms(clean(question.text), question.history)
            alone_later = bool(question.history) and len(forms) == 1
            if alone_later or question.verdict not in {None, *VERDICTS}:
                continue
            seen = bot.look(*forms)
            row = {}
            for rank in RANKS:
                judged = bot.judge(seen, rank)
                right = bot.index.passages[judged.order[0]].id in question.gold
                touches = question.kind != FOREIGN and question.verdict != "off_topic"
                row[rank] = Row(judged.signals, right, question.answerable, touches, weight)
            yield row


def fit(rows: Sequence[dict[float, Row]], topic_threshold: float) -> Calibration:
    """Choose the rank's weight by right passages, fit both models, and choose when to answer.

    All this on first questions, so that none suffers; of follow-ups their own rank's weight is learnt, and
    what being one is worth.

    Args:
        rows: what :func:`collect` gives.
        topic_threshold: the probability below which the article is said to say nothing about a question.

    Raises:
        QaError: if there are too few questions with, or without, an answer.
    """
    follow_ups = [row for row in rows if row[RANKS[0]].signals.follow_up]
    rows = [row for row in rows if not row[RANKS[0]].signals.follow_up]
    answerable = np.array([row[RANKS[0]].answerable for row in rows], dtype=bool)
    weights = np.array([row[RANKS[0]].weight for row in rows])
    _refuse_few(answerable)
    rank = _rank(rows)
    follow_up_rank = _rank(follow_ups) if len(follow_ups) >= FEWEST else rank
    found = [row[rank] for row in rows]
    answers = _logistic(found, [row.right for row in found], FEATURES)
    touches = _logistic(found, [row.touches for row in found], TOPIC_FEATURES)
    sure = np.array([answers(row.signals) for row in found])
    threshold = _threshold(sure, answerable, weights)
    answers.weights["follow_up"] = _shift([row[follow_up_rank] for row in follow_ups], answers)
    return Calibration(answers, touches, threshold, topic_threshold, rank, follow_up_rank)


def _refuse_few(answerable: Iterable[bool], where: str = "") -> None:
    """Refuse to fit on too few questions with, or without, an answer."""
    kinds = Counter(map(bool, answerable))
    for kind, name in ((True, "with an answer"), (False, "without one")):
        if kinds[kind] < FEWEST:
            raise QaError(
                f"{where}{kinds[kind]} questions {name} that follow no other: "
                f"calibrating needs at least {FEWEST} of each kind."
            )


def _rank(rows: Sequence[dict[float, Row]]) -> float:
    """Return the weight of the search's score with which most first passages are right."""
    return max(RANKS, key=lambda rank: sum(row[rank].right * row[rank].weight for row in rows))


def _threshold(sure: Numbers, answerable: Flags, weights: Numbers) -> float:
    """Return the confidence at which a question is answerable as often as questions are on the whole.

    Answerable and other questions counting alike, no threshold tells them apart better. It comes from a model
    of all questions: the threshold with the fewest errors counted is another by chance, by 0.1 and more.
    """
    from scipy.special import expit, logit
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0).fit(logit(sure)[:, None], answerable, weights)
    usual = logit(np.average(answerable, weights=weights))
    at = (usual - model.intercept_[0]) / max(model.coef_[0, 0], FLAT)
    return round(float(np.clip(expit(at), *THRESHOLDS)), 2)


def _shift(rows: Sequence[Row], answers: Logistic) -> float:
    """Return the weight of being a follow-up with which as many are expected to be right as were."""
    from scipy.optimize import brentq

    def surplus(weight: float) -> float:
        model = Logistic(answers.weights | {"follow_up": weight}, answers.intercept)
        return sum(model(row.signals) - row.right for row in rows)

    low, high = SHIFTS
    return round(float(brentq(surplus, low, high)), 4) if surplus(low) < 0 < surplus(high) else 0.0


def _logistic(rows: Sequence[Row], labels: Sequence[bool], features: tuple[str, ...]) -> Logistic:
    """Fit a logistic model on signals; where all labels are alike, one that says how often they are."""
    from sklearn.linear_model import LogisticRegression

    if len(set(labels)) < 2:
        odds = (sum(labels) + 1) / (len(labels) - sum(labels) + 1)
        return Logistic(dict.fromkeys(features, 0.0), math.log(odds))
    x = np.array([[getattr(row.signals, name) for name in features] for row in rows])
    model = LogisticRegression(C=1.0, max_iter=2000).fit(x, labels, [row.weight for row in rows])
    weights = {name: round(float(w), 4) for name, w in zip(features, model.coef_[0], strict=True)}
    return Logistic(weights, round(float(model.intercept_[0]), 4))
