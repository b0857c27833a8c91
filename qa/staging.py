"""A folder that is written aside and put in place whole: at each moment the old one or the new one stands."""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HALF = ".half-"
"""Stands in the name of a folder that is being written, and in no other's."""

OLD = ".old-"
"""Stands in the name of one that is being replaced where that takes two steps."""

FRESH = 60
"""Seconds for which a folder that nobody holds is left alone: its maker may be about to hold it."""


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give an empty folder beside ``folder`` to write into; it takes that one's place when the block ends.

    Where the block fails, ``folder`` stays as it was and what was written is removed. What a killed process
    left of an earlier block is removed before.

    Raises:
        OSError: if there is no room, or no permission to write.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}{HALF}", dir=folder.parent))
    lock = _lock(staging)
    try:
        yield staging
        _sync(staging)
        staging.chmod(0o755)
        _put_in_place(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _lock(folder: Path) -> int | None:
    """Hold a folder until the descriptor is closed or the process ends; None where another holds it."""
    try:
        import fcntl
    except ImportError:  # Windows has none; there, nothing is held and nothing swept.
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _sweep(folder: Path) -> None:
    """Settle what killed processes left beside a folder: what nobody holds, and is not of this minute."""
    beside = glob.escape(folder.name)
    for old in folder.parent.glob(f".{beside}{OLD}*"):
        with suppress(OSError):
            _settle(old, folder)
    for half in folder.parent.glob(f".{beside}{HALF}*"):
        with suppress(OSError):
            _discard(half)


def _settle(old: Path, folder: Path) -> None:
    """Put back an old folder that no new one came in place of; remove it where one did."""
    if time.time() - old.stat().st_ctime <= FRESH:
        return
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.rename(folder)


def _discard(half: Path) -> None:
    """Remove a folder that was never finished."""
    if time.time() - half.stat().st_mtime > FRESH and (lock := _lock(half)) is not None:
        shutil.rmtree(half, ignore_errors=True)
        os.close(lock)


def _sync(folder: Path) -> None:
    """Force a folder's files to the disk, so that a crash after the swap finds them there."""
    windows = os.name == "nt"  # which flushes no folder, and a file only to one that may write to it
    for path in [*folder.rglob("*"), folder]:
        if windows and path.is_dir():
            continue
        descriptor = os.open(path, os.O_RDWR if windows else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _put_in_place(staging: Path, folder: Path) -> None:
    """Put a finished folder where the old one is, so that at each moment one of the two is there."""
    try:
        # Where nothing is, or an empty folder. Trying, not looking, lets two builds at once both succeed.
        staging.rename(folder)
    except OSError:
        if not _exchange(staging, folder):
            # No exchange in one step here: for an instant there is none, and the old one is beside it.
            old = folder.with_name(staging.name.replace(HALF, OLD))
            folder.rename(old)
            try:
                staging.rename(folder)
            except OSError:
                with suppress(OSError):  # where another build has put its own there
                    old.rename(folder)
                raise
            shutil.rmtree(old)


def _exchange(a: Path, b: Path) -> bool:
    """Swap two folders in one step with Linux's renameat2; say whether that could be done."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):  # the last on Windows
        return False
    at_cwd, exchange = -100, 2
    return bool(renameat2(at_cwd, os.fsencode(a), at_cwd, os.fsencode(b), exchange) == 0)
