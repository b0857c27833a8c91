"""Question x passages -> answered or not, and by which exact words.

A cross-encoder reads question and passage together and gives each token's score as the answer's
first and last; the score of ``[CLS]`` in both places says that the passage does not answer
(Devlin et al. 2019). How it was trained stands in ``training/``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding

from qa.errors import ModelError
from qa.onnx import Session
from qa.passages import Passage

PACKAGED = Path(__file__).parent / "model"
LONGEST_ANSWER = 64
"""Tokens that an answer may span."""


@dataclass(frozen=True)
class Reading:
    """What the reader makes of one passage.

    ``start`` and ``end`` are offsets into the article. ``null`` is the score of "this passage does not
    answer", in logits, and ``margin`` is by how much all of the passage's words together beat it, as in
    training: positive where the reader believes the passage.
    """

    start: int
    end: int
    margin: float
    null: float


class Reader:
    """Reads passages for a question in onnxruntime."""

    def __init__(self, folder: Path = PACKAGED, threads: int = 1) -> None:
        """Open a folder with ``model.onnx`` and ``tokenizer.json``.

        ``threads`` is how many passages are read at the same time, whoever asks.

        Raises:
            ModelError: if one of them cannot be read, or they are not those of a reader.
        """
        self._session = Session(folder / "model.onnx", folder / "tokenizer.json")
        if self._session.ranks != [2, 2]:
            raise ModelError(f"{folder / 'model.onnx'}: does not score tokens as an answer's first and last.")
        tokenizer = self._session.tokenizer
        if not tokenizer.truncation:
            raise ModelError(f"{folder / 'tokenizer.json'}: does not say how many tokens are read at once.")
        # The longer of the two is cut: a question only where it outgrows the passage.
        tokenizer.enable_truncation(tokenizer.truncation["max_length"], strategy="longest_first")
        self._map: Callable[..., Iterator[Reading]] = map
        if threads > 1:
            # Here, since a question asked alone, as on the command line, need not wait for it.
            from concurrent.futures import ThreadPoolExecutor

            self._map = ThreadPoolExecutor(threads, thread_name_prefix="reader").map

    def read(self, question: str, passages: Sequence[Passage], tokens: int | None = None) -> list[Reading]:
        """Read passages under their headings, in their order, until all or so many tokens are read.

        The question's tokens count each time. One passage at least is read.
        """
        encodings = self._session.tokenize([(question, passage.in_context) for passage in passages])
        if tokens is not None:
            fit = sum(spent <= tokens for spent in accumulate(map(len, encodings)))
            encodings = encodings[: max(1, fit)]
        # One passage a run: no padding, and the same bits whatever else is read beside it.
        return list(self._map(self._read, encodings, passages))

    def _read(self, encoding: Encoding, passage: Passage) -> Reading:
        text = passage.in_context
        lead = len(text) - len(passage.text)
        starts, ends = (scores[0] for scores in self._session.run([encoding]))
        null = float(starts[0] + ends[0])
        words = [i for i, part in enumerate(encoding.sequence_ids) if part == 1]
        # A passage without a token the reader knows says nothing.
        held = words or [0]
        margin = float(np.logaddexp.reduce(starts[held]) + np.logaddexp.reduce(ends[held])) - null
        span = _best_span(encoding, starts, ends, text, lead)
        if span is None:
            return Reading(passage.start, passage.end, margin, null)
        first, last = span
        # Some tokenizers count the blank before a word as part of it.
        begin, end = max(encoding.offsets[first][0], lead), encoding.offsets[last][1]
        quoted = text[begin:end]
        begin += len(quoted) - len(quoted.lstrip())
        end -= len(quoted) - len(quoted.rstrip())
        return Reading(begin - lead + passage.start, end - lead + passage.start, margin, null)


def _best_span(
    encoding: Encoding,
    starts: npt.NDArray[np.float32],
    ends: npt.NDArray[np.float32],
    text: str,
    lead: int,
) -> tuple[int, int] | None:
    """Return the first and last token of the best span in the passage's own words."""
    tokens = [
        i
        for i, (part, (a, b)) in enumerate(zip(encoding.sequence_ids, encoding.offsets, strict=True))
        if part == 1 and b > lead and text[max(a, lead) : b].strip()
    ]
    if not tokens:
        return None
    low, high = tokens[0], tokens[-1] + 1
    size = high - low
    sums = starts[low:high, None] + ends[None, low:high]
    allowed = np.tri(size, k=LONGEST_ANSWER - 1, dtype=bool) & ~np.tri(size, k=-1, dtype=bool)
    sums = np.where(allowed, sums, -np.inf)
    first, last = divmod(int(sums.argmax()), size)
    return low + first, low + last
