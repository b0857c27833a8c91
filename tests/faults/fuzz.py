"""Questions bred towards code that none has reached: ``python -m tests.faults.fuzz -runs=20000``.

Needs ``pip install atheris`` (Linux). It stops at the first question that gets neither answer nor
QaError, or that takes longer than libFuzzer's ``-timeout``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["qa"]):
    from tests.faults.hostile import attack, short_bot


def main() -> None:
    """Ask an index of one paragraph what libFuzzer breeds."""
    with tempfile.TemporaryDirectory() as scratch:
        bot = short_bot(Path(scratch))

        def ask(data: bytes) -> None:
            bred = atheris.FuzzedDataProvider(data)
            earlier = [
                bred.ConsumeUnicode(bred.ConsumeIntInRange(0, 80))
                for _ in range(bred.ConsumeIntInRange(0, 3))
            ]
            history = [{"role": "user", "content": text} for text in earlier]
            attack(bot, bred.ConsumeUnicode(bred.remaining_bytes()), history)

        atheris.Setup(sys.argv, ask)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
