"""Asking what question sets ask, each question about its article; ``qa.measures`` says what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from qa.answer import Answer
from qa.bot import Bot
from qa.encoder import PassageEncoder, Vectors
from qa.errors import QaError, QuestionError
from qa.index import Index
from qa.questions import Document, Question, draw, read_documents, read_questions

Form = Literal["history", "alone", "rewrite"]
FORMS: tuple[Form, ...] = ("history", "alone", "rewrite")
Encode = Callable[[Sequence[str]], Vectors]
"""Texts -> unit vectors of shape (texts, dimension)."""


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
        return Bot(indexed(document, self._encode, index), self._bot.reader, self._bot.calibration)

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
                asked, reader = outcome.answer.question, self._bot.reader
                (reading,) = reader.read(asked, [passage])
                start, end = reader.point(asked, passage, reading)
                yield replace(outcome, given=Given(passage.article.text[start:end], reading.margin))


def _asked(question: Question, part: str) -> bool:
    """Say whether a question belongs to a part: it does where either has no name."""
    return not part or question.part in {"", part}


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


def indexed(document: Document, encode: Encode, like: Index) -> Index:
    """Make an index in memory of a document, with all else as in another index."""
    import faiss

    vectors = faiss.IndexFlatIP(like.manifest.encoder.dimension)
    vectors.add(encode([text for p in document.passages for text in p.embedded]))
    return replace(like, articles=(document.article,), passages=document.passages, vectors=vectors)
