"""Question sets: read one, and draw of it.

A set is a folder with ``questions.jsonl`` and, unless its questions are about an index, a
``corpus.jsonl``: the form of the public sets that ``QA_DATA`` points to.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from qa.answer import Verdict
from qa.article import Article, assemble
from qa.errors import QaError
from qa.passages import Passage, sentences_of

FOREIGN = "foreign"
"""The kind of a question that was asked about another article."""

PER_DOCUMENT = 5
"""Questions that are drawn of a document at least, where not all are asked: indexing it must pay."""


@dataclass(frozen=True)
class Question:
    """A question of a set. ``gold`` holds the ids of the passages that answer it.

    ``spans`` are (passage id, start, end) of its answers, offsets into the passage, and ``source`` is the
    passage that it was written on, where the set says so. ``parts`` are a list's, each in the wordings that
    show it. ``verdict`` is what should be said; None where
    the set does not tell related from off topic.
    """

    id: str
    text: str
    gold: frozenset[str]
    answers: tuple[str, ...]
    answerable: bool
    kind: str = ""
    part: str = ""
    verdict: str | None = None
    history: tuple[dict[str, str], ...] = ()
    rewrite: str = ""
    spans: tuple[tuple[str, int, int], ...] = ()
    source: str = ""
    parts: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Document:
    """An article with its passages and the questions asked about it."""

    article: Article
    passages: tuple[Passage, ...]
    questions: tuple[Question, ...]


Text = Annotated[str, msgspec.Meta(min_length=1)]


class TurnRow(msgspec.Struct, frozen=True):
    """A turn of the conversation before a question."""

    role: str
    text: str


class QuestionRow(msgspec.Struct, frozen=True):
    """A line of ``questions.jsonl``; what else it holds is passed over."""

    id: str | int
    question: Text
    answerable: bool
    doc_id: str | None = None
    passage_ids: tuple[Text, ...] | None = None
    answers: tuple[Text, ...] | None = None
    kind: str | None = None
    part: str | None = None
    verdict: Verdict | Literal["about", "smalltalk"] | None = None
    history: tuple[TurnRow, ...] | None = None
    rewrite: str | None = None
    answer_spans: tuple[tuple[str, int, int], ...] | None = None
    source_passage: str | None = None
    all_parts: bool = False
    parts: tuple[tuple[Text, ...], ...] | None = None


class PassageRow(msgspec.Struct, frozen=True):
    """A passage of a document."""

    id: str
    text: str


class DocumentRow(msgspec.Struct, frozen=True):
    """A line of ``corpus.jsonl``."""

    doc_id: str
    passages: tuple[PassageRow, ...]
    title: str | None = None


Row = TypeVar("Row")


def read_rows(path: Path, kind: type[Row]) -> Iterator[tuple[int, Row]]:
    """Yield a file's lines as rows of a kind, each with its number; empty lines are passed over.

    Raises:
        QaError: naming the line that is none, and the field.
    """
    rows = msgspec.json.Decoder(kind)
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        row = rows.decode(line)
                    except msgspec.ValidationError as error:
                        raise QaError(f"{path}:{number}: {error}.") from error
                    except (ValueError, RecursionError) as error:
                        raise QaError(f"{path}:{number}: is not JSON.") from error
                    yield number, row
    except OSError as error:
        raise QaError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise QaError(f"{path}: is not UTF-8. Save it as UTF-8 and try again.") from error


def read_questions(path: Path, passages: Sequence[Passage] = ()) -> dict[str | None, list[Question]]:
    """Read questions, by the document they are about.

    Where a row names no gold passages, those of ``passages`` that hold one of its answers are gold.

    Raises:
        QaError: if a row lacks something, or its answer stands in none of ``passages``.
    """
    known = {passage.id for passage in passages}
    found: dict[str | None, list[Question]] = defaultdict(list)
    for number, row in read_rows(path, QuestionRow):
        answers = row.answers or ()
        gold = _holding(answers, passages) if row.passage_ids is None else row.passage_ids
        if passages and row.answerable and not known.intersection(gold):
            raise QaError(f"{path}:{number}: answers or passage_ids: none is in the article, word for word.")
        # A list's parts in their wordings: what the row says of them, or else each of its answers.
        parts = (row.parts or tuple((answer,) for answer in answers)) if row.all_parts else ()
        question = Question(
            id=str(row.id),
            text=row.question,
            gold=frozenset(gold),
            answers=answers,
            answerable=row.answerable,
            kind=row.kind or "",
            part=row.part or "",
            verdict=row.verdict or ("answered" if row.answerable else None),
            rewrite=row.rewrite or row.question,
            spans=row.answer_spans or (),
            source=row.source_passage or "",
            parts=parts,
            history=tuple({"role": turn.role, "content": turn.text} for turn in row.history or ()),
        )
        found[row.doc_id].append(question)
    return found


def read_documents(folder: Path, keep: Callable[[str], bool] = lambda title: True) -> Iterator[Document]:
    """Yield the documents of a set whose title is kept, with their questions.

    Questions about no one document are about all of them: one document that holds every passage.

    Raises:
        QaError: if a row lacks something, or the answer of a question in none of its document's passages.
    """
    path = folder / "questions.jsonl"
    questions = read_questions(path)
    whole: list[tuple[str, PassageRow]] = []
    for _, row in read_rows(folder / "corpus.jsonl", DocumentRow):
        title = (row.title or row.doc_id).replace("_", " ")
        titled = [(title, passage) for passage in row.passages]
        asked = questions.get(row.doc_id)
        if titled and keep(title):
            if asked:
                yield _document(title, titled, asked, path)
            whole += titled
    if asked := questions.get(None):
        kept = {passage.id for _, passage in whole}
        asked = [q for q in asked if not q.answerable or q.gold <= kept]
        yield _document(folder.name, whole, asked, path)


def _document(
    title: str, titled: Sequence[tuple[str, PassageRow]], asked: Sequence[Question], path: Path
) -> Document:
    article = assemble([(0, passage.text) for _, passage in titled], title=title)
    passages = tuple(
        Passage(p.id, heading, at.start, at.end, article, tuple(sentences_of(article, at.start, at.end)))
        for (heading, p), (_, at) in zip(titled, article.paragraphs, strict=True)
    )
    return Document(article, passages, tuple(_marked(question, passages, path) for question in asked))


def _marked(question: Question, passages: Sequence[Passage], path: Path) -> Question:
    """Mark the passages that answer a question, where its row names none."""
    if not question.answerable:
        return question
    gold = question.gold or frozenset(_holding(question.answers, passages))
    if gold.isdisjoint(passage.id for passage in passages):
        raise QaError(
            f"{path}: question {question.id}: answers or passage_ids: none is in its document, word for word."
        )
    return replace(question, gold=gold)


def _holding(answers: Sequence[str], passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return the passages that hold an answer: as words of its own, or else, as in Chinese, anywhere."""
    whole = [re.compile(rf"(?<!\w)(?={re.escape(a)}(?!\w))") for a in answers]
    ids = tuple(p.id for p in passages if any(word.search(p.text) for word in whole))
    return ids or tuple(p.id for p in passages if any(a in p.text for a in answers))


def draw(documents: Sequence[Document], limit: int | None = None) -> list[Document]:
    """Draw about ``limit`` questions, the same each time, or take all; add some about other articles.

    For three that are drawn of a document, one comes from the document before it, as unanswerable.
    """
    rng = random.Random(0)
    order = [d for d in documents if d.questions]
    rng.shuffle(order)
    most = max(PER_DOCUMENT, (limit or 0) // max(1, len(order)))
    drawn: list[Document] = []
    left = limit if limit is not None else sum(len(d.questions) for d in order)
    for number, document in enumerate(order):
        count = min(left, len(document.questions), most if limit is not None else left)
        if count <= 0:
            break
        left -= count
        own = rng.sample(document.questions, count)
        others = [q for q in order[number - 1].questions if q.answerable and not q.history]
        others = others if len(order) > 1 else []
        strange = map(foreign, rng.sample(others, min(-(-count // 3), len(others))))
        drawn.append(replace(document, questions=(*own, *strange)))
    return drawn


def foreign(question: Question) -> Question:
    """Return a question as it is where another article is asked: one without an answer."""
    return replace(
        question, kind=FOREIGN, answerable=False, gold=frozenset(), answers=(), spans=(), source="", parts=()
    )
