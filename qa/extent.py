"""How much of a passage a question asks for: some words, a sentence, a row, a list, or all of a table."""

from __future__ import annotations

import re

from qa.article import ROW_GAP
from qa.passages import Passage
from qa.wording import ASKS
from qa.words import content_words

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

ABOUT = re.compile(LEAD + r"(?:what|how) about\b", re.I)
"""Questions for whatever is said about something: some words of it say too little."""

COMPARING = re.compile(
    r"\b(?:most|least|total|altogether|average|overall|in all|worst|compared?|comparison"
    r"|(?!(?:arr|b|beh|ch|conqu|contr?|dig|earn|f|for|gu|harv|hon|inqu|inter|inv|manif|midw|mod|n|northw|p|pri|prot"
    r"|qu|r|rainfor|requ|southw|sugg|t|unr|v|w)est\b)[a-z]+est)\b"
)
"""Words of a question that is settled by all rows of a table together: a reader looks at each by itself."""

ALL_ROWS = re.compile(
    r"^(?:list|name|enumerate)\b|\b(?:all|both|each|every|several|various)\b"
    r"|\b(?:what|which)(?: \w+)? (?:are|were)\b",
    re.I,
)
"""A question that asks for several rows of a table."""

ASKED = re.compile(rf"\b{ASKS.pattern}", re.I)
KEYWORDS = 3
"""Content words of a message that asks nothing and names a thing: "north korea"."""

DECLARED = re.compile(
    rf"(?!.*{ASKED.pattern}).*\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might"
    r"|must|should|did|does|\w{3,}ed)\b.*\?\s*$",
    re.I,
)
"""A statement with a question mark, which a sentence settles too: "The treaty was signed?"."""

STATEMENT_WORDS = 5
"""Words below which a reading makes no statement."""

SENTENCE_END = re.compile(r"[.!?。！？…][\W]*$")
"""How a sentence ends, closing marks and all."""


def extent(question: str, passage: Passage, start: int, end: int) -> tuple[int, int]:
    """Return what to quote where a reader points at a span, both in offsets into the article.

    A question that can be settled with yes or no gets the sentence that settles it, and so does one for what
    was said, one for whatever is said about something, one that is no more than a name of it, and one that
    asks why, how or what happens where what is pointed at is too short to be a statement. A cell says
    nothing without its row: of a table the row is quoted, or all of it where several rows are asked for or
    compared. A list is quoted whole, unless one thing is asked for and its item is a sentence.
    """
    whole = passage.start, passage.end
    first, last = passage.sentences_at(start, end)
    sentence = passage.article.text[first:last]
    # What a question asks for is told by its words, and they are English.
    english = passage.article.primary_language == "en"
    if passage.table_head:
        named = _rows_named(question, passage)
        several = named > 1 or (named < 1 and _compares(question, passage)) or ALL_ROWS.search(question)
        return whole if several or not english else (first, last)
    if ROW_GAP in passage.text and (
        not SENTENCE_END.search(sentence) or (english and SEVERAL.search(question))
    ):
        return whole
    short = len(passage.article.text[start:end].split()) < STATEMENT_WORDS
    stated = any(asks.match(question) for asks in (YES_NO, SAYING, ABOUT, DECLARED)) or (
        short and STATEMENT.match(question)
    )
    return (first, last) if english and (stated or _is_named_in(sentence, question)) else (start, end)


def _is_named_in(sentence: str, question: str) -> bool:
    """Say whether a message asks nothing, and names no more than a thing that a sentence is about."""
    content = content_words(question)
    short = 0 < len(content) <= KEYWORDS and not ASKED.search(question)
    return short and {*content} <= {*content_words(sentence)}


def _rows_named(question: str, table: Passage) -> int:
    """Count the rows of a table that a question names: two in "in 2026 and 2027"."""
    asked = {*content_words(question)} - {*content_words(table.table_head)}
    named = {frozenset(asked.intersection(content_words(row.text))) for row in table.rows} - {frozenset()}
    # "Port Said" names one, and not the others that are ports.
    return len([words for words in named if not any(words < others for others in named)])


def _compares(question: str, table: Passage) -> bool:
    """Say whether a question compares a table's rows, in words that its head does not have."""
    head = table.table_head.lower()
    # A capital is a name's ("Brest"), but for the first letter's and those of a question in capitals.
    plain = question.lower() if question.isupper() else question[:1].lower() + question[1:]
    return any(word.group() not in head for word in COMPARING.finditer(plain))


def compares_more(question: str, passage: Passage) -> bool:
    """Say whether a question compares the rows of a table that a passage holds only a part of."""
    if not passage.table_head or (passage.start, passage.end) == passage.paragraph:
        return False
    english = passage.article.primary_language == "en"
    return english and _compares(question, passage) and _rows_named(question, passage) != 1
