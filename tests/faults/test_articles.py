"""Hostile articles: an error that says why, or an article, in bounded time and memory."""

import multiprocessing
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from qa.article import MAX_BYTES, MAX_PARAGRAPH, read_article
from qa.errors import ArticleError

SECONDS = 120
BYTES = 1_500_000_000

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
}


def _child(path: Path, pipe: Connection) -> None:
    try:
        article = read_article(path)
        found = len(article.text)
    except ArticleError as error:
        found = str(error)
    except BaseException as error:
        found = error
    pipe.send((found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


@pytest.mark.parametrize("name", ARTICLES)
def test_a_hostile_article_is_read_or_refused_within_bounds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.md"
    path.write_bytes(ARTICLES[name]())
    here, there = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(path, there))
    child.start()
    there.close()
    try:
        assert here.poll(SECONDS), "no answer in time"
        found, peak = here.recv()
    finally:
        child.kill()
        child.join()
    if isinstance(found, str):
        assert str(path) in found
    else:
        assert isinstance(found, int)
        assert found > 0
    assert peak < BYTES


def test_what_is_read_of_html_is_text(tmp_path: Path) -> None:
    path = tmp_path / "article.md"
    path.write_bytes(b"# <b>Head</b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))")
    assert read_article(path).text == "<script>alert(1)</script>\n\n[x](javascript:alert(1))"
