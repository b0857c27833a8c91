"""Train a larger reader that the shipped one learns from: ``python -m training.teacher --base FOLDER``.

The base is all-mpnet-base-v2 (109 M parameters, Apache-2.0): five times what is shipped, too large and too
slow to ship. It reads BERT's token numbers, so that both are shown the same batches and point at the same
tokens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer
from transformers import MPNetForQuestionAnswering
from transformers.modeling_outputs import QuestionAnsweringModelOutput

from training.learning import Recipe, learn
from training.lessons import Each, Run, Seed, Share, Steps, Threads, dev_part, schedule

MOVED = 4
"""MPNet's vocabulary is BERT's, behind four tokens of its own."""
CLS, SEP = 101, 102
BEGIN, PAD, END = 0, 1, 2
"""MPNet's tokens for BERT's [CLS], [PAD] and [SEP]."""

LEARNING_RATE = 5e-5
"""The highest: a larger model takes smaller steps."""

AVERAGE = 0.98
"""Of the weights, over fifty steps: a run is short, and begins far from what it comes to."""


class Teacher(torch.nn.Module):
    """An MPNet that reads what BERT's tokenizer makes."""

    def __init__(self, folder: Path) -> None:
        """Load an MPNet; its word embeddings stay as they are."""
        super().__init__()
        self.model = MPNetForQuestionAnswering.from_pretrained(folder)
        self.model.mpnet.embeddings.requires_grad_(False)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> QuestionAnsweringModelOutput:
        """Point at the answer's first and last token; MPNet tells question and passage apart by itself."""
        moved = input_ids + MOVED
        moved = moved.masked_fill(input_ids == CLS, BEGIN).masked_fill(input_ids == SEP, END)
        return self.model(
            input_ids=moved.masked_fill(attention_mask == 0, PAD), attention_mask=attention_mask
        )

    def save_pretrained(self, folder: Path) -> None:
        """Save the weights as ``from_pretrained`` loads them."""
        self.model.save_pretrained(folder)


def main(
    base: Annotated[Path, typer.Option(help="Folder of an MPNet with BERT's vocabulary: all-mpnet-base-v2.")],
    run: Run = Path("runs/teacher"),
    start: Annotated[
        Path | None, typer.Option(help="An exported reader that mines look-alikes, such as qa/model.")
    ] = None,
    seed: Seed = 20,
    steps: Steps = Recipe.steps,
    share: Share = Recipe.share,
    each: Each = Recipe.each,
    threads: Threads = 2,
) -> None:
    """Train the teacher."""
    torch.set_num_threads(threads)
    recipe = Recipe(
        seed=seed,
        steps=steps,
        share=share,
        each=each,
        learning_rate=LEARNING_RATE,
        warmup=0.05,
        average=AVERAGE,
        start=str(start or ""),
    )
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    learn(run, recipe, Teacher(base), schedule(run, recipe), dev_part())


if __name__ == "__main__":
    typer.run(main)
