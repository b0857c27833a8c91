"""Whom a conversation speaks of: the name that "he" or "she" stands for."""

from __future__ import annotations

import itertools
import re

from qa.spelling import NAMES
from qa.words import content_words

PARTICLES = "al|bin|da|de|del|la|van|von"
OF_A_NAME = re.compile(rf"(?:who|what) (?:is|are|was|were) (?:the )?(?:(?:{PARTICLES}) )*([^\W\d_])", re.I)
"""Short, and yet whole: "Who is Putin?"."""
WHO = re.compile(r"\bwhom?\b", re.I)
PERSON = re.compile(r"\b(?:he|she|him|(?P<whose>his|her(?= (\w+))|hers)|her)\b", re.I)
OWNER = re.compile(r"\b(?:the|an?|this|that|whose) \w", re.I)
"""Before "he": somebody of the question's own, whom it may stand for."""

BEFORE_HERS = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|about|after|against|and|at"
    r"|before|by|for|from|in|into|of|on|over|since|than|to|under|until|with) $",
    re.I,
)
"""Before a "her" that says whose something is."""

ASKED_OF = re.compile(r"\b(?:does|did|is|was|has|had|will|would|can|could|should) ([^?!]+)", re.I)
"""Before whom a question is about: "When did Eva Lind resign?"."""

WHERE = re.compile(r"\b(?:at|in|near|on|since|until)(?: [^\W\d_a-z][\w’'-]*)+")
"""Places and days, which are nobody's names."""

OF_ANOTHER = re.compile(r"\b(?:for|from|of)(?: the)?(?: [^\W\d_a-z][\w’'-]*)+")
"""What somebody leads, or is from."""

STATES_AND_SEATS = frozenset(name for states, seats in NAMES for name in (*states, *seats))
"""Names that are nobody's."""

LONGEST_NAME = 60
"""Characters of an answer that may be little more than somebody's name."""


def of_a_name(question: str) -> re.Match[str] | None:
    """Find the name that a question asks about and nothing else: "Who is Putin?"."""
    found = OF_A_NAME.match(question)
    return found if found is not None and found[1].isupper() else None


def speaks_of_person(question: str) -> bool:
    """Say whether a question has a "he" or "she"."""
    return PERSON.search(question) is not None


def named(question: str, name: str) -> str:
    """Put a name for a question's first "he" or "she"; "" where that may stand for somebody of its own."""
    person = PERSON.search(question)
    if person is None or OWNER.search(question[: person.start()]):
        return ""
    # Not "Who gave her the key?".
    whose = person["whose"] and (person[2] is None or content_words(person[2]))
    if person.group().lower() == "her" and not BEFORE_HERS.search(question[: person.start()]):
        whose = None  # "What made her resign?"
    return question[: person.start()] + name + ("’s" if whose else "") + question[person.end() :]


def asked_about(asked: str, answer: str) -> str:
    """Return the name of whom a question is about: that it names so, or that its answer is."""
    if (whole := of_a_name(asked)) is not None:
        asked = asked[whole.start(1) :].rstrip(" ?!.")
        name = _name_in(asked)
        return name if name == asked else ""
    if WHO.search(asked):
        # "Who hired Eva Lind?": she may be either. Not "Who leads the city of Bergen?".
        words = OF_ANOTHER.sub("", WHERE.sub("", asked)).split()[1:]
        return "" if any(map(_is_of_name, words)) else _name_in(answer)
    subject = ASKED_OF.search(asked)
    if subject is None:
        return ""
    name = " ".join(itertools.takewhile(_is_of_name, subject[1].split()))
    others = any(map(_is_of_name, WHERE.sub("", subject[1][len(name) :]).split()))
    alone = content_words(name) and not others and not name.endswith(("’s", "'s"))
    name = name.rstrip(",;:")
    return name if alone and name not in STATES_AND_SEATS else ""


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
