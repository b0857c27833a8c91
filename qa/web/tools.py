"""The article as two tools for language models, by the Model Context Protocol over HTTP.

Gradio could offer its endpoints as tools itself, but would call itself over HTTP, past its queue, for
each tool call, and returns text alone. The protocol's own library answers directly, and typed.
"""

from __future__ import annotations

from typing import Annotated

from mcp.server.fastmcp import FastMCP
from mcp.server.fastmcp.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.applications import Starlette

from qa.errors import QaError
from qa.web.access import MAX_BODY, MCP_PATH
from qa.web.api import MAX_SEARCHED, AnswerModel, History, PassagesModel, Question
from qa.web.desk import Desk

READS_ONLY = ToolAnnotations(readOnlyHint=True, idempotentHint=True, openWorldHint=False)


def tools(desk: Desk) -> tuple[FastMCP[None], Starlette]:
    """Return the tools' server, whose session manager must run, and the app that serves it at ``/mcp``."""
    titles = ", ".join(f"“{article.title}”" for article in desk.index.articles)
    server: FastMCP[None] = FastMCP(
        "article-qa",
        instructions=f"Answers questions about {titles} in the text's exact words, or says that it does "
        "not say. Quote what comes back as it is. Where the verdict is not “answered”, there is no answer.",
        streamable_http_path=MCP_PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_BODY,
        # qa.web.access guards hosts and origins for every route, by the operator's settings.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )

    @server.tool(
        title="Ask the article",
        description="Answer a question about the article with its exact words and the place they stand at, "
        "or say plainly that the article does not answer it. Nothing is generated.",
        annotations=READS_ONLY,
        structured_output=True,
    )
    async def ask_article(
        question: Question,
        history: History = [],  # noqa: B006 - never changed, and the schema shows it
    ) -> AnswerModel:
        try:
            answer = await desk.ask_async(question, [turn.to_message() for turn in history])
        except QaError as error:
            raise ToolError(str(error)) from error
        return AnswerModel.model_validate(answer.to_dict())

    @server.tool(
        title="Search the article",
        description="Return the passages of the article that are nearest to a question or to words, best "
        "first, without judging whether they answer it.",
        annotations=READS_ONLY,
        structured_output=True,
    )
    async def search_article(
        question: Question,
        k: Annotated[int, Field(ge=1, le=MAX_SEARCHED, description="How many passages to return.")] = 5,
    ) -> PassagesModel:
        try:
            passages = await desk.search_async(question, k)
        except QaError as error:
            raise ToolError(str(error)) from error
        return PassagesModel.model_validate({"passages": [passage.to_dict() for passage in passages]})

    return server, server.streamable_http_app()
