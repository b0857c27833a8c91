"""A question's whole way, from what was typed to the answer."""

from __future__ import annotations

import math
import operator
import re
import warnings
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import SupportsIndex

import numpy as np

from qa import smalltalk
from qa.answer import Answer, Quote, Verdict
from qa.errors import IndexFolderError, QuestionError
from qa.extent import SENTENCE_END, SEVERAL, STATEMENT_WORDS, compares_more, extent
from qa.followup import candidates, leans
from qa.history import Message, earlier, opens, turns_of, wish_of
from qa.index import Index, read_index, settled
from qa.index import load as load_index
from qa.manifest import CALIBRATION, READER, Manifest
from qa.passages import Passage
from qa.quote import mended
from qa.reader import PACKAGED, Reader, Reading
from qa.search import Found, Search
from qa.spelling import Spelling
from qa.stages import stage
from qa.verdict import Calibration, Signals
from qa.wording import name_in, out_of_frame, question_in, questions_in
from qa.words import names, visible

SHIPPED_INDEX = Path(__file__).parent.parent / "index"
MAX_QUESTION = 2_000
"""Characters of a question; a longer one is refused rather than read in part."""

MOST_READ = 10
"""Passages that the reader reads, the best of the search. On 1,774 questions about news that no reader
learned from, 6 to 12 gave the same verdicts and the same first passages, within half a point; so did 8 to 24
on the ``choose`` questions about the shipped article."""

READ_TWICE = 0.6
"""The share of them that is read in each of two forms, so that a follow-up costs little more than another.
Of 447 follow-ups to choose by as many had the right passage and verdict as with 0.7 and 0.5, but for one."""

MOST_TOKENS = 2_000
"""Tokens that are read to judge a question, its own among them: long passages or questions cost seconds."""

SHOWN = 5
MESSAGES: dict[Verdict, str] = {
    "answered": "The article says:",
    "related": "The article does not answer this. What comes closest:",
    "off_topic": "The article says nothing about this.",
}
MORE = "What else the article says about this:"
LANGUAGE = "This seems to be in another language. Only questions in the article's own are understood."
NO_MORE = "Nothing else in the article comes close to this."
UNCALIBRATED = "no calibration.json beside it, so its confidence is a guess; `qa calibrate` fits an index's."
PLACE = "It says so here:"
SURE = "The probability that this answers the question is {percent}%."
UNSURE = "The article does not seem to answer it: the probability that it does is {percent}%."
NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b")


@dataclass(frozen=True)
class Seen:
    """A question in one form, its scores, and the readings of the passages that were read, by number."""

    question: str
    found: Found
    readings: dict[int, Reading]


@dataclass(frozen=True)
class Judged:
    """What is made of a question: passages by number, as they are shown, their scores, the verdict's grounds.

    The best stands first, and the others after it by their scores; where several things are asked for,
    each section's best before its others.
    ``typed`` is the question alone, ``question`` with what it leans on, ``best`` the form in which the first
    passage answers best.
    """

    typed: str
    question: str
    order: tuple[int, ...]
    scores: tuple[float, ...]
    best: Seen
    signals: Signals
    confidence: float


