"""Damaged and forged index folders: each must be refused by name, or load and answer.

``python -m tests.faults.damage --mutations 5000`` damages a copy of the shipped index over and over. Damage
must be refused with a ``qa.QaError`` that names the file. Where checksums are forged to match, a folder may
load, but may not crash, hang, or take more than 200 MB beyond normal. Each folder is loaded in a process
of its own, so that a crash is seen and not shared.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import faiss  # noqa: F401  # imported before forking, so that each child starts at once
import msgspec

import qa
from qa import index
from qa.manifest import ARTICLES, ENCODER, MANIFEST, PASSAGES, VECTORS, Manifest
from tests.faults.command import command

SHIPPED = Path(__file__).parent.parent.parent / "index"
FILES = (MANIFEST, ARTICLES, PASSAGES, VECTORS, "article.md", *ENCODER)
SECONDS = 20
EXTRA_BYTES = 200_000_000
HUGE = (2**31 - 1, 2**32, 2**40, 2**63 - 1, -1)

Damage = Callable[[Path, random.Random], None]


@dataclass(frozen=True)
class Result:
    """What came of loading: ``refused`` with a message, ``loaded``, or how it failed."""

    kind: str
    message: str
    peak: int


def flip(path: Path, rng: random.Random) -> None:
    """Flip one to sixteen bits."""
    data = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 16)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def flip_head(path: Path, rng: random.Random) -> None:
    """Flip a bit near the start, where formats keep their sizes."""
    data = bytearray(path.read_bytes())
    data[rng.randrange(min(64, len(data)))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def truncate(path: Path, rng: random.Random) -> None:
    """Cut the file short."""
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def lengthen(path: Path, rng: random.Random) -> None:
    """Add bytes at the end."""
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 4096)))


def zero(path: Path, rng: random.Random) -> None:
    """Put zero bytes over a stretch."""
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    length = min(rng.randint(1, 5000), len(data) - at)
    data[at : at + length] = bytes(length)
    path.write_bytes(data)


def duplicate_line(path: Path, rng: random.Random) -> None:
    """Repeat a line."""
    lines = path.read_bytes().splitlines(keepends=True)
    at = rng.randrange(len(lines))
    path.write_bytes(b"".join([*lines[: at + 1], *lines[at:]]))


def drop_line(path: Path, rng: random.Random) -> None:
    """Leave out a line."""
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[rng.randrange(len(lines))]
    path.write_bytes(b"".join(lines))


def other_file(path: Path, rng: random.Random) -> None:
    """Put another of the index's files in its place."""
    other = rng.choice([name for name in FILES if not path.as_posix().endswith(name)])
    path.write_bytes((SHIPPED / other).read_bytes())


def huge_sizes(path: Path, rng: random.Random) -> None:
    """Declare a huge size: in a JSON file at one of its numbers, elsewhere in its first bytes."""
    data = path.read_bytes()
    if path.suffix in {".json", ".jsonl"} and (digits := [i for i, c in enumerate(data) if 48 <= c <= 57]):
        at = rng.choice(digits)
        path.write_bytes(data[:at] + str(rng.choice(HUGE)).encode() + data[at + 1 :])
    else:
        at = rng.randrange(0, min(56, len(data) - 8))
        path.write_bytes(data[:at] + rng.choice(HUGE).to_bytes(8, "little", signed=True) + data[at + 8 :])


def remove(path: Path, rng: random.Random) -> None:
    """Take the file away."""
    path.unlink()


def link(path: Path, rng: random.Random) -> None:
    """Put a symbolic link to the same bytes, outside the folder, in its place."""
    path.unlink()
    path.symlink_to(next(SHIPPED.rglob(path.name)))


def link_folder(path: Path, rng: random.Random) -> None:
    """Put a symbolic link to another folder in place of the encoder's."""
    folder = path.parent if path.parent.name == "encoder" else path.parent / "encoder"
    shutil.rmtree(folder)
    folder.symlink_to(SHIPPED / "encoder", target_is_directory=True)


