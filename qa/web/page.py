"""The page: the article, ready to be read at once, and beside it the chat, a Gradio component."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote as percent
from urllib.parse import urlsplit

import gradio as gr
from gradio.events import api
from pydantic import BaseModel, Field, ValidationError

from qa.answer import Answer
from qa.article import BETWEEN_CELLS, ROW_GAP, Article, is_table
from qa.bot import clean
from qa.errors import QaError
from qa.followup import candidates
from qa.index import Index
from qa.passages import HEADING_SEPARATOR, Passage
from qa.settings import Settings
from qa.suggestions import suggestions
from qa.web.api import MAX_SEARCHED, AnswerModel, PassageModel
from qa.web.desk import BusyError, Desk
from qa.web.words import choose, words

STATIC = Path(__file__).parent / "static"
SANS = ("system-ui", "sans-serif")
THEME = gr.themes.Base(font=SANS, font_mono=("ui-monospace", "monospace"))
"""Fonts of the reader's own machine: Gradio's themes would otherwise bring theirs from elsewhere."""

STARTERS = 6
SESSIONS = 100
FRAGMENT_WORDS = 6
"""Words at each end of a passage that a text fragment names; a shorter one is named whole."""

NAME_WORDS = 5
"""First words of a passage without a heading that it is called by."""

CONTEXT_WORDS = 3
"""Words before and after a quote that its text fragment names."""

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

HEAD_OF_GRADIO = re.compile(
    r'\s*<(?:meta\s+(?:property="og:|name="twitter:)[^>]*|link rel="(?:manifest|stylesheet)"[^>]*)>'
)
"""What the page does without: cards that name Gradio, and its styles, which would hold up the first view."""

ROOT = re.compile(r"<gradio-app\b.*?</gradio-app>", re.S)


class Turn(BaseModel):
    """A message of the conversation, which the browser keeps and sends along."""

    role: Literal["user", "assistant"]
    content: str


class Asked(BaseModel):
    """What the page sends with a question."""

    question: str
    history: Annotated[list[Turn], Field(max_length=1_000)] = []


class Leading(BaseModel):
    """What the page sends when it wants further questions."""

    shown: Annotated[list[str], Field(max_length=1_000)] = []
    k: Annotated[int, Field(ge=1, le=6)] = 3


@dataclass(frozen=True, eq=False)
class Unasked:
    """Puts questions to a desk that nobody has asked, so that they count as none."""

    desk: Desk

    @property
    def index(self) -> Index:
        """The index that answers come from."""
        return self.desk.index

    def ask(self, question: str) -> Answer:
        """Answer a question."""
        return self.desk.attempt(question)


def build_page(desk: Desk, settings: Settings) -> gr.Blocks:
    """Return the chat, with the named endpoints ``/ask`` and ``/search``.

    No conversation is held here: the browser sends what was said with each question.
    """

    unasked = Unasked(desk)

    # Awaited: in Gradio's threads questions would wait for each other, and no limit of the queue would hold.
    async def reply(data: Any) -> dict[str, Any]:
        try:
            asked = Asked.model_validate(data)
            history = [turn.model_dump() for turn in asked.history]
            answer = await desk.ask_async(asked.question, history)
        except BusyError:
            return {"refused": "busy"}
        except (QaError, ValidationError):
            return {"refused": "refused"}
        leans = len(candidates(clean(asked.question), history)) > 1
        return shown(answer, desk.index.articles) | {"leans": leans}

    def further(data: Any) -> list[str]:
        try:
            wanted = Leading.model_validate(data)
            return suggestions(unasked, wanted.shown, wanted.k)
        except (QaError, ValidationError):
            return []

    def ask(question: str, history: list[dict[str, str]] | None = None) -> dict[str, Any]:
        """Answer a question in the article's own words, or say that the article does not answer it."""
        try:
            return desk.ask(question, history or []).to_dict()
        except QaError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def search(question: str, k: int = 5) -> list[dict[str, str | int | float]]:
        """Return the passages nearest to a question, best first, without judging whether they answer."""
        try:
            return [passage.to_dict() for passage in desk.search(question, min(k, MAX_SEARCHED))]
        except QaError as error:
            raise gr.Error(str(error), print_exception=False) from error

    # Gradio reads the types of what comes back from here, and does not resolve those written as text.
    ask.__annotations__["return"] = AnswerModel
    search.__annotations__["return"] = list[PassageModel]
    with gr.Blocks(title=desk.index.articles[0].title, analytics_enabled=False) as page:
        gr.HTML(
            html_template='<div class="qa-chat"></div>',
            js_on_load="window.articleChat(element, server)",
            apply_default_css=False,
            server_functions=[reply, further],
        )
        api(ask, api_name="ask")
        api(search, api_name="search")
    # The desk's limit holds. Gradio counts those under way as waiting, and would refuse all where it is 0.
    page.queue(max_size=settings.concurrency + settings.queue, default_concurrency_limit=settings.concurrency)
    # Gradio keeps what it calls a session's state for the last 10,000 callers, 6 KB each; here it is empty.
    page.state_session_capacity = SESSIONS
    assert isinstance(page, gr.Blocks)
    return page


