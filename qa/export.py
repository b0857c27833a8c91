"""torch model -> ONNX file for onnxruntime. Runs only when an index or a reader is built."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export_onnx(
    module: torch.nn.Module, inputs: tuple[str, ...], outputs: tuple[str, ...], path: Path, *, int8: bool
) -> None:
    """Write ``module``, whose forward is ``(*tokens)``, to ``path``: any batch and length.

    With ``int8``, matrices are quantised dynamically: a quarter of the size, and close to the same
    numbers. All eight bits are used, though processors without VNNI may saturate: with seven an earlier
    reader's margins strayed from float32's twice as far, even on such a processor.
    """
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = torch.tensor([[101, 2009, 2003, 102], [101, 2025, 102, 0]])
    values = {
        "input_ids": example,
        "attention_mask": (example > 0).long(),
        "token_type_ids": torch.zeros_like(example),
    }
    shape = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    exported = path.with_name(f"whole-{path.name}")
    try:
        with quiet():
            torch.onnx.export(
                module.eval(),
                tuple(values[name] for name in inputs),
                exported,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=(tuple(shape for _ in inputs),),
                dynamo=True,
                external_data=False,
            )
            if int8:
                quantize_dynamic(exported, path, weight_type=QuantType.QInt8, per_channel=True)
            else:
                os.replace(exported, path)
            _strip(path)
            path.chmod(0o644)
    finally:
        exported.unlink(missing_ok=True)


def export_spans(model: torch.nn.Module, inputs: tuple[str, ...], path: Path, *, int8: bool) -> None:
    """Write a question-answering model of transformers to ``path``, to give each token's two scores."""
    import torch

    class Spans(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            found = self.model(**dict(zip(inputs, tokens, strict=True)))
            return found.start_logits, found.end_logits

    export_onnx(Spans(), inputs, ("start", "end"), path, int8=int8)


def _strip(path: Path) -> None:
    """Drop the exporter's notes, among them paths of the building machine: same weights, same bytes."""
    import onnx

    model = onnx.load(path)
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    model.graph.ClearField("metadata_props")
    model.graph.ClearField("value_info")
    onnx.save(model, path)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep other libraries' progress reports and their advice to maintainers off the terminal."""
    previous = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
