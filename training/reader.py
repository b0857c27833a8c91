"""Train the reader: ``python -m training.reader``.

It starts from the packaged all-MiniLM-L6-v2 weights, or from an exported reader, and can learn from a
larger one (``training.teacher``). The run keeps an exponential average of its weights, saves a checkpoint
that a killed run goes on from, and makes the same weights twice from one seed on one machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import torch
import typer
from transformers import BertForQuestionAnswering

import qa
from qa.encoder import find_model
from qa.export import INPUTS, export_spans
from qa.report import evaluate, print_tables
from training import calibrate
from training.learning import Recipe, learn
from training.lessons import BASE, Each, Run, Seed, Share, Steps, Threads, dev_part, schedule, tokenizer
from training.teacher import Teacher

DROPOUT = 0.0
"""Share of what a layer makes that is left out in training. The base has a tenth, so that nothing is learned
by heart; one so small, which sees an example once or twice, learns too little, and its margins waver."""

READING_WINDOW = 384
"""Tokens that are read together when answering: room for a full encoder window and the question."""


def recover(shipped: Path) -> dict[str, torch.Tensor]:
    """Read weights back from an exported reader, to go on training where an earlier run ended.

    The exporter keeps the names of vectors and loses those of matrices, which follow each other in
    the order in which the model uses them.
    """
    graph = onnx.load(shipped / "model.onnx").graph
    found = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    matrices = iter(n.input[1] for n in graph.node if n.op_type == "MatMulInteger")

    def plain(name: str) -> torch.Tensor:
        stem = name.removesuffix("_quantized")
        zero = found[f"{stem}_zero_point"].astype(np.float32)
        return torch.from_numpy((found[f"{stem}_quantized"] - zero) * found[f"{stem}_scale"])

    state = {
        name.removeprefix("model."): torch.from_numpy(array.copy())
        for name, array in found.items()
        if name.startswith("model.bert") and array.dtype == np.float32 and "_scale" not in name
    }
    for table in ("word", "token_type", "position"):
        name = f"bert.embeddings.{table}_embeddings.weight"
        state[name] = plain(f"model.{name}")
    used = ("attention.self.query", "attention.self.key", "attention.self.value")
    used += ("attention.output.dense", "intermediate.dense", "output.dense")
    for layer in range(6):
        for part in used:
            state[f"bert.encoder.layer.{layer}.{part}.weight"] = plain(next(matrices)).T.contiguous()
    state["qa_outputs.weight"] = plain(next(matrices)).T.contiguous()
    state["qa_outputs.bias"] = torch.from_numpy(found["model.qa_outputs.bias"].copy())
    return state


def beginning(start: Path | None) -> BertForQuestionAnswering:
    """Return the model that a run starts from: the packaged encoder, or a reader that was exported."""
    # Attention step by step: on a processor the fused kernel's way back takes nearly twice the time.
    model = BertForQuestionAnswering.from_pretrained(
        find_model(BASE),
        hidden_dropout_prob=DROPOUT,
        attention_probs_dropout_prob=DROPOUT,
        attn_implementation="eager",
    )
    if start is not None:
        missing = model.load_state_dict(recover(start), strict=False).missing_keys
        assert not missing, missing
        # They have moved little: fixed, half of the weights need no gradient.
        model.bert.embeddings.requires_grad_(False)
    return model


def export(weights: Path, folder: Path) -> None:
    """Write the reader as the package ships it: ``model.onnx`` in int8, and ``tokenizer.json``."""
    model = BertForQuestionAnswering.from_pretrained(weights)
    folder.mkdir(parents=True, exist_ok=True)
    export_spans(model, INPUTS, folder / "model.onnx", int8=True)
    tokenizer(READING_WINDOW).save(str(folder / "tokenizer.json"))


def draw(run: Path) -> None:
    """Picture the run's log: the loss while training, and what was measured on the dev part."""
    from matplotlib.figure import Figure

    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    figure = Figure(figsize=(8, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([r["step"] for r in lines], [r["loss"] for r in lines], label="training, with the ranking's")
    watched = [r for r in lines if "dev_loss" in r]
    steps = [r["step"] for r in watched]
    left.plot(steps, [r["dev_loss"] for r in watched], "o-", label="dev, without")
    left.set(xlabel="step", ylabel="loss")
    left.legend()
    for name, label in (("dev_exact", "exact spans"), ("dev_auroc", "AUROC of the margin")):
        right.plot(steps, [r[name] for r in watched], "o-", label=f"dev: {label}")
    right.set(xlabel="step", ylim=(0, 1))
    right.legend()
    figure.savefig(run / "curves.png", dpi=120)


def main(
    run: Run = Path("runs/reader"),
    start: Annotated[
        Path | None, typer.Option(help="An exported reader to go on from, such as qa/model.")
    ] = None,
    seed: Seed = 20,
    steps: Steps = Recipe.steps,
    learning_rate: Annotated[
        float, typer.Option(help="The highest, after warming up.")
    ] = Recipe.learning_rate,
    share: Share = Recipe.share,
    known: Annotated[
        Path | None,
        typer.Option(help="An earlier run's mined.jsonl: its questions are not learned from again."),
    ] = None,
    each: Each = Recipe.each,
    teacher: Annotated[
        Path | None, typer.Option(help="A larger reader's weights to learn from, by training.teacher.")
    ] = None,
    threads: Threads = 2,
    fitted: Annotated[int, typer.Option(help="Questions of each set that fit the verdict.")] = 20,
) -> None:
    """Train the reader, export it, fit its verdict, and measure it on the questions for choosing."""
    torch.set_num_threads(threads)
    recipe = Recipe(
        seed=seed,
        steps=steps,
        learning_rate=learning_rate,
        share=share,
        each=each,
        known=str(known or ""),
        start=str(start or ""),
        teacher=str(teacher or ""),
    )
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = beginning(start)
    learn(run, recipe, model, schedule(run, recipe), dev_part(), Teacher(teacher) if teacher else None)
    export(run / "weights", run / "export")
    draw(run)
    calibrate.main(run / "export", fitted)
    print_tables(evaluate(qa.load(reader=run / "export"), list(calibrate.OWN), "choose", None))


if __name__ == "__main__":
    typer.run(main)
