"""Any extractive question-answering model -> a reader's folder. Runs only when another reader is named.

The packaged reader needs none of this. A model fits that gives each token's score as the answer's first
and last, and says by its first token, BERT's ``[CLS]``, that a passage does not answer: one that was
trained on SQuAD 2.0 or sets like it.
"""

from __future__ import annotations

import contextlib
import inspect
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from qa.errors import MissingError, ModelError, first_line
from qa.export import INPUTS, export_spans, quiet
from qa.onnx import Session
from qa.passages import Passage

if TYPE_CHECKING:
    import torch

FILES = ("model.onnx", "tokenizer.json")
WINDOW = 384
"""Tokens of question, heading and passage that are read together at most: reading takes longer with each."""

QUESTION_TOKENS = 32
"""What must be left of a window for the question and the marks around it."""


@dataclass(frozen=True)
class ReaderInfo:
    """What an index remembers of its reader. ``window`` counts tokens, special ones included."""

    model: str
    window: int
    precision: str


def is_exported(folder: Path) -> bool:
    """Say whether a folder holds a reader as :func:`export_reader` writes it."""
    return all((folder / name).is_file() for name in FILES)


def export_reader(name: str, folder: Path, *, int8: bool = True, progress: bool = False) -> ReaderInfo:
    """Write a model as ``model.onnx`` and ``tokenizer.json``, for :class:`qa.reader.Reader`.

    Args:
        name: a folder of transformers' files, or a name on the hub, which is fetched.
        folder: where the files go.
        int8: export with eight-bit weights, a quarter of the size.
        progress: let a download show its bar.

    Raises:
        MissingError: if transformers is not installed.
        ModelError: if the model cannot be loaded or does not fit.
    """
    try:
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer
    except ImportError as error:
        raise MissingError(f"reader {name!r}: another reader", error.name, "build") from error
    # A folder is never looked for on the hub, and no weights are unpickled.
    local = Path(name).is_dir()
    try:
        with contextlib.nullcontext() if progress else quiet():
            tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=local, trust_remote_code=False)
            model, loaded = AutoModelForQuestionAnswering.from_pretrained(
                name,
                local_files_only=local,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
    except Exception as error:  # transformers raises what its parts raise, of many kinds.
        raise ModelError(
            f"reader {name!r} cannot be loaded: {first_line(error)} Name a folder, or one that the hub has, "
            "of a model for extractive question answering, its weights in safetensors."
        ) from error
    if loaded["missing_keys"]:
        missing = sorted(loaded["missing_keys"])[0]
        raise ModelError(f"reader {name!r} was not trained to answer: {missing} is missing in its weights.")
    rapid = _tokenizer(name, tokenizer)
    window = _window(tokenizer, model)
    if window <= QUESTION_TOKENS:
        raise ModelError(f"reader {name!r} reads {window} tokens at once: too few for question and passage.")
    accepted = inspect.signature(model.forward).parameters
    inputs = tuple(i for i in INPUTS if i in tokenizer.model_input_names and i in accepted)

    folder.mkdir(parents=True, exist_ok=True)
    try:
        export_spans(model, inputs, folder / FILES[0], int8=int8)
    except Exception as error:  # the exporter's errors share no base class either.
        raise ModelError(f"reader {name!r} cannot be exported to ONNX: {first_line(error)}") from error
    rapid.enable_truncation(window, strategy="longest_first")
    rapid.save(str(folder / FILES[1]))
    check_reader(folder, name)
    return ReaderInfo(model=name, window=window, precision="int8" if int8 else "float32")


@contextlib.contextmanager
def reader_folder(name: str, passages: Sequence[Passage]) -> Iterator[Path]:
    """Give the folder of a reader that was named: its own if that is exported, or else one for the time.

    Raises:
        ModelError: if the model cannot be used, or does not read the passages whole.
    """
    if is_exported(Path(name)):
        check_reader(Path(name), name)
        check_room(Path(name), name, passages)
        yield Path(name)
        return
    with tempfile.TemporaryDirectory() as temporary:
        export_reader(name, Path(temporary))
        check_room(Path(temporary), name, passages)
        yield Path(temporary)


def check_reader(folder: Path, name: str) -> None:
    """Refuse a reader's files that do not give a score for each token as first and as last.

    Raises:
        ModelError: if they do not.
    """
    session = Session(folder / FILES[0], folder / FILES[1])
    encodings = session.tokenize([("When?", "At noon.")])
    shapes = [scores.shape for scores in session.run(encodings)]
    if shapes != [(1, len(encodings[0].ids))] * 2:
        raise ModelError(f"reader {name!r} does not score each token as an answer's first and last.")


def check_room(folder: Path, name: str, passages: Sequence[Passage]) -> None:
    """Refuse a reader that cannot read every passage whole, with room for a question.

    Raises:
        ModelError: naming the longest passage.
    """
    tokenizer = Tokenizer.from_file(str(folder / FILES[1]))
    window = (tokenizer.truncation or {}).get("max_length", 0)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lengths = [len(e.ids) for e in tokenizer.encode_batch([p.in_context for p in passages])]
    longest = max(range(len(passages)), key=lengths.__getitem__)
    if lengths[longest] + QUESTION_TOKENS > window:
        raise ModelError(
            f"reader {name!r} reads {window} tokens at once, and passage {passages[longest].id} has "
            f"{lengths[longest]}. Build with a reader of the article's language (--reader), or with a model "
            "of a smaller window."
        )


def _tokenizer(name: str, tokenizer: Any) -> Tokenizer:
    """Return the fast tokenizer behind a transformers one, if it marks both texts and begins with [CLS]."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(f"reader {name!r} has no tokenizer.json: it cannot be read without transformers.")
    rapid = Tokenizer.from_str(backend.to_str())
    rapid.no_padding()
    rapid.no_truncation()
    encoding = rapid.encode("When?", "At noon.")
    if tokenizer.cls_token_id is None or encoding.ids[0] != tokenizer.cls_token_id:
        raise ModelError(
            f"reader {name!r} does not put its [CLS] first, so it has no score for a passage that does not "
            "answer. Models like BERT, RoBERTa, ELECTRA and DeBERTa do."
        )
    return rapid


def _window(tokenizer: Any, model: torch.nn.Module) -> int:
    """Return how many tokens a model reads at once: its own limit, or ours where that is lower."""
    config: Any = model.config
    positions = getattr(config, "max_position_embeddings", None) or WINDOW
    # RoBERTa and its like count positions from behind the padding's.
    table = next(
        (
            m
            for n, m in model.named_modules()
            if n.endswith("position_embeddings") and hasattr(m, "padding_idx")
        ),
        None,
    )
    if table is not None and table.padding_idx is not None:
        positions -= int(table.padding_idx) + 1
    return min(WINDOW, int(positions), int(tokenizer.model_max_length))