def leave_folder(path: Path, rng: random.Random) -> None:
    """Name a path in the manifest that leads out of the folder."""
    manifest = next(p for p in (path.parent / MANIFEST, path.parent.parent / MANIFEST) if p.exists())
    found = json.loads(manifest.read_text(encoding="utf-8"))
    away = rng.choice(
        ["../article.md", "/etc/passwd", "encoder/../../article.md", "article.md/../x.md", "C:\\x"]
    )
    if rng.random() < 0.5:
        found["articles"] = [away]
    found["files"][away] = found["files"].pop("article.md")
    manifest.write_text(json.dumps(found), encoding="utf-8")


DAMAGES: tuple[Damage, ...] = (
    flip,
    flip_head,
    truncate,
    lengthen,
    zero,
    duplicate_line,
    drop_line,
    other_file,
    huge_sizes,
    remove,
    link,
    link_folder,
    leave_folder,
)


def copy(folder: Path) -> None:
    """Lay the shipped index out as hard links: a damaged file is written anew, the others cost nothing."""
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(SHIPPED / name, folder / name)
        except OSError:
            shutil.copyfile(SHIPPED / name, folder / name)


def damage(folder: Path, rng: random.Random) -> tuple[str, str]:
    """Damage one file of a copy; return what was done, and to which file."""
    while True:
        name, how = rng.choice(FILES), rng.choice(DAMAGES)
        path = folder / name
        before = path.read_bytes()
        if how not in {link_folder, leave_folder, remove, link}:
            # A hard link shares its bytes with the shipped file: write to a file of its own.
            path.unlink()
            path.write_bytes(before)
        elif how is leave_folder:
            manifest = (folder / MANIFEST).read_bytes()
            (folder / MANIFEST).unlink()
            (folder / MANIFEST).write_bytes(manifest)
        how(path, rng)
        if how in {link, link_folder, leave_folder, remove} or path.read_bytes() != before:
            return how.__name__, name


def forge(folder: Path) -> None:
    """Seal the manifest again with the checksums that the files now have, as far as it can be read."""
    path = folder / MANIFEST
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
        for name in found.files:
            found.files[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    except (OSError, ValueError):
        return
    path.unlink()
    path.write_bytes(found.to_bytes())


def use(folder: Path) -> None:
    """Load an index, ask it, and check it: all that reads the folder's files, and what is made of them."""
    qa.load(folder).ask("How many containers of munitions were sent?")
    index.check(folder)


def _child(folder: Path, pipe: Connection) -> None:
    try:
        use(folder)
        kind, message = "loaded", ""
    except qa.QaError as error:
        kind, message = "refused", str(error)
    except BaseException as error:
        kind, message = "failed", repr(error)[:300]
    pipe.send((kind, message, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def attempt(folder: Path) -> Result:
    """Load a folder in a process of its own."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(folder, there))
    child.start()
    there.close()
    try:
        if not here.poll(SECONDS):
            return Result("hung", f"no answer in {SECONDS} seconds", 0)
        return Result(*here.recv())
    except EOFError:
        child.join()
        return Result("crashed", f"exit code {child.exitcode}", 0)
    finally:
        child.kill()
        child.join()
        here.close()


def run(mutations: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Try that many damages; return how often each thing came of them, and what was wrong."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole"
        copy(whole)
        normal = attempt(whole)
        if normal.kind != "loaded":
            return counts, [f"the shipped index: {normal}"]
        for number in range(mutations):
            folder = Path(scratch) / str(number)
            copy(folder)
            how, name = damage(folder, rng)
            forged = rng.random() < 0.5 and how not in {"link", "link_folder", "leave_folder", "remove"}
            if forged:
                forge(folder)
            result = attempt(folder)
            counts[f"{'forged, ' if forged else ''}{result.kind}"] += 1
            named = f"{folder}/" in result.message
            fine = (result.kind == "refused" and named) or (forged and result.kind == "loaded")
            if not fine or result.peak > normal.peak + EXTRA_BYTES:
                extra = (result.peak - normal.peak) / 1e6
                wrong.append(f"{number}: {how} {name}, forged={forged}: {result} ({extra:+.0f} MB)")
            shutil.rmtree(folder)
    return counts, wrong


if __name__ == "__main__":
    command(
        run,
        what=(__doc__ or "").splitlines()[0],
        option="--mutations",
        times=5000,
        fine="Nothing crashed, hung, outgrew its memory, or was let in.",
    )
