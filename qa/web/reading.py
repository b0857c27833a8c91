"""What the page shows for reading: the articles' HTML, and their outline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from qa.article import BETWEEN_CELLS, ROW_GAP, Article, cells, is_table
from qa.passages import Passage
from qa.web.fragment import is_web_address

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

FIGURE = re.compile(r"[\s%$€£¥+−–±<>~≈-]*\d[\d.,:/\s]*[\s%$€£¥]*(?:[a-z]{1,3}\.?)?|[–—-]?|n/?a")
"""A cell of a column of figures, which end below each other: 3,600, +4.5 %, $12 m, or none."""


def article_html(article: Article, number: int = 0) -> str:
    """Return an article's HTML. Each block carries its offsets, in code points, into the article's text."""
    return "".join(_blocks(article, number))


def _blocks(article: Article, number: int) -> Iterator[str]:
    yield f'<article {_language(article)} data-article="{number}" aria-labelledby="a{number}">'
    yield f'<header><h1 id="a{number}">{text_html(article.title)}</h1>'
    byline = [text_html(text) for text in (article.author, article.published) if text]
    if is_web_address(article.source):
        host = text_html(urlsplit(article.source).netloc.rpartition("@")[2])
        byline.append(f'<a href="{escape(article.source)}" rel="noopener noreferrer">{host}</a>')
    if byline:
        yield f'<p class="byline">{" · ".join(byline)}</p>'
    yield "</header>"
    for place, section in enumerate(article.sections):
        if section.heading:
            tag = f"h{min(section.level + 1, 6)}"
            span = f'data-start="{section.start}" data-end="{section.end}"'
            yield f'<{tag} id="a{number}s{place}" {span}>{text_html(section.heading)}</{tag}>'
        for p in section.paragraphs:
            lead = ' class="lead"' if not place and not section.heading and p is section.paragraphs[0] else ""
            text = article.text[p.start : p.end]
            span = f'data-start="{p.start}" data-end="{p.end}"'
            if is_table(text):
                yield _table(text, span)
            elif ROW_GAP in text:
                yield _list(text, span)
            else:
                yield f"<p{lead} {span}>{text_html(text)}</p>"
    yield "</article>"


def _table(text: str, span: str) -> str:
    """Return the HTML of a table that holds its text to the letter: what parts cells and rows, unseen."""
    html, tag = "", 'th scope="col"'
    *rows, last = text.split(ROW_GAP)
    figures = _figures([cells(row) for row in (*rows[1:], last)])
    for row, end in [*((row, ROW_GAP) for row in rows), (last, "")]:
        parts = [*BETWEEN_CELLS.split(row), end]
        html += "<tr>"
        for column, (cell, gap) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
            kind = ' class="figure"' if column in figures else ""
            html += f"<{tag}{kind}>{text_html(cell)}<span hidden>{gap}</span>"
        tag = "td"
    # A box that scrolls is reached by the keyboard, in Safari too, and has the name of its columns.
    name = escape(", ".join(filter(None, cells((*rows, last)[0]))))
    box = f'<div class="table" tabindex="0" role="group" aria-label="{name}">'
    return f"{box}<table {span}>{html}</table></div>"


def layout(passage: Passage, start: int, end: int) -> dict[str, Any] | None:
    """Return how a stretch of a passage, between offsets into the article, is laid out; None for plain words.

    A table's rows are cells, below the table's head even where the stretch holds none; ``figures`` are the
    columns of figures, counted from 0. A list's are an introduction and items.
    """
    lines = passage.article.text[start:end].split(ROW_GAP)
    if head := passage.table_head:
        rows = [cells(line) for line in (lines[1:] if start == passage.paragraph[0] else lines)]
        return {"head": cells(head), "rows": rows, "figures": _figures(rows)}
    if len(lines) > 1:
        return {"introduction": lines[0], "items": lines[1:]}
    return None


def _figures(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that hold figures alone."""
    columns = [[row[i] for row in rows if i < len(row)] for i in range(max(map(len, rows), default=0))]
    return [i for i, each in enumerate(columns) if any(each) and all(map(FIGURE.fullmatch, each))]


def _list(text: str, span: str) -> str:
    """Return the HTML of a list and of what introduces it, in the same way."""
    gap = f"<span hidden>{ROW_GAP}</span>"
    introduction, *items = text_html(text).split(ROW_GAP)
    listed = gap.join(f"<li>{item}" for item in items)
    return f'<div class="list" {span}><p>{introduction}{gap}</p><ul>{listed}</ul></div>'


def _language(article: Article) -> str:
    """Return the attributes of an element that holds an article's words."""
    direction = "rtl" if article.primary_language in RIGHT_TO_LEFT else "ltr"
    return f'lang="{escape(article.language)}" dir="{direction}"'


def outline_html(articles: Sequence[Article]) -> str:
    """Return the items of a list of links: to the articles, where they are several, and to their sections."""
    return "".join(_entries(articles))


def _entries(articles: Sequence[Article]) -> Iterator[str]:
    for number, article in enumerate(articles):
        language = _language(article)
        if len(articles) > 1:
            yield f'<li {language}><a href="#a{number}">{text_html(article.title)}</a></li>'
        for place, section in enumerate(article.sections):
            if section.heading and section.level <= 2:
                link = f'<a href="#a{number}s{place}">{text_html(section.heading)}</a>'
                yield f'<li class="level{section.level}" {language}>{link}</li>'


def text_html(text: str) -> str:
    """Escape text for HTML: one character of it stays one in the browser, which drops NUL."""
    return escape(text.replace("\x00", "\ufffd"))
