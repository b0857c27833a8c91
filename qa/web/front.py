"""What readers and language models come to: Gradio's page with the article in it, and the tools.

Importing Gradio takes most of the time that a start takes, and answering does not need it. So all of
this is put together in the background, while the JSON routes answer already.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.settings import Settings
from qa.web.access import Forgetful, OnlyNeeded
from qa.web.desk import Desk

log = logging.getLogger("qa.web")

MOST_UNFETCHED = 100
"""Answers to Gradio's own client that are kept until it fetches them, besides the calls that wait."""


class Later:
    """An app that is put together in the background; requests to it wait until it is there."""

    def __init__(self, make: Callable[[], FastAPI]) -> None:
        """Take what makes the app; it is called in a thread of its own."""
        self._make = make
        self._app: asyncio.Future[FastAPI] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Begin to make the app, and keep it up as long as the block lasts."""
        self._app = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        task = asyncio.create_task(self._run(self._app, stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _run(self, made: asyncio.Future[FastAPI], stop: asyncio.Event) -> None:
        try:
            app = await asyncio.to_thread(self._make)
            async with app.router.lifespan_context(app):
                made.set_result(app)
                await stop.wait()
        except Exception:
            log.exception("the page cannot be served")
            made.cancel()
            signal.raise_signal(signal.SIGTERM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        assert self._app is not None, "the app is not running"
        app = await asyncio.shield(self._app)
        await app(scope, receive, send)


def front(desk: Desk, settings: Settings) -> FastAPI:
    """Return the app with the page, Gradio's named endpoints, and the tools at ``/mcp``."""
    import gradio as gr

    from qa.web.page import THEME, Reading, build_page, with_article
    from qa.web.tools import tools

    mcp, mcp_app = tools(desk)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run():
            yield

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    # Gradio has a policy of its own for apps that have none.
    app.add_middleware(CORSMiddleware, allow_origins=settings.allowed_origins)
    app.router.routes.extend(mcp_app.routes)

    @app.api_route("/", methods=["GET", "HEAD"])
    async def index(request: Request) -> Response:
        """Gradio's page, with the article put in: it can be read before Gradio's code has loaded."""
        html = await _page_of(app.router.routes[-1].app, request)  # type: ignore[attr-defined]
        language = request.headers.get("accept-language", "")
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
        return HTMLResponse(with_article(html, reading, desk, settings, language), headers=headers)

    reading = Reading.of(desk.index.articles)
    page = build_page(desk, settings)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=settings.root_path or None,
        server_name=settings.host,
        server_port=settings.port,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        show_error=False,
        theme=THEME,
    )
    mount = app.router.routes[-1]
    most = settings.concurrency + settings.queue + MOST_UNFETCHED
    mount.app = OnlyNeeded(Forgetful(mount.app, page._queue, most))  # type: ignore[attr-defined]
    return app


async def _page_of(app: ASGIApp, request: Request) -> str:
    """Return the HTML that a mounted app gives for a request."""
    scope = dict(request.scope)
    scope["headers"] = [(k, v) for k, v in scope["headers"] if k not in {b"accept-encoding", b"range"}]
    # The page is the same whatever is asked; Gradio cannot take an address as long as a shared one may be.
    scope |= {"method": "GET", "query_string": b""}
    parts: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, request.receive, send)
    return b"".join(parts).decode()
