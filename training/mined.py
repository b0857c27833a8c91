"""Mined look-alikes: the passages that an earlier run of the reader takes for an answer, and that hold none.

Search finds passages that sound like the question; what the reader learns most from are those that it still
believes (Xiong et al. 2021 mine negatives with the model that is trained). What was mined is kept beside
the run's checkpoint, since to read the passages again costs as much as a third of the training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from qa.passages import Passage
from qa.reader import Reader


class Mined:
    """Orders passages by how far an earlier reader believes them, and remembers it by question."""

    def __init__(self, reader: Reader, path: Path) -> None:
        """Take the earlier reader, and the file that its orders are kept in."""
        self._reader = reader
        self._path = path
        self._orders = read_orders(path) if path.exists() else {}

    def order(self, question_id: str, asked: str, passages: Sequence[Passage]) -> list[Passage]:
        """Return the passages, the one that the reader believes most first."""
        if question_id not in self._orders:
            readings = self._reader.read(asked, passages)
            ranked = sorted(zip(readings, passages, strict=True), key=lambda pair: -pair[0].margin)
            self._orders[question_id] = [passage.id for _, passage in ranked]
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({question_id: self._orders[question_id]}) + "\n")
        places = {id: place for place, id in enumerate(self._orders[question_id])}
        return sorted(passages, key=lambda passage: places.get(passage.id, len(places)))


def read_orders(path: Path) -> dict[str, list[str]]:
    """Return what a run has mined: passages' ids by question, the one that was believed most first."""
    orders: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        orders |= json.loads(line)
    return orders