def shown(answer: Answer, articles: tuple[Article, ...]) -> dict[str, Any]:
    """Return what the page shows of an answer: plain JSON types, no HTML."""
    sure = answer.confidence
    quote = None
    if answer.quote is not None:
        inner = answer.quote
        passage = answer.passages[0]
        start, end = passage.sentences_at(inner.start, inner.end)
        quote = {
            "text": inner.text,
            "before": inner.article.text[start : inner.start],
            "after": inner.article.text[inner.end : end],
            "start": inner.start,
            "end": inner.end,
            "source": text_fragment(
                inner.article.source,
                inner.text,
                before=inner.article.text[passage.start : inner.start],
                after=inner.article.text[inner.end : passage.end],
            ),
        }
    level = "sure_high" if sure >= 0.9 else "sure_good" if sure >= 0.7 else "sure_fair"
    return {
        "question": answer.question,
        "verdict": answer.verdict,
        "kind": None if answer.kind == "verdict" else answer.kind,
        "sure": level if answer.verdict == "answered" else "sure_no",
        "percent": min(99, round(100 * sure)),
        "quote": quote,
        "passages": [_passage(p, articles) for p in answer.places] if answer.verdict != "off_topic" else [],
    }


def _passage(passage: Passage, articles: tuple[Article, ...]) -> dict[str, Any]:
    number = next(i for i, article in enumerate(articles) if article is passage.article)
    source = text_fragment(passage.article.source, passage.text)
    return passage.to_dict() | {
        "number": number,
        "language": passage.article.language,
        "name": _name(passage),
        "source": source,
    }


def _name(passage: Passage) -> str:
    """Return what a passage is called: its inmost heading, else its first words; "" for the first of all."""
    _, lead = passage.article.paragraphs[0]
    if passage.heading not in {"", passage.article.title}:
        return passage.heading.split(HEADING_SEPARATOR)[-1]
    if passage.start == lead.start:
        return ""
    return f"{' '.join(passage.text.split()[:NAME_WORDS])} …"


def text_fragment(source: str, text: str, before: str = "", after: str = "") -> str:
    """Return a link to where ``text`` stands on the publisher's page, or "" if ``source`` is no web address.

    ``before`` and ``after`` are what surrounds it, which tells it from the same words elsewhere.

    Encoded as https://wicg.github.io/scroll-to-text-fragment/ asks: the dash, comma and ampersand
    part its fields, so in a word they are written with a percent sign, and quote() leaves the dash.
    """
    if not _is_web_address(source):
        return ""

    def encode(words: Iterable[str]) -> str:
        return percent(" ".join(words), safe="").replace("-", "%2D")

    # A field matches within one block alone, and so are a table's cells and a list's items.
    rows = text.split(ROW_GAP)
    parts = [cell for row in rows for cell in BETWEEN_CELLS.split(row)[::2]] if is_table(text) else rows
    cells = [part.split() for part in parts if part] or [[]]
    whole = len(cells) == 1 and len(cells[0]) <= 2 * FRAGMENT_WORDS
    ends = cells if whole else [cells[0][:FRAGMENT_WORDS], cells[-1][-FRAGMENT_WORDS:]]
    fields = list(map(encode, ends))
    before = BETWEEN_CELLS.split(before.split(ROW_GAP)[-1])[-1]
    after = BETWEEN_CELLS.split(after.split(ROW_GAP)[0])[0]
    # Only whole words: what is parted from the text by no blank is no word of its own.
    if before[-1:].isspace() and (words_before := before.split()[-CONTEXT_WORDS:]):
        fields.insert(0, f"{encode(words_before)}-")
    if after[:1].isspace() and (words_after := after.split()[:CONTEXT_WORDS]):
        fields.append(f"-{encode(words_after)}")
    address = source.partition(":~:")[0].removesuffix("#")
    return f"{address}{'' if '#' in address else '#'}:~:text={','.join(fields)}"


