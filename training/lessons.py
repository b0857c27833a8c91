"""What a run learns from, in its order: examples of the public sets and of our own articles, in batches."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from tokenizers import Tokenizer

from qa.encoder import find_model
from qa.questions import Document, Question
from qa.reader import Reader
from qa.search import Search
from training import written
from training.batches import Encoded, batches, encode
from training.data import DATA, SOURCES, examples_of
from training.learning import Recipe
from training.mined import Mined, read_orders
from training.vectors import RememberedVectors

BASE = "all-MiniLM-L6-v2"
"""The packaged model whose tokens are learned on."""

WINDOW = 192
"""Tokens of question, heading and passage that are read together in training."""

Run = Annotated[Path, typer.Option(help="Folder of the run: log, checkpoint, weights.")]
Seed = Annotated[int, typer.Option(help="Decides the order, the noise and the negatives.")]
Steps = Annotated[int, typer.Option(help="Batches at most.")]
Share = Annotated[float, typer.Option(help="Share of the public sets' questions in a pass.")]
Each = Annotated[int, typer.Option(help="Questions of each of our own articles at most.")]
Threads = Annotated[int, typer.Option(help="CPU threads.")]
"""Options that every run has."""


def tokenizer(window: int = WINDOW) -> Tokenizer:
    """Return the base's tokenizer for readers: it cuts passages to the window, questions not."""
    found = Tokenizer.from_file(str(find_model(BASE) / "tokenizer.json"))
    found.no_padding()
    found.enable_truncation(window, strategy="only_second")
    return found


def examples(
    part: str,
    seed: int,
    share: float = 1.0,
    articles: Iterable[tuple[Document, Search]] = (),
    mined: Mined | None = None,
) -> list[Encoded]:
    """Read the examples of one part: ``share`` of every public set's, and those of articles of our own."""
    rng = random.Random(seed)
    made = [e for source in SOURCES for e in examples_of(source, DATA, part, share, rng)]
    made += written.examples(articles, rng, mined)
    tokens = tokenizer()
    return [e for e in (encode(example, tokens) for example in made) if e is not None]


def dev_part() -> list[Encoded]:
    """Return what a run is watched on, short examples first."""
    return sorted(examples("dev", 0), key=lambda e: len(e.ids))[::6]


def schedule(run: Path, recipe: Recipe) -> list[list[Encoded]]:
    """Return a run's batches in their order. What the reader that it starts from mines is kept in ``run``."""
    mined = Mined(Reader(Path(recipe.start)), run / "mined.jsonl") if recipe.start else None
    known = read_orders(Path(recipe.known)) if recipe.known else {}
    articles = written.searched("train", RememberedVectors(), known)
    made: list[list[Encoded]] = []
    for number in range(recipe.passes):
        if len(made) >= recipe.steps:
            break
        rng = random.Random(recipe.seed + number)
        asked = [(replace(d, questions=drawn(d, recipe.each, rng)), search) for d, search in articles]
        made += batches(
            examples("train", recipe.seed + number, recipe.share, asked, mined), recipe.batch, rng
        )
    return made[: recipe.steps]


def drawn(document: Document, most: int, rng: random.Random) -> tuple[Question, ...]:
    """Draw some of a document's questions."""
    return tuple(rng.sample(document.questions, min(most, len(document.questions))))
