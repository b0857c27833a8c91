"""Conversation -> question that stands alone.

A question that leans on what was said before ("and in return?", "why does it?") is read alone and together
with the questions that it leans on, and both readings count. A question that names its subject is never
touched, so that a change of subject does not drag the old one along. A few turns ask about the last answer
itself: for more, for its place, how sure it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qa.errors import QuestionError
from qa.search import content_words, fold, names, visible
from qa.smalltalk import kind_of

Message = Mapping[str, Any]
Wish = Literal["more", "place", "sure"]

TURNS_THAT_MATTER = 6
MOST_PAGES = 100
"""Times that more can be asked for before the question that it is about is forgotten."""
LONGEST_TURN = 2_000
"""Characters of an earlier turn that are looked at, as many as a question may have: cost does not grow with a
hostile history."""

LONGEST_CHAIN = 3
"""Earlier questions that a question is read together with, back to one that stands alone."""

OPENING = re.compile(r"(and|but|so|or|then|also|what about|how about|what else|who else)\b[ ?!.]*", re.I)
POINTING = re.compile(
    r"\b(?:he|she|it|they|him|them|his|hers?|its|their|theirs)\b"
    r"|\b(?:first|second|third|fourth|fifth|last|other|next) ones?\b"
    # Not "the deal that ended it": what points back stands at the end, or has a verb after it.
    r"|\b(?:this|that|these|those|there|such|former|latter|ones?|both)\b(?=\s*(?:[?.!,;]|$"
    r"|(?:is|was|are|were|did|does|do|has|had|have|will|would|can|could|mean|happen|work|affect)\b))",
    re.I,
)
EXPLETIVE = re.compile(
    r"\b(?:is|was) it (?:true|(?:il)?legal|possible|(?:un)?likely|allowed|certain|clear|known) (?:that|to)\b"
    r"|\b(?:does|did|will|would) it take\b.* to\b",
    re.I,
)
"""An "it" that points to nothing."""

PARTICLES = "al|bin|da|de|del|la|van|von"
OF_A_NAME = re.compile(rf"(?:who|what) (?:is|are|was|were) (?:the )?(?:(?:{PARTICLES}) )*([^\W\d_])", re.I)
"""Short, and yet whole: "Who is Putin?"."""
NUMBER = re.compile(r"\b\d{3,}\b")
SUBJECT = 3
"""Content words before a pronoun with which it points into its own question."""
WHO = re.compile(r"\bwhom?\b", re.I)
PERSON = re.compile(r"\b(?:he|she|him|(?P<whose>his|her(?= (\w+))|hers)|her)\b", re.I)
OWNER = re.compile(r"\b(?:the|an?|this|that|whose) \w", re.I)
"""Before "he": somebody of the question's own, whom it may stand for."""

ASKED_OF = re.compile(r"\b(?:does|did|is|was|has|had|will|would|can|could|should) ([^?!]+)", re.I)
"""Before whom a question is about: "When did Eva Lind resign?"."""

WHERE = re.compile(r"\b(?:at|in|near|on|since|until)(?: [^\W\d_a-z][\w’'-]*)+")
"""Places and days, which are nobody's names."""

LONGEST_NAME = 60
"""Characters of an answer that may be little more than somebody's name."""

