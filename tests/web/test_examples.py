"""The examples, run as they stand, against a server that really runs."""

from __future__ import annotations

import json
import subprocess
import sys

from gradio_client import Client

import qa
from tests.served import ROOT, Served

QUESTION = 'How many containers of "munitions" were sent?'


def run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


def test_curl(server: Served, bot: qa.Bot) -> None:
    asked, found = run("sh", "examples/ask.sh", server.url, QUESTION).splitlines()
    assert json.loads(asked) == bot.ask(QUESTION).to_dict()
    assert json.loads(found) == {"passages": [p.to_dict() for p in bot.search(QUESTION)]}


def test_gradio_client(server: Served, bot: qa.Bot) -> None:
    printed = run(sys.executable, "examples/ask.py", server.url, QUESTION)
    quote = bot.ask(QUESTION).quote
    assert quote is not None
    assert f"“{quote.text}” (characters {quote.start} to {quote.end})" in printed
    for passage in bot.search(QUESTION, k=3):
        assert f"{passage.id}: {passage.heading}" in printed


def test_the_named_endpoints_are_typed(server: Served, bot: qa.Bot) -> None:
    client = Client(server.url, verbose=False)
    assert client.predict(QUESTION, api_name="/ask") == bot.ask(QUESTION).to_dict()
    found = client.predict(QUESTION, 2, api_name="/search")
    assert found == [p.to_dict() for p in bot.search(QUESTION, k=2)]
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/ask", "/search"}