class Bot:
    """Answers questions about the articles of one index. Several threads may share it."""

    def __init__(self, index: Index, reader: Reader, calibration: Calibration) -> None:
        """Put the parts together; :func:`load` does this for an index folder."""
        self.index = index
        self._search = Search(index)
        self._spelling = Spelling([a.text for a in index.articles], index.articles[0].language)
        self._one_language = len({article.primary_language for article in index.articles}) == 1
        self.reader = reader
        self.calibration = calibration

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer a question in the article's own words, or say that it does not.

        Args:
            question: at most 2,000 characters.
            history: the conversation so far, as chat APIs pass it: messages with role and content.

        Raises:
            QuestionError: if the question is empty or too long, or the history malformed.
        """
        question = clean(question)
        if (kind := smalltalk.kind_of(question, opens=opens(history))) is not None:
            return self._reply(question, kind)
        if refusal := self._unread(question):
            return refusal
        wish = wish_of(question)
        if wish is None:
            return self._answer(self._meant(question, history))
        before = earlier(history)
        if before is None and wish == "more":
            return Answer(question, "related", 0.0, None, (), NO_MORE, "no_more")
        if before is None:
            return self._reply(question, "help")  # Of what it is asked: nothing was answered yet.
        if refusal := self._unread(before.question):
            return refusal
        about = smalltalk.kind_of(before.question, opens=opens(before.history)) == "about"
        if about:
            answer, ranked = self._reply(before.question, "about"), self.index.passages
        else:
            judged = self._meant(clean(before.question), before.history)
            answer, ranked = self._answer(judged), self._ranked(judged)
        if wish == "more":
            return self._more(answer, ranked, before.pages)
        if wish == "place":
            return replace(answer, message=PLACE, kind="place") if answer.quote else answer
        if about or answer.verdict == "off_topic":
            return answer
        message = SURE if answer.quote else UNSURE
        return replace(answer, message=message.format(percent=answer.percent), kind="sure")

    def _unread(self, question: str) -> Answer | None:
        """Return what is said to a question that is not read: in another language, or without a letter."""
        if not any(c.isalnum() for c in question):
            return Answer(question, "off_topic", 0.0, None, (), MESSAGES["off_topic"])
        # Another reader may know more languages, and an index of several has no language to be other than.
        if self.reader.packaged and self._one_language and self._spelling.is_foreign(question):
            return Answer(question, "off_topic", 0.0, None, (), LANGUAGE, "language")
        return None

    def _meant(self, question: str, history: Sequence[Message]) -> Judged:
        """Judge a question; of several in one message, the first that is answered, not all as one."""
        first, *others = questions_in(question)
        if others:
            # What leans on the first is none that could be asked alone.
            for part in [first, *(other for other in others if not leans(other))]:
                judged = self._judged(self.forms(part, history))
                if self.calibration.verdict(judged.signals) == "answered":
                    return judged
        return self._judged(self.forms(question, history))

    def _judged(self, forms: Sequence[str]) -> Judged:
        """Judge a question: one that leans on what was said is read alone and after that."""
        weight = self.calibration.rank if len(forms) == 1 else self.calibration.follow_up_rank
        return self.judge(self.look(*forms), weight)

    def forms(self, question: str, history: Sequence[Message]) -> list[str]:
        """Return what a question may mean after what was said, plainest first, as ``qa.followup`` tells.

        Raises:
            QuestionError: if the history is malformed.
        """
        read = [t for t in turns_of(history) if t["role"] != "user" or self._unread(t["content"]) is None]
        return candidates(question, read, lambda: self._quoted(read))

    def _quoted(self, history: Sequence[Message]) -> str:
        """Return what was quoted as the answer to the last question, "" if it had none.

        ``history`` has no questions that were not read. It may lack the answer, as an address does, or hold
        words of the chat's own: then it is found again.
        """
        before = earlier(history)
        if before is None or smalltalk.kind_of(before.question, opens=opens(before.history)) is not None:
            return ""
        if before.said and any(before.said in article.text for article in self.index.articles):
            return before.said
        # After what it leaned on: what was refused must not be taken for answered now. What had been quoted
        # before that is not looked for again, or a long history would be read whole.
        answer = self._answer(self._judged(candidates(clean(before.question), before.history)))
        return answer.quote.text if answer.quote else ""

    def search(self, question: str, k: int = 5) -> tuple[Passage, ...]:
        """Return the ``k`` passages that the fused search ranks first, without reading them.

        Raises:
            QuestionError: if the question is empty or too long, or ``k`` is no number from 1 on.
        """
        if not isinstance(k, SupportsIndex) or operator.index(k) < 1:
            raise QuestionError(f"k: {k!r} passages cannot be shown; ask for 1 or more.")
        found = self._search.score(self._spelling.correct(clean(question)))
        order = np.argsort(-found.fused, kind="stable")[:k]
        return tuple(replace(self.index.passages[i], score=float(found.fused[i])) for i in order)

    def look(self, *forms: str) -> tuple[Seen, ...]:
        """Set the wording right, search, and read in each form what is ranked first over all of them.

        Args:
            forms: one question, in words that it may be meant in.
        """
        asked = [out_of_frame(self._spelling.correct(form)) for form in forms]
        found = [self._search.score(question) for question in asked]
        most = min(len(self.index.passages), MOST_READ)
        if len(forms) > 1:
            most = max(2, int(most * READ_TWICE))
        order = np.argsort(-sum(f.fused for f in found), kind="stable")[:most]
        passages = [self.index.passages[i] for i in order]
        with stage("read"):
            readings = [self.reader.read(q, passages, MOST_TOKENS // len(forms)) for q in asked]
        return tuple(
            Seen(question, scores, dict(zip(map(int, order), read, strict=False)))
            for question, scores, read in zip(asked, found, readings, strict=True)
        )

    def judge(self, seen: Sequence[Seen], weight: float) -> Judged:
        """Rank what was read by margin plus ``weight`` times the search's score, and judge the first.

        Forms of a question count alike: where one of them misleads (a follow-up that says nothing alone,
        or an earlier question that is answered again), the other sets it right.
        """
        read = [i for i in seen[0].readings if all(i in s.readings for s in seen)]
        rank = {
            i: sum(s.readings[i].margin + weight * float(s.found.fused[i]) for s in seen) / len(seen)
            for i in read
        }
        ranked = sorted(read, key=lambda i: -rank[i])
        if SEVERAL.search(seen[0].question):
            ranked = self._spread(ranked)
        each = [astuple(self._signals(s, ranked, follow_up=len(seen) > 1)) for s in seen]
        signals = Signals(*(sum(values) / len(seen) for values in zip(*each, strict=True)))
        best = max(seen, key=lambda s: s.readings[ranked[0]].margin)
        scores = tuple(rank[i] for i in ranked)
        confidence = self.calibration.answers(signals)
        typed, whole = seen[0].question, seen[-1].question
        return Judged(typed, whole, tuple(ranked), scores, best, signals, confidence)

    def _spread(self, ranked: Sequence[int]) -> list[int]:
        """Put each section's best passage before its others: the parts of a list stand in several."""
        best: dict[tuple[int, str], int] = {}
        for i in ranked:
            passage = self.index.passages[i]
            best.setdefault((id(passage.article), passage.heading), i)
        first = set(best.values())
        return sorted(ranked, key=lambda i: i not in first)

    def _signals(self, seen: Seen, ranked: Sequence[int], follow_up: bool) -> Signals:
        """Return what is known of a question in one form, with the passages so ranked."""
        found, reading = seen.found, seen.readings[ranked[0]]
        return Signals(
            margin=reading.margin,
            null=reading.null,
            spread=float(np.std([seen.readings[i].margin for i in ranked])),
            fused=float(found.fused[ranked[0]]),
            cosine=float(found.cosine.max()),
            coverage=float(found.coverage.max()),
            passages=math.log(len(self.index.passages)),
            unknown=found.unknown,
            unknown_name=float(self._unknown_name(seen.question, found)),
            follow_up=float(follow_up),
        )

    def _unknown_name(self, question: str, found: Found) -> bool:
        """Say whether the question names somebody, or a number, that the articles do not have."""
        if not found.unknown:
            return False
        return not all(map(self._search.knows, [*names(question), *NUMBER.findall(question)]))

    def _answer(self, judged: Judged) -> Answer:
        passages = self._ranked(judged)[:SHOWN]
        if judged.signals.unknown == 1.0 and self._spelling.is_gibberish(judged.question):
            # It is near to whatever is short, and to a reader that learned from questions it looks like one.
            return Answer(judged.question, "off_topic", 0.0, None, passages, MESSAGES["off_topic"])
        verdict, confidence = self.calibration.verdict(judged.signals), judged.confidence
        if verdict == "off_topic":
            # What the article is hardly about, it hardly answers, whatever the reader makes of it.
            touches = self.calibration.touches(judged.signals)
            confidence = min(confidence, touches, self.calibration.answer_threshold)
        if verdict == "answered" and (
            # South Korea is not North Korea, near as they are.
            not self._search.knows(name_in(judged.typed))
            # The reader is sure of a row, and the rows that would settle it stand in other passages too.
            or compares_more(judged.typed, passages[0])
        ):
            verdict, confidence = "related", min(confidence, self.calibration.answer_threshold)
        quote = None
        if verdict == "answered":
            read = judged.best.readings[judged.order[0]]
            start, end = self.reader.point(judged.best.question, passages[0], read)
            start, end = mended(passages[0], *extent(judged.typed, passages[0], start, end))
            quote = Quote(start, end, passages[0].article)
        return Answer(judged.question, verdict, confidence, quote, passages, MESSAGES[verdict])

    def _more(self, answer: Answer, ranked: Sequence[Passage], pages: int) -> Answer:
        """Show the passages that come after an answer's and ``pages`` more: near to it, and no answer."""
        if answer.verdict == "off_topic":
            return replace(answer, confidence=0.0, passages=(), message=NO_MORE, kind="no_more")
        said = {passage.id for passage in answer.places}
        following = [passage for passage in ranked if passage.id not in said]
        passages = tuple(following[pages * SHOWN : (pages + 1) * SHOWN])
        more = Answer(answer.question, "related", 0.0, None, passages, MORE, "more")
        return more if passages else replace(more, message=NO_MORE, kind="no_more")

    def _ranked(self, judged: Judged) -> tuple[Passage, ...]:
        """Return the passages that were read, the best first, with their scores."""
        ranked = zip(judged.order, judged.scores, strict=True)
        return tuple(replace(self.index.passages[i], score=score) for i, score in ranked)

    def _reply(self, question: str, kind: smalltalk.Kind) -> Answer:
        if kind != "about":
            verdict: Verdict = "related" if kind == "byline" else "off_topic"
            message = (
                smalltalk.byline_of(self.index.articles) if kind == "byline" else smalltalk.REPLIES[kind]
            )
            return Answer(question, verdict, 0.0, None, (), message, kind)
        leads: dict[int, Passage] = {}  # Of several articles each has its beginning.
        for passage in self.index.passages:
            if not _states(leads.setdefault(id(passage.article), passage)) and _states(passage):
                leads[id(passage.article)] = passage
        shown = tuple(replace(passage, score=1.0) for passage in leads.values())[:SHOWN]
        quote = Quote(shown[0].start, shown[0].end, shown[0].article)
        return Answer(question, "answered", 1.0, quote, shown, smalltalk.REPLIES[kind], kind)


