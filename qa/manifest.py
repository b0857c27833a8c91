"""What an index folder holds, and what it says of itself: its manifest, read and checked before all else."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import msgspec

from qa.encoder import EncoderInfo
from qa.errors import IndexFolderError
from qa.extractive import FILES as READER_FILES
from qa.extractive import ReaderInfo

FORMAT = 2
MANIFEST = "manifest.json"
ARTICLES = "articles.jsonl"
PASSAGES = "passages.jsonl"
VECTORS = "vectors.faiss"
ENCODER = ("encoder/model.onnx", "encoder/tokenizer.json")
READER = "reader"
CALIBRATION = "calibration.json"
OF_THE_DESKTOP = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What desktops leave in folders that were looked at: nobody's work."""

ARTICLE_NAME = re.compile(r"article(-\d+)?\.(md|txt)")
MAX_FILE_BYTES = 2_000_000_000
MAX_MANIFEST_BYTES = 1_000_000


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an index folder says of itself.

    ``files`` maps each file's name to its sha256; ``sha256`` is that of all the rest of the manifest.
    ``articles`` are the copies of what was indexed. ``reader`` is None where the packaged one reads.
    """

    format: int
    articles: list[str]
    encoder: EncoderInfo
    reader: ReaderInfo | None = None
    files: dict[str, str]
    sha256: str = ""

    @property
    def passages_version(self) -> str:
        """What tells the index's passages from all others; to calibrate it again changes none."""
        return hashlib.sha256(f"{self.files[ARTICLES]} {self.files[PASSAGES]}".encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """The manifest as its file holds it, sealed with its own checksum."""
        rest = msgspec.json.encode(msgspec.structs.replace(self, sha256=""))
        sealed = msgspec.structs.replace(self, sha256=hashlib.sha256(rest).hexdigest())
        return msgspec.json.format(msgspec.json.encode(sealed), indent=2) + b"\n"


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest: its format, and that it names the files of an index and no others."""
    path = folder / MANIFEST
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        raise IndexFolderError(f"{folder}: no such index folder. Build one: qa build ARTICLE {folder}")
    try:
        if not path.exists():
            raise IndexFolderError(
                f"{path}: is missing, so {folder} is no index. Build it: qa build ARTICLE {folder}"
            )
        data = inside(folder, MANIFEST, MAX_MANIFEST_BYTES).read_bytes()
        found = json.loads(data)
    except OSError as error:
        raise IndexFolderError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise IndexFolderError(f"{path}: is not JSON. Rebuild the index.") from error
    version = found.get("format") if isinstance(found, dict) else None
    if isinstance(version, int) and version != FORMAT:
        update = "Update the program, or rebuild" if version > FORMAT else "Rebuild"
        raise IndexFolderError(f"{path}: format {version}; this program reads {FORMAT}. {update} the index.")
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except ValueError as error:
        raise IndexFolderError(f"{path}: {error}. Rebuild the index.") from error
    expected = {*manifest.articles, ARTICLES, PASSAGES, VECTORS, *ENCODER, *reader_files(manifest.reader)}
    if not manifest.articles or not all(ARTICLE_NAME.fullmatch(name) for name in manifest.articles):
        raise IndexFolderError(f"{path}: articles: names no article of this folder. Rebuild the index.")
    if set(manifest.files) - {CALIBRATION} != expected:
        raise IndexFolderError(f"{path}: files: must name exactly {sorted(expected)}. Rebuild the index.")
    if data != manifest.to_bytes():
        raise IndexFolderError(f"{path}: is not as it was written. Rebuild the index.")
    return manifest


def reader_files(reader: ReaderInfo | None) -> list[str]:
    """Return the files that an index holds of a reader of its own; none where the packaged one reads."""
    return [f"{READER}/{name}" for name in READER_FILES] if reader else []


def inside(folder: Path, name: str, limit: int = MAX_FILE_BYTES) -> Path:
    """Return a file's path, refusing links that lead out of the folder and files that are none."""
    path = folder / name
    if path.is_symlink() or (path.parent.is_symlink() and path.parent != folder) or not path.is_file():
        raise IndexFolderError(f"{path}: is missing or no plain file. Rebuild the index.")
    if path.stat().st_size > limit:
        raise IndexFolderError(f"{path}: is larger than {limit:,} bytes.")
    return path


def sha256_of(path: Path) -> str:
    """Return a file's checksum, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
