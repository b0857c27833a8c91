"""Too many visitors at once: right answers or clean refusals, steady memory, and rest straight afterwards.

``python -m tests.faults.load --seconds 600`` starts a server and sends it twice as many visitors as it has
places: questions, follow-ups, searches, the page, and what is no question. Every answer is compared with the
bot's own.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import qa
from tests.faults.command import command
from tests.faults.memory import growth, held
from tests.served import ROOT, Served, start_server

CONCURRENCY = 2
QUEUE = 4
VISITORS = 2 * (CONCURRENCY + QUEUE)
HISTORY = [
    {"role": "user", "content": "How many containers of munitions were sent?"},
    {"role": "assistant", "content": "11,000."},
]


@dataclass(frozen=True)
class Request:
    """What a visitor sends; sending it returns ``right``, ``refused``, or what is wrong with the response."""

    kind: str
    send: Callable[[httpx.Client], str]


def traffic(bot: qa.Bot) -> list[Request]:
    """Return the requests that visitors take turns at; most are questions, by each of the ways there are."""
    rows = map(json.loads, (ROOT / "tests/questions/questions.jsonl").read_text("utf-8").splitlines())
    asked = [row["question"] for row in itertools.islice(rows, 16)]
    made = [post("question", "/api/ask", bot.ask(q).to_dict(), question=q) for q in asked]
    for question in ("Why?", "And who said so?"):
        right = bot.ask(question, HISTORY).to_dict()
        made.append(post("follow-up", "/api/ask", right, question=question, history=HISTORY))
    for question in asked[:4]:
        found = {"passages": [p.to_dict() for p in bot.search(question, k=3)]}
        made.append(post("search", "/api/search", found, question=question, k=3))
        made += [gradio(question, bot.ask(question).to_dict()), tool(question, bot.ask(question).to_dict())]
    title = bot.index.articles[0].title
    made.append(Request("page", lambda client: end_of(title in client.get("/").raise_for_status().text)))
    made += [post("no question", "/api/ask", None, question=question) for question in ("", "zebra " * 1000)]
    return made


def end_of(right: bool, response: str = "") -> str:
    """Name how a request ended."""
    return "right" if right else f"wrong: {response[:300]}"


def post(kind: str, path: str, right: Any, **body: Any) -> Request:
    """Ask by a JSON route, for an answer or, where there is none, to be told what is wrong."""

    def send(client: httpx.Client) -> str:
        response = client.post(path, json=body)
        if response.status_code == 503:
            clean = int(response.headers.get("retry-after", 0)) >= 1 and "error" in response.json()
            return "refused" if clean else "refused without Retry-After or a reason"
        if right is None:
            return end_of(response.status_code == 422, response.text)
        return end_of(response.status_code == 200 and response.json() == right, response.text)

    return Request(kind, send)


def gradio(question: str, right: Any) -> Request:
    """Ask by Gradio's named endpoint: an event is put into its queue, and its end waited for."""

    def send(client: httpx.Client) -> str:
        response = client.post("/gradio_api/call/ask", json={"data": [question, []]})
        if response.status_code == 503:
            return "refused"
        event = response.raise_for_status().json()["event_id"]
        came = client.get(f"/gradio_api/call/ask/{event}").text
        kind, data = (line.partition(": ")[2] for line in came.strip().splitlines()[-2:])
        if kind == "error":
            return "refused"
        return end_of(kind == "complete" and json.loads(data) == [right], came)

    return Request("Gradio's endpoint", send)


def tool(question: str, right: Any) -> Request:
    """Ask by the tool that language models call."""
    call = {"name": "ask_article", "arguments": {"question": question}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}

    def send(client: httpx.Client) -> str:
        response = client.post("/mcp", json=body, headers={"Accept": "application/json, text/event-stream"})
        result = response.raise_for_status().json()["result"]
        if result.get("isError"):
            said = result["content"][0]["text"]
            return "refused" if "try again" in said else f"wrong: {said}"
        return end_of(result["structuredContent"] == right, response.text)

    return Request("tool", send)


def visit(url: str, requests: Iterator[Request], until: float) -> Iterator[tuple[str, str]]:
    """Send one request after another until a time; yield each one's kind, and what came of it."""
    with httpx.Client(base_url=url, timeout=60) as client:
        while time.monotonic() < until:
            request = next(requests)
            try:
                yield request.kind, request.send(client)
            except httpx.HTTPError as error:
                yield request.kind, f"wrong: {error}"


def burden(served: Served, bot: qa.Bot, seconds: float, seed: int = 0) -> tuple[Counter[str], list[str]]:
    """Keep a server too busy for so long; return what came of the requests, and what was wrong."""
    requests = traffic(bot)
    until = time.monotonic() + seconds
    memory: list[int] = []

    def watch() -> None:
        while time.monotonic() < until:
            memory.append(held(served.process.pid))
            time.sleep(seconds / 100)

    def visitor(number: int) -> list[tuple[str, str]]:
        turns = itertools.islice(itertools.cycle(requests), seed + 5 * number, None)
        return list(visit(served.url, turns, until))

    watching = threading.Thread(target=watch)
    watching.start()
    with ThreadPoolExecutor(VISITORS) as pool:
        came = [outcome for outcomes in pool.map(visitor, range(VISITORS)) for outcome in outcomes]
    watching.join()
    counts = Counter(f"{kind}: {end}" for kind, end in came)
    wrong = sorted({f"{kind}: {end}" for kind, end in came if end not in {"right", "refused"}})
    # At once afterwards every question finds a place again.
    after = [
        end for _, end in itertools.islice(visit(served.url, iter(requests), float("inf")), len(requests))
    ]
    if set(after) != {"right"}:
        wrong.append(f"afterwards: {Counter(after)}")
    peaks, grown = growth(memory, parts=5)
    return counts + Counter(peaks), wrong + grown


def run(seconds: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Start a server, keep it too busy for so long, and stop it."""
    bot = qa.load()
    with tempfile.TemporaryDirectory() as scratch:
        limits = {"concurrency": str(CONCURRENCY), "queue": str(QUEUE)}
        served = start_server(Path(scratch) / "output.txt", **limits)
        try:
            counts, wrong = burden(served, bot, seconds, seed)
        finally:
            served.stop()
        if "Traceback" in served.log():
            wrong.append(served.log()[-2_000:])
    return counts, wrong


if __name__ == "__main__":
    command(
        run,
        what=(__doc__ or "").splitlines()[0],
        option="--seconds",
        times=600,
        fine="Each answer was right or refused cleanly; memory stayed; afterwards all was answered again.",
    )
