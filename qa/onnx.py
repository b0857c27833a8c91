"""An ONNX model with its tokenizer: texts in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from qa.errors import ModelError

FIELDS = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
"""What a model may take, and what an encoding calls it."""


class Session:
    """A model that several threads may call at once; the same input gives the same bits."""

    def __init__(self, model: Path, tokenizer: Path) -> None:
        """Open both files.

        Raises:
            ModelError: if one is missing or cannot be read.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            # Without fallback: it would print on standard output and try the same again.
            self._session = onnxruntime.InferenceSession(
                str(model), options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except Exception as error:  # onnxruntime's errors share no base class but Exception.
            raise ModelError(f"{model}: onnxruntime cannot read it: {error}") from error
        try:
            self.tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # tokenizers raises bare Exception.
            raise ModelError(f"{tokenizer}: not a tokenizer: {error}") from error
        self.tokenizer.no_padding()
        self._model = model
        self._inputs = [i.name for i in self._session.get_inputs()]
        if unknown := set(self._inputs) - set(FIELDS):
            raise ModelError(f"{model}: takes {', '.join(sorted(unknown))}, which a tokenizer does not give.")
        self.ranks = [len(output.shape) for output in self._session.get_outputs()]

    def tokenize(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> list[Encoding]:
        """Encode texts, or pairs of texts, truncated as the tokenizer's file says."""
        return self.tokenizer.encode_batch(list(texts))

    def run(self, encodings: Sequence[Encoding]) -> list[npt.NDArray[np.float32]]:
        """Run the model on a padded batch; each output's first axis is the batch.

        Raises:
            ModelError: if the tokenizer's numbers are none that the model takes.
        """
        longest = max(len(e.ids) for e in encodings)
        fed = {name: np.zeros((len(encodings), longest), dtype=np.int64) for name in self._inputs}
        for name, array in fed.items():
            for row, encoding in enumerate(encodings):
                values = getattr(encoding, FIELDS[name])
                array[row, : len(values)] = values
        try:
            outputs: list[npt.NDArray[np.float32]] = self._session.run(None, fed)
        except Exception as error:  # onnxruntime's errors share no base class but Exception.
            raise ModelError(f"{self._model}: cannot be run: {str(error).splitlines()[0]}") from error
        return outputs
