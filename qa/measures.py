"""Outcomes -> measures: each with the interval in which 95 % of its bootstrap resamples lie.

Resampled are the questions of a set (Efron and Tibshirani 1993). What a set cannot tell, such as the
AUROC where every question has an answer, is left out rather than given as a number.
"""

from __future__ import annotations

import math
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from qa.answer import VERDICTS
from qa.errors import MissingError
from qa.evaluation import Outcome
from qa.questions import FOREIGN

try:
    from sklearn.metrics import auc, roc_curve
except ImportError as missing:
    raise MissingError("Measuring", "scikit-learn", "eval") from missing

BINS = 10
RESAMPLES = 500
SHARE_ANSWERED = 0.95
MARKS = string.punctuation + "“”’‘"

Rows = npt.NDArray[np.void]
Floats = npt.NDArray[np.floating[Any]]

ROW = np.dtype(
    [(name, bool) for name in ("answerable", "answered", "plain", "foreign", "right", "settled")]
    + [(name, float) for name in ("confidence", "rank", "gain", "verdict", "exact", "f1", "placed")]
    + [(name, float) for name in ("margin", "words_f1", "given_exact", "given_f1", "parts", "ms")]
)
"""What is known of an outcome. A number that its question cannot tell is NaN.

``right``: the passage that answers stands first; ``settled``: so it does where the question is answered,
and it is refused where it should be; ``plain``: the article has nothing to do with the question;
``placed``: the quote stands in a sentence that answers; ``words_f1`` is that of the words that the reader
points at in the given passage, believed or not; ``parts``: all parts of a list are among the passages.
"""


class Interval(NamedTuple):
    """A measure's value, and the bounds of its bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measured:
    """A set's measures by name, and the rows that they were made of, questions about its articles alone."""

    values: dict[str, Interval]
    rows: Rows


def measure(outcomes: Sequence[Outcome]) -> Measured:
    """Return every measure that the outcomes allow, by its usual name; small talk is no question."""
    asked = [o for o in outcomes if o.question.verdict is None or o.question.verdict in VERDICTS]
    rows = np.array([_row(outcome) for outcome in asked], dtype=ROW)
    values = _values(rows)
    known = [name for name, value in values.items() if not math.isnan(value)]
    if not known:
        return Measured({}, rows)
    rng = np.random.default_rng(0)
    drawn = [
        [again[name] for name in known]
        for again in (_values(rows[rng.integers(len(rows), size=len(rows))]) for _ in range(RESAMPLES))
    ]
    # A resample can lack what a measure needs: without one unanswerable question there is no AUROC.
    bounds = np.nanpercentile(drawn, [2.5, 97.5], axis=0).T
    intervals = {
        name: Interval(values[name], float(low), float(high))
        for name, (low, high) in zip(known, bounds, strict=True)
    }
    return Measured(intervals, rows[~rows["foreign"]])


def _row(outcome: Outcome) -> tuple[float, ...]:
    question, answer, ranks, given = outcome.question, outcome.answer, outcome.ranks, outcome.given
    answerable, answered = question.answerable, outcome.answered
    right = answerable and ranks[:1] == [1]
    told = question.answers or not answerable
    quote = answer.quote.text if answer.quote else ""
    golds = question.answers if answerable else ("",)
    words = given.text if given and given.margin > 0 else ""
    three = question.verdict in VERDICTS
    return (
        answerable,
        answered,
        question.kind == FOREIGN or question.verdict == "off_topic",
        question.kind == FOREIGN,
        right,
        right and answered if answerable else not answered,
        answer.confidence,
        (ranks[0] if ranks else math.inf) if answerable else math.nan,
        _ndcg(ranks, len(question.gold)) if answerable else math.nan,
        float(question.verdict == answer.verdict) if three else math.nan,
        _best(exact_match, quote, golds) if told else math.nan,
        _best(token_f1, quote, golds) if told else math.nan,
        float(right and _placed(outcome)) if told and answerable and answered else math.nan,
        given.margin if given else math.nan,
        _best(token_f1, given.text, golds) if told and answerable and given else math.nan,
        _best(exact_match, words, golds) if told and given else math.nan,
        _best(token_f1, words, golds) if told and given else math.nan,
        float(_shows(outcome)) if question.parts else math.nan,
        1000 * outcome.seconds,
    )


def _values(rows: Rows) -> dict[str, float]:
    """Return every measure of rows; NaN where they do not tell."""
    own = rows[~rows["foreign"]]
    asked, vain = own[own["answerable"]], own[~own["answerable"]]
    taken, refused = _mean(asked["answered"]), _mean(~vain["answered"])
    plain = rows[rows["plain"]]
    given = own[~np.isnan(own["margin"])]
    return {
        "hit@1": _mean(asked["rank"] <= 1),
        "hit@3": _mean(asked["rank"] <= 3),
        "hit@5": _mean(asked["rank"] <= 5),
        "MRR": _mean(1 / asked["rank"]),
        "nDCG@10": _mean(asked["gain"]),
        "ms": float(np.median(own["ms"])) if len(own) else math.nan,
        "AUROC": _auroc(own["answerable"], own["confidence"]),
        "risk-coverage area": _area(own),
        "calibration error": calibration_error(own["confidence"], own["right"]),
        "balanced accuracy": (taken + refused) / 2,
        "answered": taken,
        "refused": refused,
        "passage and verdict": _mean(own["settled"]),
        "three-way verdict": _mean(own["verdict"]) if _tells(vain["verdict"]) else math.nan,
        "plain refused": _mean(~plain["answered"]),
        "plain refused at 95 %": _refused_at(asked["confidence"], plain["confidence"]),
        "exact match": _mean(own["exact"]),
        "F1": _mean(own["f1"]),
        "sentence": _mean(asked["placed"]),
        "all parts of a list": _mean(asked["parts"]),
        "given: F1 of answers": _mean(given["words_f1"]),
        "given: exact match": _mean(given["given_exact"]),
        "given: F1": _mean(given["given_f1"]),
        "given: AUROC": _auroc(given["answerable"], given["margin"]),
    }


