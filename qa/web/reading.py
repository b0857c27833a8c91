"""What the page shows for reading: the articles' HTML, and their outline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import urlsplit

from qa.article import BETWEEN_CELLS, ROW_GAP, Article, is_table
from qa.web.fragment import is_web_address

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def article_html(article: Article, number: int = 0) -> str:
    """Return an article's HTML. Each block carries its offsets, in code points, into the article's text."""
    return "".join(_blocks(article, number))


def _blocks(article: Article, number: int) -> Iterator[str]:
    yield f'<article {_language(article)} data-article="{number}" aria-labelledby="a{number}">'
    yield f'<header><h1 id="a{number}">{text_html(article.title)}</h1>'
    byline = [text_html(text) for text in (article.author, article.published) if text]
    if is_web_address(article.source):
        host = text_html(urlsplit(article.source).netloc)
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
            text = text_html(article.text[p.start : p.end])
            span = f'data-start="{p.start}" data-end="{p.end}"'
            if is_table(text):
                yield _table(text, span)
            elif ROW_GAP in text:
                yield _list(text, span)
            else:
                yield f"<p{lead} {span}>{text}</p>"
    yield "</article>"


def _table(text: str, span: str) -> str:
    """Return the HTML of a table that holds its text to the letter: what parts cells and rows, unseen."""
    html, tag = "", 'th scope="col"'
    *rows, last = text.split(ROW_GAP)
    for row, end in [*((row, ROW_GAP) for row in rows), (last, "")]:
        parts = [*BETWEEN_CELLS.split(row), end]
        cells = zip(parts[::2], parts[1::2], strict=True)
        html += f"<tr>{''.join(f'<{tag}>{cell}<span hidden>{gap}</span>' for cell, gap in cells)}"
        tag = "td"
    return f'<div class="table"><table {span}>{html}</table></div>'


def _list(text: str, span: str) -> str:
    """Return the HTML of a list and of what introduces it, in the same way."""
    gap = f"<span hidden>{ROW_GAP}</span>"
    introduction, *items = text.split(ROW_GAP)
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
