"""Learning to read: what is lost, and the steps that lessen it.

A cross-encoder points at the answer's first and last token, or at ``[CLS]`` where the passage does not answer
(BERT's way on SQuAD 2.0, Devlin et al. 2019). Where a passage that answers and its look-alike are read for
the same question, the first's margin must beat the second's (RankNet's loss, Burges et al. 2005): margins
rank passages when answering. A larger reader's distributions can be learned from beside the right spans
(distillation, Hinton et al. 2015).
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional

from training.batches import Encoded, tensors

LOG_EVERY, SAVE_EVERY, WATCH_EVERY = 20, 110, 220
"""Steps after which the loss is logged, a checkpoint saved, the dev part looked at."""

RULED_OUT = -1e4
"""The logit of a token that cannot be pointed at."""

TEMPERATURE = 2.0
"""Softens the teacher's distributions, so that what it nearly chose is learned too."""


@dataclass(frozen=True)
class Recipe:
    """All that decides what a run makes; saved beside its checkpoint.

    ``share`` of the public sets' questions and ``each`` question of our own articles at most make a pass;
    ``taught`` is the weight of the ``teacher``'s distributions, the right spans having the rest.
    """

    seed: int = 20
    passes: int = 2
    share: float = 1.0
    each: int = 1_000
    steps: int = 1_450
    batch: int = 32
    learning_rate: float = 1e-4
    warmup: float = 0.03
    weight_decay: float = 0.01
    average: float = 0.997
    ranking: float = 0.5
    taught: float = 0.7
    known: str = ""
    start: str = ""
    teacher: str = ""


class Logits(NamedTuple):
    """How strongly each token is pointed at, of shape (passages, tokens) each; padding is ruled out."""

    starts: torch.Tensor
    ends: torch.Tensor


@cache
def has_bfloat16(device: str) -> bool:
    """Say whether the hardware multiplies in bfloat16: without it, that takes twenty times as long."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported()
    return any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16"))


def read(model: torch.nn.Module, fed: dict[str, torch.Tensor]) -> Logits:
    """Read a batch: in bfloat16 where that is safe, a third of float32's time on hardware that has it."""
    mask = fed["attention_mask"]
    with torch.autocast(mask.device.type, torch.bfloat16, enabled=has_bfloat16(mask.device.type)):
        out = model(input_ids=fed["input_ids"], attention_mask=mask, token_type_ids=fed["token_type_ids"])
    return Logits(
        *(each.float().masked_fill(mask == 0, RULED_OUT) for each in (out.start_logits, out.end_logits))
    )


def margins(logits: Logits, types: torch.Tensor) -> torch.Tensor:
    """Return by how much each passage's words together beat the null answer at [CLS]."""
    words = [each.masked_fill(types == 0, RULED_OUT).logsumexp(1) for each in logits]
    return words[0] + words[1] - logits.starts[:, 0] - logits.ends[:, 0]


def span_loss(logits: Logits, fed: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the cross-entropy of the right first and last token."""
    starts = functional.cross_entropy(logits.starts, fed["start_positions"])
    return (starts + functional.cross_entropy(logits.ends, fed["end_positions"])) / 2


def taught_loss(logits: Logits, taught: Logits) -> torch.Tensor:
    """Return how far the distributions are from the teacher's."""
    apart = [
        functional.kl_div(
            (own / TEMPERATURE).log_softmax(1),
            (other / TEMPERATURE).log_softmax(1),
            reduction="batchmean",
            log_target=True,
        )
        for own, other in zip(logits, taught, strict=True)
    ]
    return (apart[0] + apart[1]) / 2 * TEMPERATURE**2


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
    return functional.softplus(margin[wrong] - margin[right]).mean()


def dev_loss(model: torch.nn.Module, dev: list[Encoded], device: str) -> dict[str, float]:
    """Measure loss, exact spans among the answerable, and AUROC of the answerability margin."""
    model.eval()
    losses, exact, beats, labels = [], [], [], []
    with torch.no_grad():
        for begin in range(0, len(dev), 64):
            fed = tensors(dev[begin : begin + 64], device)
            logits = read(model, fed)
            losses.append(float(span_loss(logits, fed)))
            starts, ends = (each.masked_fill(fed["token_type_ids"] == 0, RULED_OUT) for each in logits)
            beats += margins(logits, fed["token_type_ids"]).tolist()
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


def learn(
    run: Path,
    recipe: Recipe,
    model: torch.nn.Module,
    schedule: Sequence[list[Encoded]],
    dev: list[Encoded],
    teacher: torch.nn.Module | None = None,
) -> None:
    """Train until the schedule is done, going on from ``run``'s checkpoint if there is one.

    The exponential average of the weights is saved into ``run``'s ``weights``.

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
    if teacher is not None:
        teacher.to(device).eval()
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
        logits = read(model, fed)
        loss = span_loss(logits, fed)
        if teacher is not None:
            with torch.no_grad():
                taught = read(teacher, fed)
            loss = (1 - recipe.taught) * loss + recipe.taught * taught_loss(logits, taught)
        loss = loss + recipe.ranking * rank_loss(margins(logits, fed["token_type_ids"]), schedule[step])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
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
