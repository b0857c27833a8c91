"""What readers say of answers, kept only where the operator names a folder for it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Lock
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from qa.answer import Verdict
from qa.errors import QaError
from qa.feedback import (
    FILE,
    LONGEST_COMMENT,
    LONGEST_MEANT,
    LONGEST_VERSION,
    MOST_PASSAGES,
    PASSAGE_ID,
    PLACELESS,
)

MAX_FILE = 50_000_000
"""Bytes of the file: a public page must not be a way to fill a disk."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_COMMENT)]
PassageId = Annotated[str, StringConstraints(pattern=PASSAGE_ID)]


class FeedbackError(QaError):
    """Feedback cannot be kept just now."""


class Feedback(BaseModel):
    """A thumb up or down on one answer, and perhaps a word."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_MEANT)]
    verdict: Verdict
    passage_ids: list[PassageId] = Field(
        max_length=MOST_PASSAGES, description="The passages shown, best first."
    )
    passages_version: str = Field(
        max_length=LONGEST_VERSION, description="Of the index that answered, as /healthz says it."
    )
    helpful: bool
    comment: Words = ""

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.verdict == "answered" and not self.passage_ids:
            raise ValueError(PLACELESS)
        return self


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
