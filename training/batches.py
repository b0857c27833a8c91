"""Examples -> batches of token numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer

from training.data import Example


@dataclass(frozen=True)
class Encoded:
    """An example as token numbers; ``start`` and ``end`` are token positions, 0 being [CLS]."""

    ids: list[int]
    types: list[int]
    start: int
    end: int
    group: int


def encode(example: Example, tokenizer: Tokenizer) -> Encoded | None:
    """Turn an example into tokens; None where its answer lies beyond the window."""
    lead = f"{example.heading}\n" if example.heading else ""
    tokens = tokenizer.encode(example.question, lead + example.passage)
    if example.start < 0:
        return Encoded(tokens.ids, tokens.type_ids, 0, 0, example.group)
    start, end = example.start + len(lead), example.end + len(lead)
    inside = [
        i
        for i, ((a, b), kind) in enumerate(zip(tokens.offsets, tokens.type_ids, strict=True))
        if kind == 1 and b > a and a < end and b > start
    ]
    if not inside or tokens.offsets[inside[-1]][1] < end:
        return None
    return Encoded(tokens.ids, tokens.type_ids, inside[0], inside[-1], example.group)


def batches(encoded: list[Encoded], size: int, rng: random.Random) -> list[list[Encoded]]:
    """Shuffle into batches of like length, so that little is computed on padding; groups stay together."""
    units: dict[object, list[Encoded]] = {}
    for number, example in enumerate(encoded):
        units.setdefault(("group", example.group) if example.group >= 0 else number, []).append(example)
    order = list(units.values())
    rng.shuffle(order)
    made: list[list[Encoded]] = []
    for begin in range(0, len(order), size * 40):
        batch: list[Encoded] = []
        groups: list[list[Encoded]] = []
        for unit in sorted(order[begin : begin + size * 40], key=lambda u: max(len(e.ids) for e in u)):
            if len(batch) + len(unit) > size:
                groups.append(batch)
                batch = []
            batch = batch + unit
        groups.append(batch)
        rng.shuffle(groups)
        made += groups
    return made


def tensors(batch: list[Encoded], device: str) -> dict[str, torch.Tensor]:
    """Pad a batch to its longest example."""
    longest = max(len(e.ids) for e in batch)
    ids = np.zeros((len(batch), longest), dtype=np.int64)
    mask, types = np.zeros_like(ids), np.zeros_like(ids)
    for row, e in enumerate(batch):
        ids[row, : len(e.ids)] = e.ids
        mask[row, : len(e.ids)] = 1
        types[row, : len(e.ids)] = e.types
    arrays = {
        "input_ids": ids,
        "attention_mask": mask,
        "token_type_ids": types,
        "start_positions": np.array([e.start for e in batch]),
        "end_positions": np.array([e.end for e in batch]),
    }
    return {name: torch.from_numpy(a).to(device) for name, a in arrays.items()}
