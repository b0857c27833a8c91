"""A server started as an operator starts it: ``python app.py`` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import qa

ROOT = Path(__file__).parents[2]
WATCH = Path(__file__).parent / "watch"
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
LISTENING = re.compile(r"running on (http://[\d.]+:\d+)")


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


Start = Callable[..., Served]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers with these QA_ settings; all are stopped after the module's tests.

    Not one of them may have looked up or called an address beyond this machine.
    """
    running: list[Served] = []

    def start_server(**settings: str) -> Served:
        output = tmp_path_factory.mktemp("server") / "output.txt"
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
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            found = LISTENING.search(output.read_text(encoding="utf-8"))
            if found and httpx.get(f"{found[1]}/healthz", auth=auth, timeout=30).status_code == 200:
                running.append(Served(found[1], process, output))
                return running[-1]
            if process.poll() is not None:
                break
            time.sleep(0.1)
        process.kill()
        raise AssertionError(f"the server did not start:\n{output.read_text(encoding='utf-8')}")

    yield start_server
    for served in running:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()
    called = {address for served in running for address in served.called()}
    assert called <= LOOPBACK, called


@pytest.fixture(scope="module")
def server(start: Start) -> Served:
    """A server with the default settings."""
    return start()


@pytest.fixture
def client(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def bot() -> qa.Bot:
    """The bot that the server should answer like."""
    return qa.load()
