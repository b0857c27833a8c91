"""What an evaluation shows: tables, a JSON file, and a picture of risk and reliability."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from qa.bot import Bot
from qa.errors import MissingError, QaError
from qa.evaluation import FORMS, Examiner
from qa.measures import Interval, Measured, measure, reliability, risk_coverage
from qa.terminal import console

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T = TypeVar("T")

TABLES = {
    "search": ("hit@1", "hit@3", "hit@5", "MRR", "nDCG@10", "ms"),
    "verdict": (
        "AUROC",
        "balanced accuracy",
        "answered",
        "refused",
        "plain refused",
        "plain refused at 95 %",
        "passage and verdict",
        "three-way verdict",
        "calibration error",
        "risk-coverage area",
    ),
    "quote": ("exact match", "F1", "sentence", "all parts of a list"),
    "passage given": ("given: exact match", "given: F1", "given: F1 of answers", "given: AUROC"),
}
SIDE_BY_SIDE = 4
PICTURES = (".svg", ".png", ".pdf")


def evaluate(bot: Bot, folders: Sequence[Path], part: str, limit: int | None) -> dict[str, Measured]:
    """Ask sets and measure each; a conversation also as if nothing had been said before, and rewritten.

    Args:
        bot: what to measure; it is asked about its own index where a set has no corpus.
        folders: the sets.
        part: of questions about the index, only those marked with it, and those without a mark.
        limit: questions that are drawn of a set; all when None.
    """
    examiner = Examiner(bot)
    measured: dict[str, Measured] = {}
    for folder in folders:
        documents = examiner.drawn(folder, part, limit)
        questions = [q for document in documents for q in document.questions]
        if not questions:
            raise QaError(f"{folder}: holds no question of the part {part!r}; --part names another.")
        for form in FORMS if any(q.history for q in questions) else FORMS[:1]:
            name = str(folder) if form == "history" else f"{folder}, {form}"
            outcomes = watched(examiner.ask(documents, form), name, len(questions))
            measured[name] = measure(list(outcomes))
    return measured


def watched(outcomes: Iterable[T], name: str, total: int) -> Iterator[T]:
    """Pass outcomes on as they come, with a progress bar on a terminal."""
    from rich.progress import track

    out = console(stderr=True)
    yield from track(outcomes, description=name, total=total, console=out, disable=not out.is_terminal)


def print_tables(measured: Mapping[str, Measured], tables: Mapping[str, Sequence[str]] = TABLES) -> None:
    """Print Markdown: up to four sets side by side, or a table for each kind of measure, a set a row."""
    cells = {
        name: {"questions": str(len(m.rows))} | {n: cell(interval) for n, interval in m.values.items()}
        for name, m in measured.items()
    }
    if len(measured) <= SIDE_BY_SIDE:
        names = ["questions", *(n for kind in tables.values() for n in kind)]
        shown = [n for n in names if any(n in found for found in cells.values())]
        print_table(
            [["measure", *cells], *([n, *(found.get(n, "-") for found in cells.values())] for n in shown)]
        )
        return
    for title, kind in tables.items():
        if shown := [n for n in kind if any(n in found for found in cells.values())]:
            shown.insert(0, "questions")
            rows = [[name, *(found.get(n, "-") for n in shown)] for name, found in cells.items()]
            print_table([[title, *shown], *rows])
            console().print()


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of cells as Markdown, the first being the header; in a pipe as wide as need be."""
    from rich.box import MARKDOWN
    from rich.table import Table

    out = console()
    table = Table(box=MARKDOWN)
    for header in rows[0]:
        table.add_column(header, overflow="fold")
    for row in rows[1:]:
        table.add_row(*row)
    if not out.is_terminal:
        out.width = out.measure(table, options=out.options.update(width=10_000)).maximum
    out.print(table)


def cell(interval: Interval) -> str:
    """Write a value with its interval, as a share or in milliseconds."""
    if interval.value > 2:
        return f"{interval.value:.0f} ({interval.low:.0f}–{interval.high:.0f})"
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def check_outputs(json_file: Path | None, picture: Path | None) -> None:
    """Refuse files that :func:`save` could not write, before anything is asked.

    Raises:
        QaError: if a folder is missing, or the picture cannot be drawn, or has another ending.
    """
    for path in filter(None, (json_file, picture)):
        if not path.parent.is_dir():
            raise QaError(f"{path}: its folder is missing. Make it, or name another.")
    if picture is None:
        return
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingError("A picture", "matplotlib", "eval") from error
    if picture.suffix.lower() not in PICTURES:
        raise QaError(f"{picture}: must end in {', '.join(PICTURES)}.")


def save(measured: Mapping[str, Measured], json_file: Path | None, picture: Path | None) -> None:
    """Write the measures as JSON, and the picture, where they are wanted.

    Raises:
        QaError: naming the file that cannot be written.
    """
    found = {
        name: {
            "questions": len(m.rows),
            "answerable": int(m.rows["answerable"].sum()),
            "measures": {n: interval._asdict() for n, interval in m.values.items()},
        }
        for name, m in measured.items()
    }
    try:
        if json_file:
            json_file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        if picture:
            draw(measured).savefig(picture, dpi=150)
    except OSError as error:
        raise QaError(f"{error.filename}: cannot be written ({error.strerror}).") from error


def draw(measured: Mapping[str, Measured]) -> Figure:
    """Draw risk against coverage, and share of right answers against confidence, a line a set."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 5), layout="constrained")
    risks, reliable = figure.subplots(1, 2)
    sets = {name: m.rows for name, m in measured.items() if len(m.rows)}
    colors = colormaps["turbo"].resampled(max(2, len(sets)))
    for number, (name, rows) in enumerate(sets.items()):
        color = colors(number)
        coverage, risk = risk_coverage(rows["confidence"], rows["right"])
        risks.plot(coverage, risk, color=color, label=name)
        sure, share, _ = reliability(rows["confidence"], rows["right"])
        reliable.plot(sure, share, marker="o", markersize=3, color=color, label=name)
    reliable.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1)
    risks.set(xlabel="coverage: share of the questions answered", ylabel="risk: share of these wrong")
    reliable.set(xlabel="confidence", ylabel="share of right answers")
    for axes in (risks, reliable):
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.grid(alpha=0.3)
    figure.legend(*risks.get_legend_handles_labels(), loc="outside right upper", fontsize="small")
    return figure
