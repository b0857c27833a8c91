"""What was measured -> a table, JSON, and a picture."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.cold import Start, median
from benchmarks.curves import TYPES, Point, best
from benchmarks.load import Level


@dataclass(frozen=True)
class Row:
    """A line of the table: a figure, what it stands beside, their ratio, and how far it should reach."""

    what: str
    figure: str
    beside: str
    ratio: float
    reach: str


def machine() -> dict[str, Any]:
    """Say what the figures are from: processor, cores that were used, date, versions."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return {
        "date": date.today().isoformat(),
        "processor": model or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "busy": round(os.getloadavg()[0], 1),
    }


def of(share: float, taken: Sequence[float]) -> float:
    """Return the value below which a share of all lies."""
    return sorted(taken)[min(len(taken) - 1, int(share * len(taken)))]


def cold_rows(starts: dict[str, list[Start]]) -> list[Row]:
    """Return cold starts beside the fastest peer and the floor."""
    medians = {name: median(taken) for name, taken in starts.items()}
    peers = {n: m for n, m in medians.items() if n not in {"bare", "article-qa", "qa ask"}}
    fastest = min(peers, key=lambda name: peers[name].wall)
    bare = medians["bare"]
    rows = []
    for name, label in (
        ("article-qa", "cold to first answer, Python"),
        ("qa ask", "cold to first answer, qa ask"),
    ):
        own = medians[name]
        rows.append(
            Row(
                label,
                _s(own.wall),
                f"{fastest}: {_s(peers[fastest].wall)}",
                peers[fastest].wall / own.wall,
                "≥ 8",
            )
        )
        rows.append(Row("", _s(own.wall), f"bare encoder: {_s(bare.wall)}", own.wall / bare.wall, "< 3"))
    return rows


def memory_rows(memory: dict[str, float]) -> list[Row]:
    """Return memory at rest beside the leanest peer's."""
    peers = {n: m for n, m in memory.items() if n not in {"ask", "article-qa"}}
    leanest = min(peers, key=lambda name: peers[name])
    return [
        Row(
            "memory after the first answer",
            f"{memory['ask']:.0f} MB",
            f"{leanest}: {peers[leanest]:.0f} MB",
            memory["ask"] / peers[leanest],
            "≤ 0.5",
        )
    ]


def latency_rows(taken: dict[str, list[float]], searches: dict[str, list[float]]) -> list[Row]:
    """Return searching and asking beside their bare calls, and searching beside the peers'."""
    rows = []
    for name in ("search", "ask"):
        for share, label in ((0.5, "p50"), (0.95, "p95")):
            own, bare = of(share, taken[name]), of(share, taken[f"bare {name}"])
            rows.append(
                Row(f"bot.{name}, {label}", _ms(own), f"bare calls: {_ms(bare)}", own / bare, "≤ 1.3")
            )
    peers = {n: of(0.5, t) for n, t in searches.items() if n != "article-qa"}
    fastest = min(peers, key=lambda name: peers[name])
    own = of(0.5, searches["article-qa"])
    rows.append(
        Row("bot.search, p50", _ms(own), f"{fastest}: {_ms(peers[fastest])}", own / peers[fastest], "")
    )
    return rows


def load_rows(levels: Sequence[Level], bare: float) -> list[Row]:
    """Return questions a second at each number of clients beside the bare calls' rate."""
    rows = []
    for level in levels:
        figure = f"{level.per_second:.2f}/s, p95 {_s(level.p95)}, {level.dropped} dropped"
        share = level.per_second / bare
        rows.append(
            Row(f"HTTP, {level.clients} clients", figure, f"bare calls: {bare:.2f}/s", share, "≥ 0.8")
        )
    return rows


def install_rows(sizes: dict[str, float], seconds: dict[str, float], peers: Sequence[str]) -> list[Row]:
    """Return the serving set's size and time beside the leanest peer's."""
    leanest = min(peers, key=lambda name: sizes[name])
    rows = []
    for name in (n for n in sizes if n not in peers):
        rows.append(
            Row(
                f"install: {name}",
                f"{sizes[name]:.0f} MB",
                f"{leanest}: {sizes[leanest]:.0f} MB",
                sizes[name] / sizes[leanest],
                "≤ 0.33",
            )
        )
        if name in seconds and leanest in seconds:
            rows.append(
                Row(
                    "",
                    _s(seconds[name]),
                    f"{leanest}: {_s(seconds[leanest])}",
                    seconds[name] / seconds[leanest],
                    "≤ 0.33",
                )
            )
    return rows


