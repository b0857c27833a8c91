"""Question -> ranked passages: FAISS over vectors and BM25 over words, fused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import Stemmer

from qa.encoder import Vectors
from qa.index import Index
from qa.postings import Postings, Scores
from qa.stages import stage
from qa.words import WORD, content_words, fold

QUOTED = re.compile(r'"([^"]+)"')
MOST_QUOTED = 8
"""Phrases in quotation marks that are looked for: each is sought in every passage."""

WORDS = 0.8
"""Weight of BM25 beside the vectors' 1 where a passage has all of the question's words; where the best has
a part of them, that part of it: words that hardly occur rank by chance. Chosen on 17 articles of squad2,
where a third for every question gives hit@1 0.881 and this 0.885, and on 133 of our own (0.718, 0.727)."""


class Stems:
    """Texts -> stems of their words, in one language."""

    def __init__(self, language: str) -> None:
        """Use Snowball's rules for an ISO 639-1 code; none where Snowball has none."""
        code = language.lower().split("-")[0]
        try:
            self._stemmer: Stemmer.Stemmer | None = Stemmer.Stemmer(code)
        except KeyError:
            self._stemmer = None

    def __call__(self, text: str) -> list[str]:
        """Return the stems of a text's words, possessive endings dropped."""
        words = [w.removesuffix("'s").replace("'", "") for w in WORD.findall(fold(text))]
        return self._stemmer.stemWords(words) if self._stemmer else words


@dataclass(frozen=True)
class Found:
    """Every passage's scores for one question, in the order of the index's passages.

    ``fused`` is the weighted mean of the z-scores of ``cosine`` and BM25, which counts the more the
    more ``coverage`` the best passage has, and 1 more for each phrase in quotation marks that stands in the
    passage; ``coverage`` is the share of the question's content words, weighted by how rare they are, that
    stand in the passage;
    ``unknown`` is the weighted share that stands nowhere in the articles.
    """

    fused: Scores
    cosine: Scores
    coverage: Scores
    unknown: float


class Search:
    """Scores the passages of an index for a question."""

    def __init__(self, index: Index) -> None:
        """Index the passages' words; the vectors come ready with the index."""
        self._index = index
        self._stems = Stems(index.articles[0].language)
        self._postings = Postings(
            [self._stems(p.in_context) + _pairs(self.content(p.in_context)) for p in index.passages]
        )

    def score(self, question: str) -> Found:
        """Score all passages for one question."""
        with stage("encode"):
            vector = self._index.encoder.encode([question])
        with stage("score"):
            return self._score(question, vector)

    def _score(self, question: str, vector: Vectors) -> Found:
        count = len(self._index.passages)
        cosine = self._cosines(vector)
        stems = self.content(question)
        present = [s for s in stems if s in self._postings]
        bm25 = self._postings.scores(present + _pairs(present))
        weights = {s: self._weight(s) for s in present}
        missing = (len(stems) - len(present)) * self._weight("")
        total = sum(weights.values()) + missing
        covered = np.zeros(count)
        for stem, weight in weights.items():
            covered[self._postings.rows(stem)] += weight
        coverage: Scores = (covered / total if total else covered).astype(np.float32)
        unknown = missing / total if total else 1.0
        words = np.float32(WORDS) * coverage.max()
        fused = (_z(cosine) + words * _z(bm25)) / (1 + words)
        if phrases := [phrase for phrase in QUOTED.findall(fold(question)) if len(phrase) > 1][:MOST_QUOTED]:
            texts = [fold(p.in_context) for p in self._index.passages]
            fused += np.array([sum(phrase in text for phrase in phrases) for text in texts], dtype=np.float32)
        return Found(fused, cosine, coverage, float(unknown))

    def _cosines(self, vector: Vectors) -> Scores:
        """Return each passage's cosine: half its own, half its best sentence's.

        A sentence says one thing, so its vector meets a paraphrase that the passage's, a mean of
        several things, does not.
        """
        vectors, rows = self._index.vectors, self._index.rows
        distances, order = vectors.search(vector, vectors.ntotal)
        cosines = np.empty(vectors.ntotal, dtype=np.float32)
        cosines[order[0]] = distances[0]
        best: Scores = np.maximum.reduceat(cosines, rows)
        return np.asarray((cosines[rows] + best) / 2, dtype=np.float32)

    def content(self, question: str) -> list[str]:
        """Return the stems of a question's content words, or of all its words if it has none."""
        return self._stems(" ".join(content_words(question))) or self._stems(question)

    def knows(self, text: str) -> bool:
        """Say whether every word of a text stands in the articles."""
        return all(stem in self._postings for stem in self._stems(text))

    def _weight(self, stem: str) -> float:
        return float(np.log1p(len(self._index.passages) / (len(self._postings.rows(stem)) + 0.5)))


def _pairs(stems: list[str]) -> list[str]:
    """Return neighbouring content words as terms of their own: phrases count in BM25 (+1.5 hit@1)."""
    return [f"{a} {b}" for a, b in pairwise(stems)]


def _z(scores: Scores) -> Scores:
    """Standardise; all zero where every passage scores alike."""
    spread = scores.std()
    return (scores - scores.mean()) / spread if spread > 1e-6 else np.zeros_like(scores)
