"""What the commands of the long fault tests share: their arguments, their table, their exit code."""

import argparse
from collections.abc import Callable, Mapping


def command(
    run: Callable[[int, int], tuple[Mapping[str, int], list[str]]],
    *,
    what: str,
    option: str,
    times: int,
    fine: str,
) -> None:
    """Run from the command line: print how often each thing happened, then what was wrong.

    ``run`` takes how often and a seed, and returns the counts and the faults found. The exit code is 1
    where there are faults; ``fine`` is said where there are none.
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument(option, dest="times", type=int, default=times)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    counts, wrong = run(given.times, given.seed)
    for kind, count in sorted(counts.items()):
        print(f"{count:6} {kind}")
    print("\n".join(wrong) or fine)
    raise SystemExit(bool(wrong))
