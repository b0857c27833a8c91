"""The examples, run as they stand, against a server that really runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import Start
from gradio_client import Client

import qa
from tests.served import ROOT, Served

QUESTION = 'How many containers of "munitions" were sent?'


def run(*command: str, **environment: str) -> str:
    env = os.environ | environment
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


def test_curl(server: Served, bot: qa.Bot) -> None:
    asked, found = run("sh", "examples/ask.sh", f"{server.url}/", QUESTION).splitlines()
    assert json.loads(asked) == bot.ask(QUESTION).to_dict()
    assert json.loads(found) == {"passages": [p.to_dict() for p in bot.search(QUESTION)]}


def test_curl_shows_why_it_was_refused(server: Served) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        run("sh", "examples/ask.sh", server.url, " ")
    assert json.loads(refused.value.stdout)["error"].startswith("question: is empty")


def test_both_open_a_chat_with_a_password(start: Start, bot: qa.Bot) -> None:
    served = start(auth="reader:pass: wörd")
    quote = bot.ask(QUESTION).quote
    assert quote is not None
    for command in (["sh", "examples/ask.sh"], [sys.executable, "examples/ask.py"]):
        assert quote.text in run(*command, served.url, QUESTION, QA_AUTH="reader:pass: wörd")


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
