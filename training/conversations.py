"""Measure conversations on articles put aside: ``python -m training.conversations``.

Follow-ups are asked with what was said before, without it, and as a person rewrote them to stand alone.
Questions that stand alone are asked fresh, and after five others about the same article with what was
answered: a change of subject must cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from qa import report
from qa.evaluation import FORMS, Examiner, Form, Outcome, ask_all
from qa.measures import Interval, measure
from qa.questions import FOREIGN, Document, draw
from training.evaluate import WRITTEN, documents_of, examiner_of

SETS = ("canard_dev_derived", "abgcoqa_coqa", "mtrag", WRITTEN)
ALONE = "squad2"
BEFORE = 5
COLUMNS: tuple[Form, ...] = ("alone", "history", "rewrite")
RESAMPLES = 1_000
OWN = Path("tests/questions/conversations")


def follow_ups(documents: Sequence[Document], limit: int) -> list[Document]:
    """Draw answerable questions that come after others."""
    kept = [
        replace(d, questions=tuple(q for q in d.questions if q.answerable and q.history)) for d in documents
    ]
    return drawn(kept, limit)


def drawn(documents: Sequence[Document], limit: int) -> list[Document]:
    """Draw questions about the documents themselves, and none about others."""
    return [
        replace(d, questions=tuple(q for q in d.questions if q.kind != FOREIGN))
        for d in draw(documents, limit)
    ]


def way(alone: np.ndarray, history: np.ndarray, rewrite: np.ndarray) -> str:
    """Return how much of the distance from no history to the rewrite was gone, with its interval."""
    rng = np.random.default_rng(0)
    drawn = [slice(None), *rng.integers(len(alone), size=(RESAMPLES, len(alone)))]
    gone = np.array([history[i].mean() - alone[i].mean() for i in drawn])
    whole = np.array([rewrite[i].mean() - alone[i].mean() for i in drawn])
    if whole[0] <= 0:
        return "-"
    low, high = np.percentile((gone[whole > 0] / whole[whole > 0])[1:], [2.5, 97.5])
    return report.cell(Interval(gone[0] / whole[0], low, high))


def ask_each(
    examiner: Examiner, documents: Sequence[Document], forms: Sequence[Form]
) -> Iterator[tuple[Outcome, ...]]:
    """Ask each question in every form before the next one: what slows the machine slows them alike."""
    for document in documents:
        bot = examiner.bot(document)
        for question in document.questions:
            yield tuple(outcome for form in forms for outcome in ask_all(bot, [question], form))


def table(examiner: Examiner, sets: dict[str, list[Document]]) -> None:
    """Print how often a right passage comes first, and how long it takes, in each form."""
    rows = [["gold passage first", "questions", "history ignored", "with history", "human rewrite"]]
    rows[0] += ["share of the way", "ms ignored", "ms with history", "times"]
    for name, documents in sets.items():
        questions = [q for document in documents for q in document.questions]
        rewritten = any(q.rewrite != q.text for q in questions)
        forms = FORMS[::-1] if rewritten else FORMS[1::-1]
        outcomes = report.watched(ask_each(examiner, documents, forms), name, len(questions))
        asked = dict(zip(forms, zip(*outcomes, strict=True), strict=True))
        found = {form: measure(each) for form, each in asked.items()}
        cells = {form: report.cell(each.values["hit@1"]) for form, each in found.items()}
        ignored, history = (found[form].values["ms"].value for form in ("alone", "history"))
        gone = way(*(found[form].rows["right"] for form in COLUMNS)) if rewritten else "-"
        shown = [cells.get(form, "-") for form in COLUMNS]
        times = [f"{ignored:.0f}", f"{history:.0f}", f"{history / ignored:.2f}"]
        rows.append([name, str(len(questions)), *shown, gone, *times])
    report.print_table(rows)


def after_others(examiner: Examiner, documents: Sequence[Document]) -> Iterator[tuple[Outcome, Outcome]]:
    """Ask each question fresh, and again with the five before it and their answers as history."""
    for document in documents:
        bot = examiner.bot(document)
        said: list[dict[str, str]] = []
        for question in document.questions:
            later = replace(question, history=tuple(said[-2 * BEFORE :]))
            fresh, after = ask_all(bot, [question, later])
            yield fresh, after
            answer = fresh.answer
            said += [
                {"role": "user", "content": question.text},
                {"role": "assistant", "content": answer.quote.text if answer.quote else answer.message},
            ]


def main(
    limit: Annotated[int, typer.Option(help="Questions of each set, about.")] = 60,
    reader: Annotated[str | None, typer.Option(help="Another reader: a folder or a name.")] = None,
    cache: Annotated[Path, typer.Option(help="Where passages' vectors are kept.")] = Path("runs/vectors"),
) -> None:
    """Print both tables."""
    examiner = examiner_of(reader, cache)
    own = examiner.documents(OWN, "report")
    sets = {name: follow_ups(documents_of(name, "test"), limit) for name in SETS}
    table(examiner, sets | {"the shipped article": follow_ups(own, 10_000)})
    alone = drawn(documents_of(ALONE, "test"), 2 * limit)
    total = sum(len(d.questions) for d in alone)
    outcomes = report.watched(after_others(examiner, alone), ALONE, total)
    fresh, later = zip(*outcomes, strict=True)
    same = np.mean([a.answer.verdict == b.answer.verdict for a, b in zip(fresh, later, strict=True)])
    measured = {"fresh": measure(fresh), f"after {BEFORE} others": measure(later)}
    typer.echo(f"\n{ALONE}: {same:.1%} of the verdicts are the same.")
    report.print_tables(measured, {"search": ("hit@1", "ms"), "verdict": ("balanced accuracy", "AUROC")})


if __name__ == "__main__":
    typer.run(main)
