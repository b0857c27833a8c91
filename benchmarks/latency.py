"""Latency: searching and asking beside the bare model calls in them, and beside the peers' searching.

``bare`` runs onnxruntime again on the very arrays that a question made: nothing but the model.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.cold import Serving
from benchmarks.environments import OURS, PEERS, ROOT, python, surroundings

QUESTIONS = ROOT / "tests" / "questions" / "questions.jsonl"


def questions(count: int) -> list[str]:
    """Return questions about the shipped article, spread over all kinds."""
    rows = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    return rows[:: max(1, len(rows) // count)][:count]


def searches(count: int, rounds: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Ask every side each question in turn; return seconds, and each process's memory in MB."""
    serving = {"ask": Serving(OURS), "article-qa": Serving(OURS, "ours_search")}
    serving |= {peer.name: Serving(peer) for peer in PEERS}
    taken: dict[str, list[float]] = {name: [] for name in serving}
    for _ in range(rounds):
        for question in questions(count):
            for name, side in serving.items():
                if name != "ask":
                    taken[name].append(side.ask(question)["seconds"])
    memory = {name: side.megabytes for name, side in serving.items()}
    for side in serving.values():
        side.close()
    del taken["ask"]
    return taken, memory


def beside_bare(count: int, rounds: int) -> dict[str, list[float]]:
    """Time ``search``, ``ask`` and the bare model calls in each, question by question, in one process."""
    found = subprocess.run(
        [python(OURS), "-m", "benchmarks.latency", str(count), str(rounds)],
        cwd=ROOT,
        env=surroundings(),
        check=True,
        capture_output=True,
    )
    taken: dict[str, list[float]] = json.loads(found.stdout)
    return taken


class Recorded:
    """An onnxruntime session that remembers what it was run on."""

    def __init__(self, session: Any) -> None:
        """Stand before a session."""
        self._session = session
        self.fed: list[dict[str, Any]] = []

    def run(self, outputs: Any, fed: dict[str, Any]) -> Any:
        """Run the session."""
        self.fed.append(fed)
        return self._session.run(outputs, fed)

    def again(self) -> None:
        """Run the session on all that it was run on, and forget it."""
        for fed in self.fed:
            self._session.run(None, fed)
        self.fed.clear()


def record(bot: Any) -> tuple[Recorded, ...]:
    """Put a recorder before both of a bot's models."""
    recorded = []
    for model in (bot.index.encoder, bot.reader):
        model._session._session = Recorded(model._session._session)
        recorded.append(model._session._session)
    return tuple(recorded)


def timed(call: Callable[[], Any]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def main(count: int, rounds: int) -> None:
    """Print the seconds of each, as JSON."""
    import qa

    bot = qa.load()
    models = record(bot)
    taken: dict[str, list[float]] = {"search": [], "bare search": [], "ask": [], "bare ask": []}

    def bare() -> None:
        for model in models:
            model.again()

    for question in questions(count):
        bot.ask(question)
        bare()
    # Each for itself: reading drives the encoder's weights out of the cache, which the next call pays for.
    calls: dict[str, Callable[[str], object]] = {"search": bot.search, "ask": bot.ask}
    for name, call in calls.items():
        for _ in range(rounds):
            for question in questions(count):
                taken[name].append(timed(lambda call=call, question=question: call(question)))
                taken[f"bare {name}"].append(timed(bare))
    json.dump(taken, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
