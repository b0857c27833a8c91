"""Measure on public sets: ``python -m training.evaluate``, or some of them by name.

Of each set only articles that were put aside are asked about: those whose title falls into the part
``test``, whatever set they stand in. Each question's article is indexed in memory, as the set cuts it, and
searched whole. ``written`` stands for the articles of our own (``training.written``). With ``--search``
the search alone is measured, without the reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

import qa
from qa import report
from qa.answer import Answer
from qa.evaluation import Examiner, Outcome
from qa.measures import Measured, measure
from qa.questions import Document, draw, read_documents
from training import written
from training.data import DATA, part_of
from training.vectors import VECTORS, RememberedVectors

WRITTEN = "written"
SEARCHED = 10
"""Passages that are looked at where the search alone is measured."""


def examiner_of(reader: str | None, cache: Path) -> Examiner:
    """Make an examiner of a reader, and of the shipped index's encoder."""
    bot = qa.load(reader=reader)
    return Examiner(bot, RememberedVectors(bot.index.manifest.encoder.model, cache))


def documents_of(name: str, part: str) -> list[Document]:
    """Read a set's documents of one part."""
    if name == WRITTEN:
        return list(written.documents(part))
    return list(read_documents(DATA / name, lambda title: all(part_of(t) == part for t in names_of(title))))


def names_of(title: str) -> list[str]:
    """Return the titles under which an article stands: two sets number the same ones alike."""
    number = title.removeprefix("qamr-").removeprefix("qadisc-")
    return [title] if number == title else [f"qamr-{number}", f"qadisc-{number}"]


def searched(examiner: Examiner, documents: Sequence[Document]) -> Iterator[Outcome]:
    """Rank passages without reading them, for the answerable questions."""
    for document in documents:
        bot = examiner.bot(document)
        for question in document.questions:
            if question.answerable:
                passages = bot.search(question.text, k=SEARCHED)
                yield Outcome(question, Answer(question.text, "related", 0.0, None, passages, ""))


def main(
    sets: Annotated[list[str] | None, typer.Argument(help="Folders in QA_DATA, or written; all.")] = None,
    part: Annotated[str, typer.Option(help="train, dev, calibration or test.")] = "test",
    limit: Annotated[int, typer.Option(help="Questions of each set, about.")] = 60,
    search: Annotated[bool, typer.Option("--search", help="Measure the search alone.")] = False,
    reader: Annotated[str | None, typer.Option(help="Another reader: a folder or a name.")] = None,
    cache: Annotated[Path, typer.Option(help="Where passages' vectors are kept.")] = VECTORS,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the measures here.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Also draw risk by coverage, and reliability.")] = None,
) -> None:
    """Print every measure with its interval, a set a row."""
    report.check_outputs(json_file, picture)
    examiner = examiner_of(reader, cache)
    names = sets or [WRITTEN, *sorted(path.parent.name for path in DATA.glob("*/corpus.jsonl"))]
    measured: dict[str, Measured] = {}
    for name in names:
        drawn = draw(documents_of(name, part), limit)
        total = sum(len(document.questions) for document in drawn)
        outcomes = searched(examiner, drawn) if search else examiner.ask(drawn)
        measured[name] = measure(list(report.watched(outcomes, name, total)))
    if search:
        for found in measured.values():
            for unknown in {*found.values} - ({*report.TABLES["search"]} - {"ms"}):
                del found.values[unknown]
    report.print_tables(measured)
    report.save(measured, json_file, picture)


if __name__ == "__main__":
    typer.run(main)
