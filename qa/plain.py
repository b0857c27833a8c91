"""Plain text -> blocks: its paragraphs, and which of them are headings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from qa.article import Block

HEADING_LENGTH = 80
NARROWEST = 40
"""Characters: of a heading at most; of a line, at least, where lines are broken at a width."""

SENTENCE_ENDS = tuple(".!?…:。！？：")
CLOSING = "\"'”’»)]"
"""What may stand behind a sentence's end."""

BYLINE = re.compile(r"(?:By|Von|Por|Par) [^a-z]")
CREDIT = re.compile(r"(?:Photo|Foto|Image|Bild|Credit|Source|Quelle)s?(?: \w+)?: ")
DATE = re.compile(
    r"(?=\D*\d{1,2}\D)(?:[\w.]+,? |\w+: ){1,5}\d{4}\b(?:[^a-z]*| ?[·•|].*)"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}"
)
"""A line with a day, a year and few other words, as "Tuesday, 12 March 2024, 10:15 GMT" is."""

WRAPPED = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])\s*\n\s*(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])"
)
"""Where a line was broken in Chinese or Japanese, which part no words by blanks."""

LIST_ITEM = re.compile(r"([-*+•–—]|\d+[.)])\s")


def plain_blocks(body: str) -> Iterator[Block]:
    """Yield each block of plain text.

    Blank lines part paragraphs; without any, each line is one, but where it goes on in the next. One or
    two short lines without closing punctuation above a paragraph are its headings; an item of a list is
    none, nor is what says of whom and when an article is.
    """
    lines = body.strip().split("\n")
    if all(line.strip() for line in lines):
        paragraphs = _joined([line.strip() for line in lines])
    else:
        parted = itertools.groupby(lines, key=lambda line: bool(line.strip()))
        paragraphs = ("\n".join(group) for full, group in parted if full)
    texts = list(filter(None, map(tidy, paragraphs)))
    about = _about(texts)
    short = [
        len(t) <= HEADING_LENGTH and t[-1].isalnum() and not LIST_ITEM.match(t) and i not in about
        for i, t in enumerate(texts)
    ]
    short.append(True)
    for i, text in enumerate(texts):
        above_two = short[i] and short[i + 1] and i + 2 < len(texts) and not short[i + 2]
        if short[i] and not short[i + 1]:
            # Below another heading that has no text of its own, it is that one's first part.
            yield (3 if i and short[i - 1] else 2), text
        elif above_two and not (i and short[i - 1]):
            yield 2, text
        else:
            yield 0, text


def _joined(lines: Sequence[str]) -> Iterable[str]:
    """Join lines that were broken at a width: each whose next one's first word had no room in it.

    They were where a small letter goes on below a line that ends no sentence; else each line is a paragraph.
    """
    pairs = list(itertools.pairwise(lines))
    broken = [len(above) for above, line in pairs if line[0].islower() and not ends_sentence(above)]
    width = max(broken, default=0)
    if width < NARROWEST:
        return lines
    paragraphs = [[lines[0]]]
    for above, line in pairs:
        full = len(above) + len(line.split(maxsplit=1)[0]) >= width
        if (line[0].islower() and len(above) > width / 2) or (
            full and not ends_sentence(above) and not LIST_ITEM.match(line)
        ):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return map("\n".join, paragraphs)


def _about(texts: Sequence[str]) -> set[int]:
    """Return which paragraphs of plain text are a byline, a date or a picture's credit."""
    brief = [len(text) <= HEADING_LENGTH and not ends_sentence(text) for text in texts]
    below_title = set(itertools.takewhile(brief.__getitem__, range(1, len(texts))))
    dates = {i for i, text in enumerate(texts) if brief[i] and DATE.fullmatch(text)}
    if not dates <= below_title:
        dates = set()  # Of a diary each heads what happened then.
    bylines = {i for i in below_title if BYLINE.match(texts[i])}
    return dates | bylines | {i for i, text in enumerate(texts) if CREDIT.match(text)}


def ends_sentence(text: str) -> bool:
    """Say whether a sentence ends where a text does."""
    return text.rstrip(CLOSING).endswith(SENTENCE_ENDS)


def tidy(text: str) -> str:
    """Return a text with one blank for all that stand beside each other, and without soft hyphens."""
    # A soft hyphen is no letter of the word that it may break.
    return re.sub(r"\s+", " ", WRAPPED.sub("", text.replace("\u00ad", ""))).strip()
