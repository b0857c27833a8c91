"""Logs as JSON lines, a line a request. A question's text is in none of them."""

from __future__ import annotations

import io
import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")

log = logging.getLogger("qa.web")

FRAME = re.compile(r'\s*File ".*", line \d+, in \w+')
KEPT = ("method", "route", "status", "seconds")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, logger, event, the request's id, and what was logged with it."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            # What is logged without a name comes from a library, and may quote what was asked: MCP's does.
            "event": record.getMessage() if record.name != "root" else "a library logged something",
        }
        if request := request_id.get():
            line["request"] = request
        line |= {name: getattr(record, name) for name in KEPT if hasattr(record, name)}
        if record.exc_info and (error := record.exc_info[1]):
            # Where it happened and what kind, but not its message: that may quote what was asked.
            line["error"] = type(error).__name__
            line["at"] = [
                f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)
            ]
        return json.dumps(line, ensure_ascii=False)


class Hushed(io.TextIOBase):
    """Stands in for standard error while serving. Libraries print tracebacks there, and these may quote
    what was asked: that there was one, and where, goes to the log, and the rest nowhere."""

    def write(self, text: str) -> int:
        """Take what a library prints."""
        if text.startswith("Traceback"):
            log.error("a library printed a traceback")
        elif frame := FRAME.match(text):
            log.error(frame[0].strip())
        return len(text)


def configuration(level: str) -> dict[str, object]:
    """Return the logging configuration, in the form of ``logging.config.dictConfig``."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "qa": {"level": level.upper()},
            "uvicorn": {"level": level.upper()},
            # These write addresses with their query, and a query may hold a question.
            "uvicorn.access": {"level": "ERROR"},
            "httpx": {"level": "ERROR"},
            "mcp": {"level": "ERROR"},
        },
    }
