"""Vectors that are made once: embedding takes longer than all else that comes before training or asking."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from qa.encoder import DEFAULT_MODEL, PassageEncoder, Vectors

VECTORS = Path("runs/vectors")
"""Where vectors are kept."""


@cache
def encoder(model: str) -> PassageEncoder:
    """Return a model's encoder, which loads slowly, once."""
    return PassageEncoder(model)


class RememberedVectors:
    """Embeds passages with an index's model and keeps what it made: embedding a set takes minutes."""

    def __init__(self, model: str = DEFAULT_MODEL, folder: Path = VECTORS) -> None:
        """Keep vectors in ``folder``; the model is loaded when a text is new."""
        self._model = model
        self._folder = folder

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of shape (len(texts), dimension)."""
        key = hashlib.sha256("\0".join([self._model, *texts]).encode("utf-8", "surrogatepass")).hexdigest()
        path = self._folder / f"{key[:24]}.npy"
        if path.exists():
            found: Vectors = np.load(path, allow_pickle=False)
            return found
        vectors = encoder(self._model).encode(texts)
        self._folder.mkdir(parents=True, exist_ok=True)
        # Two runs side by side may make the same ones.
        unfinished = path.with_suffix(f".{os.getpid()}.npy")
        np.save(unfinished, vectors)
        unfinished.replace(path)
        return vectors
