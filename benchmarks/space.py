"""A Space's start: ``python app.py`` to the first answer, beside importing sentence-transformers alone.

``python -m benchmarks.space`` needs both in the environment that runs it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import httpx
import typer

from benchmarks.cold import QUESTION
from benchmarks.environments import ROOT

PORT = "7991"
PATIENCE = 60.0


def answering() -> float:
    """Return the seconds from starting the chat to its first answer over HTTP."""
    began = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env={**os.environ, "QA_PORT": PORT}, stderr=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - began < PATIENCE:
            try:
                url = f"http://127.0.0.1:{PORT}/api/ask"
                httpx.post(url, json={"question": QUESTION}, timeout=PATIENCE).raise_for_status()
                return time.perf_counter() - began
            except httpx.HTTPError:
                time.sleep(0.02)
        raise TimeoutError(f"no answer on port {PORT} in {PATIENCE:.0f} s")
    finally:
        server.terminate()
        server.wait()


def importing() -> float:
    """Return the seconds that a process takes to import sentence-transformers."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import sentence_transformers"], check=True)
    return time.perf_counter() - began


def main(runs: int = 5) -> None:
    """Print both medians, taken in turns, and their ratio."""
    taken = [(answering(), importing()) for _ in range(runs)]
    chat, library = (statistics.median(times) for times in zip(*taken, strict=True))
    print(f"app.py to its first answer {chat:.2f} s, import sentence_transformers {library:.2f} s: ", end="")
    print(f"{chat / library:.2f}")


if __name__ == "__main__":
    typer.run(main)
