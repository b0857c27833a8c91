"""Question sets: read one, and draw of it.

A set is a folder with ``questions.jsonl`` and, unless its questions are about an index, a
``corpus.jsonl``: the form of the public sets that ``QA_DATA`` points to.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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


def read_questions(path: Path, passages: Sequence[Passage] = ()) -> dict[str | None, list[Question]]:
    """Read questions, by the document they are about.

    Where a row names no gold passages, those of ``passages`` that hold one of its answers are gold.

    Raises:
        QaError: if a row lacks something, or its answer stands in none of ``passages``.
    """
    known = {passage.id for passage in passages}
    found: dict[str | None, list[Question]] = defaultdict(list)
    for row in read_rows(path):
        try:
            answers = _texts(row, "answers")
            gold = _texts(row, "passage_ids")
            if row.get("passage_ids") is None:
                gold = _holding(answers, passages)
            answerable = row["answerable"]
            if not isinstance(answerable, bool):
                raise ValueError("answerable, true or false")
            if passages and answerable and not known.intersection(gold):
                raise ValueError("answers or passage_ids: none is in the article, word for word")
            verdict = row.get("verdict") or ("answered" if answerable else None)
            question = Question(
                id=str(row["id"]),
                text=_text(row, "question"),
                gold=frozenset(gold),
                answers=answers,
                answerable=answerable,
                kind=row.get("kind") or "",
                part=row.get("part") or "",
                verdict=verdict,
                rewrite=_text(row, "rewrite" if row.get("rewrite") else "question"),
                spans=tuple((pid, start, end) for pid, start, end in row.get("answer_spans", ())),
                source=row.get("source_passage") or "",
                parts=_parts(row),
                history=tuple(
                    {"role": turn["role"], "content": turn["text"]} for turn in row.get("history", ())
                ),
            )
            document = None if row.get("doc_id") is None else _text(row, "doc_id")
        except (KeyError, TypeError, ValueError) as error:
            raise QaError(f"{path}: a row lacks or mistakes {error}: {str(row)[:80]}") from error
        found[document].append(question)
    return found


def read_documents(folder: Path, keep: Callable[[str], bool] = lambda title: True) -> Iterator[Document]:
    """Yield the documents of a set whose title is kept, with their questions.

    Questions about no one document are about all of them: one document that holds every passage.
    """
    questions = read_questions(folder / "questions.jsonl")
    whole: list[tuple[str, dict[str, str]]] = []
    for row in read_rows(folder / "corpus.jsonl"):
        try:
            title = (row.get("title") or row["doc_id"]).replace("_", " ")
            titled = [(title, {"id": _text(p, "id"), "text": _text(p, "text")}) for p in row["passages"]]
            asked = questions.get(row["doc_id"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise QaError(f"{folder / 'corpus.jsonl'}: lacks or mistakes {error}: {str(row)[:80]}") from error
        if titled and keep(title):
            if asked:
                yield _document(title, titled, asked)
            whole += titled
    if asked := questions.get(None):
        kept = {passage["id"] for _, passage in whole}
        asked = [q for q in asked if not q.answerable or q.gold <= kept]
        yield _document(folder.name, whole, asked)


def _document(
    title: str, titled: Sequence[tuple[str, dict[str, str]]], asked: Sequence[Question]
) -> Document:
    article = assemble([(0, passage["text"]) for _, passage in titled], title=title)
    passages = tuple(
        Passage(p["id"], heading, at.start, at.end, article, tuple(sentences_of(article, at.start, at.end)))
        for (heading, p), (_, at) in zip(titled, article.paragraphs, strict=True)
    )
    return Document(article, passages, tuple(asked))


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file.

    Raises:
        QaError: naming the line that is none.
    """
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        row = json.loads(line)
                    except (ValueError, RecursionError) as error:
                        raise QaError(f"{path}:{number}: is not JSON.") from error
                    if not isinstance(row, dict):
                        raise QaError(f"{path}:{number}: is no JSON object.")
                    yield row
    except OSError as error:
        raise QaError(f"{path}: cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise QaError(f"{path}: is not UTF-8. Save it as UTF-8 and try again.") from error


def _holding(answers: Sequence[str], passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return the passages that hold an answer: as words of its own, or else, as in Chinese, anywhere."""
    whole = [re.compile(rf"(?<!\w)(?={re.escape(a)}(?!\w))") for a in answers]
    ids = tuple(p.id for p in passages if any(word.search(p.text) for word in whole))
    return ids or tuple(p.id for p in passages if any(a in p.text for a in answers))


def _text(row: dict[str, Any], field: str) -> str:
    text = row[field]
    if not isinstance(text, str):
        raise ValueError(f"{field}, a text")
    return text


def _texts(row: dict[str, Any], field: str) -> tuple[str, ...]:
    found = row.get(field) or []
    if not isinstance(found, list) or not all(isinstance(text, str) and text for text in found):
        raise ValueError(f"{field}, a list of texts")
    return tuple(found)


def _parts(row: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return a list's parts in their wordings: what the row says of them, or else each of its answers."""
    if not row.get("all_parts"):
        return ()
    return tuple(map(tuple, row.get("parts") or [[answer] for answer in row["answers"]]))


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
