"""Measure on public sets: ``python -m training.evaluate squad2 squad1 --part test``.

Each document's passages are indexed in memory, as the set cuts them, and its questions are asked. With
``--search`` only the search is measured, without the reader. Intervals are 95 % bootstrap over questions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from qa.answer import Answer
from qa.bot import Bot
from qa.evaluation import Outcome, Question, ask_all, measure
from qa.reader import PACKAGED, Reader
from qa.verdict import Calibration
from training.calibrate import indexes

RESAMPLED = 200
WANTED = ("questions", "hit@1", "hit@5", "nDCG@10", "verdict balanced accuracy", "AUROC", "calibration error")
WANTED += ("answered when answerable", "refused when unanswerable", "F1", "quote meets answer")


def searched(bot: Bot, questions: Sequence[Question]) -> Iterator[Outcome]:
    """Rank passages without reading them, for the answerable questions."""
    for question in questions:
        if question.answerable:
            passages = bot.search(question.text, k=10)
            yield Outcome(question, Answer(question.text, "related", 0.0, None, passages, ""))


def asked(bot: Bot, questions: Sequence[Question], strange: Sequence[Question]) -> list[Outcome]:
    """Ask an article's own questions, and another article's, which it must refuse."""
    foreign = [replace(q, answerable=False, gold=frozenset(), answers=(), verdict=None) for q in strange]
    return list(ask_all(bot, [*questions, *foreign]))


def interval(outcomes: Sequence[Outcome], name: str) -> str:
    """Return where 95 % of a measure's resampled values lie."""
    rng = random.Random(0)
    found = [measure(rng.choices(outcomes, k=len(outcomes))).get(name, np.nan) for _ in range(RESAMPLED)]
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return f"{low:.3f} to {high:.3f}"


def main(
    sets: Annotated[list[str], typer.Argument(help="Names of folders in QA_DATA.")],
    part: Annotated[str, typer.Option(help="train, dev, calibration or test.")] = "test",
    limit: Annotated[int, typer.Option(help="Questions of each set, about.")] = 200,
    search: Annotated[bool, typer.Option(help="Measure the search alone.")] = False,
) -> None:
    """Print a table of measures with intervals, a set a column."""
    reader, calibration = Reader(), Calibration.load(PACKAGED / "calibration.json")
    outcomes: dict[str, list[Outcome]] = {name: [] for name in sets}
    for name, index, own, strange in indexes(part, tuple(sets), limit):
        bot = Bot(index, reader, calibration)
        outcomes[name] += list(searched(bot, own)) if search else asked(bot, own, strange)
    table = Table("measure", *sets)
    measured = {name: measure(found) for name, found in outcomes.items()}
    for measure_name in WANTED[:4] if search else WANTED:
        cells = []
        for name, values in measured.items():
            value = values.get(measure_name)
            shown = "" if value is None else f"{value:.3f}"
            if value is not None and measure_name != "questions":
                shown += f" ({interval(outcomes[name], measure_name)})"
            cells.append(shown)
        table.add_row(measure_name, *cells)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
