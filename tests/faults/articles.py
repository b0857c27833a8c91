"""Hostile articles: each is refused by name, or built into an index that answers, in bounded time and memory.

``python -m tests.faults.articles`` builds all of them, with a tiny model in place of the shipped encoder:
what is made of the article is the same.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import qa
from qa.answer import VERDICTS
from qa.markup import MAX_BYTES, MAX_PARAGRAPH
from tests.faults.command import command
from tests.tiny_model import make_model

SECONDS = 120
BYTES = 1_500_000_000
QUESTION = "What does it say about words?"
ALIASES = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))

ARTICLES: dict[str, Callable[[], bytes]] = {
    "quotes in quotes": lambda: b">" * 10_000 + b" deep",
    "lists in lists": lambda: b"- " * 10_000 + b"deep",
    "lists in lists, a line each": lambda: b"\n".join(b"  " * n + b"- x" for n in range(900)),
    "brackets": lambda: b"[" * 100_000 + b"x" + b"]" * 100_000,
    "half links": lambda: b"[a](" * 100_000,
    "half images": lambda: b"![" * 50_000,
    "emphasis without end": lambda: b"*a**a" * 100_000,
    "a wide table": lambda: b"|" * 5000 + b"\n" + b"|-" * 5000 + b"|\n" + (b"|" * 5000 + b"\n") * 100,
    "a line of 50 MB": lambda: b"word " * 10_000_000,
    "the longest paragraph that is read": lambda: b"word *a* " * (MAX_PARAGRAPH // 9),
    "the longest file that is read": lambda: (b"word " * 200 + b"\n\n") * (MAX_BYTES // 1002),
    "a million headings": lambda: b"# a\n" * 1_000_000,
    "many headings": lambda: b"# a\n\nb\n\n" * 40_000,
    "many lines": lambda: b"a\n" * 190_000,
    "mixed encodings": lambda: "Grüße".encode() + "Grüße".encode("latin-1") + "Grüße".encode("utf-16"),
    "utf-16": lambda: "Some words.".encode("utf-16"),
    "zero bytes": lambda: b"Some\0words\0" * 1000,
    "html": lambda: b"<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n" * 1000,
    "yaml aliases": lambda: f"---\na0: &a0 [x]\n{ALIASES}\ntitle: *a11\n---\n\nText.".encode(),
    "yaml without end": lambda: b"---\na: " + b"[" * 60_000 + b"\n---\n\nText.",
    "yaml of many keys": lambda: b"---\n" + b"".join(b"k%d: v\n" % n for n in range(7_000)) + b"---\n\nText.",
    "reference definitions": lambda: b"".join(b"[r%d]: /u\n" % n for n in range(20_000)) + b"\ntext",
    "footnotes": lambda: b"".join(b"[^f%d]: a\n\n" % n for n in range(20_000)) + b"[^f1]" * 20_000,
    "comments without end": lambda: b"<!-- a\n" * 20_000 + b"\n\n" + b"<!--" * 20_000,
    "comments in comments": lambda: b"Some.\n\n" + b"<!--\n\n" * 60_000 + b"--> tail\n",
    "comments in lists": lambda: b"- <!--\n" * 60_000,
    "a list without end": lambda: b"Of these:\n\n" + b"- word\n\n" * 90_000,
}


def _build(names: Sequence[str], pipe: Connection) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        model = make_model(place)
        for name in names:
            path = place / "hostile.md"
            path.write_bytes(ARTICLES[name]())
            began = time.monotonic()
            try:
                qa.build(path, place / "index", model=str(model))
                answer = qa.load(place / "index").ask(QUESTION)
                found = answer.verdict if answer.verdict in VERDICTS else f"fault: {answer.verdict}"
            except qa.QaError as error:
                found = "refused" if str(path) in str(error) else f"fault: unnamed: {error}"
            except BaseException as error:
                found = f"fault: {type(error).__name__}: {error}"
            held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            pipe.send((found, time.monotonic() - began, held))


def build(names: Sequence[str]) -> tuple[Counter[str], list[str]]:
    """Build and ask each in one process of its own; return how they ended, and what was wrong."""
    here, there = multiprocessing.get_context("spawn").Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=_build, args=(names, there), daemon=True)
    child.start()
    there.close()
    ended: Counter[str] = Counter()
    wrong: list[str] = []
    slowest, peak = 0.0, 0
    for name in names:
        try:
            if not here.poll(2 * SECONDS):
                raise EOFError
            found, seconds, held = here.recv()
        except EOFError:
            child.kill()
            return ended, [*wrong, f"{name}: crashes or hangs"]
        slowest, peak = max(slowest, seconds), max(peak, held)
        ended[found.split(":")[0]] += 1
        if found.startswith("fault") or seconds > SECONDS or held > BYTES:
            wrong.append(f"{name}: {found}, {seconds:.0f} s, {held >> 20} MB")
    child.join()
    return ended + Counter({"seconds, the slowest": round(slowest), "MB held at most": peak >> 20}), wrong


def run(count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Build so many of them, from one of them on."""
    names = [*ARTICLES][seed:] + [*ARTICLES][:seed]
    return build(names[:count])


if __name__ == "__main__":
    command(
        run,
        what=(__doc__ or "").splitlines()[0],
        option="--articles",
        times=len(ARTICLES),
        fine="Each was refused by name, or built and asked, in bounds.",
    )
