"""Articles and questions of our own: news, and what readers ask about it, half of it unanswered there.

``training/written`` holds them: ``NAME.md`` is an article, ``NAME.jsonl`` its questions, in the form of
any set's. They are what the public sets lack: short abstract paragraphs under headings that repeat each
other, paraphrases without a shared word, questions after a conversation, and for most questions that are
answered a twin that sounds alike and is not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from qa.bot import SHIPPED_INDEX
from qa.encoder import DEFAULT_MODEL
from qa.evaluation import Encode, indexed
from qa.followup import candidates
from qa.index import cut_all
from qa.index import load as load_index
from qa.markup import read_article
from qa.passages import Passage
from qa.questions import Document, Question, read_questions
from qa.search import Search
from training.data import Example, noisy
from training.exchange import NAME, exchange
from training.mined import Mined
from training.vectors import encoder

FOLDER = Path(__file__).parent / "written"
HELD_OUT = {
    "calibration": (
        "abraham afcfta aukus catalonia cbam chips earthquake heat-pumps hs2 iran-saudi lobito "
        "macron-beijing notre-dame solomons-china soybeans sugar-tax svb wirecard womens-world-cup xi-saudi "
        "boj-exit jetp price-cap right-to-repair somaliland-port xian-summit "
        "held-brunei-china held-chad-hungary held-entry-cholera held-entry-oresund held-entry-safavids "
        "held-entry-sewing-machine held-mongolia-us held-nixon-bucharest held-sukarno-moscow "
        "held-talk-fergana-border held-talk-khor-abdullah held-talk-quito-embassy held-talk-seoul-havana"
    ),
    "test": (
        "belt-and-road camp-david dieselgate farc ftx galwan goodfriday grain-deal oresund potash smallpox "
        "webb writers-strike xi-europe bletchley frozen-assets milei-shock new-start-suspended"
    ),
}
"""Articles that the reader does not learn from, by the part that they belong to."""

ASKED = re.compile(r"-p\d+$")
"""Ends the id of a question that was asked as by one who has not read the article."""

LOOKED_AT = 7
"""Passages, as the search ranks them, among which look-alikes are mined."""

ALTERED = 0.15
"""Share of answered questions of which one is tried to be made that the passage does not answer."""

BELIEVED = 4
"""Of these, the ones that an earlier reader believes most, among which the second look-alike is drawn."""


def part_of(name: str) -> str:
    """Name the part of an article: ``calibration``, ``test`` or ``train``."""
    return next((part for part, names in HELD_OUT.items() if name in names.split()), "train")


def documents(part: str) -> Iterator[Document]:
    """Yield each article of a part, cut as an index cuts it, with its questions."""
    model = encoder(DEFAULT_MODEL)
    for path in sorted(FOLDER.glob("*.md")):
        if part_of(path.stem) == part:
            article = read_article(path)
            passages = tuple(cut_all([article], model.tokenizer, model.info(int8=True)))
            (questions,) = read_questions(path.with_suffix(".jsonl"), passages).values()
            yield Document(article, passages, tuple(questions))


def searched(part: str, encode: Encode, known: Container[str] = ()) -> list[tuple[Document, Search]]:
    """Return a part's articles that have questions whose id is not ``known``, with these alone, indexed.

    ``encode`` makes unit vectors of texts as the shipped index's model does.
    """
    shipped = load_index(SHIPPED_INDEX)
    found = []
    for document in documents(part):
        fresh = tuple(question for question in document.questions if question.id not in known)
        if fresh:
            index = indexed(document, encode, shipped)
            found.append((replace(document, questions=fresh), Search(index)))
    return found


def examples(
    articles: Iterable[tuple[Document, Search]], rng: random.Random, mined: Mined | None
) -> list[Example]:
    """Build the examples of articles: what answers, and its look-alikes.

    They are the search's, in the order of an earlier reader's belief where there is one.
    """
    made: list[Example] = []
    for document, search in articles:
        answers = {question.text: question.answers[0] for question in document.questions if question.answers}
        for question in document.questions:
            # As the chat reads it: after what it leans on.
            quoted = partial(_quoted, question, answers, document.article.text)
            asked = candidates(question.text, question.history, quoted)[-1]
            made += _examples(question, asked, document.passages, search, rng, mined)
    return made


def _quoted(question: Question, answers: Mapping[str, str], text: str) -> str:
    """Return what was answered before a follow-up: as its history has it, or the answer to what was asked."""
    before = question.history[-1]
    if before["role"] == "user":
        return answers.get(before["content"], "")
    return before["content"] if before["content"] in text else ""


def _examples(
    question: Question,
    asked: str,
    passages: tuple[Passage, ...],
    search: Search,
    rng: random.Random,
    mined: Mined | None,
) -> Iterator[Example]:
    order = search.score(asked).fused.argsort()[::-1]
    ranked = [passages[i] for i in order]
    wrong = [p for p in ranked if p.id not in question.gold][:LOOKED_AT]
    if mined is not None:
        wrong = mined.order(question.id, asked, wrong)
    wrong = wrong[:BELIEVED]
    if question.history and rng.random() < 0.4:
        asked = question.rewrite
    asked = noisy(asked, rng)
    group = rng.getrandbits(62)
    right = _right(question, ranked, rng)
    if right is None:
        group = -1
    else:
        passage, start, end = right
        yield Example(asked, passage.heading, passage.text, start, end, group)
        if rng.random() < ALTERED:
            names = [hit.group() for p in passages for hit in NAME.finditer(p.text)]
            if altered := exchange(asked, passage.text, names, rng):
                yield Example(altered, passage.heading, passage.text, -1, -1)
    for passage in [wrong[0], rng.choice(wrong[1:])]:
        yield Example(asked, passage.heading, passage.text, -1, -1, group)


def _right(question: Question, ranked: list[Passage], rng: random.Random) -> tuple[Passage, int, int] | None:
    """Draw an answer, and the best ranked passage that holds it: short words stand in others by chance."""
    if not question.answers:
        return None
    answer = rng.choice(question.answers)
    passage = next(p for p in ranked if answer in p.text)
    start = passage.text.index(answer)
    return passage, start, start + len(answer)
