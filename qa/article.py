"""An article: sections, paragraphs, and the canonical text that every offset points into."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

BLOCK_GAP = "\n\n"
ROW_GAP = "\n"
CELL_GAP = " | "
"""A table is one paragraph, so that its head is read with its rows, and so is a list with the line that
introduces it: only there do lines end within one."""

BETWEEN_CELLS = re.compile(r"((?:^| )\|(?: |$))")
"""What parts a table's cells: ``CELL_GAP``, of which an empty cell at a row's edge leaves less."""

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
"""A language's code, as ``en`` or ``pt-BR``."""

Block = tuple[int, str]
"""A heading's level, or 0 for a paragraph, and its text without markup."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph's place: ``article.text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the paragraphs directly below it.

    ``path`` holds the headings from the outermost to this one and is empty for what stands before
    the first heading. ``level`` is 1 for the outermost; ``start`` and ``end`` are the heading's own
    offsets into the article's text.
    """

    path: tuple[str, ...]
    level: int
    start: int
    end: int
    paragraphs: tuple[Paragraph, ...]

    @property
    def heading(self) -> str:
        """The section's own heading, or an empty string."""
        return self.path[-1] if self.path else ""


@dataclass(frozen=True)
class Article:
    """An article as every offset sees it.

    ``text`` is the canonical text: headings and paragraphs without markup, blank lines between
    them. ``source``, ``author`` and ``published`` are empty where they are not known.
    """

    title: str
    text: str = field(repr=False)
    sections: tuple[Section, ...] = field(repr=False)
    language: str = "en"
    author: str = ""
    published: str = ""
    source: str = ""
    questions: tuple[str, ...] = field(default=(), repr=False)

    @property
    def primary_language(self) -> str:
        """The language without its region or script: ``pt`` of ``pt-BR``."""
        return self.language.partition("-")[0].lower()

    @property
    def paragraphs(self) -> tuple[tuple[Section, Paragraph], ...]:
        """Every paragraph in reading order, with its section."""
        return tuple((section, p) for section in self.sections for p in section.paragraphs)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every heading and paragraph in reading order: what :func:`assemble` makes the same article of."""
        blocks: list[Block] = []
        for section in self.sections:
            if section.path:
                blocks.append((section.level, section.heading))
            blocks += [(0, self.text[p.start : p.end]) for p in section.paragraphs]
        return tuple(blocks)


def assemble(blocks: Iterable[Block], **about: Any) -> Article:
    """Lay blocks into one text, noting where each comes to stand.

    Args:
        blocks: headings and paragraphs in reading order, none of them empty.
        about: the title and the article's other fields.
    """
    parts: list[str] = []
    position = 0
    path: list[Block] = []
    heading = (0, 0)
    paragraphs: list[Paragraph] = []
    sections: list[Section] = []

    def close() -> None:
        if paragraphs or path:
            names = tuple(text for _, text in path)
            sections.append(Section(names, len(names), *heading, tuple(paragraphs)))

    for level, text in blocks:
        start, end = position, position + len(text)
        parts.append(text)
        position = end + len(BLOCK_GAP)
        if level:
            close()
            while path and path[-1][0] >= level:
                path.pop()
            path.append((level, text))
            heading, paragraphs = (start, end), []
        else:
            paragraphs.append(Paragraph(start, end))
    close()
    return Article(text=BLOCK_GAP.join(parts), sections=tuple(sections), **about)


def cells(row: str) -> list[str]:
    """Return the cells of a table's row."""
    return BETWEEN_CELLS.split(row)[::2]


def is_table(text: str) -> bool:
    """Say whether a paragraph, or some lines of one, are a table's: each of them has cells."""
    return ROW_GAP in text and all(map(BETWEEN_CELLS.search, text.split(ROW_GAP)))
