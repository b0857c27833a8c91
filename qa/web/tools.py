"""The article as two tools for language models, by the Model Context Protocol over HTTP.

Gradio could offer its endpoints as tools itself, but holds pydantic back and calls itself over HTTP
for each tool call. The protocol's own library is small beside Gradio and answers directly.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.applications import Starlette

from qa.errors import QaError
from qa.web.access import MAX_BODY
from qa.web.api import MAX_SEARCHED, AnswerModel, PassagesModel, Question, Turn
from qa.web.desk import Desk

PATH = "/mcp"
READS_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def tools(desk: Desk) -> tuple[MCPServer[None], Starlette]:
    """Return the tools' server, whose session manager must run, and the app that serves it at ``/mcp``."""
    titles = ", ".join(f"“{article.title}”" for article in desk.index.articles)
    server: MCPServer[None] = MCPServer(
        "article-qa",
        title=titles,
        version=_version(),
        instructions=f"Answers questions about {titles} in the text's exact words, or says that it does "
        "not say. Quote what comes back as it is. Where the verdict is not “answered”, there is no answer.",
    )

    @server.tool(title="Ask the article", annotations=READS_ONLY, structured_output=True)
    async def ask_article(
        question: Question,
        history: Annotated[
            list[Turn], Field(max_length=1_000, description="The conversation so far, oldest first.")
        ] = [],  # noqa: B006 - never changed, and the schema shows it
    ) -> AnswerModel:
        """Answer a question about the article with its exact words and the place they stand at, or say
        plainly that the article does not answer it. Nothing is generated."""
        try:
            answer = await desk.ask_async(question, [turn.model_dump() for turn in history])
        except QaError as error:
            raise ToolError(str(error)) from error
        return AnswerModel.model_validate(answer.to_dict())

    @server.tool(title="Search the article", annotations=READS_ONLY, structured_output=True)
    async def search_article(
        question: Question,
        k: Annotated[int, Field(ge=1, le=MAX_SEARCHED, description="How many passages to return.")] = 5,
    ) -> PassagesModel:
        """Return the article's passages that are nearest to a question or to words, best first, without
        judging whether they answer it."""
        try:
            passages = await desk.search_async(question, k)
        except QaError as error:
            raise ToolError(str(error)) from error
        return PassagesModel.model_validate({"passages": [passage.to_dict() for passage in passages]})

    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_BODY,
        # qa.web.access guards hosts and origins for every route, by the operator's settings.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return server, app


def _version() -> str:
    try:
        return version("article-qa")
    except PackageNotFoundError:
        # In a Space the package lies beside app.py and is not installed.
        return ""
