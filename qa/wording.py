"""Message as typed -> the question in it: without courtesies, emoji and doubled marks, out of its frame.

"Hi! Does the article mention the sanctions?? Thanks" asks "What about the sanctions?". A reader that sees
the rest too finds the answer less often: of 19 questions that it answered, "?? !!" at their ends cost 12.
"""

from __future__ import annotations

import re

from qa.smalltalk import CLAUSE, COURTESIES, EMOJI, kind_of

MOST_QUESTIONS = 3
"""Questions of one message that are read."""

MOST_EMOJI = 20
AROUND = re.compile(rf"^(?:{EMOJI.pattern}\s*)+|\s*(?:{EMOJI.pattern}\s*){{1,{MOST_EMOJI}}}(?=[,.!?;]|$)")
"""Emoji that begin a message, or end a clause: within one they may be what is asked about."""

MARK = "[?!？！]"
DOTS = r"(?:\.{2,}+|…)"
DOUBLED = re.compile(
    rf"\s*(?:{DOTS}\s*{MARK}|{MARK}(?=[\s.…]*{MARK}))(?:[\s.…]*{MARK})*|(?<={MARK})[\s.…]+$|\s*{DOTS}\s*$"
)
"""Marks of which one says as much; a message's dots at its end say nothing."""

ASKS = re.compile(r"(?:who|whose|whom|what|which|when|where|why|how)\b", re.I)
BEGINS = re.compile(
    rf"(?:(?:and|but|so) )?(?:{ASKS.pattern}|(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would"
    r"|should|tell|explain|list|name)\b)",
    re.I,
)
"""How a question begins."""

OPENING = re.compile(
    r"\A(?:(?:hi|hello|hey|ok|okay|please|pls|plz|um+|uh+|hm+)(?: there| all)?,? )+"
    rf"(?={BEGINS.pattern})",
    re.I,
)
CLOSING = re.compile(r"(?:,? (?:please|pls|plz|thx))+(?=\W*$)", re.I)
"""Courtesies that nothing parts from the question."""

ARTICLE = r"(?:(?:the|this|your) (?:article|author|text|story|piece|page|writer)|it|this)"
FRAME = re.compile(
    rf"(?:does|did) {ARTICLE} (?:also |even |ever )?(?:mention|discuss|cover|address"
    r"|(?:talk|speak) (?:about|of)"
    r"|(?:say|mention|tell(?: me| us)?) (?:anything|something|a word) (?:about|on)) (.+)"
    rf"|what (?:else )?(?:does|did) {ARTICLE} (?:say|tell(?: me| us)?|state|write) (?:about|on) (.+)"
    r"|is (?:there )?(?:anything|something) (?:said |written |mentioned )?(?:about|on) (.+)"
    r"|(?:is|are) (?!(?:this|that|it|he|she|they)\b)(.+?) (?:mentioned|discussed|covered)"
    r"|(?:(?:can|could) you )?(?:please )?tell me (?:something |more |all )?about (.+)",
    re.I,
)
"""Asks whether, or what, the article says about something."""

WITHIN = re.compile(rf" (?:in|by) {ARTICLE}$| at all$", re.I)
STATED = re.compile(r"(?:that|whether|if)\b|.*[,;]", re.I)


def question_in(text: str) -> str:
    """Return the question in a message; what holds none, but courtesies alone, is returned as it is."""
    bare = DOUBLED.sub(_one_mark, AROUND.sub("", text)).strip()
    parts = CLAUSE.findall(bare)
    asking = [number for number, part in enumerate(parts) if kind_of(part) not in COURTESIES]
    if not asking:
        return text
    asks = "?" if bare.endswith("?") else ""
    bare = " ".join(parts[asking[0] : asking[-1] + 1])
    bare = CLOSING.sub("", OPENING.sub("", bare)).rstrip(" ,;:")
    if not bare:
        return text
    return bare if bare.endswith((".", "?", "!")) else bare + asks


def questions_in(text: str) -> list[str]:
    """Return the sentences of a message if they are several questions, or else the message alone."""
    parts = re.findall(r"\S.*?(?:[.!?](?=\s|$)|$)", text)
    found = [part for part in parts if part.endswith("?") and BEGINS.match(part)]
    return found[:MOST_QUESTIONS] if len(found) > 1 else [text]


def out_of_frame(question: str) -> str:
    """Return a question for what the article says about something as one about the thing itself."""
    framed = FRAME.fullmatch(WITHIN.sub("", question.rstrip(" ?.!")))
    if framed is None:
        return question
    about = next(filter(None, framed.groups()))
    if STATED.match(about):
        return question
    return f"{about[0].upper()}{about[1:]}?" if ASKS.match(about) else f"What about {about}?"


def _one_mark(run: re.Match[str]) -> str:
    """Return the one mark that a run of them stands for."""
    return next((mark for mark in "?？!！" if mark in run.group()), "")
