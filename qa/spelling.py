"""Question as typed -> question as meant: slips of the finger set right, names written as the article does.

A word that neither the articles nor the language's dictionary have is most likely a slip. It becomes the
articles' word that is nearest, else a word such as "which" or "because". A name that the articles never
use ("Moscow") becomes the one that they use for the same thing ("Russia"), and a number is written as there.
"""

from __future__ import annotations

import functools
import gzip
import pkgutil
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from qa.words import content_words

if TYPE_CHECKING:
    from spellchecker import SpellChecker

WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)*")
POSSESSIVE = re.compile(r"[’']s$", re.I)
BEFORE = re.compile(r"[A-Z][\w’'-]* $")
AFTER = re.compile(r"[ -][A-Z]")
SHORTEST = 4
"""Letters from which a word is set right: shorter ones are too like each other."""

TWO_SLIPS = 7
"""Letters from which a word may be two slips away from one of the articles'."""

MOST_SLIPS = 12
"""Words of a question that are set right: to look one up takes 10 ms, and few slip more often."""

MOST_JUDGED = 12
"""Words by which a question's language is told: one that nobody knows is sought in nine dictionaries."""

LONGEST = 24
"""Letters up to which a word is set right."""

LOOKED_AT = 60
FEWEST = 12
"""Words of the articles, about so many and no fewer, that tell whether they are in their language: of four
English ones the dictionary had nine in ten, of a German one two."""

OTHERS = ("de", "es", "fr", "it", "nl", "pt")
"""Languages of dictionaries that tell whether a question is in another than the articles'."""

ENGLISH = frozenset("and did does for how the to what when where which who why with".split())  # noqa: SIM905
"""Words of English alone, though other dictionaries have them too."""

OPENING = re.compile(r"(?:are|can|could|has|have|is|should|were)\b", re.I)
"""How questions begin in English alone, but for Dutch's "is"."""

FOREIGN = 2
"""Words that another language's dictionary must have more than the articles' own and English."""

MAIN_SCRIPT = 0.05
"""The share of the articles' letters from which a script is one that they are written in."""

LOOKED_BACK = 24
"""Characters before a name or number that tell what it is a part of."""

NAMES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("Russia", "Russian government", "Russian Federation"), ("Moscow", "the Kremlin", "Kremlin")),
    (("North Korea", "DPRK"), ("Pyongyang",)),
    (("South Korea", "ROK"), ("Seoul",)),
    (("United States", "US", "U.S.", "USA", "U.S.A.", "America"), ("Washington", "the White House")),
    (("European Union", "EU", "E.U."), ("Brussels",)),
    (("United Kingdom", "UK", "U.K.", "Britain", "Great Britain"), ("London", "Downing Street")),
    (("United Nations", "UN", "U.N."), ()),
    (("China", "PRC"), ("Beijing",)),
    (("Ukraine",), ("Kyiv", "Kiev")),
    (("Japan",), ("Tokyo",)),
    (("Germany",), ("Berlin",)),
    (("France",), ("Paris", "the Élysée")),
    (("Iran",), ("Tehran", "Teheran")),
    (("India",), ("New Delhi",)),
    (("Israel",), ("Jerusalem",)),
    (("Turkey", "Türkiye"), ("Ankara",)),
    (("Poland",), ("Warsaw",)),
    (("Belarus",), ("Minsk",)),
    (("Syria",), ("Damascus",)),
    (("Taiwan",), ("Taipei",)),
    (("Saudi Arabia",), ("Riyadh",)),
    (("Canada",), ("Ottawa",)),
    (("Australia",), ("Canberra",)),
)
"""Names that the news uses for one state or union, and those of where it is governed from, which can mean
its government: "Moscow says"."""

SEATS = frozenset(seat for _, seats in NAMES for seat in seats)
PLACE = re.compile(
    r"\b(?:across|around|at|(?:big|cold|far|hot|large|old|safe|tall|warm) is|from|in|inside|into|leaves?|left"
    r"|near|of|outside|reach\w*|than|through|visit\w*|the|where(?:[’']s| is| was)|which) $",
    re.I,
)
"""What stands before a seat that is meant as a place: "in Paris", "the Paris metro"."""

WORD_ITSELF = re.compile(r"\b(?:mention(?:s|ed)?|names?|spell(?:ed|s)?|terms?|words?)\b", re.I)
"""Words of a question that may ask for a name as it is written."""

CITY = re.compile(
    r"(?:[’']s)? (?:the capital|a city|airport|area|city|climate|history|hotels?|inhabitants|mayor|metro"
    r"|museums?|people|population|residents?|size|state|streets?|suburbs?|university|weather"
    r"|(?:built|founded|like|located|named|situated)\b|in (?:spring|summer|autumn|winter))\b"
)
"""What stands behind one."""


UNITS = """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
    """.split()  # noqa: SIM905
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
DIGITS = ["one", *UNITS[:8]]
VALUES = {word: value for value, word in enumerate(UNITS, 2)} | {
    ten + unit: 10 * n + value
    for n, ten in enumerate(TENS, 2)
    for value, unit in enumerate(["", *(f"-{digit}" for digit in DIGITS)])
}
"""Numbers from two to below a hundred, by how they are written in words."""

