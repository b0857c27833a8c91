"""Questions that an article answers, made from its headings and labelled paragraphs, each tried first."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

from qa.answer import Answer
from qa.article import Article
from qa.errors import QaError, QuestionError
from qa.index import Index
from qa.spelling import in_dictionary

MOST_TRIED = 12
"""Questions put to the bot for one call at most, so that no article keeps a server busy."""

MOST_MADE = 200
"""Questions made of one article: to word one takes a look through the whole text."""

LOOKED_THROUGH = 50_000
"""Characters of an article, more than nearly any has, that are looked through to word a question."""

FEWEST_WORDS = 5
"""Words that the answer to a question made here has at least: fewer do not say what something is."""

LABEL = re.compile(r"([A-Z][\w’'-]+(?: [\w’'-]+){0,4}): (?=\S)")
WORD = re.compile(r"\w[\w’'-]*")
SMALL_WORDS = set("a an and as at but by for from in into of on or the to with".split())  # noqa: SIM905
OVERVIEW = re.compile(
    r"^(?:overview|introduction|background|summary|conclusions?|outlook)\b(?: (?:of|to)\b)?\s*", re.I
)
NUMBERING = re.compile(r"^(?:(?:\d+|[IVX]+)[.)]|Q\d*[:.])\s+")
HALF_SENTENCE = re.compile(
    r"(?:what|why|how|who|where|when|which|not|he|she|they|it|we|said|notes?|photos?|pictures?|sources?"
    r"|references|editor[’']s notes?|(?:key )?takeaways|further reading|related|updates?|corrections?"
    r"|read more|by the numbers|(?:a )?timeline$|\d+ (?:things|facts|ways|takeaways|questions))\b"
    r"|.*\b(?:said|says|told|tells|added|adds|asked|asks|wrote|writes|put it|put it this way)\b",
    re.I,
)
"""Headings that are no name for a thing ("What it cost"), and labels of speakers or of no subject."""

RELATION = re.compile(
    r"(?:.* )?(causes?|challenges?|consequences?|costs?|effects?|history|impacts?|influence|limits?|"
    r"obstacles?|origins?|reactions?|reasons?|responses?|risks?|roles?|threats?) "
    r"(?:against|behind|for|in|of|on|to) .+",
    re.I,
)
PLURAL = re.compile(r".*[^siu]s", re.I)
UNCOUNTED = re.compile(r".*(?:tion|sion|ity|ance|ence|ism)", re.I)
"""Words such as "cooperation", which go without an article unless the text says "a cooperation"."""


class Answering(Protocol):
    """A :class:`qa.Bot`, or what stands before one."""

    @property
    def index(self) -> Index:
        """The index that answers come from."""

    def ask(self, question: str) -> Answer:
        """Answer a question."""


class Candidate(NamedTuple):
    """Wordings of one question, the stretch of the article that has to answer it, and in how many words."""

    wordings: tuple[str, ...]
    article: Article
    start: int
    end: int
    fewest: int


Tried = tuple[str, int, int]
"""A question that was put to the bot, its article's number in memory, and where its answer may begin."""


class Made(NamedTuple):
    """An index's questions, those of its front matter apart, and the passage that answers each one tried."""

    own: list[Candidate]
    made: list[Candidate]
    known: dict[Tried, str]


_made: WeakKeyDictionary[Answering, Made] = WeakKeyDictionary()
_lock = threading.Lock()


def suggestions(bot: Answering, shown: Sequence[str] = (), k: int = 3) -> list[str]:
    """Return up to ``k`` questions, each answered by a passage of its own that was not shown yet.

    They lead on: what stands next after the passage shown last comes first, in turn with the questions
    of the articles' front matter. With nothing shown, these come before all others.

    Args:
        bot: each question is put to it once, and kept only if it answers from the right place.
        shown: ids of the passages that were shown, the latest last.
        k: how many at most.
    """
    seen = set(shown)
    order = {passage.id: passage for passage in bot.index.passages}
    latest = next((order[i] for i in reversed(shown) if i in order), None)
    with _lock:
        if bot not in _made:
            _made[bot] = _make(bot.index.articles)
    own, made, known = _made[bot]
    if latest is not None:

        def passed(candidate: Candidate) -> bool:
            return candidate.article is not latest.article or candidate.start <= latest.start

        made = sorted(made, key=passed)
        in_turn = [c for pair in zip_longest(made, own) for c in pair if c is not None]
    else:
        in_turn = [*own, *made]
    found: list[str] = []
    tried = 0
    for candidate in in_turn:
        for question in candidate.wordings:
            if len(found) == k or tried == MOST_TRIED:
                return found
            tried_as = (question, id(candidate.article), candidate.start)
            if tried_as not in known:
                tried += 1
                try:
                    # One at a time: suggestions must not crowd out people's own questions.
                    with _lock:
                        if tried_as not in known:
                            known[tried_as] = _try(bot, question, candidate)
                except QaError:  # Too many ask just now: what is found by then is enough.
                    return found
            passage = known[tried_as]
            if passage and passage not in seen:
                found.append(question)
                seen.add(passage)
                break
    return found


