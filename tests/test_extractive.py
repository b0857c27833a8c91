"""Another reader: named when building or loading, remembered, and refused where it does not fit."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import qa
from qa import index
from qa.article import Article
from qa.bot import SHIPPED_INDEX
from qa.cli import app
from qa.errors import IndexFolderError, ModelError
from qa.extractive import export_reader
from qa.manifest import MANIFEST, read_manifest
from qa.passages import Passage, sentences_of
from qa.reader import PACKAGED, Reader
from tests.tiny_model import make_model
from tests.tiny_reader import make_bert, make_gpt, make_roberta

TEXT = "The ferry leaves at noon.\n\nSnow fell on the harbour all night."
QUESTION = "When does the ferry leave?"


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def built(bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index that reads with the tiny BERT."""
    folder = tmp_path_factory.mktemp("built")
    article = folder / "ferry.txt"
    article.write_text(TEXT, encoding="utf-8")
    encoder = make_model(folder)
    qa.build(article, folder / "index", model=str(encoder), reader=str(bert), int8=False)
    return folder / "index"


def test_a_passage_that_holds_nothing_answers_nothing() -> None:
    nothing = Passage("p1", "", 0, 1, Article("Ferry", "\u200b" + TEXT, ()), ())
    said = replace(nothing, start=1, end=26)
    empty, full = Reader().read(QUESTION, [nothing, said])
    assert math.isfinite(empty.margin)
    assert empty.margin < full.margin


def test_the_sentence_that_answers_is_pointed_at() -> None:
    """Beside others a reader took one for the next, and of a table's rows one for another."""
    said = "Riga was founded in 1201 by a bishop. Oslo, which is older, was founded in 1040 by a king."
    table = "City | Founded\n" + "\n".join(f"Port {n} | {1000 + 7 * n}" for n in range(30))
    reader = Reader()
    for text, question, answer in (
        (said, "When was Oslo founded?", "1040"),
        (table, "When was Port 4 founded?", "1028"),
        (table, "When was Port 23 founded?", "1161"),
    ):
        sentences = tuple(sentences_of(Article("T", text, ()), 0, len(text)))
        whole = Passage("p1", "Harbours", 0, len(text), Article("T", text, ()), sentences)
        start, end = reader.point(question, whole, reader.read(question, [whole])[0])
        start, end = whole.sentences_at(start, end)
        assert answer in text[start:end] and (start, end) in sentences


