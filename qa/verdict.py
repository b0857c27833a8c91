"""Margins and scores -> verdict: two small logistic models, calibrated on articles put aside.

No single score can tell an answer from a look-alike, so both models weigh a few: what the reader
made of the passages, how well the search found them, and what in the question the article lacks.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.answer import Verdict
from qa.errors import ModelError

FEATURES = ("margin", "null", "spread", "fused", "passages", "unknown", "unknown_name", "follow_up")
TOPIC_FEATURES = ("margin", "cosine", "coverage", "unknown", "unknown_name")


@dataclass(frozen=True)
class Signals:
    """What is known of one question after searching and reading: the mean where it is read in two forms.

    ``margin`` and ``null`` are the reader's on the first passage, and ``spread`` is the standard deviation of
    the margins of all that it read: where a question lifts them all, a high one says less. ``fused`` is
    the first one's search score; ``cosine`` and ``coverage`` are the highest of any passage; ``passages`` is
    the logarithm of how many there are, since among many one looks like an answer sooner. ``unknown`` is the
    share of the question that the article lacks, and ``unknown_name`` is 1.0 where that holds a name or a
    number; ``follow_up`` is 1.0 where the question was read alone and after those that it leans on.
    """

    margin: float
    null: float
    spread: float
    fused: float
    cosine: float
    coverage: float
    passages: float
    unknown: float
    unknown_name: float
    follow_up: float


@dataclass(frozen=True)
class Logistic:
    """Weights by feature name, and the intercept."""

    weights: dict[str, float]
    intercept: float

    def __call__(self, signals: Signals) -> float:
        """Return the probability, 0 to 1."""
        z = self.intercept + sum(w * getattr(signals, name) for name, w in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@dataclass(frozen=True)
class Calibration:
    """Two models and their thresholds.

    ``answers`` gives the probability that the first passage answers the question; ``touches`` that the
    article is about what is asked at all. ``rank`` weighs the search's score against the margin, and
    ``follow_up_rank`` does where a question is read in two forms: neither margin is then worth as much.
    """

    answers: Logistic
    touches: Logistic
    answer_threshold: float
    topic_threshold: float
    rank: float
    follow_up_rank: float

    def verdict(self, signals: Signals) -> Verdict:
        """Say what is made of a question.

        The topic goes first: what the article is not about it cannot answer, whatever the reader makes
        of gibberish.
        """
        if self.touches(signals) < self.topic_threshold:
            return "off_topic"
        return "answered" if self.answers(signals) >= self.answer_threshold else "related"

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read what :meth:`save` wrote.

        Raises:
            ModelError: if the file is missing or is no calibration.
        """
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(
                answers=_logistic(found["answers"], FEATURES),
                touches=_logistic(found["touches"], TOPIC_FEATURES),
                answer_threshold=_number(found["answer_threshold"]),
                topic_threshold=_number(found["topic_threshold"]),
                rank=_number(found["rank"]),
                follow_up_rank=_number(found["follow_up_rank"]),
            )
        except (OSError, ArithmeticError, LookupError, ValueError, TypeError, RecursionError) as error:
            raise ModelError(
                f"{path}: is no calibration ({error}). Rebuild the index, or reinstall the package."
            ) from error

    def save(self, path: Path) -> None:
        """Write the calibration as JSON."""
        models = {
            name: {"weights": model.weights, "intercept": model.intercept}
            for name, model in (("answers", self.answers), ("touches", self.touches))
        }
        thresholds = {
            "answer_threshold": self.answer_threshold,
            "topic_threshold": self.topic_threshold,
            "rank": self.rank,
            "follow_up_rank": self.follow_up_rank,
        }
        path.write_text(json.dumps(models | thresholds, indent=2) + "\n", encoding="utf-8")


def _logistic(found: dict[str, object], features: tuple[str, ...]) -> Logistic:
    weights = found["weights"]
    if not isinstance(weights, dict) or set(weights) != set(features):
        raise ValueError(f"weights must be for {features}")
    return Logistic({name: _number(weights[name]) for name in features}, _number(found["intercept"]))


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no weight")
    return number
