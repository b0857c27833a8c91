"""Who may ask what of the server: middleware in front of every route, Gradio's and MCP's included."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import re
import secrets
from time import perf_counter
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.settings import Settings
from qa.web.logs import request_id
from qa.web.metrics import Metrics

log = logging.getLogger("qa.web")

MAX_BODY = 1_000_000
"""Bytes of a request. A question is small; the page sends the conversation along with it."""

BODY_SECONDS = 10
MCP_PATH = "/mcp"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

NEEDED_OF_GRADIO = re.compile(
    r"/((assets|static|svelte)/.+|config|theme\.css|favicon\.ico|manifest\.json|robots\.txt"
    r"|gradio_api/(info|openapi\.json|app_id|login_check|startup-events|heartbeat/\w+|queue/(join|data)"
    r"|call/.+|run/\w+|api/\w+|component_server|cancel|reset))?/?"
)
"""What the page and gradio_client use. Uploads, proxies, files and the rest of Gradio stay shut."""

HEADERS = {
    # Nothing is fetched from elsewhere, and only Spaces may show the page inside their own.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Watch:
    """Outermost: gives each request an id, logs and counts it, and turns a fault into a plain 500."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap an app."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = uuid4().hex[:16]
        request_id.set(request)
        start, status = perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            log.exception("failed")
            if status:
                raise
            await error(500, "Something went wrong here.", request=request)(scope, receive, sending)
        finally:
            # The pattern, not the path: what somebody types as an address is theirs.
            route = getattr(scope.get("route"), "path", "other") if status != 404 else "other"
            route = MCP_PATH if scope["path"] == f"{scope.get('root_path', '')}{MCP_PATH}" else route
            self._metrics.served(route, status)
            seconds = round(perf_counter() - start, 4)
            fields = {"method": scope["method"], "route": route, "status": status, "seconds": seconds}
            log.info("served", extra=fields)


class Guard:
    """Refuses other sites' pages, strangers where a password is set, what is not served, and large bodies."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        """Wrap an app."""
        self._app = app
        self._metrics = metrics
        self._auth = settings.auth.get_secret_value().encode() if settings.auth else None
        self._origins = settings.allowed_origins
        # A server on this machine alone answers to this machine's names alone. Else any site could
        # point a name of its own at 127.0.0.1 and read what is here (DNS rebinding).
        self._hosts = None
        if settings.host in LOOPBACK:
            self._hosts = LOOPBACK | {str(urlsplit(origin).hostname) for origin in self._origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refuse(headers)
        if refused is None and scope["method"] in {"POST", "PUT", "PATCH", "DELETE"}:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await _body(headers, receive)
            except TimeoutError:
                refused = error(408, f"The request took longer than {BODY_SECONDS} seconds to arrive.")
            else:
                if body is None:
                    self._metrics.refused("size")
                    refused = error(413, f"The request is larger than {MAX_BODY:,} bytes.")
                else:
                    receive = _replay(body, receive)
        await (refused or self._app)(scope, receive, send)

    def _refuse(self, headers: Headers) -> ASGIApp | None:
        host = headers.get("x-forwarded-host") or headers.get("host", "")
        origin = headers.get("origin")
        strange_host = self._hosts is not None and urlsplit(f"//{host}").hostname not in self._hosts
        strange_origin = (
            origin is not None and urlsplit(origin).netloc != host and origin not in self._origins
        )
        if strange_host or strange_origin:
            self._metrics.refused("origin")
            return error(403, "Other sites may not use this one. QA_ALLOWED_ORIGINS names those that may.")
        if self._auth is not None and not secrets.compare_digest(_credentials(headers), self._auth):
            self._metrics.refused("access")
            return error(
                401,
                "User name and password, please.",
                {"WWW-Authenticate": 'Basic realm="article", charset="UTF-8"'},
            )
        return None


class OnlyNeeded:
    """Lets through to Gradio what the page needs of it, and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap Gradio's app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say that there is nothing."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["type"] == "http" and not NEEDED_OF_GRADIO.fullmatch(path):
            await error(404, "There is nothing here.")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def error(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> JSONResponse:
    """Return a refusal in the one form that all of them have."""
    return JSONResponse({"error": message, **more}, status, headers)


def _credentials(headers: Headers) -> bytes:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


async def _body(headers: Headers, receive: Receive) -> bytes | None:
    """Read a request's body; None if there is more of it than a request may have."""
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > MAX_BODY:
        return None
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand out a body that was read already, then whatever follows."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
