"""What readers said of answers -> a question set, and what a person has to settle first."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from qa.answer import Verdict
from qa.bot import MAX_QUESTION
from qa.errors import QaError
from qa.followup import LONGEST_CHAIN
from qa.history import LONGEST_TURN
from qa.questions import read_rows
from qa.smalltalk import kind_of

FILE = "feedback.jsonl"
"""What a server keeps feedback in, within the folder that its operator names."""

CHECKSUM = "as_made"
"""The field of a question made of feedback that holds the rest's checksum: another call may write over it."""


LONGEST_MEANT = LONGEST_CHAIN * (LONGEST_TURN + 1) + MAX_QUESTION
"""Characters of a question with those that it leans on."""

LONGEST_COMMENT = 500
LONGEST_VERSION = 64
MOST_PASSAGES = 20
PASSAGE_ID = r"^(a\d{1,9})?p\d{1,9}$"
PLACELESS = "passage_ids: an answer stands in a passage; name it"


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the file: a thumb up or down on one answer, and perhaps a word."""

    question: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_MEANT)]
    verdict: Verdict
    passage_ids: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=PASSAGE_ID)], ...], msgspec.Meta(max_length=MOST_PASSAGES)
    ]
    passages_version: Annotated[str, msgspec.Meta(max_length=LONGEST_VERSION)]
    helpful: bool
    comment: Annotated[str, msgspec.Meta(max_length=LONGEST_COMMENT)] = ""

    def __post_init__(self) -> None:
        """Refuse an answer that stands nowhere."""
        if self.verdict == "answered" and not self.passage_ids:
            raise ValueError(PLACELESS)


class Gathered(NamedTuple):
    """How many questions feedback made: of the set, and for a person to settle; and how many are left out.

    Left out are entries about another index, and follow-ups that are too long with what they lean on.
    """

    settled: int
    waiting: int
    of_another_index: int
    too_long: int


def waiting_file(out: Path) -> Path:
    """Return where the questions stand that a set made of feedback lacks: a person has to settle them."""
    return out.with_suffix(".unlabelled.jsonl")


def to_questions(folder: Path, version: str, out: Path) -> Gathered:
    """Turn feedback into a question set that :func:`qa.questions.read_questions` reads.

    A thumb up settles what the right answer is. A thumb down says only that this was not it: such
    questions, and those on which readers differ, go to ``*.unlabelled.jsonl`` beside the set, with
    ``answerable`` null, for a person to fill in.

    Args:
        folder: where the feedback was kept.
        version: only feedback on these passages counts, as a manifest's ``passages_version`` tells them.
        out: the question set, a JSON-lines file.

    Raises:
        QaError: if the feedback cannot be read or is all about another index, or the set cannot be written
            or holds other questions too.
    """
    if not out.name:
        raise QaError(f"{out}: is a folder; name a file.")
    waiting = waiting_file(out)
    # Each thing that was said of a question once: a hundred thumbs say no more than one.
    given: dict[str, dict[Said, None]] = {}
    foreign = 0
    for _, said in read_rows(folder / FILE, Said):
        if said.passages_version != version:
            foreign += 1
        else:
            first = msgspec.structs.replace(said, passage_ids=said.passage_ids[:1])
            given.setdefault(said.question, {})[first] = None
    if foreign and not given:
        raise QaError(f"{folder / FILE}: is all about another index. Name the one that was served.")
    for path in filter(Path.exists, (out, waiting)):
        if any(row.pop(CHECKSUM, None) != _checksum(row) for _, row in read_rows(path, dict)):
            raise QaError(f"{path}: holds what a person wrote, and it would be lost. Name another file.")
    askable = [said for question, said in given.items() if len(question) <= MAX_QUESTION]
    judged = [_judged(number, list(said)) for number, said in enumerate(askable, 1)]
    settled = [row for row in judged if row["answerable"] is not None]
    open_ = [row for row in judged if row["answerable"] is None]
    _write(out, settled)
    _write(waiting, open_)
    return Gathered(len(settled), len(open_), foreign, len(given) - len(askable))


def _judged(number: int, said: list[Said]) -> dict[str, Any]:
    """Make a question of what was said of its answers: ``answerable`` is None where a person has to say."""
    first = said[0]
    found = {"id": f"feedback-{number}", "kind": "feedback", "question": first.question}
    if first.helpful and len({(one.helpful, one.verdict, one.passage_ids) for one in said}) == 1:
        answered = first.verdict == "answered"
        gold = first.passage_ids if answered else ()
        # The opening is always given: it says nothing of search and reader, and is not counted.
        verdict = "about" if kind_of(first.question) == "about" else first.verdict
        return found | {"answerable": answered, "verdict": verdict, "passage_ids": gold}
    comments = sorted({one.comment for one in said if one.comment})
    return found | {"answerable": None, "said": first.verdict, "comments": comments}


def _checksum(row: dict[str, Any]) -> str:
    """Return what tells a row as it was made from one that a person wrote or changed."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row | {CHECKSUM: _checksum(row)}, ensure_ascii=False) + "\n" for row in rows]
        part.write_text("".join(lines), encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise QaError(f"{path}: cannot be written ({error.strerror}).") from error
