"""Article -> Passages: paragraphs, cut at sentence ends only where the encoder's window demands it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial

from sentencex import get_sentence_boundaries
from tokenizers import Tokenizer

from qa.article import BLOCK_GAP, ROW_GAP, Article, Section, is_table

HEADING_SEPARATOR = " › "
LOOKED_AT = 40
"""Characters before and after a sentence's end that tell whether it goes on."""

CHARACTERS = 12
"""What a token seldom stands for more of: no more are counted at once."""

ABBREVIATED = re.compile(r"\b(?:Amb|Asst|Atty|Cllr|Mx|Pte|Tel|approx|Mio|Mrd|Nr|Std|ca|inkl|rd|zzgl)\.\s*$")
"""Abbreviations at whose points the splitter ends a sentence."""

SHORT_WORD = re.compile(r"\b\w{1,5}\.\s*$")
"""What may be another abbreviation: it is one where no capital follows."""

NUMBERED = re.compile(r"\b(?:Bk|Ch|Pt|Vol)\.\s*$")
"""Abbreviations that stand before a number."""

HOUR = re.compile(r"\b[ap]\.m\.\s*$")
AFTER_HOUR = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d"
    r"|(?:UTC|[A-Z]{1,3}T)\b"
)
"""An English time of day, and the day or the time zone that follows one."""

DAY = re.compile(r"\b\d{1,2}\.\s*$")
AFTER_DAY = re.compile(
    r"(?:Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)|(?:Quartal|Jahrhundert|Weltkrieg|Halbjahr)"
)
"""A German ordinal, and what follows one."""


