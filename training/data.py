"""Public question sets -> training examples for the reader.

Every set is read in the one format of the data folder (``QA_DATA``), split by article, cut to
passages of a newspaper paragraph's length, and turned into examples: answerable ones with their
span, and hard negatives (the article's own look-alike passages, written unanswerables, questions
with a name, number or relation exchanged).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from sentencex import get_sentence_boundaries

from training.exchange import NAME, exchange

DATA = Path(os.environ.get("QA_DATA", "../shared/data"))
"""The public sets."""

SPLIT_SALT = 167
"""Fixes which articles are put aside; chosen so that squad2 puts aside six whole articles."""

PERIODS = re.compile(r"\W+")
ALTERED = 0.4
"""Share of answered questions of which one is tried to be made that the passage does not answer."""

STOPWORDS = frozenset(
    """
    a an the is are was were do does did be been has have had of in on at to for by with
    and or what which who whom whose when where why how it its that this these those
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Source:
    """One question set: how many training questions to draw, and whether its titles are headings."""

    name: str
    licence: str
    limit: int
    titled: bool = True


SOURCES = (
    Source("squad2", "CC BY-SA 4.0", 10_000),
    Source("squad1", "CC BY-SA 4.0", 10_000),
    Source("squadshifts_newwiki", "CC BY 4.0", 6_000),
    Source("squadshifts_amazon", "CC BY 4.0", 700, titled=False),
    Source("squadshifts_reddit", "CC BY 4.0", 700, titled=False),
    Source("disflqa", "CC BY 4.0", 600),
    Source("qed_dev", "CC BY-SA 3.0", 600),
    Source("selqa_dev", "Apache-2.0", 400),
    Source("covidqa", "Apache-2.0", 700),
    Source("qadiscourse", "CC BY 4.0", 3_000, titled=False),
    Source("qamr_devtest", "MIT", 2_000, titled=False),
    Source("fairytaleqa", "Apache-2.0", 2_000),
    Source("causalnews_v2", "CC0-1.0", 1_000, titled=False),
    Source("timeqa_human", "BSD-3-Clause", 1_000),
    Source("abgcoqa_coqa", "MIT", 1_200, titled=False),
    Source("canard_dev_derived", "CC BY-SA 4.0", 1_200),
)


@dataclass(frozen=True)
class Example:
    """A question, the passage read for it, and where the answer stands in the passage.

    ``start`` and ``end`` are character offsets into ``passage``; both are -1 where the passage does
    not answer the question. ``heading`` is what a person would see above the passage. A passage
    that answers and its look-alikes that do not share the number ``group``, -1 where there are none.
    """

    question: str
    heading: str
    passage: str
    start: int
    end: int
    group: int = -1


def part_of(title: str) -> str:
    """Name the part an article belongs to: ``train``, ``dev``, ``calibration`` or ``test``.

    The title alone decides, so an article that stands in several sets is in the same part of each.
    """
    key = PERIODS.sub(" ", title.lower()).strip()
    digest = hashlib.sha256(f"{SPLIT_SALT}:{key}".encode()).hexdigest()
    bucket = int(digest[:8], 16) % 20
    if bucket < 6:
        return "test"
    return {6: "dev", 7: "calibration", 8: "calibration"}.get(bucket, "train")


def read_lines(path: Path) -> Iterator[dict]:
    """Yield the objects of a JSON-lines file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def cut(text: str, words: int) -> list[tuple[int, int]]:
    """Cut ``text`` at sentence ends into spans of at most about ``words`` words."""
    spans: list[tuple[int, int]] = []
    start = end = count = 0
    for sentence in get_sentence_boundaries("en", text):
        length = len(sentence["text"].split())
        if count and count + length > words:
            spans.append((start, end))
            start, count = end, 0
        end = sentence["end_index"]
        count += length
    if end > start:
        spans.append((start, end))
    return spans or [(0, len(text))]


class Document:
    """One article's passages, cut for training, with BM25 over them to find hard negatives."""

    def __init__(self, title: str, passages: list[dict], rng: random.Random) -> None:
        """Cut each passage to a length drawn between a news paragraph's and an encyclopedia's."""
        self.title = title
        self.pieces: list[tuple[str, int, str]] = []  # passage id, offset in it, text
        for passage in passages[:400]:
            limit = rng.choice((35, 50, 70, 110))
            for start, end in cut(passage["text"], limit):
                self.pieces.append((passage["id"], start, passage["text"][start:end]))
        self.names = sorted({m.group() for _, _, text in self.pieces for m in NAME.finditer(text)})
        self._stem = Stemmer.Stemmer("english")
        self._bm25: bm25s.BM25 | None = None

    def rank(self, question: str, k: int) -> list[int]:
        """Return the numbers of the ``k`` pieces that BM25 puts first."""
        if self._bm25 is None:
            self._bm25 = bm25s.BM25(k1=0.9, b=0.4)
            self._bm25.index(self._tokens([text for _, _, text in self.pieces]), show_progress=False)
        tokens = self._tokens([question])[0]
        scores = self._bm25.get_scores(tokens) if tokens else np.zeros(len(self.pieces))
        return [int(i) for i in np.argsort(-scores, kind="stable")[:k]]

    def _tokens(self, texts: list[str]) -> list[list[str]]:
        words = [re.findall(r"\w+", text.lower()) for text in texts]
        return [self._stem.stemWords(w) or [""] for w in words]


