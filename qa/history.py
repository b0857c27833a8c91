"""What was said before: messages, as chat APIs pass them -> turns, and what a turn asks for.

A few turns ask about the last answer itself: for more, for its place, how sure it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from qa.errors import QuestionError
from qa.smalltalk import COURTESIES, Kind, kind_of
from qa.wording import question_in
from qa.words import unmarked, visible

Message = Mapping[str, Any]
Wish = Literal["more", "place", "sure"]

TURNS_THAT_MATTER = 6
MOST_PAGES = 100
"""Times that more can be asked for before the question that it is about is forgotten."""
LONGEST_TURN = 2_000
"""Characters of an earlier turn that are looked at, as many as a question may have: cost does not grow with a
hostile history."""

OF_THE_ARTICLE: tuple[Kind, ...] = ("help", "byline", "about")
"""Small talk about the article as a whole."""

WISHES: tuple[tuple[Wish, re.Pattern[str]], ...] = (
    (
        "more",
        re.compile(
            r"(and |so )?((can|could|would|will) you |(i )?(want|would like|'d like|like) to )?(please )?"
            r"((tell|show|give|say|know|hear|read) (me |us )?|is there )?(anything |something |what |any )?"
            r"(more|else)( details?| info(rmation)?)?( (about|on|of) (it|this|that))?"
            r"( (is there|i should know|does (it|the (article|text)) say|to (say|know)))?( please)?"
            r"|go on|continue|next|keep going|(in )?more detail|show (me )?the rest|is that (all|it)"
            r"|((can|could) you )?(please )?(elaborate|expand|explain)( (it|that|this))?"
            r"( more| further| in (more )?detail)?( on (it|that|this))?",
        ),
    ),
    (
        "place",
        re.compile(
            r"(and )?where (does|did) (it|the article|the text) say (that|this|so)|where is (that|this)"
            r"|where('s| is) (that|this|it) (from|written)"
            r"|(what('s| is) the |what('s| is) your |the |your )?sources?( please| pls)?"
            r"|show me( where)?|how do you know( that| this)?|says who|according to who(m)?"
            r"|where in the (article|text)|prove (it|that|this)"
            r"|((any|what('s| is) the|show me the) )?(proof|evidence|citation)( please| pls)?"
            r"|(in )?(which|what) (paragraph|sentence|passage)( is (that|this|it)( in| from)?)?"
            r"|show me the (passage|place|sentence|quote|paragraph)"
            r"|((can|could) you )?(please )?quote (it|that)"
            r"|(can you )?(please )?(repeat|say) (that|it|this)( again| please)*|come again|pardon"
        ),
    ),
    (
        "sure",
        re.compile(
            r"(are you|is that|is this|is it|how|you) (really |quite |so |100 |absolutely )?"
            r"(sure|certain|confident|true|correct|right|accurate|serious)( are you)?"
            r"( (of|about|in) (it|that|this))?"
            r"|is (that|it) so|really|sure|seriously|are you (kidding|joking)( me)?"
            r"|(no |but )?(you are|you're|that is|that's|this is|it is|it's)"
            r" (wrong|not (right|true|correct)|incorrect)"
            r"|wrong|not true|no it (isn't|is not)|i (don't|do not) believe (it|that|this|you)"
            r"|i doubt (it|that|this)"
            r"|how do i know( (it|that|this) is (true|right))?|(that's|that is) not what i (asked|meant)"
        ),
    ),
)


@dataclass(frozen=True)
class Earlier:
    """An earlier question, what was said to it, the conversation before, and how often more was asked for."""

    question: str
    history: Sequence[Message]
    pages: int
    said: str


def wish_of(question: str) -> Wish | None:
    """Say what a turn wants of the last answer, or None if it is a question about the article."""
    plain = unmarked(question)
    return next((wish for wish, pattern in WISHES if pattern.fullmatch(plain)), None)


def is_question(text: str) -> bool:
    """Say whether an earlier turn asked about the article: no wish, no small talk."""
    return wish_of(text) is None and not _is_small_talk(text)


def _is_small_talk(text: str) -> bool:
    """Say whether an earlier turn was small talk, and no question for what the article is about."""
    return kind_of(text, opens=False) not in {None, "about"}


def earlier(history: Sequence[Message]) -> Earlier | None:
    """Return the last question that was about the article, or None if there is none.

    Raises:
        QuestionError: as :func:`turns_of`.
    """
    pages, said = 0, ""
    turns = turns_of(history, MOST_PAGES)
    while turns:
        turn = turns.pop()
        if turn["role"] == "assistant":
            said = turn["content"]
        if turn["role"] == "user":
            asked = turn["content"]
            if is_question(asked):
                return Earlier(asked, turns, pages, said)
            pages, said = pages + (wish_of(asked) == "more"), ""
    return None


def opens(history: Sequence[Message]) -> bool:
    """Say whether the article was all that was spoken of: "what is this?" and "who wrote it?" then mean it.

    So it is where nothing but small talk was said before, and after "what is this about?".

    Raises:
        QuestionError: as :func:`turns_of`.
    """
    asked = (turn["content"] for turn in reversed(turns_of(history)) if turn["role"] == "user")
    kinds = (kind_of(text, opens=False) for text in asked)
    return next((kind in OF_THE_ARTICLE for kind in kinds if kind not in COURTESIES), True)


def turns_of(history: Sequence[Message], most: int = TURNS_THAT_MATTER) -> list[dict[str, str]]:
    """Return the messages of the latest turns as role and text, the user's as the questions in them.

    Raises:
        QuestionError: if the history is no list of messages with a role and a content.
    """
    if isinstance(history, str | bytes) or not isinstance(history, Sequence):
        raise QuestionError("history: must be a list of messages: {'role': 'user', 'content': '...'}.")
    turns = []
    first = max(0, len(history) - 2 * most)
    for number, message in enumerate(islice(history, first, None), first):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise QuestionError(f"history[{number}]: must be a message with a role and a content.")
        # An assistant's that calls a tool may have none.
        if message["role"] == "user" and "content" not in message:
            raise QuestionError(f"history[{number}]: has no content.")
        if text := visible(_text(message.get("content"))):
            asked = question_in(text) if message["role"] == "user" else text
            turns.append({"role": message["role"], "content": asked})
    return turns


def _text(content: Any) -> str:
    """Return a content's text: a string, or parts as Gradio and OpenAI send them."""
    if isinstance(content, str):
        return content[:LONGEST_TURN]
    if isinstance(content, Mapping):
        text = content.get("text")
        return text[:LONGEST_TURN] if isinstance(text, str) else ""
    if isinstance(content, Sequence) and not isinstance(content, bytes):
        parts = (part for part in content[:8] if isinstance(part, str | Mapping))
        return " ".join(map(_text, parts))[:LONGEST_TURN]
    return ""
