"""The data types that leave the house: Answer and Quote (Passage stands in ``qa.passages``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from qa import smalltalk
from qa.article import Article
from qa.passages import Passage

Verdict = Literal["answered", "related", "off_topic"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Kind = Literal["verdict", "more", "no_more", "place", "sure", "language"] | smalltalk.Kind


@dataclass(frozen=True)
class Quote:
    """The article's exact words: ``article.text[start:end] == text``, always."""

    start: int
    end: int
    article: Article = field(repr=False, compare=False)

    @property
    def text(self) -> str:
        """The words, as they stand in the article."""
        return self.article.text[self.start : self.end]

    def __repr__(self) -> str:
        return f"Quote({self.text!r}, start={self.start}, end={self.end})"

    def to_dict(self) -> dict[str, str | int]:
        """Plain JSON types; the article is named by its title."""
        return {"text": self.text, "start": self.start, "end": self.end, "article": self.article.title}


@dataclass(frozen=True)
class Answer:
    """What the article says to a question.

    ``verdict`` is ``answered``; ``related`` where the article touches on the question without
    answering it; or ``off_topic``. ``confidence`` is the calibrated probability, 0 to 1, that the
    first passage answers. ``quote`` is None unless answered. ``passages`` come best first. ``question`` is
    what was understood, after the history. ``message`` is a fixed sentence that says the verdict
    in words: the only text here that is not the article's. ``kind`` tells what that sentence says, where
    a wish ("more", "are you sure?") or small talk was answered, or the question is in another language.
    """

    question: str
    verdict: Verdict
    confidence: float
    quote: Quote | None
    passages: tuple[Passage, ...]
    message: str
    kind: Kind = "verdict"

    @property
    def places(self) -> tuple[Passage, ...]:
        """The passages to show: what answers, of an answer (score above 0), and else all that come near."""
        if self.quote is None:
            return self.passages
        return (self.passages[0], *(p for p in self.passages[1:] if p.score > 0))

    @property
    def percent(self) -> int:
        """The confidence as people are told it: no probability is 0 or 100 %, however it is rounded."""
        return min(99, max(1, round(100 * self.confidence)))

    def __repr__(self) -> str:
        quote = f", quote={self.quote.text!r}" if self.quote else ""
        shown = f"confidence={self.confidence:.2f}{quote}, passages={len(self.passages)}"
        return f"Answer({self.verdict!r}, {shown})"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types all the way down."""
        return {
            "question": self.question,
            "verdict": self.verdict,
            "confidence": round(self.confidence, 4),
            "quote": self.quote.to_dict() if self.quote else None,
            "passages": [p.to_dict() for p in self.passages],
            "message": self.message,
            "kind": self.kind,
        }