def _make(articles: Sequence[Article]) -> Made:
    english = [a for a in articles if a.primary_language == "en"]
    return Made(
        own=[_whole(article, question) for article in articles for question in article.questions],
        made=[c for article in english for c in islice(candidates(article), MOST_MADE)],
        known={},
    )


def candidates(article: Article) -> Iterator[Candidate]:
    """Yield what an English article's headings and labelled paragraphs ask, in reading order, untried."""
    case = Counter(m.group() for m in WORD.finditer(article.text))

    def ask(title: str, start: int, end: int) -> Candidate:
        return Candidate(_wordings(_spoken(title, case), article.text), article, start, end, FEWEST_WORDS)

    for section in article.sections:
        labels = [(p, LABEL.match(article.text, p.start, p.end)) for p in section.paragraphs]
        plain = [p for p, label in labels if label is None]
        if section.heading and plain:
            yield ask(section.heading, plain[0].start, plain[-1].end)
        for paragraph, label in labels:
            if label is not None:
                yield ask(label[1], paragraph.start, paragraph.end)


def _whole(article: Article, question: str) -> Candidate:
    return Candidate((question,), article, 0, len(article.text), 1)


def _try(bot: Answering, question: str, candidate: Candidate) -> str:
    """Return the id of the passage that answers a question, or "" if none does at the right place."""
    try:
        answer = bot.ask(question)
    except QuestionError:  # A front matter may hold a question that is none.
        return ""
    if answer.quote is None or answer.quote.article is not candidate.article:
        return ""
    inside = candidate.start <= answer.quote.start and answer.quote.end <= candidate.end
    enough = len(answer.quote.text.split()) >= candidate.fewest
    return answer.passages[0].id if inside and enough else ""


def _spoken(title: str, case: Counter[str]) -> str:
    """Write a heading as it would stand in a sentence: names keep their capitals, other words lose them."""

    def word(match: re.Match[str]) -> str:
        found = match.group()
        lower = found.lower()
        # What a heading alone has is a name where no dictionary has it.
        own = case[found] > 1 or not in_dictionary(lower, "en")
        name = own and not case[lower] and lower not in SMALL_WORDS
        return found if name or not found[1:].islower() else lower

    return WORD.sub(word, title)


def _wordings(phrase: str, text: str) -> tuple[str, ...]:
    """Ask for what a phrase names, the most natural way first."""
    phrase = NUMBERING.sub("", OVERVIEW.sub("", phrase, count=1)).strip(" :–—-")
    if HALF_SENTENCE.match(phrase) and not phrase.endswith("?"):
        return ()
    phrase = re.sub(r"^(the|an?) ", "", phrase, flags=re.I)
    if not phrase:
        return ()
    if phrase.endswith("?"):
        return (phrase[0].upper() + phrase[1:],)
    relation = RELATION.fullmatch(phrase)
    named = f"the {phrase}" if relation or _countable(phrase, text) else phrase
    about = f"What does the article say about {named}?"
    if relation is None:
        return (about,)
    return (f"What {'are' if PLURAL.fullmatch(relation[1]) else 'is'} {named}?", about)


def _countable(phrase: str, text: str) -> bool:
    """Say whether the article speaks of "an" or "the" such thing, so that the phrase wants its article."""
    words = WORD.findall(phrase)
    if not words or re.search(r"[’']s?\b", phrase) or " and " in phrase or PLURAL.fullmatch(phrase):
        return False
    articles = "an?" if UNCOUNTED.fullmatch(phrase) else "an?|the|this"
    spoken = rf"\b(?:{articles}) (?:[\w’-]+ ){{0,4}}{re.escape(words[-1])}\b"
    return re.search(spoken, text[:LOOKED_THROUGH], re.I) is not None
