"""A server started as an operator starts it: ``python app.py`` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
WATCH = Path(__file__).parent / "web" / "watch"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
LISTENING = re.compile(r"running on (http://[\d.]+:\d+)")
STARTS_WITHIN = 90
"""Seconds that a server has to be ready, on a busy machine."""


@dataclass(frozen=True)
class Served:
    """A running server: its address, its process, and the file that its output goes to."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path

    def log(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def called(self) -> set[str]:
        """Every address that the process has looked up or called so far."""
        return set(Path(watched(self.output)["WATCH_FILE"]).read_text(encoding="utf-8").splitlines())

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=10)


def watched(output: Path) -> dict[str, str]:
    """What a Python process needs in its environment to have its calls noted beside its output."""
    return {"PYTHONPATH": str(WATCH), "WATCH_FILE": str(output.with_name("calls.txt"))}


def start_server(output: Path, **settings: str) -> Served:
    """Start a server with these QA_ settings, and wait until it is ready; its output goes to a file.

    A name in capitals is a variable of the environment as it stands.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("QA_", "GRADIO_"))}
    given = {name if name.isupper() else f"QA_{name.upper()}": v for name, v in settings.items()}
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={**clean, **watched(output), "QA_PORT": "0", **given},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    auth = tuple(settings["auth"].split(":", 1)) if "auth" in settings else None
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        found = LISTENING.search(output.read_text(encoding="utf-8"))
        if found and httpx.get(f"{found[1]}/healthz", auth=auth, timeout=30).status_code == 200:
            return Served(found[1], process, output)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server did not start:\n{output.read_text(encoding='utf-8')}")


@contextmanager
def crowded(url: str, question: str, people: int = 3) -> Iterator[None]:
    """Keep a server's places taken: as many people ask again and again until the block ends."""
    done = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while not done.is_set():
                if client.post("/api/ask", json={"question": question}).status_code == 503:
                    time.sleep(0.05)  # to be refused costs nothing, and would be asked for without end

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()
