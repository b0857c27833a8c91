"""Cold start: a new process to its first answer, and the memory that it then holds.

``python -m benchmarks.cold`` measures this alone.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import typer

from benchmarks.environments import OURS, PEERS, PLACE, ROOT, Side, python, surroundings
from qa.encoder import DEFAULT_MODEL, find_model
from qa.markup import read_article

QUESTION = "How many containers of munitions were sent?"
ARTICLE = ROOT / "index" / "article.md"
PROGRAM = ROOT / "benchmarks" / "peers" / "program.py"


@dataclass(frozen=True)
class Start:
    """One process to its first answer: seconds on the clock, and seconds of processor in them."""

    wall: float
    processor: float


def command(side: Side, verb: str, program: str = "") -> list[str]:
    """Return how a side's program is started."""
    program = program or side.program
    folder = ROOT / "index" if side.program == "ours" else PLACE / "indexes" / side.program
    return [*map(str, (python(side), PROGRAM, program, verb, folder, find_model(DEFAULT_MODEL)))]


def prepare(side: Side) -> None:
    """Let a peer keep its index of the article's paragraphs."""
    folder = PLACE / "indexes" / side.program
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    article = read_article(ARTICLE)
    texts = [article.text[p.start : p.end] for _, p in article.paragraphs]
    subprocess.run(
        command(side, "build"),
        input=json.dumps(texts).encode(),
        env=surroundings(),
        check=True,
        capture_output=True,
    )
    (folder / "done").touch()


def start(arguments: Sequence[str]) -> Start:
    """Time a process from its start to its end."""
    before = os.times()
    began = time.perf_counter()
    subprocess.run(arguments, cwd=ROOT, env=surroundings(), check=True, capture_output=True)
    wall = time.perf_counter() - began
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Start(wall, used)


def starts(runs: int) -> dict[str, list[Start]]:
    """Start every side once a round, in turn, after one round that is not counted."""
    commands = {
        "bare": [*command(OURS, "answer", "bare"), QUESTION],
        "article-qa": [*command(OURS, "answer"), QUESTION],
        "qa ask": [str(python(OURS)), "-m", "qa", "ask", QUESTION],
    }
    for peer in PEERS:
        prepare(peer)
        commands[peer.name] = [*command(peer, "answer"), QUESTION]
    rounds = [{name: start(line) for name, line in commands.items()} for _ in range(runs + 1)]
    return {name: [r[name] for r in rounds[1:]] for name in commands}


class Serving:
    """A side in a process of its own that answers one question after another."""

    def __init__(self, side: Side, program: str = "") -> None:
        """Start it; it answers once before it is used."""
        if side.program != "ours":
            prepare(side)
        self._process = subprocess.Popen(
            command(side, "serve", program),
            cwd=ROOT,
            env=surroundings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.ask(QUESTION)
        self.megabytes = self._resident()

    def ask(self, question: str) -> dict[str, Any]:
        """Return ``seconds`` and what was ``found``."""
        asked, answers = _pipes(self._process)
        print(json.dumps(question), file=asked, flush=True)
        answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        _pipes(self._process)[0].close()
        self._process.wait()

    def _resident(self) -> float:
        """Return the memory that the process holds, in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin and process.stdout
    return process.stdin, process.stdout


def median(taken: Sequence[Start]) -> Start:
    """Return the median of each."""
    return Start(statistics.median(t.wall for t in taken), statistics.median(t.processor for t in taken))


def main(runs: int = 5) -> None:
    """Print each side's medians, and how many times sooner than it the first answer comes here."""
    taken = {name: median(all_runs) for name, all_runs in starts(runs).items()}
    for name, one in taken.items():
        times = one.wall / taken["article-qa"].wall
        print(f"{name:32} {one.wall:6.2f} s, {one.processor:6.2f} s of processor, {times:5.1f}")


if __name__ == "__main__":
    typer.run(main)
