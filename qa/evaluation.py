"""Question sets: read one, and ask what it asks of the articles that it is about.

A set is a folder with ``questions.jsonl`` and, unless its questions are about an index, a
``corpus.jsonl``: the form of the public sets that ``QA_DATA`` points to. ``qa.measures`` says what
came of it.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from qa.answer import Answer
from qa.article import Article, assemble
from qa.bot import Bot
from qa.encoder import PassageEncoder, Vectors
from qa.errors import QaError, QuestionError
from qa.index import Index
from qa.passages import Passage, sentences_of

FOREIGN = "foreign"
"""The kind of a question that was asked about another article."""

PER_DOCUMENT = 5
"""Questions that are drawn of a document at least, where not all are asked: indexing it must pay."""

Form = Literal["history", "alone", "rewrite"]
FORMS: tuple[Form, ...] = ("history", "alone", "rewrite")
Encode = Callable[[Sequence[str]], Vectors]
"""Texts -> unit vectors of shape (texts, dimension)."""


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


@dataclass(frozen=True)
class Given:
    """What the reader makes of the passage that a question was written on, with no other to choose from."""

    text: str
    margin: float


@dataclass(frozen=True)
class Outcome:
    """What came of one question."""

    question: Question
    answer: Answer
    seconds: float = 0.0
    given: Given | None = None

    @property
    def ranks(self) -> list[int]:
        """Places, from 1, at which right passages stand."""
        return [n for n, p in enumerate(self.answer.passages, 1) if p.id in self.question.gold]

    @property
    def answered(self) -> bool:
        """Whether the bot claimed an answer."""
        return self.answer.verdict == "answered"


class Examiner:
    """Asks sets: those without a corpus about one index, the others about articles of their own."""

    def __init__(self, bot: Bot, encode: Encode | None = None) -> None:
        """Take what to examine.

        Args:
            bot: its index is asked where a set has no corpus; it reads and judges everywhere.
            encode: embeds a corpus's passages; without it, the model that the index was built with.
        """
        self._bot = bot
        self._encode = encode

    def documents(self, folder: Path, part: str = "") -> list[Document]:
        """Read a set's documents; of questions that are marked for a part, only those of ``part``.

        Raises:
            QaError: if a file is missing or holds no questions in their form.
        """
        if (folder / "corpus.jsonl").exists():
            found = read_documents(folder)
            return [replace(d, questions=tuple(q for q in d.questions if _asked(q, part))) for d in found]
        index = self._bot.index
        questions = read_questions(folder / "questions.jsonl", index.passages)
        if any(document is not None for document in questions):
            raise QaError(f"{folder / 'corpus.jsonl'}: is missing, and questions name documents in it.")
        kept = tuple(q for q in questions[None] if _asked(q, part))
        return [Document(index.articles[0], index.passages, kept)]

    def drawn(self, folder: Path, part: str = "", limit: int | None = None) -> list[Document]:
        """Read a set as :meth:`documents` does, and draw of it as :func:`draw` does.

        All questions about an index are asked where there is no limit: none is about another article.
        """
        documents = self.documents(folder, part)
        return draw(documents, limit) if len(documents) > 1 or limit else documents

    def bot(self, document: Document) -> Bot:
        """Return a bot that answers from a document, passages as the set cuts them."""
        index = self._bot.index
        if document.passages is index.passages:
            return self._bot
        self._encode = self._encode or PassageEncoder(index.manifest.encoder.model).encode
        return Bot(index_of(document, self._encode, index), self._bot.reader, self._bot.calibration)

    def ask(self, documents: Iterable[Document], form: Form = "history") -> Iterator[Outcome]:
        """Ask each document's questions, and have the reader read the passage that each was written on."""
        for document in documents:
            passages = {p.id: p for p in document.passages}
            for outcome in ask_all(self.bot(document), document.questions, form):
                question = outcome.question
                source = question.source if question.source in passages else min(question.gold, default="")
                if source not in passages or (question.history and form != "rewrite"):
                    yield outcome
                    continue
                passage = passages[source]
                (reading,) = self._bot.reader.read(outcome.answer.question, [passage])
                words = passage.article.text[reading.start : reading.end]
                yield replace(outcome, given=Given(words, reading.margin))


def _asked(question: Question, part: str) -> bool:
    """Say whether a question belongs to a part: it does where either has no name."""
    return not part or question.part in {"", part}


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


def _parts(row: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return a list's parts in their wordings: what the row says of them, or else each of its answers."""
    if not row.get("all_parts"):
        return ()
    return tuple(map(tuple, row.get("parts") or [[answer] for answer in row["answers"]]))


def foreign(question: Question) -> Question:
    """Return a question as it is where another article is asked: one without an answer."""
    return replace(
        question, kind=FOREIGN, answerable=False, gold=frozenset(), answers=(), spans=(), source="", parts=()
    )


def index_of(document: Document, encode: Encode, like: Index) -> Index:
    """Make an index in memory of a document, with all else as in another index."""
    import faiss

    vectors = faiss.IndexFlatIP(like.manifest.encoder.dimension)
    vectors.add(encode([text for p in document.passages for text in p.embedded]))
    return replace(like, articles=(document.article,), passages=document.passages, vectors=vectors)


def ask_all(bot: Bot, questions: Iterable[Question], form: Form = "history") -> Iterator[Outcome]:
    """Ask every question: with the history it has, without it, or as a person rewrote it to stand alone.

    Raises:
        QuestionError: naming the question that cannot be asked.
    """
    for question in questions:
        history = question.history if form == "history" else ()
        text = question.rewrite if form == "rewrite" else question.text
        began = time.perf_counter()
        try:
            answer = bot.ask(text, history=history)
        except QuestionError as error:
            raise QuestionError(f"question {question.id} of the set: {error}") from error
        yield Outcome(question, answer, time.perf_counter() - began)
