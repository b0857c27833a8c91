"""A reading's words -> the words to quote: no half words, no unbalanced marks, as much as was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

from qa.article import ROW_GAP
from qa.passages import Passage
from qa.search import content_words

LEAD = r"\s*(?:(?:and|but|so|then|according to [^,]{1,60},)\s+)?"
STATEMENT = re.compile(
    LEAD + r"(?:why\b|explain\b|describe\b"
    r"|how\b(?! (?:many|much|long|old|often|far|big|large|high|tall|soon|deep|wide|thick|heavy|fast|quickly"
    r"|late|early|close|near|likely|strong|hot|cold|low|short|small)\b)|what (?:led|caus)"
    r"|(?:for )?(?:what|which)\b(?: [\w’'-]+){0,5}? (?:reasons?|causes?|effects?|impacts?"
    r"|consequences?|implications?|outcomes?|happen\w*|lead to|led to)\b)",
    re.I,
)
"""Questions whose answer is a whole statement."""

YES_NO = re.compile(
    LEAD + r"(?:(?:is|are|was|were|do|does|did|has|have|had|could|would|should|must|might)(?:n['’]?t)?"
    r"|can(?:['’]?t|not)?|will|won['’]?t|shall|may)\b"
    # "May 2024 saw what?", "Can you tell me who signed?"
    r"(?! \d| you\b)(?!.*\bwh(?:at|o|ich)\W*$)",
    re.I,
)
"""Questions that a sentence settles with yes or no."""

SEVERAL = re.compile(
    r"^(?:list|name|enumerate)\b|\b(?:all|both|each|two|three|four|five|six|several|various)\b"
    r"|\b(?:what|which) (?:are|were)\b"
    r"|\b(?:what|which|whose) (?!(?:is|was|has|does|this|us|its|his|happens|follows)\b)"
    r"(?:\w+(?<![sui])s\b"
    r"|\w+ (?!(?:is|was|has|does|this|us|its|his)\b)\w+(?<![sui])s\b(?! (?:at|from|the|to|an?|\d)))",
    re.I,
)
"""A question that asks for several things: of 605 about articles of our own four in five, and one in ten
of those that ask for one thing."""

SAYING = re.compile(
    LEAD
    + r"what (?:did|does|do|has|have|had)\b.{1,80}?\b(?:say|said|tell|told|argued?|warn(?:ed)?|claim(?:ed)?"
    r"|reply|replied|promised?|think|thought)\b",
    re.I,
)
"""Questions whose answer is what somebody said, and not that it was said."""

COMPARING = re.compile(
    r"\b(?:most|least|total|altogether|average|overall|in all|worst|compared?|comparison"
    r"|(?!(?:arr|b|ch|contr?|dig|for|gu|harv|hon|inter|inv|manif|midw|mod|n|northw|p|pri|prot|qu|r|requ|southw"
    r"|sugg|t|v|w)est\b)[a-z]+est)\b"
)
"""Words of a question that is settled by all rows of a table together: a reader looks at each by itself."""

ALL_ROWS = re.compile(
    r"^(?:list|name|enumerate)\b|\b(?:all|both|each|every|several|various)\b"
    r"|\b(?:what|which)(?: \w+)? (?:are|were)\b",
    re.I,
)
"""A question that asks for several rows of a table."""

STATEMENT_WORDS = 5
"""Words below which a reading makes no statement."""

SENTENCE_END = re.compile(r"[.!?。！？…][\W]*$")
"""How a sentence ends, closing marks and all."""

HYPHENS = "‑-"
SIGNS = "-−+±"
INNER = f".,:/&’'{HYPHENS}"
"""Marks that stand within a word, a number or a name: 11,000, 3.5, 9/11, O'Neill, AT&T, two-day."""

CLOSING = {"“": "”", "‘": "’", "«": "»", "»": "«", "„": "“”", "(": ")", "[": "]", '"': '"'}
"""What closes each mark; the first of two that could open it opens it."""


