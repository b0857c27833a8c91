"""What is shipped and loaded: weights that are the ones named, and nothing that runs code when it is read."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
CARD = ROOT / "qa" / "model" / "README.md"
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
SAFE = {"np.load": "allow_pickle=False", "torch.load": "weights_only=True"}


def test_the_readers_files_are_those_of_its_card() -> None:
    named = dict(re.findall(r"`([\w.]+)`: `([0-9a-f]{64})`", CARD.read_text(encoding="utf-8")))
    assert set(named) == {"model.onnx", "tokenizer.json"}
    for name, checksum in named.items():
        assert hashlib.sha256((CARD.parent / name).read_bytes()).hexdigest() == checksum, name


def code() -> Iterator[tuple[Path, ast.AST]]:
    """Every node of the package's and the training's code."""
    for folder in ("qa", "training", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from ((path, node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def test_nothing_is_unpickled() -> None:
    found, loads = [], 0
    for path, node in code():
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"{path}: {name}" for name in names if name.partition(".")[0] in PICKLES]
        if isinstance(node, ast.Call) and (called := ast.unparse(node.func)) in SAFE:
            loads += 1
            if SAFE[called] not in ast.unparse(node):
                found.append(f"{path}:{node.lineno}: {called} without {SAFE[called]}")
    assert not found
    assert loads  # what is looked for is there
