"""Where a question's time goes. Whoever wants to know listens; without a listener nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Literal, TypeAlias

Stage: TypeAlias = Literal["ask", "search", "encode", "score", "read"]
Listener: TypeAlias = Callable[[Stage, float], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell ``listener`` each stage that ends within the block, on this thread, and its seconds."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """Time the block as a stage."""
    began = perf_counter()
    try:
        yield
    finally:
        if (listener := _listener.get()) is not None:
            listener(name, perf_counter() - began)
