"""The page: the article, ready to be read at once, and beside it the chat, a Gradio component."""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain, zip_longest
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import gradio as gr
from gradio.events import api
from pydantic import BaseModel, Field, ValidationError

from qa.answer import Answer
from qa.article import BETWEEN_CELLS, Article
from qa.bot import clean
from qa.errors import QaError
from qa.followup import candidates
from qa.index import Index
from qa.passages import HEADING_SEPARATOR, Passage
from qa.settings import Settings
from qa.suggestions import suggestions
from qa.web.api import MAX_SEARCHED, AnswerModel, History, PassageModel
from qa.web.desk import BusyError, Desk
from qa.web.fragment import is_web_address, text_fragment
from qa.web.reading import article_html, layout, outline_html, text_html
from qa.web.words import choose, words

STATIC = Path(__file__).parent / "static"
SANS = ("system-ui", "sans-serif")
THEME = gr.themes.Base(font=SANS, font_mono=("ui-monospace", "monospace"))
"""Fonts of the reader's own machine: Gradio's themes would otherwise bring theirs from elsewhere."""

STARTERS = 6
SESSIONS = 100
NAME_WORDS = 5
"""First words of a passage without a heading that it is called by."""

HEAD_OF_GRADIO = re.compile(
    r'\s*<(?:meta\s+(?:property="og:|name="twitter:)[^>]*|link rel="(?:manifest|stylesheet)"[^>]*)>'
)
"""What the page does without: cards that name Gradio, and its styles, which would hold up the first view."""

ROOT = re.compile(r"<gradio-app\b.*?</gradio-app>", re.S)


class Asked(BaseModel):
    """What the page sends with a question."""

    question: str
    history: History = []
    passages_version: str


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
    version = desk.index.manifest.passages_version

    # Awaited: in Gradio's threads questions would wait for each other, and no limit of the queue would hold.
    async def reply(data: Any) -> dict[str, Any]:
        try:
            asked = Asked.model_validate(data)
            if asked.passages_version != version:  # The page was opened before another index took its place.
                return {"refused": "changed"}
            history = [turn.to_message() for turn in asked.history]
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

    def ask(question: str, history: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Answer a question in the article's own words, or say that the article does not answer it."""
        try:
            return desk.ask(question, history or []).to_dict()
        except QaError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def search(question: str, k: int = 5) -> list[dict[str, str | int | float]]:
        """Return the passages nearest to a question, best first, without judging whether they answer."""
        try:
            most = min(k, MAX_SEARCHED) if isinstance(k, int) else k
            return [passage.to_dict() for passage in desk.search(question, most)]
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
            "layout": layout(passage, inner.start, inner.end),
            "source": text_fragment(passage, inner.start, inner.end),
        }
    places = [_passage(p, articles) for p in answer.places] if answer.verdict != "off_topic" else []
    alike = Counter((place["number"], place["name"]) for place in places)
    for place in places:
        # Those of one section are told apart by their first words, where these are not shown anyhow.
        if quote is not None and alike[place["number"], place["name"]] > 1:
            place["name"] += f": {_opening(place['text'])}"
    level = "sure_high" if sure >= 0.9 else "sure_good" if sure >= 0.7 else "sure_fair"
    return {
        "question": answer.question,
        "verdict": answer.verdict,
        "kind": None if answer.kind == "verdict" else answer.kind,
        "sure": level if answer.verdict == "answered" else "sure_no",
        "percent": answer.percent,
        "quote": quote,
        "passages": places,
    }


def _passage(passage: Passage, articles: tuple[Article, ...]) -> dict[str, Any]:
    number = next(i for i, article in enumerate(articles) if article is passage.article)
    # A table's head is shown where it belongs, on top of the table.
    heading = passage.heading.removesuffix(passage.table_head).removesuffix(HEADING_SEPARATOR)
    return passage.to_dict() | {
        "number": number,
        "language": passage.article.language,
        "heading": heading,
        "name": _name(passage, heading) or (passage.article.title if len(articles) > 1 else ""),
        "layout": layout(passage, passage.start, passage.end),
        "source": text_fragment(passage, passage.start, passage.end),
    }


