"""Message as typed -> the question in it: without courtesies, emoji and doubled marks, out of its frame.

"Hi! Does the article mention the sanctions?? Thanks" asks "What about the sanctions?". A reader that sees
the rest too finds the answer less often: of 19 questions that it answered, "?? !!" at their ends cost 12.
"""

from __future__ import annotations

import re

from qa.smalltalk import CLAUSE, COURTESIES, EMOJI, POINT, kind_of
from qa.words import fold

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
    rf"(?:(?:and|but|so) )?(?:(?:(?:at|by|for|from|in|on|to|under|with) )?{ASKS.pattern}"
    r"|(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|tell|explain|list|name)\b)",
    re.I,
)
"""How a question begins."""

OPENING = re.compile(
    r"\A(?:(?:hi|hello|hey|ok|okay|please|pls|plz|um+|uh+|hm+)(?: there| all)?,? )+"
    rf"(?={BEGINS.pattern})",
    re.I,
)
CLOSING = re.compile(r"(?:,? (?:please|pls|plz|thx))+(?=\W*$)")
"""Courtesies that nothing parts from the question. With a capital it may be a song's name."""

ARTICLE = r"(?:(?:the|this|your) (?:article|author|text|story|piece|page|writer)|it|this)"
FRAME = re.compile(
    rf"(?:does|did) {ARTICLE} (?:also |even |ever )?(?:mention|discuss|cover|address"
    r"|(?:talk|speak) (?:about|of)"
    r"|(?:say|mention|tell(?: me| us)?) (?:anything|something|a word) (?:about|on)) (.+)"
    rf"|what (?:else )?(?:does|did) {ARTICLE} (?:say|tell(?: me| us)?|state|write) (?:about|on) (.+)"
    r"|is (?:there )?(?:anything|something) (?:said |written |mentioned )?(?:about|on) (.+)"
    r"|(?:is|are) (?!(?:this|that|it|he|she|they)\b)(.+?) (?:mentioned|discussed)"
    r"|(?:(?:can|could) you )?(?:please )?tell me (?:something |more |all )?about (.+)",
    re.I,
)
"""Asks whether, or what, the article says about something."""

WITHIN = re.compile(rf"(?: (?:in|by) {ARTICLE}| at all)+$", re.I)
ENDING = re.compile(r"(?:(?<!\.\w)\.)?[ ?!]*$")
"""The marks that end a question, but for the last point of "U.S."."""

SENTENCE = re.compile(rf"\S.*?(?:(?:[!?]|{POINT})(?=\s|$)|$)", re.I)
STATED = re.compile(r"(?:that|whether|if)\b|.*[,;]", re.I)


def question_in(text: str) -> str:
    """Return the question in a message; what holds none, but courtesies alone, is returned as it is."""
    bare = DOUBLED.sub(_one_mark, AROUND.sub("", text)).strip()
    parts = CLAUSE.findall(bare)
    asking: list[int] = []
    for number, part in enumerate(parts):
        follows = bool(asking) and parts[number - 1].endswith((",", ":"))
        if not _is_courtesy(part, follows=follows):
            asking.append(number)
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
    found = [part for part in SENTENCE.findall(text) if part.endswith("?")]
    several = len(found) > 1 and all(map(BEGINS.match, found))
    return found[:MOST_QUESTIONS] if several else [text]


def out_of_frame(question: str) -> str:
    """Return a question for what the article says about something as one about the thing itself."""
    framed = FRAME.fullmatch(WITHIN.sub("", ENDING.sub("", question)))
    if framed is None:
        return question
    about = next(filter(None, framed.groups()))
    if STATED.match(about):
        return question
    asks = ASKS.match(about)
    # WHO is a name.
    return f"{about[0].upper()}{about[1:]}?" if asks and not asks[0].isupper() else f"What about {about}?"


def _is_courtesy(part: str, *, follows: bool) -> bool:
    """Say whether a part of a message is one: not what is quoted, nor a word that ``follows`` others.

    "Who said, 'Thank you'?", "What happened in Cannes, Nice?".
    """
    kind = kind_of(part)
    return kind in COURTESIES and not (kind == "okay" and follows) and '"' not in fold(part)


def _one_mark(run: re.Match[str]) -> str:
    """Return the one mark that a run of them stands for."""
    return next((mark for mark in "?？!！" if mark in run.group()), "")
