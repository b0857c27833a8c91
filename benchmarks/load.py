"""Load: questions per second over HTTP, beside what the bare model calls allow on the same cores."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.environments import OURS, ROOT, python, surroundings
from benchmarks.latency import record

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS = (1, 2, 4, 8, 16, 32)
STARTS_WITHIN = 60
"""Seconds that the server has to be ready."""


@dataclass(frozen=True)
class Level:
    """What so many clients at once got: answers a second, seconds per answer, and how many got none."""

    clients: int
    per_second: float
    p50: float
    p95: float
    dropped: int


def levels(asked: list[str], each: int) -> list[Level]:
    """Let 1 to 32 clients ask a server, ``each`` questions a client and no fewer than 16 in all."""
    with _server() as port:
        _client(port, asked[:1])
        return [_level(port, asked, clients, max(each, -(-16 // clients))) for clients in CLIENTS]


def _level(port: int, asked: list[str], clients: int, each: int) -> Level:
    turns = itertools.cycle(asked)
    lists = [[next(turns) for _ in range(each)] for _ in range(clients)]
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        taken = sorted(itertools.chain(*pool.map(lambda own: _client(port, own), lists)))
    seconds = time.perf_counter() - began
    served = [t for t in taken if t < float("inf")]
    p95 = served[min(len(served) - 1, int(0.95 * len(served)))]
    return Level(clients, len(served) / seconds, statistics.median(served), p95, len(taken) - len(served))


def _client(port: int, asked: list[str]) -> list[float]:
    """Ask one question after another on one connection; infinity stands for one that got no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    taken = []
    for question in asked:
        body = json.dumps({"question": question})
        began = time.perf_counter()
        connection.request("POST", "/api/ask", body, {"content-type": "application/json"})
        response = connection.getresponse()
        response.read()
        taken.append(time.perf_counter() - began if response.status == 200 else float("inf"))
    connection.close()
    return taken


@contextmanager
def _server() -> Iterator[int]:
    """Start a server as ``qa serve`` does, on a free port, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [python(OURS), "-m", "qa", "serve", "--port", str(port)],
        cwd=ROOT,
        env=surroundings(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + STARTS_WITHIN
        while not _ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("qa serve did not start")
            time.sleep(0.2)
        # The page is still imported behind the first answers; that is not the load to be measured.
        time.sleep(10)
        yield port
    finally:
        process.terminate()
        process.wait()


def _ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False


def bare_per_second(asked: list[str]) -> float:
    """Return the questions a second that the model calls alone allow, with a thread for each core."""
    found = subprocess.run(
        [python(OURS), "-m", "benchmarks.load"],
        input=json.dumps(asked),
        cwd=ROOT,
        env=surroundings(),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(found.stdout)


def main() -> None:
    """Print the bare calls' questions a second; the questions come on standard input."""
    import qa

    bot: Any = qa.load()
    models = record(bot)
    calls = []
    asked = json.load(sys.stdin)
    for question in asked:
        bot.ask(question)
        calls += [(model, fed) for model in models for fed in model.fed]
        for model in models:
            model.fed.clear()
    began = time.perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(lambda call: call[0]._session.run(None, call[1]), calls))
    print(len(asked) / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
