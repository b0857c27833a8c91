"""Train the reader: ``python -m training.reader``.

A cross-encoder reads question and passage together and points at the answer's first and last token,
or at ``[CLS]`` where the passage does not answer (BERT's way on SQuAD 2.0, Devlin et al. 2019). It
starts from the packaged all-MiniLM-L6-v2 weights. The run is cut into batches of like length, keeps
an exponential average of its weights, saves a checkpoint that a killed run goes on from, and makes
the same weights twice from one seed on one machine. Where a passage that answers and its look-alike
are read for the same question, the first's margin must beat the second's (RankNet's loss, Burges et
al. 2005): margins rank passages when answering.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import torch
import typer
from tokenizers import Tokenizer
from transformers import BertForQuestionAnswering
from transformers.modeling_outputs import QuestionAnsweringModelOutput

import qa
from qa.encoder import find_model
from qa.export import INPUTS, export_spans
from qa.questions import Document
from qa.reader import Reader
from qa.report import evaluate, print_tables
from qa.search import Search
from training import calibrate, written
from training.batches import Encoded, batches, encode, tensors
from training.data import DATA, SOURCES, examples_of
from training.mined import Mined, read_orders
from training.vectors import RememberedVectors

WINDOW = 192
"""Tokens of question, heading and passage that are read together in training."""
READING_WINDOW = 384
"""Tokens that are read together when answering: room for a full encoder window and the question."""
LOG_EVERY, SAVE_EVERY, WATCH_EVERY = 20, 110, 220
"""Steps after which the loss is logged, a checkpoint saved, the dev part looked at."""


@dataclass(frozen=True)
class Recipe:
    """All that decides what a run makes; saved beside its checkpoint."""

    seed: int = 20
    passes: int = 2
    share: float = 1.0
    steps: int = 1_450
    batch: int = 32
    learning_rate: float = 1e-4
    warmup: float = 0.03
    weight_decay: float = 0.01
    average: float = 0.997
    ranking: float = 0.5
    known: str = ""
    start: str = ""


def margins(out: QuestionAnsweringModelOutput, types: torch.Tensor) -> torch.Tensor:
    """Return by how much each passage's words together beat the null answer at [CLS]."""
    starts = out.start_logits.masked_fill(types == 0, -1e4).logsumexp(1)
    ends = out.end_logits.masked_fill(types == 0, -1e4).logsumexp(1)
    return starts + ends - out.start_logits[:, 0] - out.end_logits[:, 0]


def rank_loss(margin: torch.Tensor, batch: list[Encoded]) -> torch.Tensor:
    """Punish each look-alike whose margin comes near that of the passage that answers."""
    groups: dict[int, list[int]] = {}
    for row, example in enumerate(batch):
        if example.group >= 0:
            groups.setdefault(example.group, []).append(row)
    pairs = [
        (right, wrong)
        for rows in groups.values()
        for right in rows
        for wrong in rows
        if batch[right].start > 0 and batch[wrong].start == 0
    ]
    if not pairs:
        return margin.sum() * 0
    right, wrong = torch.tensor(pairs, device=margin.device).T
    return torch.nn.functional.softplus(margin[wrong] - margin[right]).mean()


def load_examples(
    part: str,
    seed: int,
    tokenizer: Tokenizer,
    share: float = 1.0,
    articles: Iterable[tuple[Document, Search]] = (),
    mined: Mined | None = None,
) -> list[Encoded]:
    """Read the examples of one part: ``share`` of every public set's, and those of articles of our own."""
    rng = random.Random(seed)
    made = [e for source in SOURCES for e in examples_of(source, DATA, part, share, rng)]
    made += written.examples(articles, rng, mined)
    return [e for e in (encode(example, tokenizer) for example in made) if e is not None]


def dev_loss(model: BertForQuestionAnswering, dev: list[Encoded], device: str) -> dict[str, float]:
    """Measure loss, exact spans among the answerable, and AUROC of the answerability margin."""
    from sklearn.metrics import roc_auc_score

    model.eval()
    losses, exact, beats, labels = [], [], [], []
    with torch.no_grad():
        for begin in range(0, len(dev), 64):
            fed = tensors(dev[begin : begin + 64], device)
            out = model(**fed)
            losses.append(float(out.loss))
            starts = out.start_logits.masked_fill(fed["token_type_ids"] == 0, -1e4)
            ends = out.end_logits.masked_fill(fed["token_type_ids"] == 0, -1e4)
            beats += margins(out, fed["token_type_ids"]).tolist()
            answerable = fed["start_positions"] > 0
            labels += answerable.tolist()
            hit = (starts.argmax(1) == fed["start_positions"]) & (ends.argmax(1) == fed["end_positions"])
            exact += hit[answerable].float().tolist()
    model.train()
    return {
        "dev_loss": float(np.mean(losses)),
        "dev_exact": float(np.mean(exact)),
        "dev_auroc": float(roc_auc_score(labels, beats)),
    }


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


