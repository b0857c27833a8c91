"""Answerable question -> one that sounds alike and that the passage does not answer.

A name, a number or a relation is exchanged, as people do who write such questions by hand (Rajpurkar et al.
2018 count antonyms, exchanged names and negations as half of what SQuAD 2.0 holds).
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*")
NUMBER = re.compile(r"\b\d[\d,.]*\b")
NEGATED = re.compile(r"\b(?:not?|never|none|neither|without)\b|n['’]t\b", re.I)
AUXILIARY = re.compile(r"\b(?:is|are|was|were|did|does|do|has|had|have|would|could|should)\b")
RARELY = 0.25
"""How often a question is denied that could be: nearly every one could."""

OPPOSITES = [
    pair.split("/")
    for pair in """
    earliest/latest early/late before/after beginning/end begin/stop began/ended start/finish
    started/stopped open/close opened/closed founded/dissolved built/demolished created/destroyed
    largest/smallest larger/smaller large/small biggest/smallest bigger/smaller
    highest/lowest higher/lower longest/shortest longer/shorter most/least more/fewer
    best/worst better/worse major/minor strongest/weakest stronger/weaker strong/weak
    youngest/oldest older/younger rich/poor richest/poorest faster/slower easy/difficult hot/cold
    heavy/light inside/outside above/below upper/lower top/bottom
    north/south northern/southern east/west eastern/western northeast/southwest northwest/southeast
    increase/decrease increased/decreased increases/decreases rise/fall rose/fell grew/shrank grow/shrink
    gain/loss gained/lost win/lose won/lost victory/defeat success/failure succeeded/failed
    accept/reject accepted/rejected agreed/refused agree/refuse allow/forbid allowed/forbidden
    supported/opposed supporters/opponents supporter/opponent praised/criticised
    approve/veto approved/vetoed permitted/banned legal/illegal
    import/export imports/exports imported/exported arrive/depart arrived/departed join/quit joined/quit
    strengthened/weakened improved/worsened expanded/reduced
    male/female men/women man/woman father/mother son/daughter brother/sister husband/wife king/queen
    born/buried alive/dead friend/enemy friends/enemies allies/rivals teacher/pupil
    public/private domestic/foreign internal/external civilian/military urban/rural
    common/rare usual/unusual possible/impossible necessary/unnecessary
    positive/negative advantage/drawback advantages/drawbacks benefit/harm benefits/harms
    permanent/temporary majority/minority maximum/minimum summer/winter morning/evening
    """.split()  # noqa: SIM905
]
"""Relations and their opposites; from either to the other."""

OPPOSITE = {"first": "last"} | {a: b for pair in OPPOSITES for a, b in (pair, pair[::-1])}
RELATION = re.compile(rf"(?<!how )(?<!How )(?<!at )\b(?:{'|'.join(OPPOSITE)})\b")
"""Not in a name, nor in "how large", which asks for a number either way, nor in "at least"."""


def exchange(question: str, passage: str, names: Sequence[str], rng: random.Random) -> str | None:
    """Exchange one thing of a question that ``passage`` answers, or return None where nothing fits.

    Args:
        names: what a name of the question's may be exchanged for.
    """
    ways = [_relation, _name, _number, _negation]
    rng.shuffle(ways)
    return next((altered for way in ways if (altered := way(question, passage, names, rng))), None)


def _relation(question: str, passage: str, names: Sequence[str], rng: random.Random) -> str | None:
    spots = [
        spot
        for spot in RELATION.finditer(question)
        if not re.search(rf"\b{OPPOSITE[spot.group()]}\b", passage, re.I)
    ]
    if not spots or NEGATED.search(question):
        return None
    spot = rng.choice(spots)
    return _put(OPPOSITE[spot.group()], spot)


def _name(question: str, passage: str, names: Sequence[str], rng: random.Random) -> str | None:
    spots = [spot for spot in NAME.finditer(question) if spot.group() in passage]
    if not spots or not names:
        return None
    spot = rng.choice(spots)
    # Of as many words, it is more often of the same kind.
    alike = [name for name in names if name.count(" ") == spot.group().count(" ")]
    other = rng.choice(alike or names)
    if other.lower() in passage.lower() or other.lower() in question.lower():
        return None
    return _put(other, spot)


def _number(question: str, passage: str, names: Sequence[str], rng: random.Random) -> str | None:
    spots = [spot for spot in NUMBER.finditer(question) if spot.group() in passage]
    if not spots:
        return None
    spot = rng.choice(spots)
    digits = re.sub(r"\d", lambda _: str(rng.randint(1, 9)), spot.group())
    return None if digits in passage else _put(digits, spot)


def _negation(question: str, passage: str, names: Sequence[str], rng: random.Random) -> str | None:
    spot = AUXILIARY.search(question)
    if spot is None or NEGATED.search(question) or NEGATED.search(passage) or rng.random() > RARELY:
        return None
    return _put(f"{spot.group()}n't", spot)


def _put(words: str, spot: re.Match[str]) -> str:
    """Return a question with other words at a spot in it."""
    return spot.string[: spot.start()] + words + spot.string[spot.end() :]
