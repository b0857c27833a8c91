"""The floor: onnxruntime started, and one question encoded, with nothing around it."""

from collections.abc import Callable


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open the index's question encoder."""
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        f"{folder}/encoder/model.onnx", options, providers=["CPUExecutionProvider"]
    )
    tokenizer = Tokenizer.from_file(f"{folder}/encoder/tokenizer.json")
    tokenizer.no_padding()
    names = [i.name for i in session.get_inputs()]

    def encode(question: str) -> str:
        encoding = tokenizer.encode(question)
        values = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        (vectors,) = session.run(None, {name: np.array([values[name]]) for name in names})
        return str(vectors.shape)

    return encode