def risk_coverage(confidences: Floats, right: Rows) -> tuple[Floats, Floats]:
    """Return coverage and risk as more is answered, surest first (El-Yaniv and Wiener 2010).

    Coverage is the share of all questions that are answered, risk the share of these whose first passage
    does not answer. Questions of like confidence count alike, whatever their order.
    """
    order = np.argsort(-confidences, kind="stable")
    wrong = 1 - _shared(confidences, right)[order]
    answered = np.arange(1, len(order) + 1)
    return answered / len(order), np.cumsum(wrong) / answered


def reliability(confidences: Floats, right: Rows) -> tuple[Floats, Floats, Floats]:
    """Return each bin's mean confidence, its share of right answers, and its share of the questions.

    The bins hold like numbers of questions (Nguyen and O'Connor 2015).
    """
    order = np.argsort(confidences, kind="stable")
    chunks = np.array_split(order, min(BINS, len(order)))
    shared = _shared(confidences, right)
    sure = np.array([confidences[chunk].mean() for chunk in chunks])
    share = np.array([shared[chunk].mean() for chunk in chunks])
    return sure, share, np.array([len(chunk) / len(order) for chunk in chunks])


def calibration_error(confidences: Floats, right: Rows) -> float:
    """Return the expected calibration error: how far confidence and share of right answers lie apart."""
    if not len(confidences):
        return math.nan
    sure, share, weight = reliability(confidences, right)
    return float(np.sum(weight * np.abs(sure - share)))


def exact_match(found: str, gold: str) -> float:
    """Return 1.0 where both texts are alike but for case, punctuation and articles (SQuAD's rule)."""
    return float(plain(found) == plain(gold))


def token_f1(found: str, gold: str) -> float:
    """Return the F1 of the words that two texts share (SQuAD's rule)."""
    a, b = plain(found).split(), plain(gold).split()
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)) if shared else float(a == b)


def plain(text: str) -> str:
    """Normalise as SQuAD's script does, typographic quotation marks being punctuation too."""
    text = "".join(c for c in text.lower() if c not in MARKS)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def _best(score: Callable[[str, str], float], found: str, golds: Sequence[str]) -> float:
    return max(score(found, gold) for gold in golds)


def _shows(outcome: Outcome) -> bool:
    """Say whether the passages hold every part of a list, in one of its wordings."""
    shown = " ".join(plain(f"{p.heading} {p.text}") for p in outcome.answer.passages)
    return all(any(plain(wording) in shown for wording in part) for part in outcome.question.parts)


def _placed(outcome: Outcome) -> bool:
    """Say whether a quote stands in a sentence that holds an answer, or lies within a longer one."""
    quote, passage = outcome.answer.quote, outcome.answer.passages[0]
    assert quote is not None
    start, end = passage.sentences_at(quote.start, quote.end)
    spans = [
        (passage.start + a, passage.start + b) for pid, a, b in outcome.question.spans if pid == passage.id
    ]
    if any(a < end and start < b for a, b in spans):
        return True
    sentence = f" {plain(passage.article.text[start:end])} "
    texts = [f" {plain(passage.article.text[a:b])} " for a, b in spans]
    texts = texts or [f" {plain(answer)} " for answer in outcome.question.answers]
    return any(text in sentence or sentence in text for text in texts)


def _ndcg(ranks: Sequence[int], gold: int) -> float:
    """Return the gain of the passages shown: five in an answer, so that a lower one counts as missed."""
    gain = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 10)
    best = sum(1 / math.log2(n + 1) for n in range(1, min(gold, 10) + 1))
    return gain / best if best else 0.0


def _shared(confidences: Floats, right: Rows) -> Floats:
    """Give each question the share of right ones among those of its very confidence."""
    _, group = np.unique(confidences, return_inverse=True)
    share = np.bincount(group, weights=right) / np.maximum(np.bincount(group), 1)
    return share[group]


def _area(rows: Rows) -> float:
    """Return the mean risk over all coverages (AURC; Geifman and El-Yaniv 2019): lower is better."""
    return float(risk_coverage(rows["confidence"], rows["right"])[1].mean()) if len(rows) else math.nan


def _auroc(answerable: Rows, scores: Floats) -> float:
    if len(set(answerable.tolist())) < 2:
        return math.nan
    # Not roc_auc_score: it takes twice as long for the same number.
    return float(auc(*roc_curve(answerable, scores)[:2]))


def _refused_at(answerable: Floats, plain: Floats) -> float:
    """Return the share of plain unanswerables refused where 95 % of the answerable are answered."""
    if not len(answerable) or not len(plain):
        return math.nan
    labels = np.repeat([1, 0], [len(answerable), len(plain)])
    fallen, risen, _ = roc_curve(labels, np.concatenate([answerable, plain]), drop_intermediate=False)
    return float(1 - fallen[np.argmax(risen >= SHARE_ANSWERED)])


def _tells(values: Floats) -> bool:
    return not np.isnan(values).all() if len(values) else False


def _mean(values: Rows | Floats) -> float:
    known = values[~np.isnan(values)].astype(float)
    return float(known.mean()) if len(known) else math.nan
