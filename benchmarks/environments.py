"""Environments: each side of the comparison in one of its own, made once, at its current version."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / "runs" / "bench"
"""Where environments and the sides' indexes are kept; git does not see it."""

NOT_SERVING = {"pip", "setuptools", "wheel"}
"""What a fresh environment brings, and no side needs."""


@dataclass(frozen=True)
class Side:
    """One side: what to install, the program in ``peers`` that runs there, and what shows its version."""

    name: str
    program: str
    requirements: tuple[str, ...]
    version_of: str


def _torch() -> str:
    """Return the pin of torch that building has."""
    pins = (ROOT / "requirements-build.txt").read_text(encoding="utf-8")
    return next(line for line in pins.splitlines() if line.startswith("torch=="))


def _core() -> tuple[str, ...]:
    """Return what answering in Python needs, without the page and its server."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return (*project["dependencies"], "--constraint", str(ROOT / "requirements.txt"))


OURS = Side("article-qa", "ours", ("--requirement", str(ROOT / "requirements.txt")), "")
LIBRARY = Side("article-qa, Python alone", "ours", _core(), "")
PEERS = (
    Side(
        "sentence-transformers + FAISS",
        "by_hand",
        (_torch(), "sentence-transformers", "faiss-cpu"),
        "sentence-transformers",
    ),
    Side(
        "LangChain",
        "with_langchain",
        (_torch(), "langchain", "langchain-community", "langchain-huggingface[full]", "faiss-cpu"),
        "langchain",
    ),
    Side(
        "LlamaIndex",
        "with_llamaindex",
        (_torch(), "llama-index-core", "llama-index-embeddings-huggingface"),
        "llama-index-core",
    ),
    Side("txtai", "with_txtai", (_torch(), "txtai"), "txtai"),
    Side(
        "Haystack",
        "with_haystack",
        (_torch(), "haystack-ai", "sentence-transformers-haystack"),
        "haystack-ai",
    ),
)


def surroundings() -> dict[str, str]:
    """Return the environment variables that all sides run with: offline, quiet, one thread."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH"}
    }
    return kept | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HAYSTACK_TELEMETRY_ENABLED": "False",
    }


def python(side: Side) -> Path:
    """Return a side's interpreter, making its environment if there is none."""
    folder = PLACE / re.sub(r"\W+", "-", side.name.lower())
    interpreter = folder / "bin" / "python"
    stamp = folder / "installed.json"
    wanted = [
        *side.requirements,
        (ROOT / "requirements.txt").read_text(encoding="utf-8") if "ours" in side.program else "",
    ]
    if not stamp.exists() or json.loads(stamp.read_text(encoding="utf-8")) != wanted:
        print(f"{side.name}: installing ...", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        _install(folder, side.requirements)
        stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return interpreter


def _install(folder: Path, requirements: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True, stderr=subprocess.DEVNULL)


def versions(side: Side) -> dict[str, str]:
    """Return the packages of a side's environment with their versions."""
    found = subprocess.run(
        [python(side), "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
    )
    rows = json.loads(found.stdout)
    return {row["name"]: row["version"] for row in rows if row["name"] not in NOT_SERVING}


def megabytes(side: Side) -> float:
    """Return what a side's packages take on disk."""
    packages = next(python(side).parent.parent.glob("lib/python*/site-packages"))
    entries = [e for e in packages.iterdir() if e.name.split("-")[0] not in NOT_SERVING]
    files = [f for e in entries for f in (e.rglob("*") if e.is_dir() else [e]) if f.is_file()]
    return sum(f.stat().st_size for f in files) / 1e6


def install_seconds(sides: tuple[Side, ...]) -> list[float]:
    """Time installing each side's exact packages from wheels on this disk: no network in it."""
    taken = []
    with tempfile.TemporaryDirectory(dir=PLACE) as place:
        for number, side in enumerate(sides):
            frozen = [f"{name}=={version}" for name, version in versions(side).items()]
            wheels = PLACE / "wheels"
            wheels.mkdir(exist_ok=True)
            fetch = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
            subprocess.run(
                [*fetch, "--no-deps", "--wheel-dir", wheels, "--find-links", wheels, *frozen],
                check=True,
                stderr=subprocess.DEVNULL,
            )
            began = time.perf_counter()
            offline = ("--no-index", "--no-deps", "--find-links", str(wheels))
            _install(Path(place, str(number)), (*offline, *frozen))
            taken.append(time.perf_counter() - began)
    return taken
