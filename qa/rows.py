"""The lines of an index: its articles as building read them, and the passages cut from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from qa.article import LANGUAGE, ROW_GAP, Article, assemble
from qa.errors import IndexFolderError
from qa.manifest import ARTICLES, Manifest
from qa.passages import Passage

Line = Annotated[str, msgspec.Meta(pattern=r"\A(?:\S+(?: \S+)*)?\Z")]
"""One line, perhaps an empty one, without blanks that mean nothing."""

Text = Annotated[Line, msgspec.Meta(min_length=1)]
Lines = Annotated[str, msgspec.Meta(pattern=rf"\A\S+(?:(?:[ {ROW_GAP}]|(?<=\|)  (?=\|))\S+)*\Z")]
"""A paragraph's text, or a table's, a line for each row, in which an empty cell leaves two blanks."""


class ArticleRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of ``articles.jsonl``: an article as building read it, so that nothing moves an offset later."""

    title: Text
    language: Annotated[str, msgspec.Meta(pattern=rf"\A{LANGUAGE.pattern}\Z")]
    author: Line
    published: Line
    source: Line
    questions: tuple[Text, ...]
    blocks: tuple[tuple[Annotated[int, msgspec.Meta(ge=0, le=6)], Lines], ...]


class PassageRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of ``passages.jsonl``; ``article`` counts the manifest's articles from 0."""

    id: Annotated[str, msgspec.Meta(pattern=r"\A(?:a[0-9]+)?p[0-9]+\Z")]
    article: Annotated[int, msgspec.Meta(ge=0)]
    heading: Line
    start: int
    end: int
    sentences: tuple[tuple[int, int], ...]


Row = TypeVar("Row", ArticleRow, PassageRow)


def read_articles(folder: Path, manifest: Manifest) -> tuple[Article, ...]:
    """Read the articles that an index holds, as they were when it was built.

    Raises:
        IndexFolderError: if a line is no article, or there are not as many as were indexed.
    """
    path = folder / ARTICLES
    articles = []
    for _, row in _rows(path, ArticleRow, "article"):
        about = msgspec.structs.asdict(row)
        articles.append(assemble(about.pop("blocks"), **about))
        if not articles[-1].paragraphs:
            raise IndexFolderError(f"{path}: holds an article without a paragraph. Rebuild the index.")
    if len(articles) != len(manifest.articles):
        raise IndexFolderError(
            f"{path}: holds {len(articles)} articles, and not those of the manifest. Rebuild the index."
        )
    return tuple(articles)


def write_articles(path: Path, articles: Sequence[Article]) -> None:
    """Write articles, a line each."""
    rows = [msgspec.convert(article, ArticleRow, from_attributes=True) for article in articles]
    path.write_bytes(msgspec.json.Encoder().encode_lines(rows))


def write_passages(path: Path, passages: Sequence[Passage], articles: Sequence[Article]) -> None:
    """Write passages, a line each, with the number of the article that they are cut from."""
    numbers = {id(article): number for number, article in enumerate(articles)}
    rows = [
        PassageRow(p.id, numbers[id(p.article)], p.heading, p.start, p.end, p.sentences) for p in passages
    ]
    path.write_bytes(msgspec.json.Encoder().encode_lines(rows))


def read_passages(path: Path, articles: tuple[Article, ...]) -> tuple[Passage, ...]:
    """Read the passages of articles.

    Raises:
        IndexFolderError: if a line is no passage, or lies outside its article, or there is none.
    """
    passages = []
    for number, row in _rows(path, PassageRow, "passage"):
        text = articles[row.article].text if row.article < len(articles) else ""
        bounds = [row.start, *itertools.chain.from_iterable(row.sentences), row.end]
        sentences = bounds == sorted(bounds) and all(start < end for start, end in row.sentences)
        if not (0 <= row.start < row.end <= len(text) and sentences):
            raise IndexFolderError(f"{path}:{number}: lies outside the article. Rebuild the index.")
        article = articles[row.article]
        passages.append(Passage(row.id, row.heading, row.start, row.end, article, row.sentences))
    if not passages:
        raise IndexFolderError(f"{path}: holds no passage. Rebuild the index.")
    if len({passage.id for passage in passages}) < len(passages):
        raise IndexFolderError(f"{path}: holds two passages of one id. Rebuild the index.")
    return tuple(passages)


def _rows(path: Path, kind: type[Row], what: str) -> Iterator[tuple[int, Row]]:
    """Yield a file's lines as rows of a kind, each with its number; ``what`` one is, an error says."""
    rows = msgspec.json.Decoder(kind)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                row = rows.decode(line)
            except ValueError as error:
                raise IndexFolderError(f"{path}:{number}: is no {what}. Rebuild the index.") from error
            yield number, row