NUMBER = re.compile(
    r"(?<![\w.,])\d{1,3}(?:[,'’ \u00a0\u2009\u202f]\d{3})+(?!\w|[.,]\d)|(?<![\w.,])\d+(?!\w|[.,]\d)"
    rf"|\b(?:(?:{'|'.join(TENS)})(?:[- ](?:{'|'.join(DIGITS)}))?|{'|'.join(UNITS)})\b",
    re.I,
)
HASTY = re.compile(r"(?<!\S)[24](?!\S)")
"""Digits that may stand for "to" and "for"."""

YEAR = re.compile(r"1\d{3}|20\d\d")
FEWEST_IN_WORDS = 10
"""The least number in words that becomes one in digits: "the two leaders" does not ask for a number."""


class Spelling:
    """Knows the words of some articles, and those of their language."""

    def __init__(self, texts: Iterable[str], language: str) -> None:
        """Take the articles' texts and their language, an ISO 639-1 code."""
        text = unicodedata.normalize("NFC", "\n".join(texts))
        self._language = language.lower().split("-")[0]
        words = [POSSESSIVE.sub("", word) for word in WORD.findall(text)]
        self._own = dict.fromkeys(sorted(word.lower() for word in words))
        self._capital = {word.lower() for word in words if word[0].isupper()}
        self._names = dict(_written_otherwise(text))
        self._numbers = _numbers_of(text)
        # In English one can ask about any article, and names in Latin letters stand in most.
        scripts = Counter(_script(letter) for letter in "".join(self._own))
        self._scripts = {s for s, n in scripts.items() if n >= MAIN_SCRIPT * scripts.total()} | {"LATIN"}
        longest_first = sorted(map(re.escape, self._names), key=len, reverse=True)
        self._name = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)") if longest_first else None

    @functools.cached_property
    def in_its_language(self) -> bool:
        """Whether the articles look like the language that they are said to be in, as far as one can tell."""
        common = [word for word in self._own if len(word) >= SHORTEST and word not in self._capital]
        some = common[:: max(1, len(common) // LOOKED_AT)]
        if len(some) < FEWEST or not _dictionary_file(self._language):
            return True
        return sum(in_dictionary(word, self._language) for word in some) >= len(some) / 2

    def is_gibberish(self, question: str) -> bool:
        """Say whether a question has several content words, and none is one of the articles or a dictionary.

        A single one may be new, or a name.
        """
        words = content_words(question)
        return len(words) > 1 and not any(map(self._knows, words[:MOST_JUDGED]))

    def is_foreign(self, question: str) -> bool:
        """Say whether a question is in a language that is neither the articles' nor English."""
        if "¿" in question and self._language != "es":
            return True
        words = WORD.findall(unicodedata.normalize("NFKC", question))  # ornate letters are plain ones
        if words and not self._scripts & {*map(_script, "".join(words))}:
            return True
        # Names are of no language: "São Paulo".
        named = not question.isupper() and all(word[0].isupper() for word in words)
        if named or not _dictionary_file(self._language):
            return False
        said = dict.fromkeys(word.lower() for word in words if len(word) > 1)
        asked = {*islice((word for word in said if word not in self._own), MOST_JUDGED)}
        known = sum(map(self._knows, asked))
        # Most words known, as nearly always: no other dictionary is opened.
        if said.keys() & ENGLISH or OPENING.match(question) or 2 * known > len(asked):
            return False
        # The Spanish dictionary has no "quién", but English has no such letter.
        odd = {word for word in asked if not word.isascii() and not self._knows(word)}
        return any(
            len(odd) + sum(in_dictionary(word, code) for word in asked - odd) >= known + FOREIGN
            for code in OTHERS
        )

    def correct(self, question: str) -> str:
        """Return the question with slips set right, and names and numbers as the articles write them."""
        looked_up = 0

        def set_right(found: re.Match[str]) -> str:
            nonlocal looked_up
            word = found.group()
            if looked_up == MOST_SLIPS or not self._is_slip(word):
                return word
            looked_up += 1
            named = word[0].isupper() and found.start() > 0
            meant = self._nearest(word.lower(), named=named)
            return word if meant is None else meant.capitalize() if word[0].isupper() else meant

        question = WORD.sub(set_right, question)
        question = NUMBER.sub(self._renumbered, question)
        return self._name.sub(self._renamed, question) if self._name else question

    def _renumbered(self, found: re.Match[str]) -> str:
        """Write a number as the articles do, which have it in one other way: 11000 as 11,000."""
        typed = found.group()
        forms = self._numbers.get(_value(typed), ())
        few = typed.isalpha() and _value(typed) < FEWEST_IN_WORDS
        if few or len(forms) != 1 or YEAR.fullmatch(forms[0]):
            return typed
        if HASTY.match(found.string, found.start()) or _follows_name(found):
            return typed  # "Phase 2" is a name.
        return typed if typed.lower() == forms[0] else forms[0]

    def _renamed(self, found: re.Match[str]) -> str:
        """Write a name as the articles do, unless a place is meant, or a longer name: George Washington."""
        name, before = found.group(), _before(found)
        longer = _follows_name(found) or AFTER.match(found.string, found.end())
        of_america = name == "America" and before.endswith(" of ")
        place = name in SEATS and (PLACE.search(before) or CITY.match(found.string, found.end()))
        itself = before.endswith(('"', "“", "‘")) or (name in SEATS and WORD_ITSELF.search(found.string))
        return name if longer or of_america or place or itself else self._names[name]

    def _is_slip(self, word: str) -> bool:
        """Say whether a word is written like others, and in neither the articles nor the dictionary."""
        if not SHORTEST <= len(word) <= LONGEST or not word.isalpha() or word.isupper():
            return False
        if not _dictionary_file(self._language):
            # Without one, each form that the articles lack would become another word.
            return False
        # In another language than is said, each word would become another.
        return not self._knows(word.lower()) and self.in_its_language

    def _knows(self, word: str) -> bool:
        """Say whether the articles or a dictionary have a word, given in small letters."""
        word = POSSESSIVE.sub("", word)
        # People ask in English about articles in other languages too.
        return word in self._own or any(in_dictionary(word, code) for code in (self._language, "en"))

    def _nearest(self, word: str, *, named: bool) -> str | None:
        """Return the word that a slip stands for, or None where nothing is near."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        near = process.extract(
            word,
            [own for own in self._own if own[0] == word[0]],
            scorer=OSA.distance,
            score_cutoff=2 if len(word) >= TWO_SLIPS else 1,
        )
        for own, slips, _ in near:
            # A name that nobody knows is a name, and no slip for a common word: Shahed is not "shared".
            common = named and own not in self._capital and (slips > 1 or len(word) < TWO_SLIPS)
            if not common:
                return str(own)
        corrected = None if named else _corrected(word, self._language)
        # One that the articles lack helps nobody, and many a word is no slip: "neighbour", "bobotie".
        return corrected if corrected is not None and not content_words(corrected) else None


@functools.cache
def _script(letter: str) -> str:
    """Name the script of a letter: LATIN, CYRILLIC, HANGUL."""
    return unicodedata.name(letter, "").split(" ")[0]


@functools.cache
def _dictionary_file(language: str) -> bytes:
    """Return the file of a language's dictionary, a line for each word; empty where there is none.

    Whether a word is known needs no more: 14 ms for English, where the dictionary itself takes 170.
    """
    if not language.isalpha():
        return b""
    try:
        packed = pkgutil.get_data("spellchecker", f"resources/{language}.json.gz")
    except FileNotFoundError:
        return b""
    return gzip.decompress(packed or b"")


@functools.lru_cache(maxsize=4096)
def in_dictionary(word: str, language: str) -> bool:
    """Say whether a language's dictionary has a word, given in small letters: never, where there is none."""
    return f'\n"{word}": '.encode() in _dictionary_file(language)


@functools.cache
def _dictionary(language: str) -> SpellChecker:
    """Return a language's dictionary, loaded when a word is first to be set right by it."""
    from spellchecker import SpellChecker

    return SpellChecker(language=language, distance=1)


@functools.lru_cache(maxsize=4096)
def _corrected(word: str, language: str) -> str | None:
    return _dictionary(language).correction(word)


def _before(found: re.Match[str]) -> str:
    """Return the characters before a name or number that tell what it is a part of."""
    return found.string[max(0, found.start() - LOOKED_BACK) : found.start()]


def _follows_name(found: re.Match[str]) -> bool:
    """Say whether a word with a capital, that carries content, stands right before."""
    first = BEFORE.search(_before(found))
    return first is not None and bool(content_words(first.group()))


def _value(number: str) -> int:
    """Return the value of a number as :data:`NUMBER` finds it."""
    word = number.lower().replace(" ", "-")
    return VALUES[word] if word in VALUES else int(re.sub(r"\D", "", number))


def _numbers_of(text: str) -> dict[int, list[str]]:
    """Return the ways in which a text writes its numbers, by their value."""
    forms: dict[int, list[str]] = {}
    for form in dict.fromkeys(number.lower() for number in NUMBER.findall(text)):
        forms.setdefault(_value(form), []).append(form)
    return forms


def _count(name: str, text: str) -> int:
    """Count a name in a text. Its "the" has a capital where a sentence begins."""
    bare = name.removeprefix("the ")
    if bare not in text:
        return 0  # Most names stand nowhere, and to see that takes no pattern.
    the = "[Tt]he " if bare != name else ""
    return len(re.findall(rf"(?<!\w){the}{re.escape(bare)}(?!\w)", text))


def _written_otherwise(text: str) -> Iterator[tuple[str, str]]:
    """Yield names that a text lacks, each with the name that it uses most for the same thing.

    A state is not exchanged for its capital: an article about Paris does not say how large France is.
    """
    for states, seats in NAMES:
        counts = {name: _count(name, text) for name in (*states, *seats)}
        for names, alike in ((states, states), (seats, (*states, *seats))):
            used = max(alike, key=lambda name: counts[name], default="")
            if used and counts[used]:
                yield from ((name, used) for name in names if not counts[name])
