"""Building: passages a second of ``qa.build``, beside a bare batched ``encode`` of the same texts.

Building exports the questions' encoder too, which takes as long for one passage as for a thousand. So two
articles are built, a short and a long one, and what the longer one takes more is what its passages cost.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.environments import ROOT, surroundings
from benchmarks.latency import timed

COPIES = 12


def building(rounds: int) -> dict[str, float]:
    """Return the passages a second of both, and the seconds that any building takes."""
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.building", str(rounds)],
        cwd=ROOT,
        env=surroundings(),
        check=True,
        capture_output=True,
    )
    figures: dict[str, float] = json.loads(found.stdout.splitlines()[-1])
    return figures


def main(rounds: int) -> None:
    """Print the figures as JSON."""
    import torch

    import qa
    from qa.encoder import DEFAULT_MODEL, PassageEncoder
    from qa.index import cut_all
    from qa.markup import read_article

    torch.set_num_threads(1)
    source = ROOT / "index" / "article.md"
    _, front, body = source.read_text(encoding="utf-8").split("---\n", 2)
    encoder = PassageEncoder(DEFAULT_MODEL)
    info = encoder.info(int8=True)
    with tempfile.TemporaryDirectory() as place:
        long = Path(place, "long.md")
        long.write_text(f"---\n{front}---\n" + body * COPIES, encoding="utf-8")
        sizes, texts, taken = {}, {}, {}
        for path in (source, long):
            passages = cut_all([read_article(path)], encoder.tokenizer, info)
            sizes[path] = len(passages)
            texts[path] = [text for p in passages for text in p.embedded]
        for _ in range(rounds):
            for path in (source, long):
                built = timed(lambda path=path: qa.build(path, Path(place, "index")))
                bare = timed(lambda path=path: encoder.encode(texts[path]))
                taken.setdefault((path, "build"), []).append(built)
                taken.setdefault((path, "bare"), []).append(bare)
    more = {
        what: statistics.median(taken[long, what]) - statistics.median(taken[source, what])
        for what in ("build", "bare")
    }
    passages_more = sizes[long] - sizes[source]
    rate = passages_more / more["build"]
    fixed = statistics.median(taken[source, "build"]) - sizes[source] / rate
    print(json.dumps({"per_second": rate, "bare_per_second": passages_more / more["bare"], "fixed": fixed}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