def _states(passage: Passage) -> bool:
    """Say whether a passage ends as a sentence does: a picture's words, or a byline, do not."""
    words = passage.text.split()
    return len(words) >= STATEMENT_WORDS and SENTENCE_END.search(words[-1]) is not None


def clean(question: str) -> str:
    """Take off a question what does not belong to it: control characters, outer blanks, courtesies.

    Raises:
        QuestionError: if nothing is left, or more than the limit.
    """
    if not isinstance(question, str):
        raise QuestionError(f"question: must be text, not {type(question).__name__}.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(f"question: {len(question):,} characters; ask in at most {MAX_QUESTION:,}.")
    kept = visible(question)
    if not kept:
        raise QuestionError("question: is empty. Type a question about the article.")
    return question_in(kept)


def load(folder: str | Path | None = None, *, reader: str | Path | None = None, threads: int = 1) -> Bot:
    """Load an index, the shipped article's when no folder is named, ready to be asked.

    Args:
        folder: the index.
        reader: another model to read with than the index's own: a folder, or a name on the hub, which is
            fetched. Where its folder holds no calibration, the packaged reader's stands in, and a warning
            says that confidence is then a guess.
        threads: passages read at the same time. The answer is the same, bit for bit.

    Raises:
        IndexFolderError: if the folder is no index, or anything in it does not fit.
        ModelError: if the reader cannot be used.
    """
    home = index_folder_of(folder)
    if reader is None:
        return settled(home, lambda manifest: _load(home, manifest, threads))
    from qa.extractive import reader_folder

    index = load_index(home)
    with reader_folder(str(reader), index.passages) as named:
        own = named / CALIBRATION
        if not own.exists():
            warnings.warn(f"reader {str(reader)!r}: {UNCALIBRATED}", stacklevel=2)
            own = PACKAGED / CALIBRATION
        return Bot(index, Reader(named, threads), Calibration.load(own))


def _load(folder: Path, manifest: Manifest, threads: int) -> Bot:
    index = read_index(folder, manifest)
    home = folder / READER if manifest.reader else PACKAGED
    fitted = folder if CALIBRATION in manifest.files else PACKAGED
    return Bot(index, Reader(home, threads), Calibration.load(fitted / CALIBRATION))


def index_folder_of(named: str | Path | None) -> Path:
    """Return the index folder that was named, or else the shipped article's.

    Raises:
        IndexFolderError: if none was named, and this installation has no article of its own.
    """
    if named is None and not SHIPPED_INDEX.is_dir():
        raise IndexFolderError(
            "no index was named, and an installed package has no article of its own. "
            "Name one: qa.load('my-index'), qa ask --index my-index, QA_INDEX=my-index."
        )
    return SHIPPED_INDEX if named is None else Path(named)
