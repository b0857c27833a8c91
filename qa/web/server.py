"""The server: the page, the JSON routes and MCP in one app, behind one set of limits."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import logging.config
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, suppress

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

import qa
from qa.bot import Bot
from qa.errors import QaError
from qa.settings import Settings, SettingsError
from qa.web import api, logs
from qa.web.access import MAX_BODY, Guard, Watch, error
from qa.web.desk import Desk
from qa.web.feedback import FeedbackFile
from qa.web.front import Later, front
from qa.web.metrics import Metrics

logger = logging.getLogger(__name__)

GRACE = 3
"""Seconds that requests under way have to finish after SIGTERM. Containers are killed after five or more."""

BACKLOG = 2_048
"""Connections that wait to be taken, as uvicorn has it."""

FIRST_QUESTION = "Who says what, and when?"
LONGEST_HEAD = 300_000
"""Bytes of a request's head: shared addresses sent their question once, and overlong ones get a page."""


def create_app(bot: Bot, settings: Settings) -> FastAPI:
    """Return the app that serves one bot.

    Raises:
        QaError: if the feedback folder cannot be written to.
    """
    metrics = Metrics()
    desk = Desk(bot, settings, metrics)
    manifest = bot.index.manifest
    feedback = FeedbackFile(settings.feedback) if settings.feedback else None
    later = Later(lambda: front(desk, settings))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async def prove() -> None:
            """Give an answer; only then is the server ready."""
            try:
                await asyncio.to_thread(bot.ask, FIRST_QUESTION)
            except Exception:
                logger.exception("the first question could not be answered, so the server is not ready")
            else:
                app.state.ready = True

        proof = asyncio.create_task(prove())
        async with later.running():
            yield
        await proof
        desk.close()

    app = FastAPI(
        title="article-qa",
        description="Answers questions about an article in its own words, exactly, or says that it does not.",
        docs_url=None,
        redoc_url=None,
        root_path=settings.root_path,
        lifespan=lifespan,
    )
    app.state.desk, app.state.metrics = desk, metrics
    app.add_exception_handler(QaError, _qa_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    # The last one added is the outermost.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY)
    app.add_middleware(Guard, settings=settings, metrics=metrics)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
    )
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=5)
    app.add_middleware(Watch, metrics=metrics)
    app.include_router(api.routes(desk, hashlib.sha256(manifest.to_bytes()).hexdigest(), metrics, feedback))
    app.mount("/", later)
    return app


def serve(settings: Settings | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way are finished first.

    Raises:
        QaError: if a setting, the index or the feedback folder cannot be used.
    """
    settings = settings or Settings()
    logging.config.dictConfig(logs.configuration(settings.log_level))
    logging.captureWarnings(True)
    with listen(settings.host, settings.port) as listening:
        # An address has many spellings (127.1, 2130706433), and what others may ask hangs on which it is.
        settings = settings.model_copy(update={"host": listening.getsockname()[0]})
        app = create_app(qa.load(settings.index, threads=settings.threads), settings)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
            h11_max_incomplete_event_size=LONGEST_HEAD,
            http="h11",
        )
        host, port = listening.getsockname()[:2]
        logger.info("running on http://%s:%d", f"[{host}]" if ":" in host else host, port)
        with redirect_stderr(logs.Hushed()), suppress(KeyboardInterrupt):
            _Server(config).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """Listen before anything is loaded: uvicorn would say so late, and in the log, where a port is taken.

    Raises:
        SettingsError: if that is not possible there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
        # asyncio sets it only where the protocol is named, and create_server names none. Without it an
        # answer's body waits until its head is acknowledged, which takes 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except (OSError, TypeError, UnicodeError) as problem:  # the last two for a host that is no name
        reason = getattr(problem, "strerror", None) or "no such host"
        raise SettingsError(f"host, port: cannot listen at {host}:{port} ({reason}).") from problem


class _Server(uvicorn.Server):
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what is under way and what waits; refuse cleanly what cannot be answered in time."""
        self.config.loaded_app.app.state.desk.drain(GRACE - 1)
        await super().shutdown(sockets)


async def _qa_error(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, QaError)
    return api.refusal(problem)


async def _validation_error(request: Request, problem: Exception) -> Response:
    """Name the field and what is wrong with it, and do not repeat what was sent."""
    assert isinstance(problem, RequestValidationError)
    request.app.state.metrics.refused("question")
    first = problem.errors()[0]
    if first["type"] == "json_invalid":
        return error(422, "body: is not JSON.")
    if first["type"] == "model_attributes_type" and len(first["loc"]) == 1:
        return error(422, "body: must be a JSON object, sent with `content-type: application/json`.")
    field = ".".join(str(part) for part in first["loc"][1:] if isinstance(part, str | int))
    return error(422, f"{field or 'body'}: {first['msg']}.")


async def _http_error(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    return error(problem.status_code, str(problem.detail), dict(problem.headers or {}))
