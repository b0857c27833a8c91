"""Measure conversations on articles put aside: ``python -m training.conversations``.

Follow-ups are asked with what was said before, without it, and as a person rewrote them to stand alone.
Questions that stand alone are asked fresh, and after five others about the same article with what was
answered: a change of subject must cost nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from qa import report
from qa.evaluation import FOREIGN, Document, Examiner, Form, Outcome, Question, draw
from qa.measures import Interval, measure
from training.evaluate import WRITTEN, documents_of, examiner_of

SETS = ("canard_dev_derived", "abgcoqa_coqa", "mtrag", WRITTEN)
ALONE = "squad2"
BEFORE = 5
RESAMPLES = 1_000
OWN = Path("tests/questions/conversations")


def follow_ups(documents: Sequence[Document], limit: int) -> list[Document]:
    """Draw answerable questions that come after others."""
    kept = [
        replace(d, questions=tuple(q for q in d.questions if q.answerable and q.history)) for d in documents
    ]
    return [
        replace(d, questions=tuple(q for q in d.questions if q.kind != FOREIGN)) for d in draw(kept, limit)
    ]


def hits(outcomes: Sequence[Outcome]) -> np.ndarray:
    """Say of each question whether a right passage came first."""
    return np.array([o.ranks[:1] == [1] for o in outcomes], dtype=float)


def milliseconds(outcomes: Sequence[Outcome]) -> float:
    """Return the median time of a question."""
    return 1000 * statistics.median(o.seconds for o in outcomes)


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


def table(examiner: Examiner, sets: dict[str, list[Document]]) -> None:
    """Print how often a right passage comes first, and how long it takes, in each form."""
    rows = [["gold passage first", "questions", "history ignored", "with history", "human rewrite"]]
    rows[0] += ["share of the way", "ms ignored", "ms with history", "times"]
    for name, documents in sets.items():
        questions = [q for document in documents for q in document.questions]
        rewritten = any(q.rewrite != q.text for q in questions)
        forms: tuple[Form, ...] = ("alone", "history", "rewrite") if rewritten else ("alone", "history")
        asked = {
            form: list(report.watched(examiner.ask(documents, form), f"{name}, {form}", len(questions)))
            for form in forms
        }
        found = {form: hits(outcomes) for form, outcomes in asked.items()}
        cells = {form: report.cell(measure(o).values["hit@1"]) for form, o in asked.items()}
        ignored, history = milliseconds(asked["alone"]), milliseconds(asked["history"])
        gone = way(found["alone"], found["history"], found["rewrite"]) if rewritten else "-"
        times = [f"{ignored:.0f}", f"{history:.0f}", f"{history / ignored:.2f}"]
        shown = [cells.get(form, "-") for form in ("alone", "history", "rewrite")]
        rows.append([name, str(len(questions)), *shown, gone, *times])
    report.print_table(rows)


def after_others(examiner: Examiner, documents: Sequence[Document]) -> tuple[list[Outcome], list[Outcome]]:
    """Ask questions fresh, and again with the five before them and their answers as history."""
    fresh: list[Outcome] = []
    later: list[Document] = []
    total = sum(len(d.questions) for d in documents)
    asked = report.watched(examiner.ask(documents), f"{ALONE}, fresh", total)
    for document in documents:
        said: list[dict[str, str]] = []
        questions: list[Question] = []
        # The outcomes come in the order of the documents: each takes as many as it has questions.
        for question, outcome in zip(document.questions, asked, strict=False):
            fresh.append(outcome)
            questions.append(replace(question, history=tuple(said[-2 * BEFORE :])))
            answer = outcome.answer
            said += [
                {"role": "user", "content": question.text},
                {"role": "assistant", "content": answer.quote.text if answer.quote else answer.message},
            ]
        later.append(replace(document, questions=tuple(questions)))
    return fresh, list(report.watched(examiner.ask(later), f"{ALONE}, after five", total))


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
    alone = [
        replace(d, questions=tuple(q for q in d.questions if q.kind != FOREIGN))
        for d in draw(documents_of(ALONE, "test"), limit)
    ]
    fresh, later = after_others(examiner, alone)
    same = np.mean([a.answer.verdict == b.answer.verdict for a, b in zip(fresh, later, strict=True)])
    measured = {"fresh": measure(fresh), f"after {BEFORE} others": measure(later)}
    typer.echo(f"\n{ALONE}: {same:.1%} of the verdicts are the same.")
    report.print_tables(measured, {"search": ("hit@1", "ms"), "verdict": ("balanced accuracy", "AUROC")})


if __name__ == "__main__":
    typer.run(main)
