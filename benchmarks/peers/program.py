"""What runs in a peer's own environment: ``program.py PEER build|answer|serve FOLDER MODEL``.

A peer is a module beside this file. ``build(texts, folder, model)`` keeps an index in a folder, and
``load(folder, model)`` returns a function: question -> the best passage's words. It imports its library in
there, as late as can be, for every tenth of a second of a cold start counts.
"""

import importlib
import json
import os
import sys
import time


def main(peer: str, verb: str, folder: str, model: str, question: str = "") -> None:
    """Build from texts on standard input, answer one question, or answer each line of standard input."""
    module = importlib.import_module(peer)
    # Libraries print what they please; answers go where nothing else does.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    if verb == "build":
        module.build(json.load(sys.stdin), folder, model)
        return
    search = module.load(folder, model)
    if verb == "answer":
        print(search(question), file=answers)
        return
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        found = search(asked)
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "found": found}), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
