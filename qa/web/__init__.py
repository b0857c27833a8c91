"""The chat over HTTP: the page, a JSON route for programs, MCP, and what an operator watches."""

import os
from importlib.util import find_spec

from qa.errors import MissingError

# Before Gradio is imported: it and the hub's client would otherwise report that they were started.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

for package in ("fastapi", "gradio", "mcp", "prometheus_client", "pydantic_settings"):
    if find_spec(package) is None:
        raise MissingError("Serving", package, "web")

from qa.web.server import create_app, serve  # noqa: E402

__all__ = ["create_app", "serve"]
