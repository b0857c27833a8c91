"""SIGKILL in the middle of building: the folder is wholly the old index or wholly the new one.

``python -m tests.faults.kill --moments 200`` builds one article's index over another's, again and again, and
kills the build: at a random moment of its course, or, every other time, close to the exchange of the folders.
Each build is forked after all imports, so that the moments fall within the build, not within Python's start.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Imported before forking; torch must not compute here, since its threads do not survive a fork.
import onnxruntime.quantization  # noqa: F401
import onnxscript  # noqa: F401
import sentence_transformers  # noqa: F401
import torch.onnx  # noqa: F401

import qa
from qa.index import check, load
from tests.faults.command import command
from tests.tiny_model import make_model

TEXTS = ("Snow fell on the harbour all night.", "The ferry leaves at noon.")
AROUND = 0.01
"""Seconds after the manifest is written within which the folders are exchanged."""

fork = multiprocessing.get_context("fork")


def start(work: Callable[..., Any], *given: Any, **named: Any) -> multiprocessing.process.BaseProcess:
    """Run a function in a forked process."""
    process = fork.Process(target=work, args=given, kwargs=named)
    process.start()
    return process


def whole(folder: Path) -> bool:
    """Say whether a folder loads, fits itself, and holds one of the two articles."""

    def look() -> None:
        fits = check(folder) == [] and load(folder).articles[0].text in TEXTS
        raise SystemExit(0 if fits else 1)

    process = start(look)
    process.join()
    return process.exitcode == 0


def run(moments: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Kill that many builds; return how they ended and which left the folder broken."""
    rng = random.Random(seed)
    ended: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        making = start(make_model, place)
        making.join()
        articles = []
        for number, text in enumerate(TEXTS):
            articles.append(place / f"{number}.txt")
            articles[-1].write_text(text, encoding="utf-8")
        folder = place / "index"
        model = str(place / "model")
        began = time.monotonic()
        start(qa.build, articles[0], folder, model=model).join()
        length = time.monotonic() - began
        for number in range(moments):
            build = start(qa.build, articles[number % 2], folder, model=model)
            if number % 2:
                while build.is_alive() and not any(place.glob(".index.half-*/manifest.json")):
                    time.sleep(0.0005)
                moment = rng.uniform(0, AROUND)
            else:
                moment = rng.uniform(0, length)
            build.join(moment)
            build.kill()
            build.join()
            ended["finished" if build.exitcode == 0 else "killed"] += 1
            if not whole(folder):
                wrong.append(f"{number}: killed at {moment:.3f} s, exit code {build.exitcode}")
            # What a killed build leaves beside the index would end the next wait too soon.
            for left in place.glob(".index.half-*"):
                ended["left a folder beside the index"] += 1
                shutil.rmtree(left)
    return ended, wrong


if __name__ == "__main__":
    command(
        run,
        what=(__doc__ or "").splitlines()[0],
        option="--moments",
        times=200,
        fine="Each time the folder was wholly the old index or wholly the new one.",
    )