ORDINAL = re.compile(r"\b(?:first|second|third|fourth|fifth|(?<=the )last)\b", re.I)
WISHES: tuple[tuple[Wish, re.Pattern[str]], ...] = (
    (
        "more",
        re.compile(
            r"(and |(can you )?(tell|show|give) (me |us )?|anything |what |something |say )?(more|else)"
            r"( details?| info(rmation)?)?( about (it|this|that))?( please)?"
            r"|go on|continue|next|keep going",
        ),
    ),
    (
        "place",
        re.compile(
            r"(and )?where (does|did) (it|the article|the text) say (that|this|so)|where is (that|this)"
            r"|where('s| is) (that|this|it) (from|written)|(what('s| is) the |the |your )?source"
            r"|show me where|how do you know( that| this)?|says who|according to whom"
            r"|(can you )?(please )?(repeat|say) (that|it|this)( again| please)*|come again|pardon"
        ),
    ),
    (
        "sure",
        re.compile(
            r"(are you|is that|is this|how) (really |quite |so )?(sure|certain|confident|true)( are you)?"
            r"( (of|about) (it|that|this))?|really|sure"
            r"|(no |but )?(you are|you're|that is|that's|this is) (wrong|not (right|true|correct)|incorrect)"
        ),
    ),
)


@dataclass(frozen=True)
class Earlier:
    """An earlier question, the conversation before it, and how often more was asked for since."""

    question: str
    history: Sequence[Message]
    pages: int


def wish_of(question: str) -> Wish | None:
    """Say what a turn wants of the last answer, or None if it is a question about the article."""
    plain = " ".join(re.sub(r"[^\w' ]+", " ", fold(question)).split())
    return next((wish for wish, pattern in WISHES if pattern.fullmatch(plain)), None)


def _is_question(text: str) -> bool:
    """Say whether an earlier turn asked about the article: no wish, no small talk."""
    return wish_of(text) is None and not _is_small_talk(text)


def _is_small_talk(text: str) -> bool:
    """Say whether an earlier turn was a greeting, thanks or farewell."""
    return kind_of(text, opens=False) not in {None, "about"}


def earlier(history: Sequence[Message]) -> Earlier | None:
    """Return the last question that was about the article, or None if there is none.

    Raises:
        QuestionError: as :func:`candidates`.
    """
    pages = 0
    turns = _turns(history, MOST_PAGES)
    while turns:
        turn = turns.pop()
        if turn["role"] == "user":
            asked = turn["content"]
            if _is_question(asked):
                return Earlier(asked, turns, pages)
            pages += wish_of(asked) == "more"
    return None


def opens(history: Sequence[Message]) -> bool:
    """Say whether nothing but small talk was said before: "what is this?" then means the article.

    Raises:
        QuestionError: as :func:`candidates`.
    """
    return all(_is_small_talk(turn["content"]) for turn in _turns(history) if turn["role"] == "user")


def candidates(question: str, history: Sequence[Message]) -> list[str]:
    """Return what the question may mean, plainest first: itself, and itself after earlier questions.

    Where the answer before it is the name of whom it speaks of, it is read with that name alone.

    Raises:
        QuestionError: if the history is no list of messages with a role and a content.
    """
    if not history:
        return [question]
    turns = _turns(history)
    asked = [turn["content"] for turn in turns if turn["role"] == "user"]
    asked = [text for text in asked if _is_question(text)]
    if not asked or not _leans(question):
        return [question]
    if named := _with_name(question, turns):
        return [named]  # "Who runs the port?", "Eva Lind", "Is she a doctor?": it stands alone now.
    chain: list[str] = []
    for text in reversed(asked[-LONGEST_CHAIN:]):
        chain.insert(0, text)
        if not _leans(text):
            break
    which = ORDINAL.search(question)
    # No more than which: "How long does it last?" and "When was the second one signed?" ask something else.
    if which and ORDINAL.search(chain[-1]) and not _adds(question, f"{which.group()} {chain[-1]}"):
        # "What is the first one?", "And the third?": the old question, asked of another one.
        return [question, " ".join([*chain[:-1], ORDINAL.sub(which.group(), chain[-1], count=1)])]
    return [question, " ".join([*chain, question])]


def _with_name(question: str, turns: Sequence[Mapping[str, str]]) -> str:
    """Put the name of whom a conversation speaks of for a question's first "he" or "she", or return ""."""
    person = PERSON.search(question)
    if person is None or OWNER.search(question[: person.start()]):
        return ""
    name = _spoken_of(turns)
    if not name:
        return ""
    # Not "Who gave her the key?".
    whose = person["whose"] and (person[2] is None or content_words(person[2]))
    return question[: person.start()] + name + ("’s" if whose else "") + question[person.end() :]


