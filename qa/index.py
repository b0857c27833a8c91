"""The index folder: build, save, load, verify."""

from __future__ import annotations

import functools
import os
import shutil
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.article import Article
from qa.encoder import DEFAULT_MODEL, EncoderInfo, PassageEncoder, QuestionEncoder, Vectors
from qa.errors import ArticleError, IndexFolderError, QaError
from qa.extractive import FILES as READER_FILES
from qa.extractive import QUESTION_TOKENS, WINDOW, check_room, export_reader
from qa.manifest import (
    ARTICLE_NAME,
    ARTICLES,
    CALIBRATION,
    ENCODER,
    FORMAT,
    MANIFEST,
    OF_THE_DESKTOP,
    PASSAGES,
    READER,
    VECTORS,
    Manifest,
    inside,
    read_manifest,
    reader_files,
    sha256_of,
)
from qa.passages import Passage, cut
from qa.reader import PACKAGED, Reader
from qa.rows import read_articles, read_passages, write_articles, write_passages
from qa.staging import staged
from qa.verdict import Calibration

FLAT_HEADER = struct.Struct("<4siqqqBiQ")
"""A flat FAISS file's head: kind, dimension, vectors, two unused, trained, metric, numbers."""

Read = TypeVar("Read")

TRIES = 5
"""Times that a folder is read which builds keep replacing."""

UNIT = 1e-3
"""How far a unit vector's length may be from 1, as rounding leaves it."""


@dataclass(frozen=True)
class Index:
    """A loaded index.

    The FAISS vectors follow the passages: each one's own, then those of its sentences, from row
    ``rows[i]`` on for ``passages[i]``.
    """

    folder: Path
    manifest: Manifest
    articles: tuple[Article, ...]
    passages: tuple[Passage, ...]
    vectors: faiss.IndexFlatIP  # type: ignore[name-defined]  # noqa: F821
    encoder: QuestionEncoder

    @functools.cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """The row at which each passage's vectors begin."""
        counts = [1 + len(p.sentences) for p in self.passages]
        return np.cumsum([0, *counts[:-1]])


def build(
    articles: str | Path | Sequence[str | Path],
    folder: str | Path,
    *,
    model: str = DEFAULT_MODEL,
    reader: str | None = None,
    int8: bool = True,
    progress: bool = False,
) -> None:
    """Build the index of one article, or several, and put it in place of ``folder`` in one step.

    Args:
        articles: a Markdown or text file, or a list of them.
        folder: where the index goes. A folder that holds anything else is left alone.
        model: a sentence-transformers model: a folder, a packaged one, or a name on the hub.
        reader: a model for extractive question answering, a folder or a name on the hub, to read with
            instead of the packaged one.
        int8: export the models with eight-bit weights, a quarter of the size.
        progress: show a progress bar while embedding.

    Raises:
        ArticleError, ModelError: if an article or the model cannot be used.
        IndexFolderError: if the folder holds other files, or cannot be written.
    """
    paths = [Path(articles)] if isinstance(articles, str | Path) else [Path(a) for a in articles]
    folder = Path(folder)
    if not paths:
        raise ArticleError("no article was named.")
    refuse_foreign(folder)
    # Where a link leads to the index, it is the index behind it that is replaced.
    folder = folder.resolve()
    from qa.markup import MARKDOWN, read_article

    read = [read_article(path) for path in paths]
    if len({path.resolve() for path in paths}) < len(paths):
        raise ArticleError("an article is named twice; name each once.")
    encoder = PassageEncoder(model, progress=progress)
    info = encoder.info(int8=int8)
    # What the encoder takes in and the reader does not could never be quoted.
    info = replace(info, window=min(info.window, WINDOW - QUESTION_TOKENS))
    passages = cut_all(read, encoder.tokenizer, info)
    try:
        with staged(folder) as staging:
            reading = None
            if reader is not None:
                reading = export_reader(reader, staging / READER, int8=int8, progress=progress)
            check_room(staging / READER if reading else PACKAGED, reader or "packaged", passages)
            vectors = encoder.encode([text for p in passages for text in p.embedded], progress=progress)
            names = []
            for number, path in enumerate(paths, 1):
                suffix = ".md" if path.suffix.lower() in MARKDOWN else ".txt"
                names.append(f"article{'' if number == 1 else f'-{number}'}{suffix}")
                shutil.copyfile(path, staging / names[-1])
                if read_article(staging / names[-1], read[number - 1].title) != read[number - 1]:
                    raise ArticleError(f"{path}: changed while it was read. Build again.")
            write_articles(staging / ARTICLES, read)
            write_passages(staging / PASSAGES, passages, read)
            _write_vectors(staging / VECTORS, vectors)
            encoder.export(staging / "encoder", int8=int8)
            written = [*names, ARTICLES, PASSAGES, VECTORS, *ENCODER, *reader_files(reading)]
            files = {name: sha256_of(staging / name) for name in sorted(written)}
            manifest = Manifest(format=FORMAT, articles=names, encoder=info, reader=reading, files=files)
            (staging / MANIFEST).write_bytes(manifest.to_bytes())
    except OSError as error:
        raise IndexFolderError(f"{folder}: cannot be written ({error.strerror}).") from error