def _is_web_address(source: str) -> bool:
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def render_article(article: Article, number: int = 0) -> str:
    """Return an article's HTML. Each block carries its offsets, in code points, into the article's text."""
    return "".join(_blocks(article, number))


def _blocks(article: Article, number: int) -> Iterator[str]:
    yield f'<article {_language(article)} data-article="{number}" aria-labelledby="a{number}">'
    yield f'<header><h1 id="a{number}">{_plain(article.title)}</h1>'
    byline = [_plain(text) for text in (article.author, article.published) if text]
    if _is_web_address(article.source):
        host = _plain(urlsplit(article.source).netloc)
        byline.append(f'<a href="{escape(article.source)}" rel="noopener noreferrer">{host}</a>')
    if byline:
        yield f'<p class="byline">{" · ".join(byline)}</p>'
    yield "</header>"
    for place, section in enumerate(article.sections):
        if section.heading:
            tag = f"h{min(section.level + 1, 6)}"
            span = f'data-start="{section.start}" data-end="{section.end}"'
            yield f'<{tag} id="a{number}s{place}" {span}>{_plain(section.heading)}</{tag}>'
        for p in section.paragraphs:
            lead = ' class="lead"' if not place and not section.heading and p is section.paragraphs[0] else ""
            text = _plain(article.text[p.start : p.end])
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


def _outline(articles: tuple[Article, ...]) -> Iterator[str]:
    for number, article in enumerate(articles):
        language = _language(article)
        if len(articles) > 1:
            yield f'<li {language}><a href="#a{number}">{_plain(article.title)}</a></li>'
        for place, section in enumerate(article.sections):
            if section.heading and section.level <= 2:
                link = f'<a href="#a{number}s{place}">{_plain(section.heading)}</a>'
                yield f'<li class="level{section.level}" {language}>{link}</li>'


def with_article(html: str, desk: Desk, settings: Settings, accept_language: str = "") -> str:
    """Return Gradio's page with the article and the page's own styles and script put in.

    Args:
        html: what Gradio serves.
        desk: whose articles are shown.
        settings: the operator's.
        accept_language: the browser's header, which chooses the interface's language.
    """
    articles, language = desk.index.articles, choose(accept_language)
    say = words(language)
    page = {
        "language": language,
        "articleLanguage": articles[0].language,
        "words": say,
        "limit": settings.max_question,
        "feedback": settings.feedback is not None,
        "starters": [q for article in articles for q in article.questions][:STARTERS],
    }
    said = {name: escape(text) for name, text in say.items()}
    title = _plain(articles[0].title)
    _, lead = articles[0].paragraphs[0]
    description = escape(articles[0].text[lead.start : lead.end][:200])
    head = (
        f'<title>{title}</title><meta name="description" content="{description}">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{_static('page.css')}</style><script>{_static('theme.js')}</script></head>"
    )
    main = (
        f'<a class="skip" href="#question">{said["skip"]}</a>'
        f'<header class="masthead"><p class="name">{said["name"]}</p>'
        f'<div class="panes" role="group" aria-label="{said["panes"]}">'
        f'<button type="button" data-pane="article" aria-pressed="true">{said["article"]}</button>'
        f'<button type="button" data-pane="chat" aria-pressed="false">{said["chat"]}</button></div>'
        '<button type="button" class="theme"></button></header>'
        '<main class="desk" data-pane="article">'
        f'<div class="reading" tabindex="0" role="region" aria-label="{said["article"]}">'
        f'<nav class="outline" aria-label="{said["contents"]}"><p>{said["contents"]}</p>'
        f"<ol>{''.join(_outline(articles))}</ol></nav>"
        f"<div>{''.join(render_article(article, i) for i, article in enumerate(articles))}</div></div>"
        '<div class="asking">'
        f'<p class="loading">{said["loading"]}</p><noscript><p>{said["noscript"]}</p></noscript>'
    )
    # In a script element only "</" and "<!--" could end what is meant as data.
    data = json.dumps(page, ensure_ascii=False).replace("<", "\\u003c")
    end = (
        f'</div></main><script type="application/json" id="page-data">{data}</script>'
        f"<script>{_static('page.js')}</script>"
    )
    html = HEAD_OF_GRADIO.sub("", html)
    html = html.replace('lang="en"', f'lang="{language}"', 1).replace("</head>", head, 1)
    # A function, so that no backslash in an article is read as a group's number.
    return ROOT.sub(lambda root: main + root.group() + end, html, count=1)


@functools.cache
def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _plain(text: str) -> str:
    """Escape text for HTML: one character of it stays one in the browser, which drops NUL."""
    return escape(text.replace("\x00", "\ufffd"))
