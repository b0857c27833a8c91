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

AUXILIARY = r"is|are|was|were|do|does|did|has|have|had|could|would|should|might|must|can|will"
DENIED = re.compile(rf"(?:({AUXILIARY})n['’]?t|(ca|wo)n['’]?t)\b(?=.*\?)", re.I)
TAG = re.compile(
    rf", ?(?:right|correct|is (?:that|it) (?:so|true|right|correct)"
    rf"|(?:{AUXILIARY})(?:n['’]?t)? (?:he|she|it|they|there|we)|(?:ca|wo)n['’]?t (?:he|she|it|they))(?= ?\?)",
    re.I,
)
"""What makes no other question of one for yes or no: "Isn't it closed?", "It is closed, right?"."""

ARTICLE = r"(?:(?:the|this|your) (?:article|author|text|story|piece|page|writer)|it|this)"
WRAPPING = re.compile(
    r"(?:(?:and|but|so|well|actually|now),? )?"
    r"(?:(?:(?:can|could|would) you (?:please |kindly )?(?:tell|explain to|remind)(?: me| us)?"
    r"|do you (?:happen to )?know"
    r"|(?:do you have |have you )?any idea|i(?:['’]d| would) (?:like|love) to know|i want(?:ed)? to know"
    r"|i(?: was|['’]m| am|['’]ve been)? (?:just )?wonder(?:ing)?|(?:please )?(?:tell|remind) (?:me|us)"
    rf"|according to {ARTICLE}|(?:in|based on|from) (?:the|this) (?:article|text|story|piece|page)),? )+"
    rf"(?={ASKS.pattern})",
    re.I,
)
"""Stands before what is asked, politely: "Do you know how long it took?"."""

FRAME = re.compile(
    rf"(?:does|did) {ARTICLE} (?:also |even |ever )?(?:say|tell(?: me| us)?|explain|state|claim) (?:that )?"
    rf"((?:(?<=that )|{ASKS.pattern}).+)"
    r"|is it (?:true|correct|right|the case) that (.+)"
    rf"|(?:does|did) {ARTICLE} (?:also |even |ever )?(?:mention|discuss|cover|address"
    r"|(?:talk|speak) (?:about|of)"
    r"|(?:say|mention|tell(?: me| us)?) (?:anything|something|a word) (?:about|on)) (.+)"
    rf"|(?:show me )?what (?:else )?(?:(?:does|did) )?{ARTICLE} (?:says?|tells?(?: me| us)?|states?|writes?)"
    r" (?:about|on|regarding|concerning) (.+)"
    rf"|where (?:does|did) {ARTICLE} (?:mention|discuss"
    r"|(?:talk|speak|say (?:anything|something)) (?:about|of)) (.+)"
    r"|where (?:is|are) (?!(?:this|that|it|he|she|they)\b)(.+?) (?:mentioned|discussed)"
    rf"|(?:which|what) (?:part|passage|paragraph|section)s?(?: of {ARTICLE})?"
    r" (?:is about|are about|talks? about|mentions?|discuss(?:es)?|deals? with) (.+)"
    r"|(?:find|show|quote)(?: me)? (?:the |a )?(?:part|passage|paragraph|section|sentence)s?"
    r" (?:about|on|that mentions?) (.+)"
    r"|(?:do you have |is there )?any (?:info(?:rmation)?|mention|details?) (?:about|on|of) (.+)"
    r"|is (?:there )?(?:anything|something) (?:said |written |mentioned )?(?:about|on) (.+)"
    r"|(?:is|are) (?!(?:this|that|it|he|she|they)\b)(.+?) (?:mentioned|discussed)"
    r"|(?:(?:can|could) you )?(?:please )?tell me (?:something |more |all )?about (.+)",
    re.I,
)
"""Asks whether, or what, the article says about something."""

OF_A_NAME = re.compile(
    r"(?i:(?:what|how) about|(?:who|what) (?:is|are|was|were)) (?i:the )?"
    r"([^\W\d_a-z][\w’'-]*(?: (?:(?:of|the|de|van|von) )*[^\W\d_a-z][\w’'-]*)*)\W*"
)
"""Asks about a name, and nothing else: "What about South Korea?", "Who is Ada Lovelace?"."""

SAID = 2
"""Groups of FRAME that hold a question, or a statement, of their own."""

WITHIN = re.compile(rf"(?: (?:in|by) {ARTICLE}| at all)+$", re.I)
ENDING = re.compile(r"(?:(?<!\.\w)\.)?[ ?!]*$")
"""The marks that end a question, but for the last point of "U.S."."""

SENTENCE = re.compile(rf"\S.*?(?:(?:[!?]|{POINT})(?=\s|$)|$)", re.I)
AND = re.compile(
    rf",? and (?=(?:(?:at|by|for|from|in|on|to|with) )?{ASKS.pattern}(?: \w+){{0,2}}? (?:{AUXILIARY})\b)",
    re.I,
)
"""Joins two questions: "Who came and when did it begin?". Not "Who knew what he said and what it meant?"."""

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
    if len(found) == 1 and text.endswith("?") and ASKS.match(text):
        joined = AND.split(text)
        found = [_capital(part.rstrip(" ,?")) + "?" for part in joined]
    several = len(found) > 1 and all(map(BEGINS.match, found))
    return found[:MOST_QUESTIONS] if several else [text]


def out_of_frame(question: str) -> str:
    """Return a question for what the article says about something as one about the thing itself.

    A reader that learned from plain questions finds less in "Isn't it ...?" and "Do you know who ...?".
    """
    question = _affirmed(question)
    if wrapping := WRAPPING.match(question):
        question = _capital(question[wrapping.end() :])
    bare = WITHIN.sub("", ENDING.sub("", question))
    framed = FRAME.fullmatch(bare) if "?" not in bare else None  # of several questions it frames one
    if framed is None:
        return question
    about = next(filter(None, framed.groups()))
    if framed.lastindex is not None and framed.lastindex <= SAID:
        return f"{_capital(about)}?"
    if STATED.match(about):
        return question
    asks = ASKS.match(about)
    # WHO is a name.
    return f"{_capital(about)}?" if asks and not asks[0].isupper() else f"What about {about}?"


def name_in(question: str) -> str:
    """Return the name that a question is about and says nothing else of, "" if it is another."""
    found = OF_A_NAME.fullmatch(question)
    return found[1] if found else ""


def _affirmed(question: str) -> str:
    """Return a question for yes or no as it is asked plainly."""
    plain = TAG.sub("", question)
    if denied := DENIED.match(plain):
        plain = (denied[1] or {"ca": "can", "wo": "will"}[denied[2].lower()]) + plain[denied.end() :]
    return question if plain == question else _capital(plain)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _is_courtesy(part: str, *, follows: bool) -> bool:
    """Say whether a part of a message is one: not what is quoted, nor a word that ``follows`` others.

    "Who said, 'Thank you'?", "What happened in Cannes, Nice?".
    """
    kind = kind_of(part)
    return kind in COURTESIES and not (kind == "okay" and follows) and '"' not in fold(part)


def _one_mark(run: re.Match[str]) -> str:
    """Return the one mark that a run of them stands for."""
    return next((mark for mark in "?？!！" if mark in run.group()), "")
