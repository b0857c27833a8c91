"""Building where things go wrong: killed, two at once, no room, no permission."""

import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import qa
from qa import staging
from qa.index import _write_vectors, check, load
from tests.faults.kill import TEXTS
from tests.tiny_model import make_model

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def old(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the first text."""
    place = tmp_path_factory.mktemp("old")
    (place / "article.txt").write_text(TEXTS[0], encoding="utf-8")
    qa.build(place / "article.txt", place / "index", model=str(model))
    return place / "index"


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(TEXTS[1], encoding="utf-8")
    return path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("no file system can be mounted here; a limit on file sizes is tested in its place")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_killed_build_leaves_the_old_index_or_the_new_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.kill", "--moments", "10", "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "killed" in done.stdout


def test_what_killed_builds_left_is_removed_and_what_others_write_is_not(
    model: Path, article: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / ".index-notes123"
    foreign.mkdir()
    killed, just_killed, under_way = (
        tmp_path / f".index.half-{name}" for name in ("a1b2c3d4", "fresh_00", "held_000")
    )
    for left in (killed, just_killed, under_way):
        left.mkdir()
        (left / "passages.jsonl").write_text("half", encoding="utf-8")
    hour_ago = time.time() - 3_600
    for left in (foreign, killed, under_way):
        os.utime(left, (hour_ago, hour_ago))
    descriptor = os.open(under_way, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        qa.build(article, tmp_path / "index", model=str(model))
    finally:
        os.close(descriptor)
    kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {"article.txt", "index", ".index-notes123", ".index.half-fresh_00", ".index.half-held_000"}


def test_where_folders_cannot_be_exchanged_the_new_index_still_takes_the_place(
    old: Path, model: Path, article: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(old, tmp_path / "index")
    monkeypatch.setattr(staging, "_exchange", lambda a, b: False)
    qa.build(article, folder, model=str(model))
    assert load(folder).articles[0].text == TEXTS[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["article.txt", "index"]


def test_where_the_new_index_cannot_take_the_place_the_old_one_is_put_back(
    old: Path, model: Path, article: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where folders cannot be exchanged, the old one is moved aside first, and was left there."""

    def rename(path: Path, to: Path) -> Path:
        if staging.HALF in path.name:
            raise PermissionError(13, "a file in it is open")
        return renamed(path, to)

    folder = shutil.copytree(old, tmp_path / "index")
    renamed = Path.rename
    monkeypatch.setattr(staging, "_exchange", lambda a, b: False)
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(qa.QaError, match="cannot be written"):
        qa.build(article, folder, model=str(model))
    assert load(folder).articles[0].text == TEXTS[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["article.txt", "index"]


def test_an_old_index_that_a_killed_build_moved_aside_is_put_back(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = shutil.copytree(old, tmp_path / ".index.old-a1b2c3d4")
    monkeypatch.setattr(staging, "FRESH", -1)
    with pytest.raises(OSError, match="no room"), staging.staged(tmp_path / "index"):
        raise OSError("no room")
    assert load(tmp_path / "index").articles[0].text == TEXTS[0]
    shutil.copytree(old, aside)
    with staging.staged(tmp_path / "index") as fresh:
        (fresh / "new").touch()
    assert [p.name for p in tmp_path.iterdir()] == ["index"]


def test_two_builds_at_once_both_succeed(model: Path, tmp_path: Path) -> None:
    builds = []
    for number, text in enumerate(TEXTS):
        (tmp_path / f"{number}.txt").write_text(text, encoding="utf-8")
        command = ["-m", "qa", "build", f"{number}.txt", "index", "--model", str(model)]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        builds.append(subprocess.Popen([sys.executable, *command], cwd=tmp_path, env=environment))
    assert [build.wait() for build in builds] == [0, 0]
    assert check(tmp_path / "index") == []
    assert load(tmp_path / "index").articles[0].text in TEXTS
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0.txt", "1.txt", "index"]


@pytest.mark.parametrize("room", [0, 3_000, 30_000, 60_000, 120_000])
def test_a_full_disk_leaves_the_old_index(
    small_disk: Path, old: Path, model: Path, article: Path, room: int
) -> None:
    folder = small_disk / "index"
    shutil.copytree(old, folder)
    free = shutil.disk_usage(small_disk).free
    (small_disk / "others").write_bytes(bytes(max(0, free - room)))
    with pytest.raises(qa.QaError, match=rf"{small_disk}.*cannot be written"):
        qa.build(article, folder, model=str(model))
    assert load(folder).articles[0].text == TEXTS[0]
    assert sorted(p.name for p in small_disk.iterdir()) == ["index", "others"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_vectors_that_a_full_disk_cuts_short_are_an_error() -> None:
    with pytest.raises(OSError, match="No space left"):
        _write_vectors(Path("/dev/full"), np.ones((2, 4), dtype=np.float32))


@pytest.mark.parametrize("limit", [10, 150, 500, 4_000, 20_000, 50_000])
def test_a_limit_on_file_sizes_leaves_the_old_index(
    old: Path, model: Path, article: Path, tmp_path: Path, limit: int
) -> None:
    folder = shutil.copytree(old, tmp_path / "index")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        with pytest.raises(qa.QaError, match="cannot be written"):
            qa.build(article, folder, model=str(model))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert load(folder).articles[0].text == TEXTS[0]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["article.txt", "index"]


def test_an_index_on_a_disk_that_only_reads_is_loaded_and_not_replaced(
    small_disk: Path, old: Path, model: Path, article: Path
) -> None:
    folder = small_disk / "index"
    shutil.copytree(old, folder)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(qa.QaError, match=rf"{folder}: cannot be written \(Read-only file system\)"):
        qa.build(article, folder, model=str(model))
    assert qa.load(folder).ask("Where did the ferry go?").passages[0].article.text == TEXTS[0]


@pytest.mark.parametrize("folder", ["/proc/index", "/proc/sub/index"])
def test_a_place_that_cannot_be_written_is_named(model: Path, article: Path, folder: str) -> None:
    with pytest.raises(qa.QaError, match=rf"{folder}: cannot be written"):
        qa.build(article, folder, model=str(model))