@dataclass(frozen=True)
class Passage:
    """A stretch of an article: ``article.text[start:end] == text``, always.

    ``heading`` is the path of headings above it, with the head of its table where the passage lacks that. It
    counts when passages are searched and is shown, and is no part of ``text``. ``sentences`` are the offsets
    of its sentences into the article. ``score`` ranks a passage among those found for one question.
    """

    id: str
    heading: str
    start: int
    end: int
    article: Article = field(repr=False, compare=False)
    sentences: tuple[tuple[int, int], ...] = field(default=(), repr=False)
    score: float = 0.0

    @property
    def text(self) -> str:
        """The passage's words, as they stand in the article."""
        return self.article.text[self.start : self.end]

    @property
    def in_context(self) -> str:
        """The words as models read them: below their headings."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text

    @property
    def embedded(self) -> list[str]:
        """The texts that stand for it in the index: itself in context, then each of its sentences."""
        return [self.in_context, *(self.article.text[start:end] for start, end in self.sentences)]

    @property
    def paragraph(self) -> tuple[int, int]:
        """The offsets of the paragraph that it is, or is a part of."""
        text = self.article.text
        before, after = text.rfind(BLOCK_GAP, 0, self.start), text.find(BLOCK_GAP, self.end)
        return (before + len(BLOCK_GAP) if before >= 0 else 0), (after if after >= 0 else len(text))

    @cached_property
    def table_head(self) -> str:
        """The first row of the table that it is, or is a part of; "" where it is of none."""
        start, end = self.paragraph
        text = self.article.text[start:end]
        return text.partition(ROW_GAP)[0] if is_table(text) else ""

    @property
    def rows(self) -> tuple[Passage, ...]:
        """The rows of a table, or of its part, each below the table's head; none of anything else."""
        head = self.table_head
        if not head:
            return ()
        own = self.heading == head or self.heading.endswith(HEADING_SEPARATOR + head)
        below = self.heading if own else HEADING_SEPARATOR.join(filter(None, (self.heading, head)))
        first = self.paragraph[0]
        return tuple(Passage(self.id, below, a, b, self.article) for a, b in self.sentences if a != first)

    def sentences_at(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets of the sentence, or the sentences, that a span of it stands in."""
        touched = [(a, b) for a, b in self.sentences if a < end and start < b]
        return (touched[0][0], touched[-1][1]) if touched else (self.start, self.end)

    def to_dict(self) -> dict[str, str | int | float]:
        """Plain JSON types; the article is named by its title."""
        return {
            "id": self.id,
            "text": self.text,
            "heading": self.heading,
            "start": self.start,
            "end": self.end,
            "score": round(self.score, 4),
            "article": self.article.title,
        }


def cut(
    article: Article, tokenizer: Tokenizer, window: int, prefix: str = "", *, titled: bool = False
) -> list[Passage]:
    """Cut an article into passages whose heading and text fit ``window`` tokens together.

    ``tokenizer`` must neither truncate nor pad; ``prefix`` is the prompt that the encoder puts
    before passages. Ids are ``p1``, ``p2``, ... in reading order. With ``titled``, the article's title stands
    before the headings: in an index of several, it says which one a passage is of. Where a table is cut, its
    head stands below the headings of each part that lacks it.
    """

    # Counted together, as the encoder reads them: tokens of parts do not add up to those of the whole.
    def size(heading: str, text: str = "") -> int:
        return len(tokenizer.encode(f"{prefix}{heading}\n{text}" if heading else prefix + text).ids)

    def heading_of(section: Section) -> str:
        path = (article.title, *section.path) if titled else section.path
        heading = HEADING_SEPARATOR.join(path)
        if len(heading) <= window * CHARACTERS and size(heading) <= window // 2:
            return heading
        # Headings of half a window would leave no room for the text: keep the innermost's start.
        heading = section.heading[: window * CHARACTERS]
        while heading and size(heading) > window // 2:
            heading = heading[: min(window, len(heading) - 1)].rstrip()
        return heading

    passages: list[Passage] = []
    above: Section | None = None
    for section, paragraph in article.paragraphs:
        if section is not above:
            above, heading = section, heading_of(section)
        text, below = article.text[paragraph.start : paragraph.end], heading
        table = is_table(text)
        if table and size(heading, text) > window:
            headed = HEADING_SEPARATOR.join(filter(None, (heading, text.partition(ROW_GAP)[0])))
            below = headed if size(headed) <= window // 2 else heading
        parts = _pieces(article, paragraph.start, paragraph.end, partial(size, below), window, table=table)
        for start, end in parts:
            sentences = tuple(sentences_of(article, start, end, table=table))
            headings = heading if start == paragraph.start else below
            passages.append(Passage(f"p{len(passages) + 1}", headings, start, end, article, sentences))
    return passages


def sentences_of(
    article: Article, start: int, end: int, *, table: bool | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the offsets of the sentences between two offsets of an article, without outer blanks.

    A table's are its rows. One row does not look like a table: ``table`` says so of a part of one.
    """
    text = article.text[start:end]
    # Not "pt-BR": what knows abbreviations knows "pt".
    language = article.primary_language
    for begin, stop in _boundaries(language, text, table=is_table(text) if table is None else table):
        yield from _stripped(text, begin, stop, start)


def _boundaries(language: str, text: str, *, table: bool) -> Iterator[tuple[int, int]]:
    """Yield where a paragraph's sentences begin and end, one after the other: a table's are its rows."""
    begin = 0
    for row in text.splitlines(keepends=True):
        if table:
            yield begin, begin + len(row)
        else:
            yield from ((begin + start, begin + end) for start, end in _sentences(language, row))
        begin += len(row)


def _sentences(language: str, text: str) -> Iterator[tuple[int, int]]:
    begin = None
    for found in get_sentence_boundaries(language, text):
        begin = found["start_index"] if begin is None else begin
        end = found["end_index"]
        # Some characters on both sides: to look through all that came before takes ever longer.
        if not _goes_on(text[max(begin, end - LOOKED_AT) : end], text[end : end + LOOKED_AT]):
            yield begin, end
            begin = None


def _goes_on(before: str, after: str) -> bool:
    """Say whether a sentence was ended at the point of an abbreviation, or of a date's day."""
    if not after:
        return False
    if ABBREVIATED.search(before):
        return True
    return bool(
        (SHORT_WORD.search(before) and (after[0].islower() or after[0] in ",;-"))
        or (NUMBERED.search(before) and after[0].isdigit())
        or (HOUR.search(before) and AFTER_HOUR.match(after))
        or (DAY.search(before) and AFTER_DAY.match(after))
    )


def _pieces(
    article: Article, start: int, end: int, size: Callable[[str], int], window: int, *, table: bool
) -> Iterator[tuple[int, int]]:
    """Yield the spans of one paragraph, each within the window and without outer blanks."""
    text = article.text[start:end]
    if size(text) <= window:
        yield start, end
        return
    begin, stop = 0, 0
    for _, sentence_end in _boundaries(article.primary_language, text, table=table):
        for following in _ends(text, stop, sentence_end, size, window):
            if stop > begin and size(text[begin:following]) > window:
                yield from _stripped(text, begin, stop, start)
                begin = stop
            stop = following
    yield from _stripped(text, begin, stop, start)


def _ends(text: str, begin: int, end: int, size: Callable[[str], int], window: int) -> Iterator[int]:
    """Yield where a sentence ends, and before it, where it outgrows the window, ends between words."""
    while begin < end:
        stop = min(end, begin + window * CHARACTERS)
        while (count := size(text[begin:stop])) > window and stop - begin > 1:
            stop = begin + max(1, (stop - begin) * window // (count + 1))
        if stop < end:
            blank = text.rfind(" ", begin + 1, stop)
            stop = blank + 1 if blank > begin else stop
        yield stop
        begin = stop


def _stripped(text: str, begin: int, stop: int, offset: int) -> Iterator[tuple[int, int]]:
    piece = text[begin:stop]
    if words := piece.strip():
        lead = len(piece) - len(piece.lstrip())
        yield offset + begin + lead, offset + begin + lead + len(words)
