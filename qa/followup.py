"""Conversation -> question that stands alone.

A question that leans on what was said before ("and in return?", "why does it?") is read alone and after the
questions that it leans on and what was just answered, and both readings count. A question that names its
subject is never touched, so that a change of subject does not drag the old one along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from qa import persons
from qa.extent import YES_NO
from qa.history import Message, is_question, turns_of
from qa.wording import out_of_frame
from qa.words import content_words, fold, names

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

OUTSIDE = re.compile(
    r"(?:this|that|these|those|it|him|her|them)(?: (?:too|yet|now|then|again|already))?\W*", re.I
)
"""At a question's end it points out of it, even behind a name: "Could Russia help with that?"."""

BARE = re.compile(
    r"(?:(?:and|but|so) )?(?:(why|how come|how so)(?: is (?:that|this|it)| not)?"
    r"|(how|when|where|since when|until when))\W*$",
    re.I,
)
"""Asks no more than why, how or when of what was said."""

NUMBER = re.compile(r"\b\d{3,}\b")
SUBJECT = 3
"""Content words before a pronoun with which it points into its own question."""
ORDINAL = re.compile(r"\b(?:first|second|third|fourth|fifth|(?<=the )last)\b", re.I)
LONGEST_QUOTE = 300
"""Characters of an answer that a question is read after: a whole paragraph says too much."""

EMPTY = frozenset("actually again exactly ok okay please precisely really specifically".split())  # noqa: SIM905
"""Words of no content besides those that a search passes over: "Which ones exactly?"."""


def candidates(
    question: str, history: Sequence[Message], answer: Callable[[], str] = lambda: ""
) -> list[str]:
    """Return what the question may mean, plainest first: itself, and itself after what was said.

    Where the answer before it is the name of whom it speaks of, it is read with that name alone.

    Args:
        question: what is asked now.
        history: the conversation so far.
        answer: gives what was quoted to the last question, "" if nothing was; called only where it is read.

    Raises:
        QuestionError: as :func:`qa.history.turns_of`.
    """
    if not history:
        return [question]
    turns = turns_of(history)
    asked = [turn["content"] for turn in turns if turn["role"] == "user"]
    asked = [out_of_frame(text) for text in asked if is_question(text)]
    if not asked or not leans(question):
        return [question]
    if named := _with_name(question, turns):
        return [named]  # "Who runs the port?", "Eva Lind", "Is she a doctor?": it stands alone now.
    meant: list[str] = []
    for text in asked:
        meant.append((meant and leans(text) and _of_another(text, meant[-1])) or text)
    chain = _chain(question, meant)
    if other := _bare_of(question, chain[-1]) or _of_another(question, chain[-1]):
        return [question, " ".join([*chain[:-1], other])]
    if 0 < len(quoted := answer()) <= LONGEST_QUOTE:
        chain.append(_sentence(quoted) if _content(question) else _marked(quoted))
    return [question, " ".join([*chain, question])]


def _sentence(quoted: str) -> str:
    return quoted if quoted.endswith((".", "!", "?")) else f"{quoted}."


def _marked(quoted: str) -> str:
    """Put marks around an answer: "Why?" means why just this is so, and its very words are sought.

    Where it has marks of its own, they would be taken for these.
    """
    return quoted if '"' in fold(quoted) else f"“{quoted}”"


def _chain(question: str, asked: Sequence[str]) -> list[str]:
    """Return the earlier questions that a question leans on, back to one that stands alone."""
    chain: list[str] = []
    later = question
    for text in reversed(asked):
        # "And Japan?", "And the EU?": the second asks of another what the first did, and not about both.
        if not (_names_alone(later) and _names_alone(text)):
            chain.insert(0, text)
        if not leans(text) or len(chain) == LONGEST_CHAIN:
            break
        later = text
    return chain or [asked[-1]]


def _bare_of(question: str, before: str) -> str:
    """Return a question for yes or no with "Why" before it, where a turn asks no more: "Why is it closed?".

    Its answer is a sentence that would be found again by its own words.
    """
    bare = BARE.match(question)
    if bare is None or not YES_NO.match(before) or leans(before):
        return ""
    return f"{'Why' if bare[1] else bare[2].capitalize()} {before[:1].lower()}{before[1:]}"


def _of_another(question: str, before: str) -> str:
    """Return the question before asked of another one, "" where a question says more than which.

    "What is the first agreement?", "And the third?". Not "When was the second one signed?".
    """
    which = ORDINAL.search(question)
    if which is None or not ORDINAL.search(before) or _adds(question, f"{which.group()} {before}"):
        return ""
    return ORDINAL.sub(which.group(), before, count=1)


def _names_alone(question: str) -> bool:
    """Say whether a question gives no more than names: "And Japan?"."""
    content = _content(question)
    return (
        bool(content) and OPENING.match(question) is not None and {*content} <= {*map(fold, names(question))}
    )


def _with_name(question: str, turns: Sequence[Mapping[str, str]]) -> str:
    """Put the name of whom a conversation speaks of for a question's first "he" or "she", or return ""."""
    name = _spoken_of(turns) if persons.speaks_of_person(question) else ""
    return persons.named(question, name) if name else ""


def _spoken_of(turns: Sequence[Mapping[str, str]]) -> str:
    """Return the name of the person whom a conversation came to speak of, "" if none was asked about."""
    answer = ""
    for turn in reversed(turns):
        if turn["role"] == "assistant":
            answer = turn["content"]
        if turn["role"] != "user":
            continue
        asked = turn["content"]
        if is_question(asked) and not (persons.speaks_of_person(asked) and leans(asked)):
            return persons.asked_about(asked, answer)
        answer = ""
    return ""


def _adds(question: str, said: str) -> bool:
    """Say whether a question has content that was not said before."""
    return bool({*_content(question)} - {*_content(said)})


def _content(text: str) -> list[str]:
    """Return the words of a turn that say something."""
    return [word for word in content_words(text) if word not in EMPTY]


def leans(question: str) -> bool:
    """Say whether a question leaves out its subject: it points back, or has next to no content."""
    # Letters that stand for a name point nowhere: IT equipment.
    hits = (hit for hit in POINTING.finditer(question) if question.isupper() or not hit.group().isupper())
    points = next((hit for hit in hits if not _is_relative(hit)), None)
    if points is None and persons.of_a_name(question) is not None:
        return False
    content = _content(question)
    begins = OPENING.match(question)
    if len(content) < 2 or (begins is not None and len(content) < 3):
        return True
    if points is None or EXPLETIVE.search(question):
        return False
    before = question[: points.start()]
    named = names(before) or NUMBER.search(before)
    inside = named and not OUTSIDE.fullmatch(question, points.start())
    return not inside and len(content_words(before)) < SUBJECT


def _is_relative(hit: re.Match[str]) -> bool:
    """Say whether a "that" belongs to the word before it: "the treaty that was signed"."""
    before, after = hit.string[: hit.start()].split(), hit.string[hit.end() :].strip(" ?!.")
    return hit.group().lower() == "that" and bool(before and after and content_words(before[-1]))