def widen(question: str, passage: Passage, start: int, end: int) -> tuple[int, int]:
    """Return the span to quote for a reading's span, both in offsets into the article.

    A question that can be settled with yes or no gets the sentence that settles it; one that asks
    why, how or what happens gets at least a sentence. Words and numbers are taken in whole; of a
    quotation or bracket that the passage closes, both halves are taken in, or neither. A cell says nothing
    without its row: of a table the row is quoted, or all of it where several things are asked for or rows
    are compared. A list is quoted whole, unless one thing is asked for and its item is a sentence.
    """
    text, offset = passage.text, passage.start
    first, last = (at - offset for at in passage.sentences_at(start, end))
    # What a question asks for is told by its words, and they are English.
    english = passage.article.primary_language == "en"
    several = english and SEVERAL.search(question)
    if passage.table_head:
        named = _rows_named(question, passage)
        whole = named > 1 or (named < 1 and _compares(question, passage)) or ALL_ROWS.search(question)
        return (passage.start, passage.end) if whole or not english else (offset + first, offset + last)
    if ROW_GAP in text and (several or not SENTENCE_END.search(text[first:last])):
        return passage.start, passage.end
    start, end = start - offset, end - offset
    short = len(text[start:end].split()) < STATEMENT_WORDS
    stated = YES_NO.match(question) or SAYING.match(question) or (STATEMENT.match(question) and short)
    if english and stated:
        start, end = first, last
    pairs = list(_pairs(text))
    trimmed = _trimmed(text, start, end, first, last, pairs)
    start, end = _grown(text, *(trimmed if trimmed[0] < trimmed[1] else (start, end)), pairs)
    return offset + start, offset + end


def _rows_named(question: str, table: Passage) -> int:
    """Count the rows of a table that a question names: two in "in 2026 and 2027"."""
    asked = {*content_words(question)} - {*content_words(table.table_head)}
    named = {frozenset(asked.intersection(content_words(row.text))) for row in table.rows} - {frozenset()}
    # "Port Said" names one, and not the others that are ports.
    return len([words for words in named if not any(words < others for others in named)])


def _compares(question: str, table: Passage) -> bool:
    """Say whether a question compares a table's rows, in words that its head does not have."""
    head = table.table_head.lower()
    return any(word.group() not in head for word in COMPARING.finditer(question))


def compares_more(question: str, passage: Passage) -> bool:
    """Say whether a question compares the rows of a table that a passage holds only a part of."""
    if not passage.table_head or (passage.start, passage.end) == passage.paragraph:
        return False
    english = passage.article.primary_language == "en"
    return english and _compares(question, passage) and _rows_named(question, passage) != 1


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
    """Take in the rest of words at the edges, and the other halves of marks, until nothing is cut."""
    before = None
    while before != (start, end):
        before = (start, end)
        while start > 0 and _joined(text, start):
            start -= 1
        while end < len(text) and _joined(text, end):
            end += 1
        for opening, closing in pairs:
            if (start <= opening < end) != (start <= closing < end):
                start, end = min(start, opening), max(end, closing + 1)
    return start, end


def _joined(text: str, at: int) -> bool:
    """Say whether the characters on both sides of a cut belong to one word, number or name."""
    left, right = text[at - 1], text[at]
    beyond, behind = text[at + 1 : at + 2], text[at - 2 : at - 1] if at > 1 else ""
    if _is_letter(right):
        if (
            _is_letter(left)
            or category(left) == "Sc"
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
        return right in "%‰°" or ends_letters or years or (inner and _is_letter(beyond))
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
        within = 0 < at < len(text) - 1 and _is_letter(text[at - 1]) and _is_letter(text[at + 1])
        if closes and not (mark == "’" and within):
            yield closes[-1], at
            # What stands open within has no other half.
            del open_marks[open_marks.index(closes[-1]) :]
        elif mark in CLOSING and not within:
            open_marks.append(at)
