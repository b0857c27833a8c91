"""Words of many documents -> which of them hold a word, and BM25's scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int32]
Scores = npt.NDArray[np.float32]

# Not Lucene's defaults: short passages gain little from a word's second mention.
K1 = 0.9
B = 0.4


class Postings:
    """For each term, the documents that hold it and what it adds to their BM25 score.

    The score is Lucene's form of BM25. As in bm25s (Lù 2024) each term's share of it is computed
    when indexing, so that a question only adds up; here with numpy alone, which starts sooner.
    """

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        """Index documents, each the sequence of its terms."""
        numbers: dict[str, int] = {}
        terms = np.array([numbers.setdefault(t, len(numbers)) for d in documents for t in d], dtype=np.int64)
        lengths = np.array([len(d) for d in documents], dtype=np.int64)
        rows = np.repeat(np.arange(len(documents)), lengths)
        # One key for a term in a document: sorted, they lie by term, and by document within it.
        keys, mentions = np.unique(terms * len(documents) + rows, return_counts=True)
        self._numbers = numbers
        self._rows: Rows = (keys % max(1, len(documents))).astype(np.int32)
        found = np.bincount(keys // max(1, len(documents)), minlength=len(numbers))
        self._bounds = np.concatenate(([0], np.cumsum(found)))
        idf = np.log(1 + (len(documents) - found + 0.5) / (found + 0.5))
        share = lengths / max(1.0, lengths.mean()) if len(lengths) else lengths
        weight = mentions / (K1 * (1 - B + B * share[self._rows]) + mentions)
        self._scores: Scores = (np.repeat(idf, found) * weight).astype(np.float32)
        self._count = len(documents)

    def __contains__(self, term: str) -> bool:
        """Say whether any document holds a term."""
        return term in self._numbers

    def rows(self, term: str) -> Rows:
        """Return the numbers of the documents that hold a term, in rising order."""
        return self._rows[self._span(term)]

    def scores(self, terms: Sequence[str]) -> Scores:
        """Return each document's BM25 score; a term that is asked twice counts twice."""
        scores: Scores = np.zeros(self._count, dtype=np.float32)
        for span in map(self._span, terms):
            scores[self._rows[span]] += self._scores[span]
        return scores

    def _span(self, term: str) -> slice:
        number = self._numbers.get(term)
        return slice(0, 0) if number is None else slice(*self._bounds[number : number + 2])