def building_rows(found: dict[str, float]) -> list[Row]:
    """Return the rate of building beside a bare encode."""
    rate, bare = found["per_second"], found["bare_per_second"]
    figure = f"{rate:.1f} passages/s + {_s(found['fixed'])}"
    return [Row("building an index", figure, f"bare encode: {bare:.1f}/s", bare / rate, "≤ 1.2")]


def print_rows(rows: Sequence[Row], points: Sequence[Point]) -> None:
    """Print the table, then the curves' figures with the best type by size."""
    console = Console(width=130)
    table = Table(box=None, header_style="bold")
    for column in ("what", "here", "beside", "ratio", "reach"):
        table.add_column(column, justify="right" if column == "ratio" else "left")
    for row in rows:
        table.add_row(row.what, row.figure, row.beside, f"{row.ratio:.2f}", row.reach)
    console.print(table)
    if not points:
        return
    chosen = best(list(points))
    growth = Table(box=None, header_style="bold")
    for column in ("vectors", "kind", "search", "memory", "build", "load", "recall@10", ""):
        growth.add_column(column, justify="left" if column == "kind" else "right")
    for p in points:
        mark = "best" if chosen.get(p.size) == p.kind else ""
        growth.add_row(
            f"{p.size:,}",
            p.kind,
            _ms(p.search),
            f"{p.megabytes:.1f} MB",
            _s(p.build),
            _s(p.load),
            f"{p.recall:.3f}",
            mark,
        )
    console.print(growth)


def write(path: Path, found: dict[str, Any]) -> None:
    """Write all that was measured as JSON."""
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False, default=asdict) + "\n", encoding="utf-8")


def draw(path: Path, found: dict[str, Any]) -> None:
    """Draw cold starts, memory, load and growth in one picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 3, figsize=(15, 8), layout="constrained")
    starts, memory, levels, points = (found.get(k) for k in ("starts", "memory", "levels", "growth"))
    if starts:
        names = list(starts)
        axes[0, 0].barh(names, [median(starts[n]).wall for n in names])
        axes[0, 0].set(title="Cold process to first answer, s")
        axes[0, 0].invert_yaxis()
    if memory:
        axes[0, 1].barh(list(memory), list(memory.values()))
        axes[0, 1].set(title="Memory after the first answer, MB")
        axes[0, 1].invert_yaxis()
    if levels:
        clients = [level.clients for level in levels]
        axes[0, 2].plot(clients, [level.p95 for level in levels], marker="o", label="p95, s")
        axes[0, 2].plot(clients, [level.per_second for level in levels], marker="o", label="answers/s")
        axes[0, 2].axhline(found["bare_per_second"], linestyle=":", label="bare calls/s")
        axes[0, 2].set(title="HTTP", xlabel="clients", xscale="log", yscale="log")
        axes[0, 2].legend()
    for axis, field, title in (
        (axes[1, 0], "search", "Search, s"),
        (axes[1, 1], "megabytes", "Memory, MB"),
        (axes[1, 2], "build", "Build (—) and load (- -), s"),
    ):
        for kind in (*TYPES, "whole search") if points else ():
            own = [p for p in points if p.kind == kind]
            sizes = [p.size for p in own]
            line = axis.plot(sizes, [getattr(p, field) or None for p in own], marker=".", label=kind)[0]
            if field == "build":
                axis.plot(sizes, [p.load for p in own], marker=".", linestyle="--", color=line.get_color())
        if points:
            axis.set(title=title, xlabel="passages", xscale="log", yscale="log")
            axis.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def spread(taken: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile, for JSON."""
    return {"p50": statistics.median(taken), "p95": of(0.95, taken)}


def _s(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 100 else f"{seconds:.0f} s"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"
