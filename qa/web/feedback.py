"""What readers say of answers, kept only where the operator names a folder for it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from qa.answer import Verdict
from qa.bot import MAX_QUESTION
from qa.errors import QaError
from qa.followup import LONGEST_CHAIN
from qa.history import LONGEST_TURN
from qa.manifest import ARTICLES, PASSAGES, Manifest
from qa.questions import read_rows

FILE = "feedback.jsonl"
MAX_FILE = 50_000_000
"""Bytes of the file: a public page must not be a way to fill a disk."""

CHECKSUM = "as_made"
"""The field of a question made of feedback that holds the rest's checksum: another call may write over it."""

LONGEST_MEANT = LONGEST_CHAIN * (LONGEST_TURN + 1) + MAX_QUESTION
"""Characters of a question with those that it leans on."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
PassageId = Annotated[str, StringConstraints(pattern=r"^(a\d{1,9})?p\d{1,9}$")]


class FeedbackError(QaError):
    """Feedback cannot be kept just now."""


class Feedback(BaseModel):
    """A thumb up or down on one answer, and perhaps a word."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_MEANT)]
    verdict: Verdict
    passage_ids: list[PassageId] = Field(max_length=20, description="The passages shown, best first.")
    passages_version: str = Field(
        max_length=64, description="Of the index that answered, as /healthz says it."
    )
    helpful: bool
    comment: Words = ""

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.verdict == "answered" and not self.passage_ids:
            raise ValueError("passage_ids: an answer stands in a passage; name it.")
        return self


class Gathered(NamedTuple):
    """How many questions feedback made: of the set, and for a person to settle; and how many are left out.

    Left out are entries about another index, and follow-ups that are too long with what they lean on.
    """

    settled: int
    waiting: int
    of_another_index: int
    too_long: int


class FeedbackFile:
    """The file that feedback is appended to. Several threads may share it."""

    def __init__(self, folder: Path) -> None:
        """Take the folder into use; it is made where there is none.

        Raises:
            QaError: if it cannot be written to.
        """
        self.path = folder / FILE
        self._lock = Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
        except OSError as error:
            raise QaError(f"{folder} (QA_FEEDBACK): cannot be written ({error.strerror}).") from error

    def append(self, feedback: Feedback) -> None:
        """Append one line, whole or not at all. No address, no cookie, no time.

        Raises:
            FeedbackError: if the file is full, or the disk.
        """
        line = (json.dumps(feedback.model_dump(), ensure_ascii=False) + "\n").encode()
        with self._lock:
            try:
                descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    size = os.fstat(descriptor).st_size
                    if size + len(line) > MAX_FILE:
                        raise FeedbackError("No more feedback is kept: the file is full.")
                    if os.write(descriptor, line) < len(line):
                        os.ftruncate(descriptor, size)
                        raise FeedbackError("The feedback could not be kept: the disk is full.")
                finally:
                    os.close(descriptor)
            except OSError as error:
                raise FeedbackError(f"The feedback could not be kept ({error.strerror}).") from error


def passages_version(manifest: Manifest) -> str:
    """Return what tells an index's passages from all others; to calibrate it again changes none."""
    return hashlib.sha256(f"{manifest.files[ARTICLES]} {manifest.files[PASSAGES]}".encode()).hexdigest()


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
        version: only feedback on these passages counts, as :func:`passages_version` tells them.
        out: the question set, a JSON-lines file.

    Raises:
        QaError: if the feedback cannot be read or is all about another index, or the set cannot be written
            or holds other questions too.
    """
    if not out.name:
        raise QaError(f"{out}: is a folder; name a file.")
    waiting = waiting_file(out)
    # Each thing that was said of a question once: a hundred thumbs say no more than one.
    given: dict[str, dict[tuple[object, ...], dict[str, Any]]] = {}
    foreign = 0
    for row in _rows(folder / FILE):
        if row["passages_version"] != version:
            foreign += 1
        else:
            said = (row["helpful"], row["verdict"], *row["passage_ids"][:1], row["comment"])
            given.setdefault(row["question"], {}).setdefault(said, row)
    if foreign and not given:
        raise QaError(f"{folder / FILE}: is all about another index. Name the one that was served.")
    for path in filter(Path.exists, (out, waiting)):
        if any(row.pop(CHECKSUM, None) != _checksum(row) for _, row in read_rows(path, dict)):
            raise QaError(f"{path}: holds what a person wrote, and it would be lost. Name another file.")
    askable = [rows for question, rows in given.items() if len(question) <= MAX_QUESTION]
    judged = [_judged(n, list(rows.values())) for n, rows in enumerate(askable, 1)]
    settled = [row for row in judged if row["answerable"] is not None]
    open_ = [row for row in judged if row["answerable"] is None]
    _write(out, settled)
    _write(waiting, open_)
    return Gathered(len(settled), len(open_), foreign, len(given) - len(askable))


def _judged(number: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Make a question of what was said of its answers: ``answerable`` is None where a person has to say."""
    first = rows[0]
    said = {(row["helpful"], row["verdict"], tuple(row["passage_ids"][:1])) for row in rows}
    found = {"id": f"feedback-{number}", "kind": "feedback", "question": first["question"]}
    if len(said) == 1 and first["helpful"]:
        answered = first["verdict"] == "answered"
        gold = first["passage_ids"][:1] if answered else []
        return found | {"answerable": answered, "verdict": first["verdict"], "passage_ids": gold}
    comments = sorted({row["comment"] for row in rows if row["comment"]})
    return found | {"answerable": None, "said": first["verdict"], "comments": comments}


def _checksum(row: dict[str, Any]) -> str:
    """Return what tells a row as it was made from one that a person wrote or changed."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:16]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield each piece of feedback."""
    for number, row in read_rows(path, dict):
        try:
            yield Feedback.model_validate(row).model_dump()
        except ValueError as error:
            raise QaError(f"{path}:{number}: is no feedback. Remove the line.") from error


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(row | {CHECKSUM: _checksum(row)}, ensure_ascii=False) + "\n" for row in rows]
        part.write_text("".join(lines), encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise QaError(f"{path}: cannot be written ({error.strerror}).") from error
