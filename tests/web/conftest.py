"""What the tests of the page and its server share: running servers, and a bot that answers like them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

import qa
from tests.served import LOOPBACK, Served, start_server

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Start = Callable[..., Served]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers with these QA_ settings; all are stopped after the module's tests.

    Not one of them may have looked up or called an address beyond this machine.
    """
    running: list[Served] = []

    def begin(**settings: str) -> Served:
        running.append(start_server(tmp_path_factory.mktemp("server") / "output.txt", **settings))
        return running[-1]

    yield begin
    for served in running:
        if served.process.poll() is None:
            served.process.kill()
            served.process.wait()
    called = {address for served in running for address in served.called()}
    assert called <= LOOPBACK, called


@pytest.fixture(scope="module")
def server(start: Start) -> Served:
    """A server with the default settings."""
    return start()


@pytest.fixture
def client(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def bot() -> qa.Bot:
    """The bot that the server should answer like."""
    return qa.load()
