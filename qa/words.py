"""Words as people write them: folded into one way, told from each other, without what nobody sees."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"\w+(?:[’']\w+)*")
ALIKE = str.maketrans(
    dict.fromkeys("‘’ʼ´`′", "'") | dict.fromkeys("“”„", '"') | dict.fromkeys("\u00ad\u200b\u2060")
)
"""Marks that are written in several ways, and those within words that nobody sees."""

NAME = re.compile(r"(?<=[\w,;:’'] )[^\W\d_]\w+")
JOINERS = "\u200c\u200d"
"""Format marks that belong to words, as in Persian, and to emoji."""

FUNCTION_WORDS = frozenset(
    """
    a about after all also am an and any are as at be because been before being between
    both but by can could did do does doing done for from get had has have having he her
    here him his how i if in into is it its just many me more most much my no not of on
    one or other our out over s say says shall she should so some such tell than that the
    their them then there these they this those to under up us very was we were what when
    where which while who whom whose why will with would you your
    """.split()  # noqa: SIM905
)
"""English words that carry no content of their own; in other languages BM25's weights do the work."""


def fold(text: str) -> str:
    """Write a text one way: compatibility forms, case and quotation marks made alike."""
    # What is left of a Turkish capital I has a dot of its own, which would part the word.
    return unicodedata.normalize("NFKC", text.translate(ALIKE)).casefold().replace("i\u0307", "i")


def unmarked(text: str) -> str:
    """Return a text's words as one writes them in haste: folded, without marks but for apostrophes."""
    plain = " ".join(re.sub(r"[^\w' ]+", " ", fold(text)).split())
    plain = re.sub(r"\b(what|who|where|how|that)s\b", r"\1's", plain)
    return re.sub(r"\b(?:r u|are u|u r)\b", "are you", re.sub(r"\b(you)re\b", r"\1're", plain))


def names(text: str) -> list[str]:
    """Return the words that begin with a capital, but for the first."""
    return [name for name in NAME.findall(text) if name[0].isupper()]


def content_words(text: str) -> list[str]:
    """Return a text's words, folded, without those that carry no content of their own: "what's", "didn't".

    Letters that stand for a name have content, though a word is written like them: US, WHO, IT.
    """
    shouted = text.isupper()
    words = (
        (fold(w), len(w) > 1 and w.isupper() and not shouted) for w in WORD.findall(text.translate(ALIKE))
    )
    return [
        word
        for word, letters in words
        if letters or (word.partition("'")[0] not in FUNCTION_WORDS and not word.endswith("n't"))
    ]


def visible(text: str) -> str:
    """Return a text composed, on one line, without controls, surrogates and marks that could disguise it."""
    kept = (c for c in text if c in JOINERS or unicodedata.category(c) != "Cf")
    plain = (" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in kept)
    return " ".join(unicodedata.normalize("NFC", "".join(plain)).split())