def noisy(question: str, rng: random.Random) -> str:
    """Write a question as hurried people do: no capitals, keywords alone, a slip of the finger."""
    kind = rng.random()
    if kind < 0.72:
        return question
    if kind < 0.82:
        return question.lower().rstrip(" ?")
    words = question.rstrip(" ?").split()
    if kind < 0.88:
        kept = [w for w in words if w.lower() not in STOPWORDS]
        return " ".join(kept) if len(kept) > 1 else question
    long = [i for i, w in enumerate(words) if len(w) > 4 and w.isalpha()]
    for i in rng.sample(long, min(len(long), rng.choice((1, 1, 2)))):
        w, at = words[i], rng.randrange(1, len(words[i]) - 1)
        words[i] = rng.choice(
            (w[:at] + w[at + 1 :], w[:at] + w[at + 1] + w[at] + w[at + 2 :], w[:at] + w[at] + w[at:])
        )
    return " ".join(words) + rng.choice(("?", ""))


def examples_of(source: Source, folder: Path, part: str, share: float, rng: random.Random) -> list[Example]:
    """Build the examples of one set for one part, from ``share`` of at most ``source.limit`` questions."""
    documents: dict[str, Document] = {}
    for row in read_lines(folder / source.name / "corpus.jsonl"):
        title = row.get("title") or row["doc_id"]
        if part_of(title) == part:
            heading = title if source.titled else ""
            documents[row["doc_id"]] = Document(heading, row["passages"], rng)
    questions = [q for q in read_lines(folder / source.name / "questions.jsonl") if q["doc_id"] in documents]
    rng.shuffle(questions)
    names = sorted({m.group() for q in questions for m in NAME.finditer(q["question"])})
    found: list[Example] = []
    for row in questions[: round(share * source.limit)]:
        document = documents[row["doc_id"]]
        found += list(_examples(row, document, names, rng))
    return found


def _examples(row: dict, document: Document, names: list[str], rng: random.Random) -> Iterator[Example]:
    heading = document.title.replace("_", " ") if rng.random() < 0.7 else ""
    plain = row.get("rewrite") or row["question"]
    asked = row["question"] if not row.get("history") else plain
    if row.get("history") and not row.get("rewrite"):
        # No rewrite: the earlier question stands in for what a follow-up leaves out.
        before = [turn["text"] for turn in row["history"] if turn["role"] == "user"]
        asked = f"{before[-1]} {asked}" if before and rng.random() < 0.8 else asked
    question = noisy(asked, rng)
    if not row["answerable"]:
        source = row.get("source_passage")
        own = [i for i in document.rank(asked, 20) if document.pieces[i][0] == source]
        chosen = own[:1] or document.rank(asked, 1)
        if rng.random() < 0.3:
            # The whole article is read when answering: its other look-alikes must be refused too.
            chosen += [i for i in document.rank(asked, 4) if i not in chosen][:1]
        for i in chosen:
            yield Example(question, heading, document.pieces[i][2], -1, -1)
        return
    spans = row.get("answer_spans") or [
        (pid, *span) for pid in row["passage_ids"] for span in _answer_spans(row, pid, document)
    ]
    spans = [tuple(span) for span in spans]
    positive = _positive(spans, document, rng)
    if positive is None:
        return
    text, start, end = positive
    negative = None
    if rng.random() < 0.7:
        answers = [a.lower() for a in row["answers"]]
        gold = {pid for pid, _, _ in spans}
        ranked = [
            i
            for i in document.rank(plain, 6)
            if document.pieces[i][2] != text
            and not any(a in document.pieces[i][2].lower() for a in answers)
            and (document.pieces[i][0] not in gold or len(gold) == 1)
        ]
        if ranked:
            negative = document.pieces[rng.choice(ranked[:3])][2]
    if negative is None:
        yield Example(question, heading, text, start, end)
    else:
        group = rng.getrandbits(62)
        yield Example(question, heading, text, start, end, group)
        yield Example(question, heading, negative, -1, -1, group)
    if rng.random() < ALTERED:
        # A name that the article has too is the harder to refuse.
        altered = exchange(
            asked, text, document.names if document.names and rng.random() < 0.5 else names, rng
        )
        if altered:
            yield Example(noisy(altered, rng), heading, text, -1, -1)


def _answer_spans(row: dict, passage_id: str, document: Document) -> Iterator[tuple[int, int]]:
    """Find the answers of a set that gives them as text: its answering sentences, or long answers."""
    answers = row.get("answer_sentences") or [a for a in row["answers"] if len(a.split()) > 2]
    for pid, offset, text in document.pieces:
        if pid == passage_id:
            for answer in answers:
                at = text.find(answer)
                if at >= 0:
                    yield offset + at, offset + at + len(answer)


def _positive(spans: list[tuple], document: Document, rng: random.Random) -> tuple[str, int, int] | None:
    rng.shuffle(spans)
    for pid, start, end in spans:
        for piece_id, offset, text in document.pieces:
            if piece_id == pid and offset <= start and end <= offset + len(text):
                body = text[start - offset : end - offset]
                lead = len(body) - len(body.lstrip())
                body = body.strip()
                if body:
                    begin = start - offset + lead
                    return text, begin, begin + len(body)
    return None