def prepare(run: Path, recipe: Recipe) -> tuple[BertForQuestionAnswering, list[list[Encoded]], list[Encoded]]:
    """Return the model that a run starts from, its batches in their order, and what it is watched on."""
    folder = find_model("all-MiniLM-L6-v2")
    tokenizer = tokenizer_of(folder)
    start = Path(recipe.start) if recipe.start else None
    mined = Mined(Reader(start), run / "mined.jsonl") if start is not None else None
    known = read_orders(Path(recipe.known)) if recipe.known else {}
    articles = written.searched("train", RememberedVectors(), known)
    schedule: list[list[Encoded]] = []
    for number in range(recipe.passes):
        if len(schedule) >= recipe.steps:
            break
        encoded = load_examples("train", recipe.seed + number, tokenizer, recipe.share, articles, mined)
        schedule += batches(encoded, recipe.batch, random.Random(recipe.seed + number))
    dev = sorted(load_examples("dev", 0, tokenizer), key=lambda e: len(e.ids))[::6]
    torch.manual_seed(recipe.seed)
    model = BertForQuestionAnswering.from_pretrained(folder)
    if start is not None:
        missing = model.load_state_dict(recover(start), strict=False).missing_keys
        assert not missing, missing
        # They have moved little: fixed, half of the weights need no gradient.
        model.bert.embeddings.requires_grad_(False)
    return model, schedule[: recipe.steps], dev


def tokenizer_of(folder: Path | str) -> Tokenizer:
    """Return a model's tokenizer as training reads with it: passages are cut to the window, questions not."""
    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW, strategy="only_second")
    return tokenizer


def learn(
    run: Path,
    recipe: Recipe,
    model: BertForQuestionAnswering,
    schedule: Sequence[list[Encoded]],
    dev: list[Encoded],
) -> None:
    """Train until the schedule is done, going on from ``run``'s checkpoint if there is one.

    Raises:
        ValueError: if the checkpoint is of another recipe.
    """
    run.mkdir(parents=True, exist_ok=True)
    total = len(schedule)
    made = asdict(recipe) | {"steps": total, "dev": len(dev)}
    checkpoint, note = run / "checkpoint.pt", run / "recipe.json"
    if checkpoint.exists() and json.loads(note.read_text()) != made:
        raise ValueError(f"{checkpoint}: is of another recipe than {made}. Name another --run, or remove it.")
    note.write_text(json.dumps(made))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    # What dropout leaves out follows from it, from the first step on.
    torch.manual_seed(recipe.seed)
    model.to(device)
    learned = [p for p in model.parameters() if p.requires_grad]
    decay = [p for p in learned if p.ndim > 1]
    plain = [p for p in learned if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        fused=True,
    )
    warm = max(1, int(total * recipe.warmup))
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / warm, max(0.0, (total - s) / (total - warm)))
    )
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.average)
    )
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        torch.set_rng_state(state["rng"])
        first = state["step"]
    model.train()
    began, recent = time.monotonic(), []
    for step in range(first, total):
        fed = tensors(schedule[step], device)
        out = model(**fed)
        loss = out.loss + recipe.ranking * rank_loss(margins(out, fed["token_type_ids"]), schedule[step])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        scheduler.step()
        average.update_parameters(model)
        recent.append(loss.item())
        done = step + 1
        if done % LOG_EVERY == 0 or done == total:
            line = {"step": done, "loss": float(np.mean(recent)), "seconds": time.monotonic() - began}
            recent = []
            if done % WATCH_EVERY == 0 or done == total:
                line |= dev_loss(average.module, dev, device)
            with (run / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
        if done % SAVE_EVERY == 0 or done == total:
            state = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "rng": torch.get_rng_state(),
                "step": done,
            }
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").replace(checkpoint)
    average.module.save_pretrained(run / "weights")


def export(weights: Path, folder: Path) -> None:
    """Write the reader as the package ships it: ``model.onnx`` in int8, and ``tokenizer.json``."""
    model = BertForQuestionAnswering.from_pretrained(weights)
    folder.mkdir(parents=True, exist_ok=True)
    export_spans(model, INPUTS, folder / "model.onnx", int8=True)
    tokenizer = tokenizer_of(find_model("all-MiniLM-L6-v2"))
    tokenizer.enable_truncation(READING_WINDOW, strategy="only_second")
    tokenizer.save(str(folder / "tokenizer.json"))


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
    run: Annotated[Path, typer.Option(help="Folder of the run: log, checkpoint, weights.")] = Path(
        "runs/reader"
    ),
    start: Annotated[
        Path | None, typer.Option(help="An exported reader to go on from, such as qa/model.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the order, the noise and the negatives.")] = 20,
    steps: Annotated[int, typer.Option(help="Batches at most.")] = Recipe.steps,
    learning_rate: Annotated[
        float, typer.Option(help="The highest, after warming up.")
    ] = Recipe.learning_rate,
    share: Annotated[
        float, typer.Option(help="Share of the public sets' questions in a pass.")
    ] = Recipe.share,
    known: Annotated[
        Path | None,
        typer.Option(help="An earlier run's mined.jsonl: its questions are not learned from again."),
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
    fitted: Annotated[int, typer.Option(help="Questions of each set that fit the verdict.")] = 20,
) -> None:
    """Train the reader, export it, fit its verdict, and measure it on the questions for choosing."""
    torch.set_num_threads(threads)
    recipe = Recipe(
        seed=seed,
        steps=steps,
        learning_rate=learning_rate,
        share=share,
        known=str(known or ""),
        start=str(start or ""),
    )
    run.mkdir(parents=True, exist_ok=True)
    learn(run, recipe, *prepare(run, recipe))
    export(run / "weights", run / "export")
    draw(run)
    calibrate.main(run / "export", fitted)
    print_tables(evaluate(qa.load(reader=run / "export"), list(calibrate.OWN), "choose", None))


if __name__ == "__main__":
    typer.run(main)
