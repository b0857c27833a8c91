"""Several runs of the reader -> one: ``python -m training.average RUN RUN --run RUN``.

Runs that went on from the same weights, in different orders, end near each other; the mean of their weights
errs less than they do by themselves and costs no more to read with (Wortsman et al. 2022, model soups).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from torch.optim.swa_utils import AveragedModel
from transformers import BertForQuestionAnswering

from training.reader import export


def average(runs: Sequence[Path], weights: Path) -> None:
    """Write the mean of the runs' weights, each run counting alike, into the folder ``weights``."""
    models = [BertForQuestionAnswering.from_pretrained(run / "weights") for run in runs]
    mean = AveragedModel(models[0])
    for model in models:
        mean.update_parameters(model)
    mean.module.save_pretrained(weights)


def main(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs.")],
    run: Annotated[Path, typer.Option(help="Folder for the mean: weights, export.")] = Path("runs/mean"),
) -> None:
    """Average the runs' weights and export them."""
    average(runs, run / "weights")
    export(run / "weights", run / "export")


if __name__ == "__main__":
    typer.run(main)
