"""Conversation -> question that stands alone.

A question that leans on what was said before ("and in return?", "why does it?") is offered together
with the last question asked; whichever the article answers more surely is what was meant. A question
that names its subject is never touched, so that a change of subject does not drag the old one along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from qa.errors import QuestionError
from qa.search import FUNCTION_WORDS, WORD, fold

Message = Mapping[str, Any]

TURNS_THAT_MATTER = 6
LONGEST_TURN = 1_000
"""Characters of an earlier turn that are looked at: cost does not grow with a hostile history."""

OPENING = re.compile(
    r"(and|but|so|or|then|also|what about|how about|what else|who else|why|how|when|where|who)\b[ ?!.]*", re.I
)
POINTING = re.compile(
    r"\b(he|she|it|they|him|them|his|hers?|its|their|theirs|this|that|these|those|there|such|former|latter|one|ones|both)\b",
    re.I,
)


def candidates(question: str, history: Sequence[Message]) -> list[str]:
    """Return what the question may mean, plainest first: itself, and itself after an earlier question.

    Raises:
        QuestionError: if the history is no list of messages with a role and a content.
    """
    if not history:
        return [question]
    asked = _questions(history)
    if not asked or not _leans(question):
        return [question]
    return [question, f"{asked[-1]} {question}"]


def _leans(question: str) -> bool:
    """Say whether a question leaves out its subject: it points back, or has next to no content."""
    content = [w for w in WORD.findall(fold(question)) if w not in FUNCTION_WORDS]
    begins = OPENING.match(question)
    return bool(POINTING.search(question)) or len(content) < 2 or (begins is not None and len(content) < 3)


def _questions(history: Sequence[Message]) -> list[str]:
    if isinstance(history, str | bytes) or not isinstance(history, Sequence):
        raise QuestionError("history: must be a list of messages: {'role': 'user', 'content': '...'}.")
    asked = []
    for number, message in enumerate(history[-2 * TURNS_THAT_MATTER :]):
        if not isinstance(message, Mapping) or "role" not in message:
            raise QuestionError(f"history[{number}]: must be a message with a role and a content.")
        if message["role"] == "user" and (text := _text(message.get("content")).strip()):
            asked.append(text)
    return asked


def _text(content: Any) -> str:
    """Return a content's text: a string, or parts as Gradio and OpenAI send them."""
    if isinstance(content, str):
        return content[:LONGEST_TURN]
    if isinstance(content, Mapping):
        return _text(content.get("text"))
    if isinstance(content, Sequence) and not isinstance(content, bytes):
        return " ".join(_text(part) for part in content[:8])[:LONGEST_TURN]
    return ""