def load(folder: str | Path) -> Index:
    """Load an index after verifying every file in it against the manifest.

    Raises:
        IndexFolderError: naming the file that is missing, altered or unknown, and what to do.
    """
    folder = Path(folder)
    return settled(folder, lambda manifest: read_index(folder, manifest))


def settled(folder: Path, read: Callable[[Manifest], Read]) -> Read:
    """Read from an index folder, again where a build replaced it meanwhile: old and new must not mix.

    Raises:
        QaError: as ``read`` does, of a folder that stayed the same.
        IndexFolderError: if it is no index, or was replaced each time.
    """
    for _ in range(TRIES):
        manifest = read_manifest(folder)
        try:
            found = read(manifest)
        except QaError:
            if read_manifest(folder) == manifest:
                raise
        else:
            if read_manifest(folder) == manifest:
                return found
    raise IndexFolderError(f"{folder}: was rebuilt each time that it was read. Start again.")


def read_index(folder: Path, manifest: Manifest) -> Index:
    """Read the index of a manifest and verify each file; :func:`settled` sees to it that none was replaced.

    Raises:
        IndexFolderError: as :func:`load`.
    """
    try:
        for name, expected in manifest.files.items():
            if sha256_of(inside(folder, name)) != expected:
                raise IndexFolderError(
                    f"{folder / name}: is not the file that was indexed. Rebuild the index from its article, "
                    f"with the model and the reader that it had: qa build ARTICLE {folder}"
                )
        read = read_articles(folder, manifest)
        passages = read_passages(folder / PASSAGES, read)
        count = sum(1 + len(p.sentences) for p in passages)
        vectors = _read_vectors(folder / VECTORS, count, manifest.encoder.dimension)
    except OSError as error:
        raise IndexFolderError(f"{error.filename}: cannot be read ({error.strerror}).") from error
    encoder = QuestionEncoder(folder / "encoder", manifest.encoder)
    return Index(folder, manifest, read, passages, vectors, encoder)


def check(folder: str | Path, articles: Sequence[str | Path] = ()) -> list[str]:
    """Say why an index cannot be loaded, or which passages its articles no longer give.

    Args:
        folder: the index.
        articles: the files that it should have been built from; its own copies when empty.

    Returns:
        A sentence for each file at fault; empty when all fits.
    """
    from qa.markup import read_article

    folder = Path(folder)
    try:
        manifest = read_manifest(folder)
        problems = [
            f"{folder / name}: differs from what was indexed."
            for name, expected in manifest.files.items()
            if sha256_of(inside(folder, name)) != expected
        ]
        for path, name in zip(articles, manifest.articles, strict=False):
            if sha256_of(Path(path)) != manifest.files[name]:
                problems.append(f"{path}: is not the article in {folder / name}.")
        if articles and len(articles) != len(manifest.articles):
            problems.append(f"{folder}: holds {len(manifest.articles)} articles, not {len(articles)}.")
        if not problems:
            index = load(folder)
            if manifest.reader is not None:
                Reader(folder / READER)
            if CALIBRATION in manifest.files:
                Calibration.load(folder / CALIBRATION)
            for name, article in zip(manifest.articles, index.articles, strict=True):
                if read_article(folder / name, article.title) != article:
                    problems.append(f"{folder / name}: is not the article in {folder / ARTICLES}.")
            tokenizer = Tokenizer.from_file(str(folder / ENCODER[1]))
            tokenizer.no_truncation()
            if list(index.passages) != cut_all(index.articles, tokenizer, manifest.encoder):
                problems.append(f"{folder / PASSAGES}: its passages are not those of the article.")
    except QaError as error:
        return [str(error)]
    except OSError as error:
        return [f"{error.filename}: cannot be read ({error.strerror})."]
    return problems


def cut_all(articles: Sequence[Article], tokenizer: Tokenizer, info: EncoderInfo) -> list[Passage]:
    """Cut every article; where there are several, ids and headings say which one a passage is of."""
    passages: list[Passage] = []
    several = len(articles) > 1
    for number, article in enumerate(articles, 1):
        for p in cut(article, tokenizer, info.window, info.passage_prompt, titled=several):
            passage_id = f"a{number}{p.id}" if several else p.id
            passages.append(replace(p, id=passage_id))
    return passages