def _spoken_of(turns: Sequence[Mapping[str, str]]) -> str:
    """Return the name of the person whom a conversation came to speak of, "" if none was asked about."""
    answer = ""
    for turn in reversed(turns):
        if turn["role"] == "assistant":
            answer = turn["content"]
            continue
        asked = turn["content"]
        if _is_question(asked) and not (PERSON.search(asked) and _leans(asked)):
            return _asked_about(asked, answer)
        answer = ""
    return ""


def _asked_about(asked: str, answer: str) -> str:
    """Return the name of whom a question is about: that it names so, or that its answer is."""
    whole = OF_A_NAME.match(asked)
    if whole is not None and whole[1].isupper():
        asked = asked[whole.start(1) :].rstrip(" ?!.")
        name = _name_in(asked)
        return name if name == asked else ""
    if WHO.search(asked):
        return _name_in(answer)
    subject = ASKED_OF.search(asked)
    if subject is None:
        return ""
    name = " ".join(itertools.takewhile(_is_of_name, subject[1].split()))
    others = any(map(_is_of_name, WHERE.sub("", subject[1][len(name) :]).split()))
    alone = content_words(name) and not others and not name.endswith(("’s", "'s"))
    return name.rstrip(",;:") if alone else ""


def _is_of_name(word: str) -> bool:
    return word[0].isupper() or word in PARTICLES.split("|")


def _name_in(answer: str) -> str:
    """Return the one name in a short answer; "" if it is long, or holds another or none, or is of a place."""
    words = re.findall(r"[\w’'-]+\.?|\S", answer) if len(answer) <= LONGEST_NAME else []
    if re.search(r" (?:at|for|from|in|of) [^\W\d_a-z]", answer):
        return ""
    runs = itertools.groupby(words, _is_of_name)
    found = [name for capital, run in runs if capital and content_words(name := " ".join(run))]
    return re.sub("(['’]s|[.])$", "", found[0]) if len(found) == 1 else ""


def _adds(question: str, said: str) -> bool:
    """Say whether a question has content that was not said before."""
    return bool({*content_words(question)} - {*content_words(said)})


def _leans(question: str) -> bool:
    """Say whether a question leaves out its subject: it points back, or has next to no content."""
    whose = OF_A_NAME.match(question)
    if whose is not None and whose[1].isupper():
        return False
    content = content_words(question)
    begins = OPENING.match(question)
    if len(content) < 2 or (begins is not None and len(content) < 3):
        return True
    # Letters that stand for a name point nowhere: IT equipment.
    hits = POINTING.finditer(question)
    points = next((hit for hit in hits if question.isupper() or not hit.group().isupper()), None)
    if points is None or EXPLETIVE.search(question):
        return False
    before = question[: points.start()]
    named = names(before) or NUMBER.search(before)
    return not named and len(content_words(before)) < SUBJECT


def _turns(history: Sequence[Message], most: int = TURNS_THAT_MATTER) -> list[dict[str, str]]:
    """Return the messages of the latest turns as role and text."""
    if isinstance(history, str | bytes) or not isinstance(history, Sequence):
        raise QuestionError("history: must be a list of messages: {'role': 'user', 'content': '...'}.")
    turns = []
    first = max(0, len(history) - 2 * most)
    for number, message in enumerate(history[first:], first):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise QuestionError(f"history[{number}]: must be a message with a role and a content.")
        # An assistant's that calls a tool may have none.
        if message["role"] == "user" and "content" not in message:
            raise QuestionError(f"history[{number}]: has no content.")
        if text := visible(_text(message.get("content"))):
            turns.append({"role": message["role"], "content": text})
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
