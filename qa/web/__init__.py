"""The chat over HTTP: the page, a JSON route for programs, MCP, and what an operator watches."""

import os

from qa.errors import QaError

# Before Gradio is imported: it and the hub's client would otherwise report that they were started.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

try:
    from qa.web.server import create_app, serve
except ModuleNotFoundError as error:
    if str(error.name).startswith("qa"):
        raise
    raise QaError(f"serving needs {error.name}: pip install 'article-qa[web]'") from error

__all__ = ["create_app", "serve"]
