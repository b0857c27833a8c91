"""The article as tools: the official client, over HTTP, against a server that really runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from conftest import Start
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult

import qa
from tests.served import Served

T = TypeVar("T")
QUESTION = "How many containers of munitions were sent?"


def with_session(served: Served, use: Callable[[ClientSession], Awaitable[T]], **options: Any) -> T:
    async def run() -> T:
        async with (
            httpx.AsyncClient(timeout=30, **options) as client,
            streamable_http_client(f"{served.url}/mcp", http_client=client) as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await use(session)

    return asyncio.run(run())


def call(served: Served, tool: str, **arguments: Any) -> CallToolResult:
    return with_session(served, lambda session: session.call_tool(tool, arguments))


def test_two_tools_and_no_others_each_described(server: Served) -> None:
    listed = with_session(server, lambda session: session.list_tools())
    tools = {tool.name: tool for tool in listed.tools}
    assert set(tools) == {"ask_article", "search_article"}
    for tool in tools.values():
        assert tool.description and "\n" not in tool.description
        assert tool.annotations and tool.annotations.readOnlyHint
        assert tool.inputSchema["required"] == ["question"]
        for field in tool.inputSchema["properties"].values():
            assert field["description"]
    assert set(tools["ask_article"].inputSchema["properties"]) == {"question", "history"}
    assert set(tools["search_article"].inputSchema["properties"]) == {"question", "k"}
    output = tools["ask_article"].outputSchema
    assert output is not None
    assert set(output["properties"]) == {
        "question",
        "verdict",
        "confidence",
        "quote",
        "passages",
        "message",
        "kind",
    }


def test_the_tools_answer_as_the_package_does(server: Served, bot: qa.Bot) -> None:
    asked = call(server, "ask_article", question=QUESTION)
    assert not asked.isError
    assert asked.structuredContent == bot.ask(QUESTION).to_dict()
    history = [{"role": "user", "content": QUESTION}, {"role": "assistant", "tool_calls": []}]
    followed = call(server, "ask_article", question="Why?", history=history)
    assert followed.structuredContent == bot.ask("Why?", history).to_dict()
    found = call(server, "search_article", question=QUESTION, k=2)
    assert found.structuredContent == {"passages": [p.to_dict() for p in bot.search(QUESTION, k=2)]}


def test_what_cannot_be_taken_is_an_error_in_words(server: Served) -> None:
    for arguments in (
        {"question": ""},
        {"question": "x" * 3_000},
        {"question": 7},
        {},
        {"question": "x", "k": 0},
    ):
        tool = "search_article" if "k" in arguments else "ask_article"
        result = call(server, tool, **arguments)
        assert result.isError
        assert "Traceback" not in result.content[0].text  # type: ignore[union-attr]


def test_a_password_closes_it_and_opens_it(start: Start, bot: qa.Bot) -> None:
    served = start(auth="reader:word")
    assert httpx.post(f"{served.url}/mcp", json={}).status_code == 401
    listed = with_session(served, lambda session: session.list_tools(), auth=("reader", "word"))
    assert len(listed.tools) == 2
