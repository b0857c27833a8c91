"""Who may ask what of the server: middleware in front of every route, Gradio's and MCP's included."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import secrets
from ipaddress import ip_address
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.settings import Settings
from qa.web.logs import request_id
from qa.web.metrics import Metrics

if TYPE_CHECKING:
    from gradio.queueing import Queue

log = logging.getLogger("qa.web")

MAX_BODY = 1_000_000
"""Bytes of a request. A question is small; the page sends the conversation along with it."""

MCP_PATH = "/mcp"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}

NEEDED_OF_GRADIO = re.compile(
    r"/((assets|static|svelte)/.+|config|theme\.css|favicon\.ico|manifest\.json|robots\.txt"
    r"|gradio_api/(info|openapi\.json|app_id|login_check|startup-events|heartbeat/\w+|queue/(join|data)"
    r"|call/.+|run/\w+|api/\w+|component_server|cancel|reset))?/?"
)
"""What the page and gradio_client use. Uploads, proxies, files and the rest of Gradio stay shut."""

UNKNOWN_TO_GRADIO = {"KeyError", "FnIndexInferError"}
"""What Gradio raises, as a fault of its own, for a function or component that it does not have."""

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
            route = MCP_PATH if _path(scope) == MCP_PATH else route
            self._metrics.served(route, status)
            seconds = round(perf_counter() - start, 4)
            fields = {"method": scope["method"], "route": route, "status": status, "seconds": seconds}
            log.info("served", extra=fields)


class Guard:
    """Refuses other sites' pages, strangers where a password is set, and what says that it is too large."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        """Wrap an app."""
        self._app = app
        self._metrics = metrics
        self._auth = settings.auth.get_secret_value().encode() if settings.auth else None
        self._origins = settings.allowed_origins
        self._hosts = {settings.space_host} - {""}
        # A server on this machine alone answers to this machine's names alone. Else any site could
        # point a name of its own at 127.0.0.1 and read what is here (DNS rebinding).
        self._names = None
        if _is_loopback(settings.host):
            own = {settings.host.lower(), *LOOPBACK, *self._hosts}
            self._names = own | {urlsplit(origin).hostname for origin in self._origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await (self._refuse(Headers(scope=scope)) or self._app)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refuse(self, headers: Headers) -> ASGIApp | None:
        forwarded = headers.get("x-forwarded-host", "").partition(",")[0].strip()
        hosts = {_host(name) for name in (headers.get("host", ""), forwarded) if name} | self._hosts
        origin = headers.get("origin")
        own = origin is None or origin in self._origins or _host(origin.partition("//")[2]) in hosts
        named = self._names is None or all(_name(host) in self._names for host in hosts)
        if not (own and named):
            self._metrics.refused("origin")
            return error(403, "Other sites may not use this one. QA_ALLOWED_ORIGINS names those that may.")
        if self._auth is not None and not secrets.compare_digest(_credentials(headers), self._auth):
            self._metrics.refused("access")
            return error(
                401,
                "User name and password, please.",
                {"WWW-Authenticate": 'Basic realm="article", charset="UTF-8"'},
            )
        if int(headers.get("content-length", 0)) > MAX_BODY:
            return error(413, f"body: at most {MAX_BODY:,} bytes.")
        return None


class OnlyNeeded:
    """Lets through to Gradio what the page needs of it, and nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap Gradio's app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say that there is nothing."""
        nothing = error(404, "There is nothing here.")
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif not NEEDED_OF_GRADIO.fullmatch(_path(scope)):
            await nothing(scope, receive, send)
        else:
            failed = False

            async def sending(message: Message) -> None:
                nonlocal failed
                failed = failed or message.get("status") == 500
                if not failed:
                    await send(message)

            try:
                await self.app(scope, receive, sending)
            except Exception as problem:
                if type(problem).__name__ not in UNKNOWN_TO_GRADIO:
                    raise
                log.warning("no such call", exc_info=True)
                await nothing(scope, receive, send)
            else:
                if failed:
                    await error(500, "Something went wrong here.")(scope, receive, send)


class Forgetful:
    """Drops answers that callers of Gradio's queue do not fetch: it would keep all of them."""

    def __init__(self, app: ASGIApp, queue: Queue, most: int) -> None:
        """Wrap Gradio's app; ``most`` of its queue's calls may wait, or be answered and not fetched."""
        self.app = app
        self._queue = queue
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            await self._forget()
        await self.app(scope, receive, send)

    async def _forget(self) -> None:
        """Forget callers who have fetched all, and where the calls are too many, those who came first."""
        calls = self._queue.pending_event_ids_session
        for caller in list(calls):
            if not calls.get(caller) or sum(map(len, calls.values())) > self._most:
                await self._queue.clean_events(session_hash=caller)
                calls.pop(caller, None)
                self._queue.pending_messages_per_session.pop(caller, None)


def error(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> JSONResponse:
    """Return a refusal in the one form that all of them have."""
    return JSONResponse({"error": message, **more}, status, headers)


def _path(scope: Scope) -> str:
    """Return a request's path here: proxies keep the path that they serve this below, or take it off."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path.removeprefix(root) if f"{path}/".startswith(f"{root}/") else path


def _is_loopback(host: str) -> bool:
    """Say whether an address to listen at is this machine's own, however it is written."""
    if host.lower() in LOOPBACK:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host(netloc: str) -> str:
    """Write a host and its port one way: a port that goes without saying is left out."""
    return netloc.lower().removesuffix(":443").removesuffix(":80")


def _name(host: str) -> str | None:
    """Return a host's name without its port; None for what is no host."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _credentials(headers: Headers) -> bytes:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
