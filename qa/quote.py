"""A span -> the words to quote: no half words, no unbalanced marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

from qa.passages import Passage

HYPHENS = "‑-"
SIGNS = "-−+±"
INNER = f".,:/&’'{HYPHENS}"
"""Marks that stand within a word, a number or a name: 11,000, 3.5, 9/11, O'Neill, AT&T, two-day."""

POSSESSIVE = re.compile(
    r"(?<!\bit)(?<!\bhe)(?<!\bshe)(?<!\bwho)(?<!\blet)(?<!\bthat)(?<!\bwhat)(?<!\bhere)(?<!\bthere)"
    r"(?<=\w)[’']s$",
    re.I,
)
"""Not the end of "it's", which is no half of what follows."""

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\w+://\S*[\w/#=&-]")

CLOSING = {"“": "”", "‘": "’", "«": "»", "»": "«", "„": "“”", "(": ")", "[": "]", '"': '"'}
"""What closes each mark; the first of two that could open it opens it."""


def mended(passage: Passage, start: int, end: int) -> tuple[int, int]:
    """Return a span of a passage, in offsets into the article, without what would be cut at its edges.

    Words and numbers are taken in whole; of a quotation or bracket that the passage closes, both halves are
    taken in, or neither. Rows, and all of a passage, are left as they are.
    """
    if passage.table_head or (start, end) == (passage.start, passage.end):
        return start, end
    text, offset = passage.text, passage.start
    first, last = (at - offset for at in passage.sentences_at(start, end))
    start, end = start - offset, end - offset
    pairs = list(_pairs(text))
    trimmed = _trimmed(text, start, end, first, last, pairs)
    start, end = _grown(text, *(trimmed if trimmed[0] < trimmed[1] else (start, end)), pairs)
    if passage.article.primary_language == "en" and text[end : end + 1].isspace():
        end = start + len(_without_possessive(text[start:end], passage.article.text))
    return offset + start, offset + end


def _without_possessive(words: str, text: str) -> str:
    """Leave out a possessive's ending, which says only the half of "Russia's economy".

    Unless the article never has the name without it: Moody's, St. John's.
    """
    bare = POSSESSIVE.sub("", words)
    name = re.escape(bare.split()[-1]) if bare else ""
    return bare if re.search(rf"(?<!\w){name}(?![\w’'])", text) else words


def _trimmed(
    text: str, start: int, end: int, first: int, last: int, pairs: list[tuple[int, int]]
) -> tuple[int, int]:
    """Leave out a mark at the edge whose other half stands in another sentence, or on its far side."""
    halves = {at: pair for pair in pairs for at in pair}

    def leads(at: int) -> bool:
        opening, closing = halves.get(at, (-1, -1))
        return text[at].isspace() or closing == at or (opening == at and closing >= max(end, last))

    def trails(at: int) -> bool:
        opening, closing = halves.get(at, (-1, -1))
        return text[at].isspace() or opening == at or (closing == at and opening < min(start, first))

    while start < end and leads(start):
        start += 1
    while start < end and trails(end - 1):
        end -= 1
    return start, end


def _grown(text: str, start: int, end: int, pairs: list[tuple[int, int]]) -> tuple[int, int]:
    """Take in the rest of words and addresses at the edges, and the other halves of marks."""
    halves = {at for pair in pairs for at in pair}
    addresses = [hit.span() for hit in ADDRESS.finditer(text)]

    def goes_on(at: int) -> bool:
        inches = text[at] == '"' and at not in halves and text[at - 1].isdigit()
        return inches or _joined(text, at)

    before = None
    while before != (start, end):
        before = (start, end)
        while start > 0 and _joined(text, start):
            start -= 1
        while end < len(text) and goes_on(end):
            end += 1
        for opening, closing in pairs:
            if (start <= opening < end) != (start <= closing < end):
                start, end = min(start, opening), max(end, closing + 1)
        for first, last in addresses:
            if start < last and first < end:
                start, end = min(start, first), max(end, last)
    return start, end


def _joined(text: str, at: int) -> bool:
    """Say whether the characters on both sides of a cut belong to one word, number or name."""
    left, right = text[at - 1], text[at]
    beyond, behind = text[at + 1 : at + 2], text[at - 2 : at - 1] if at > 1 else ""
    if _is_letter(right):
        if (
            _is_letter(left)
            or category(left) == "Sc"
            or left == "°"
            or (left == "–" and behind.isdigit() and right.isdigit())
        ):
            return True
        if left in SIGNS and right.isdigit() and not _is_letter(behind):
            return True
        # The hyphen of U.S.-backed stands behind a point.
        return left in INNER and (_is_letter(behind) or (left in HYPHENS and behind == "."))
    if _is_letter(left):
        # The last point of U.S. has no letter after it.
        ends_letters = right == "." and behind == "." and left.isalpha()
        inner = right in INNER or category(right) == "Sc"
        years = right == "–" and left.isdigit() and beyond.isdigit()
        amount = right in "%‰°′″" or (left.isdigit() and category(right) == "Sc")
        grade = right == "+" and not _is_letter(beyond)
        return amount or grade or ends_letters or years or (inner and _is_letter(beyond))
    if category(right) == "Sc":
        return left in SIGNS and not _is_letter(behind)
    return left == "." and right in HYPHENS and _is_letter(beyond)


def _is_letter(character: str) -> bool:
    """Say whether a character is part of a word: a letter, a digit, a mark on either, or what joins them."""
    return character != "" and (category(character)[0] in "LNM" or character in "_\u200c\u200d")


def _pairs(text: str) -> Iterator[tuple[int, int]]:
    """Yield where quotations and brackets open and close; what has no other half is left out."""
    open_marks: list[int] = []
    for at, mark in enumerate(text):
        if mark not in '“”‘’«»„()[]"':
            continue
        closes = [i for i in open_marks if mark in CLOSING[text[i]]]
        before, after = (_is_letter(text[max(at - 1, 0) : at]), _is_letter(text[at + 1 : at + 2]))
        within = before and after
        # Behind a word a straight mark opens nothing: an 8" pipe.
        if closes and not (mark == "’" and within) and not (mark == '"' and after):
            yield closes[-1], at
            # What stands open within has no other half.
            del open_marks[open_marks.index(closes[-1]) :]
        elif mark in CLOSING and not within and not (mark == '"' and before):
            open_marks.append(at)
