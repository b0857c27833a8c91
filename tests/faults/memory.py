"""What a process holds in memory, and whether that grows: what the long tests of questions and load share."""

from collections.abc import Sequence
from pathlib import Path
from resource import getpagesize

GROWTH = 0.05
"""By which share of itself memory may grow after the first part of a run."""


def held(pid: int | str = "self") -> int:
    """Return the bytes that a process has resident."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * getpagesize()


def growth(samples: Sequence[int], parts: int) -> tuple[dict[str, int], list[str]]:
    """Compare the first of so many parts of a run with its last; return both peaks, and what is wrong."""
    part = len(samples) // parts
    settled, last = max(samples[: part + 1]) >> 20, max(samples[-part - 1 :]) >> 20
    wrong = [f"memory grew from {settled} MB to {last} MB"] if last > settled * (1 + GROWTH) else []
    return {f"MB held, the first of {parts} parts": settled, "MB held, the last": last}, wrong
