"""``python -m benchmarks``: what answering costs, beside what others cost, measured in one run.

The first run makes an environment for each side; later ones find them in ``runs/bench``. It needs what
``requirements-test.txt`` brings: the packaged weights, torch for building, and matplotlib.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.building import building
from benchmarks.cold import starts
from benchmarks.curves import SIZES, curves
from benchmarks.environments import LIBRARY, OURS, PEERS, PLACE, install_seconds, megabytes, versions
from benchmarks.latency import beside_bare, questions, searches
from benchmarks.load import bare_per_second, levels

PARTS = ("cold", "latency", "load", "install", "building", "growth")


def main(
    parts: Annotated[
        list[str] | None, typer.Argument(help=f"Some of {', '.join(PARTS)}; all if none.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for benchmarks.json and benchmarks.png.")] = PLACE,
    runs: Annotated[int, typer.Option(help="Cold starts of each side.")] = 5,
    largest: Annotated[int, typer.Option(help="Where the curves end.")] = SIZES[-1],
    full: Annotated[bool, typer.Option("--full", help="Every type to the end: half an hour.")] = False,
) -> None:
    """Measure, print a table, and write it as JSON and as a picture."""
    chosen = parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        raise typer.BadParameter(f"{', '.join(unknown)}: name some of {', '.join(PARTS)}.")
    rows: list[report.Row] = []
    found: dict[str, Any] = {"machine": report.machine()}
    found["versions"] = {side.name: versions(side) for side in (OURS, LIBRARY, *PEERS)}
    if "cold" in chosen:
        _say("cold starts")
        found["starts"] = starts(runs)
        rows += report.cold_rows(found["starts"])
    if "latency" in chosen:
        _say("memory, searching and asking")
        searched, found["memory"] = searches(count=20, rounds=2)
        taken = beside_bare(count=20, rounds=2)
        found["latency"] = {
            name: report.spread(one)
            for name, one in (taken | {f"search: {n}": t for n, t in searched.items()}).items()
        }
        rows += report.memory_rows(found["memory"]) + report.latency_rows(taken, searched)
    if "load" in chosen:
        _say("load")
        asked = questions(32)
        before = bare_per_second(asked)
        found["levels"] = levels(asked, each=2)
        found["bare_per_second"] = (before + bare_per_second(asked)) / 2
        rows += report.load_rows(found["levels"], found["bare_per_second"])
    if "install" in chosen:
        _say("installing")
        sizes = {side.name: megabytes(side) for side in (OURS, LIBRARY, *PEERS)}
        leanest = min(PEERS, key=lambda side: sizes[side.name])
        compared = (OURS, LIBRARY, leanest)
        seconds = dict(zip((s.name for s in compared), install_seconds(compared), strict=True))
        found["install"] = {"megabytes": sizes, "seconds": seconds}
        rows += report.install_rows(sizes, seconds, [peer.name for peer in PEERS])
    if "building" in chosen:
        _say("building")
        found["building"] = building(rounds=1)
        rows += report.building_rows(found["building"])
    if "growth" in chosen:
        _say("growth")
        found["growth"] = curves(largest, full)
    report.print_rows(rows, found.get("growth", ()))
    found["rows"] = rows
    out.mkdir(parents=True, exist_ok=True)
    report.write(out / "benchmarks.json", found)
    report.draw(out / "benchmarks.png", found)
    print(f"{out / 'benchmarks.json'}, {out / 'benchmarks.png'}")


def _say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
