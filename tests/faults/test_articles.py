"""Hostile articles: an error that says why, or an article, in bounded time and memory."""

import multiprocessing
import resource
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from qa.errors import ArticleError
from qa.markup import read_article
from tests.faults.articles import ARTICLES, BYTES, SECONDS, build


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


def test_what_is_read_of_hostile_articles_is_built_and_asked() -> None:
    ended, wrong = build(["html", "zero bytes", "yaml of many keys", "brackets"])
    assert not wrong
    assert ended["refused"] == 2, "bytes that are zero, and brackets deeper than Python goes"


def test_what_is_read_of_html_is_text(tmp_path: Path) -> None:
    path = tmp_path / "article.md"
    path.write_bytes(b"# <b>Head</b>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))")
    assert read_article(path).text == "<script>alert(1)</script>\n\n[x](javascript:alert(1))"
