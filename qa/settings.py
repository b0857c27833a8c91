"""All that an operator can set: by environment variable (``QA_PORT=8000``) or by argument."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from qa.bot import MAX_QUESTION
from qa.errors import QaError

GRADIO = {"host": "GRADIO_SERVER_NAME", "port": "GRADIO_SERVER_PORT"}
"""Settings that are also taken from a variable of Gradio's and of Spaces."""


class SettingsError(QaError):
    """A setting has a value that it cannot have."""


def _cores() -> int:
    """Count the cores that this process may use; four at most are taken."""
    known = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(4, known)


class Settings(BaseSettings):
    """How the chat is served. The defaults suit a free Space: two cores, one process.

    Every field is read from ``QA_`` plus its name in capitals; an argument goes before it. Host and
    port are also taken from the variables that Gradio and Spaces use.

    Raises:
        SettingsError: naming the setting, what is wrong with it, and the variable it came from.
    """

    model_config = SettingsConfigDict(
        env_prefix="QA_", env_ignore_empty=True, extra="forbid", frozen=True, populate_by_name=True
    )

    index: Path | None = Field(None, description="The index folder; the shipped article's when not given.")
    host: str = Field(
        "127.0.0.1",
        min_length=1,
        validation_alias=AliasChoices("QA_HOST", GRADIO["host"]),
        description="The address to listen at; 0.0.0.0 for every one.",
    )
    port: int = Field(
        7860,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("QA_PORT", GRADIO["port"]),
        description="The port to listen at; 0 takes a free one.",
    )
    threads: int = Field(
        default_factory=_cores,
        ge=1,
        le=64,
        description="Passages read at once; one a core, four at most.",
    )
    max_question: int = Field(MAX_QUESTION, ge=1, le=MAX_QUESTION, description="Characters of a question.")
    concurrency: int = Field(
        default_factory=_cores,
        ge=1,
        le=64,
        description="Questions under way; one a core by default, four at most.",
    )
    queue: int = Field(32, ge=0, le=10_000, description="Questions that wait; further ones are refused.")
    feedback: Path | None = Field(
        None, description="The folder for readers' feedback; none is kept if not given."
    )
    auth: SecretStr | None = Field(None, description="user:password; closes every route.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses whose pages may call this server, with commas between; its own public one "
        "where a proxy on this machine stands before it: https://example.org",
    )
    root_path: str = Field("", description="The path under which a proxy serves this: /article")
    space_host: str = Field(
        "", validation_alias="SPACE_HOST", description="The Space's own host name, which Spaces sets."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")

    def __init__(self, **values: Any) -> None:
        """Read the environment; ``values`` go before it."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field = str(first["loc"][0]) if first["loc"] else "settings"
            name = field.lower().removeprefix("qa_")
            message = str(first["msg"]).removeprefix("Value error, ")
            variable = f"QA_{name.upper()}"
            if name not in values and not os.environ.get(variable):
                variable = GRADIO.get(name, variable)
            raise SettingsError(f"{name} ({variable}): {message}.") from error

    @field_validator("auth")
    @classmethod
    def _user_and_password(cls, auth: SecretStr | None) -> SecretStr | None:
        if auth is not None:
            user, colon, password = auth.get_secret_value().partition(":")
            if not (user and colon and password):
                raise ValueError("must be user:password")
        return auth

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _origins(cls, origins: Any) -> Any:
        if isinstance(origins, str):
            origins = [part.strip() for part in origins.split(",") if part.strip()]
        return tuple(_origin(str(origin)) for origin in origins)

    @field_validator("root_path")
    @classmethod
    def _path(cls, path: str) -> str:
        path = path.rstrip("/")
        if path and not path.startswith("/"):
            raise ValueError("must begin with a slash")
        return path


def _origin(address: str) -> str:
    """Write an origin as browsers do: in small letters, without the port that goes without saying."""
    rest = address.partition("//")[2]
    try:
        url = str(HttpUrl(address))
    except ValidationError:
        url = ""
    if not url or rest.split() != [rest] or set("/?#@\\") & set(rest):
        raise ValueError(f"{address!r} must be a scheme and a host, such as https://example.org")
    return url.removesuffix("/")