def _name(passage: Passage, heading: str) -> str:
    """Return what a passage is called: its inmost heading, else its first words; "" for the first of all."""
    _, lead = passage.article.paragraphs[0]
    inmost = heading.rpartition(HEADING_SEPARATOR)[2]
    if inmost not in {"", passage.article.title}:
        return inmost
    if passage.start == lead.start:
        return ""
    return _opening(passage.text)


def _opening(text: str) -> str:
    """Return the first words of a text."""
    return f"{' '.join(BETWEEN_CELLS.sub(' ', text).split()[:NAME_WORDS])} …"


class Reading(NamedTuple):
    """The articles as HTML: the outline's entries, and the text."""

    outline: str
    text: str

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Self:
        """Make it once: a long article takes its time, and is the same for every reader."""
        text = "".join(article_html(article, number) for number, article in enumerate(articles))
        return cls(outline_html(articles), text)


def with_article(
    html: str, reading: Reading, desk: Desk, settings: Settings, accept_language: str = ""
) -> str:
    """Return Gradio's page with the article and the page's own styles and script put in.

    Args:
        html: what Gradio serves.
        reading: the desk's articles.
        desk: whose articles are shown.
        settings: the operator's.
        accept_language: the browser's header, which chooses the interface's language.
    """
    articles, language = desk.index.articles, choose(accept_language)
    say = words(language)
    page = {
        "language": language,
        "articleLanguage": articles[0].language,
        "passagesVersion": desk.index.manifest.passages_version,
        "words": say,
        "limit": settings.max_question,
        "feedback": settings.feedback is not None,
        "articles": [
            {
                "title": a.title,
                "author": a.author,
                "published": a.published,
                "source": a.source,
                "linked": is_web_address(a.source),
                "language": a.language,
            }
            for a in articles
        ],
        "starters": _starters(articles),
    }
    said = {name: escape(text) for name, text in say.items()}
    title = text_html(articles[0].title)
    _, lead = articles[0].paragraphs[0]
    description = escape(articles[0].text[lead.start : lead.end][:200])
    head = (
        f'<title>{title}</title><meta name="description" content="{description}">'
        '<meta name="color-scheme" content="light dark">'
        f"<style>{_static('page.css')}</style><script>{_static('theme.js')}</script></head>"
    )
    main = (
        f'<a class="skip" href="#asking">{said["skip"]}</a>'
        f'<header class="masthead"><p class="name">{said["name"]}</p>'
        f'<div class="panes" role="group" aria-label="{said["panes"]}">'
        f'<button type="button" data-pane="article" aria-pressed="true">{said["article"]}</button>'
        f'<button type="button" data-pane="chat" aria-pressed="false">{said["chat"]}</button></div>'
        '<button type="button" class="theme"></button></header>'
        '<main class="desk" data-pane="article">'
        f'<div class="reading" tabindex="0" role="region" aria-label="{said["article"]}">'
        f'<nav class="outline" aria-label="{said["contents"]}"><p>{said["contents"]}</p>'
        f"<ol>{reading.outline}</ol></nav>"
        f"<div><noscript><p>{said['noscript']}</p></noscript>"
        f"{reading.text}</div></div>"
        '<div class="asking" id="asking" tabindex="-1"><p class="loading" role="status"></p>'
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


def _starters(articles: Sequence[Article]) -> list[str]:
    """Return the questions that are offered at the beginning: the articles' own, each article in its turn."""
    in_turn = chain.from_iterable(zip_longest(*(article.questions for article in articles)))
    return list(filter(None, in_turn))[:STARTERS]


@functools.cache
def _static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")