def calibrate(folder: Path, calibration: Calibration, manifest: Manifest) -> None:
    """Put a calibration into an index, in one step, in place of the one that it had.

    Args:
        folder: the index.
        calibration: what was fitted.
        manifest: the index's when it was asked what this was fitted on.

    Raises:
        IndexFolderError: if the folder is no index, or was rebuilt since; holds other files, or cannot be
            written.
    """
    refuse_foreign(folder)
    folder = folder.resolve()
    try:
        with staged(folder) as staging:
            for name in manifest.files:
                (staging / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(inside(folder, name), staging / name)
            calibration.save(staging / CALIBRATION)
            files = manifest.files | {CALIBRATION: sha256_of(staging / CALIBRATION)}
            changed = msgspec.structs.replace(manifest, files=dict(sorted(files.items())))
            (staging / MANIFEST).write_bytes(changed.to_bytes())
            if read_manifest(folder) != manifest:
                raise IndexFolderError(f"{folder}: was rebuilt meanwhile. Start again.")
    except OSError as error:
        raise IndexFolderError(f"{folder}: cannot be written ({error.strerror}).") from error


def refuse_foreign(folder: Path) -> None:
    """Refuse to replace a folder that holds anything but an index.

    Raises:
        IndexFolderError: naming what would be lost.
    """
    try:
        if folder.is_file():
            raise IndexFolderError(f"{folder}: is a file; name a folder for the index.")
        if os.path.ismount(folder):
            raise IndexFolderError(
                f"{folder}: is a mount point, which nothing can take the place of. Name a folder in it."
            )
        foreign = _foreign(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise IndexFolderError(f"{folder}: cannot be read ({error.strerror}).") from error
    if foreign is not None:
        raise IndexFolderError(
            f"{foreign}: is no part of an index, and would be lost. Move it, or name another folder."
        )


def _foreign(folder: Path) -> Path | None:
    """Return something that a folder holds and an index does not, if there is any."""
    inner = [folder / name for name in ("encoder", READER) if (folder / name).is_dir()]
    held = [e for each in (folder, *inner) for e in each.iterdir() if e.name not in OF_THE_DESKTOP]
    ours = {ARTICLES, PASSAGES, VECTORS, CALIBRATION, MANIFEST, READER, "encoder"}
    ours |= {*ENCODER, *(f"{READER}/{name}" for name in READER_FILES)}
    try:
        ours |= {*read_manifest(folder).articles}
    except IndexFolderError:
        # A damaged index, or one of another format, has vectors; a web app has a manifest.json too.
        if not (folder / VECTORS).exists():
            return next(iter(held), None)
        ours |= {entry.name for entry in held if ARTICLE_NAME.fullmatch(entry.name)}
    return next((entry for entry in held if entry.relative_to(folder).as_posix() not in ours), None)


def _write_vectors(path: Path, vectors: Vectors) -> None:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    # Not FAISS's own writing: it takes a full disk for success, or says so in another kind of error.
    path.write_bytes(faiss.serialize_index(index).data)


def _read_vectors(path: Path, count: int, dimension: int) -> faiss.IndexFlatIP:  # type: ignore[name-defined]  # noqa: F821
    """Read flat vectors, once the file's head promises no more than the file holds.

    FAISS trusts the sizes in a file and can crash or take all memory on a forged one, so nothing
    but a flat index of the expected size reaches its parser.
    """
    import faiss

    with path.open("rb") as file:
        head = file.read(FLAT_HEADER.size)
    try:
        kind, d, n, _, _, trained, metric, numbers = FLAT_HEADER.unpack(head)
    except struct.error as error:
        raise IndexFolderError(f"{path}: is cut short. Rebuild the index.") from error
    size = FLAT_HEADER.size + 4 * count * dimension
    declared = (kind, d, n, trained, metric, numbers)
    if declared != (b"IxFI", dimension, count, 1, 0, count * dimension) or path.stat().st_size != size:
        raise IndexFolderError(f"{path}: does not hold {count} vectors of {dimension}. Rebuild the index.")
    index = faiss.read_index(str(path))
    # In double precision: a forged number's square would be too large for the other.
    lengths = np.linalg.norm(index.reconstruct_n(0, count).astype(np.float64), axis=1)
    if not (abs(lengths - 1) < UNIT).all():
        raise IndexFolderError(f"{path}: holds vectors that are not of length 1. Rebuild the index.")
    return index
