"""Article -> Passages: paragraphs, cut at sentence ends only where the encoder's window demands it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sentencex import get_sentence_boundaries
from tokenizers import Tokenizer

from qa.article import Article

HEADING_SEPARATOR = " › "


@dataclass(frozen=True)
class Passage:
    """A stretch of an article: ``article.text[start:end] == text``, always.

    ``heading`` is the path of headings above it. It counts when passages are searched and is shown,
    and is no part of ``text``. ``score`` ranks a passage among those found for one question.
    """

    id: str
    heading: str
    start: int
    end: int
    article: Article = field(repr=False, compare=False)
    score: float = 0.0

    @property
    def text(self) -> str:
        """The passage's words, as they stand in the article."""
        return self.article.text[self.start : self.end]

    @property
    def in_context(self) -> str:
        """The words as models read them: below their headings."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text

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


def cut(article: Article, tokenizer: Tokenizer, window: int, prefix: str = "") -> list[Passage]:
    """Cut an article into passages whose heading and text fit ``window`` tokens together.

    ``tokenizer`` must neither truncate nor pad; ``prefix`` is the prompt that the encoder puts
    before passages. Ids are ``p1``, ``p2``, ... in reading order.
    """
    passages: list[Passage] = []
    for section, paragraph in article.paragraphs:
        heading = HEADING_SEPARATOR.join(section.path)
        used = len(tokenizer.encode(f"{prefix}{heading}\n").ids)
        if used > window // 2:
            # Headings of half a window would leave no room for the text: keep the innermost's start.
            heading = section.heading[: window // 2]
            used = len(tokenizer.encode(f"{prefix}{heading}\n").ids)
        for start, end in _pieces(article, paragraph.start, paragraph.end, tokenizer, window - used):
            passages.append(Passage(f"p{len(passages) + 1}", heading, start, end, article))
    return passages


def _pieces(
    article: Article, start: int, end: int, tokenizer: Tokenizer, budget: int
) -> Iterator[tuple[int, int]]:
    """Yield the spans of one paragraph, each within ``budget`` tokens and without outer blanks."""
    text = article.text[start:end]
    if _tokens(text, tokenizer) <= budget:
        yield start, end
        return
    sentences: list[tuple[int, int]] = []
    for boundary in get_sentence_boundaries(article.language, text):
        sentences += _split_long(text, boundary["start_index"], boundary["end_index"], tokenizer, budget)
    begin, stop, count = 0, 0, 0
    for a, b in sentences:
        length = _tokens(text[a:b], tokenizer)
        if stop > begin and count + length > budget:
            yield from _stripped(text, begin, stop, start)
            begin, count = a, 0
        stop, count = b, count + length
    yield from _stripped(text, begin, stop, start)


def _split_long(
    text: str, begin: int, end: int, tokenizer: Tokenizer, budget: int
) -> Iterator[tuple[int, int]]:
    """Yield a sentence whole, or, where it outgrows the budget, in pieces that end between words."""
    while begin < end:
        # A token stands for at least one character here, except words of over a hundred letters.
        stop = min(end, begin + budget * 12)
        while (count := _tokens(text[begin:stop], tokenizer)) > budget:
            stop = begin + max(1, (stop - begin) * budget // (count + 1))
        if stop < end:
            blank = text.rfind(" ", begin + 1, stop)
            stop = blank + 1 if blank > begin else stop
        yield begin, stop
        begin = stop


def _stripped(text: str, begin: int, stop: int, offset: int) -> Iterator[tuple[int, int]]:
    piece = text[begin:stop]
    if words := piece.strip():
        lead = len(piece) - len(piece.lstrip())
        yield offset + begin + lead, offset + begin + lead + len(words)


def _tokens(text: str, tokenizer: Tokenizer) -> int:
    return len(tokenizer.encode(text, add_special_tokens=False).ids)