def passage(heading: str = "At sea") -> Passage:
    article = Article("Ferry", TEXT, ())
    return Passage("p1", heading, 0, 25, article, ((0, 25),))


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_an_exported_reader_reads_as_transformers_does(family: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    source = tmp_path / "model"
    make_bert(source, positions=64) if family == "bert" else make_roberta(source)
    info = export_reader(str(source), tmp_path / "reader", int8=False)
    assert (info.model, info.precision, info.window) == (str(source), "float32", 64)
    reader = Reader(tmp_path / "reader")
    (reading,) = reader.read(QUESTION, [passage()])
    start, end = reader.point(QUESTION, passage(), reading)
    words = TEXT[start:end]
    assert words
    assert words == words.strip()
    assert 0 <= start < end <= 25

    tokenizer = AutoTokenizer.from_pretrained(source)
    fed = tokenizer(QUESTION, passage().in_context, return_offsets_mapping=True, return_tensors="pt")
    offsets, parts = fed.pop("offset_mapping")[0].tolist(), fed.sequence_ids()
    with torch.no_grad():
        out = AutoModelForQuestionAnswering.from_pretrained(source)(**fed)
    starts, ends = out.start_logits[0].numpy(), out.end_logits[0].numpy()
    inside = [i for i, (a, b) in enumerate(offsets) if parts[i] == 1 and b > len("At sea\n") and b > a]
    _, i, j = max((starts[i] + ends[j], i, j) for i in inside for j in inside if i <= j)
    assert passage().in_context[max(offsets[i][0], len("At sea\n")) : offsets[j][1]].strip() == words
    second = [i for i, part in enumerate(parts) if part == 1]
    null = starts[0] + ends[0]
    believed = np.logaddexp.reduce(starts[second]) + np.logaddexp.reduce(ends[second])
    np.testing.assert_allclose((reading.margin, reading.null), (believed - null, null), atol=1e-4)

    long = Passage("p1", "", 0, len(TEXT) * 20, Article("Ferry", TEXT * 20, ()), ())
    (reading,) = reader.read(QUESTION * 20, [long])
    start, end = reader.point(QUESTION * 20, long, reading)
    assert 0 <= start < end


def test_an_index_remembers_its_reader(built: Path, bert: Path, tmp_path: Path) -> None:
    bot = qa.load(built)
    remembered = bot.index.manifest.reader
    assert remembered is not None
    assert (remembered.model, remembered.window, remembered.precision) == (str(bert), 384, "float32")
    assert index.check(built) == []
    moved = shutil.copytree(built, tmp_path / "moved")
    assert bot.ask(QUESTION).to_dict() == qa.load(moved).ask(QUESTION).to_dict()
    (found,) = bot.reader.read(QUESTION, bot.index.passages[:1])
    (packaged,) = Reader(PACKAGED).read(QUESTION, bot.index.passages[:1])
    assert found.margin != packaged.margin


def test_a_reader_named_when_loading_reads(built: Path, bert: Path) -> None:
    loaded = qa.load(SHIPPED_INDEX, reader=bert)
    margin = loaded.look(QUESTION)[0].readings[0].margin
    exported = qa.load(SHIPPED_INDEX, reader=built / "reader")
    assert exported.look(QUESTION)[0].readings[0].margin == pytest.approx(margin, abs=1)
    assert exported.look(QUESTION)[0].readings != qa.load().look(QUESTION)[0].readings


def test_the_shipped_index_is_as_it_was() -> None:
    manifest = read_manifest(SHIPPED_INDEX)
    assert manifest.reader is None
    assert "reader" not in json.loads((SHIPPED_INDEX / MANIFEST).read_bytes())


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_reader_that_was_tampered_with_is_named(built: Path, tmp_path: Path, name: str) -> None:
    copied = shutil.copytree(built, tmp_path / "index")
    path = copied / "reader" / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(IndexFolderError, match=f"reader/{name}"):
        qa.load(copied)


def test_another_model_in_a_readers_place_is_refused(built: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(built / "encoder", tmp_path / "encoder")
    with pytest.raises(ModelError, match=r"model\.onnx: does not score tokens"):
        Reader(folder)
    with pytest.raises(ModelError, match="encoder"):
        qa.load(built, reader=folder)


def test_what_does_not_fit_is_refused_by_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    headless = make_bert(tmp_path / "headless", headless=True)
    gpt = make_gpt(tmp_path / "gpt")
    narrow = make_bert(tmp_path / "narrow", positions=32)
    empty = tmp_path / "empty"
    empty.mkdir()
    pickled = make_bert(tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    capfd.readouterr()
    for folder, reason in (
        (headless, "was not trained to answer"),
        (gpt, r"\[CLS\]"),
        (narrow, "too few"),
        (empty, "cannot be loaded"),
        (pickled, "cannot be loaded"),
    ):
        with pytest.raises(ModelError, match=reason) as raised:
            export_reader(str(folder), tmp_path / "out")
        assert str(folder) in str(raised.value)
        assert "\n" not in str(raised.value)
    assert capfd.readouterr() == ("", "")


def test_a_reader_without_room_for_a_passage_is_refused_and_the_old_index_stays(
    built: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(built, tmp_path / "index")
    article = tmp_path / "long.txt"
    article.write_text("The snow fell on the harbour at night. " * 6, encoding="utf-8")
    reader = make_bert(tmp_path / "small", positions=64)
    done = CliRunner().invoke(app, ["build", str(article), str(folder), "--reader", str(reader)])
    assert done.exit_code == 1
    assert "passage p1 has" in done.stderr
    assert index.check(folder) == []
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_calibrating_puts_a_calibration_into_the_index(built: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(built, tmp_path / "index")
    sets = tmp_path / "set"
    sets.mkdir()
    asked = [
        {
            "id": str(n),
            "question": f"{QUESTION} {n}",
            "answerable": n % 2 == 0,
            "answers": ["noon"][: 1 - n % 2],
        }
        for n in range(60)
    ]
    (sets / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    before = qa.load(folder)
    own = folder / "notes.txt"
    own.write_text("somebody's own")
    refused = CliRunner().invoke(app, ["calibrate", str(folder), str(sets)])
    assert "notes.txt: is no part of an index" in refused.stderr
    own.unlink()  # it was there still
    done = CliRunner().invoke(app, ["calibrate", str(folder), str(sets)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "60 questions" in done.stdout
    after = qa.load(folder)
    assert index.check(folder) == []
    assert after.calibration != before.calibration
    assert 0.2 < after.ask(QUESTION).confidence < 0.8, "half of the very same questions had an answer"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["index", "set"]

    (sets / "questions.jsonl").write_text("\n".join(map(json.dumps, asked[:30])), encoding="utf-8")
    done = CliRunner().invoke(app, ["calibrate", str(folder), str(sets)])
    assert done.exit_code == 1
    assert "at least 20" in done.stderr
    assert qa.load(folder).calibration == after.calibration
