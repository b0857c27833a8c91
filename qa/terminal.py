"""What the commands print: wrapped and coloured on a terminal, a line a paragraph in a pipe."""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import click

from qa.article import ROW_GAP

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from qa.answer import Answer, Quote
    from qa.passages import Passage

INDENT = 2
C1 = re.compile("[\x7f-\x9f]")
"""Controls that JSON does not write as a code by itself."""


def show_answer(answer: Answer, typed: str) -> None:
    """Print what was understood where it is not what was ``typed``, the quote, and the passages."""
    if answer.question != " ".join(unicodedata.normalize("NFC", typed).split()):
        say(f"Understood as: {plain(answer.question)}", style="dim")
    say(plain(answer.message), style="bold")
    if answer.quote:
        head = answer.passages[0].table_head
        if head and not answer.quote.text.startswith(head):
            say(plain(head), style="dim", indent=INDENT)
        say(f"“{plain(answer.quote.text)}”", style="green", indent=INDENT)
        if answer.kind != "about":  # How the article begins is known.
            say(f"{answer.percent}% sure", style="dim", indent=INDENT)
    if answer.verdict != "off_topic":
        for number, passage in enumerate(answer.places, 1):
            show_passage(number, passage, answer.quote)


def show_passage(number: int, passage: Passage, quote: Quote | None = None) -> None:
    """Print a passage below its heading and its place, the quote within it marked."""
    from rich.text import Text

    place = f"characters {passage.start} to {passage.end}"
    click.echo()
    say(f"{number}. {plain(' · '.join(filter(None, (passage.heading, place))))}", style="dim")
    text = Text(plain(passage.text))
    if quote and quote.article is passage.article:
        start, end = (min(max(at - passage.start, 0), len(text)) for at in (quote.start, quote.end))
        text.stylize("bold", start, end)
    say(text, indent=INDENT)


def plain(text: str) -> str:
    """Put a blank for each control character but a table's line ends: no article may drive the terminal."""
    return "".join(c if unicodedata.category(c) != "Cc" or c == ROW_GAP else " " for c in text)


@functools.cache
def console(stderr: bool = False) -> Console:
    """Return the console of standard output or standard error; text is printed as it stands."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def say(text: str | Text, *, style: str | None = None, indent: int = 0) -> None:
    """Print wrapped and indented on a terminal, and a line a paragraph in a pipe."""
    from rich.padding import Padding

    out = console()
    if out.is_terminal:
        out.print(Padding(text, (0, 0, 0, indent), expand=False, style=style or ""))
    else:
        out.print(text, style=style, soft_wrap=True)


def complain(message: str) -> None:
    """Print an error on standard error."""
    console(stderr=True).print(plain(message), style="red", soft_wrap=True)


def print_json(found: Any) -> None:
    """Print JSON for people and programs alike; what could drive the terminal is written as its code."""
    text = json.dumps(found, ensure_ascii=False, indent=2)
    click.echo(C1.sub(lambda control: f"\\u{ord(control.group()):04x}", text))
