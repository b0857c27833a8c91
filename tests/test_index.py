"""Building, checking and loading an index folder."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa
from qa import index
from qa.deploy import prepare
from qa.errors import ArticleError, IndexFolderError, ModelError
from qa.manifest import ARTICLES, ENCODER, read_manifest
from qa.markup import parse_article
from qa.rows import read_articles, write_articles
from tests.faults.damage import forge

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "index"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "index"
    qa.build(SHIPPED / "article.md", folder)
    return folder


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(SHIPPED, tmp_path / "index")


def vectors(folder: Path) -> np.ndarray:
    loaded = index.load(folder)
    return loaded.vectors.reconstruct_n(0, loaded.vectors.ntotal)


def test_a_rebuild_gives_the_same_index(rebuilt: Path) -> None:
    assert (rebuilt / "passages.jsonl").read_bytes() == (SHIPPED / "passages.jsonl").read_bytes()
    np.testing.assert_allclose(vectors(rebuilt), vectors(SHIPPED), atol=1e-5)
    assert index.check(rebuilt, [SHIPPED / "article.md"]) == []


def test_the_shipped_index_fits_its_article() -> None:
    assert index.check(SHIPPED) == []


def test_an_index_answers_wherever_it_lies(rebuilt: Path) -> None:
    bot = qa.load(rebuilt)
    answer = bot.ask("How many containers of munitions were sent?")
    assert answer.quote is not None
    assert "11,000" in answer.quote.text


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b'{"title":"T","language":"en","author":"","published":"","source":"","questions":[],"blocks":[[7,"H"]]}',
        b"[" * 100_000,
        b'{"title":"T","language":"en","author":"","published":"","source":"","questions":[],"blocks":[[0,""]]}',
        b'{"title":"T","language":"x\\ny","author":"","published":"","source":"","questions":[],"blocks":[]}',
        b'{"title":"a\\nb","language":"en","author":"","published":"","source":"","questions":[],"blocks":[]}',
        b'{"title":"\\ud800","language":"en","author":"","published":"","source":"","questions":[],"blocks":[]}',
    ],
)
def test_a_stored_article_that_is_none_is_refused(copied: Path, line: bytes) -> None:
    (copied / "articles.jsonl").write_bytes(line)
    forge(copied)
    with pytest.raises(IndexFolderError, match=r"articles\.jsonl"):
        index.load(copied)


def test_building_removes_nobodys_articles(copied: Path, tmp_path: Path) -> None:
    """Two names that an index has too: of no index, and of none that this index knows."""
    mine = tmp_path / "mine"
    mine.mkdir()
    for folder in (mine, copied):
        (folder / "article-2.md").write_text("Snow fell on the harbour all night.", encoding="utf-8")
        with pytest.raises(IndexFolderError, match=r"article-2\.md"):
            qa.build(SHIPPED / "article.md", folder)
        assert (folder / "article-2.md").exists()


@pytest.mark.parametrize("name", ["vectors.faiss", "encoder/model.onnx", "encoder/tokenizer.json"])
def test_check_says_that_an_index_cannot_be_loaded(copied: Path, name: str) -> None:
    (copied / name).write_bytes(b"{}")
    forge(copied)
    (problem,) = index.check(copied)
    assert name.rpartition("/")[2] in problem


CELLS = st.lists(st.sampled_from(["", "a", "1 | 2", "\\\\|", "*b*"]), min_size=3, max_size=3)


@settings(deadline=None)
@given(st.lists(CELLS.map(" | ".join).map("| {} |".format), min_size=1, max_size=4))
def test_every_table_that_is_read_is_stored_and_loads(rows: list[str]) -> None:
    """An empty cell between two others ended a build, after everything was embedded."""
    article = parse_article("\n".join(["Some words.", "", rows[0], "|---|---|---|", *rows[1:]]))
    with tempfile.TemporaryDirectory() as folder:
        write_articles(Path(folder) / ARTICLES, [article])
        manifest = read_manifest(ROOT / "index")
        assert read_articles(Path(folder), manifest) == (article,)


def test_a_folder_that_may_not_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)  # Whom everything is forbidden that root may do.
        try:
            for work in (lambda: qa.load(folder), lambda: qa.build(ROOT / "index" / "article.md", folder)):
                with pytest.raises(IndexFolderError, match=folder):
                    work()
        finally:
            if root:
                os.seteuid(0)
            Path(folder).chmod(0o700)


def test_a_package_without_an_article_asks_for_an_index(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("qa.bot.SHIPPED_INDEX", tmp_path / "index")
    with pytest.raises(IndexFolderError, match="no index was named"):
        qa.load()


def test_an_article_whose_file_has_an_odd_name_is_indexed(tmp_path: Path) -> None:
    article = tmp_path / "my  story .txt"
    article.write_text("Snow fell on the harbour all night.", encoding="utf-8")
    qa.build(article, tmp_path / "index")
    assert index.load(tmp_path / "index").articles[0].title == "my story"


def test_an_article_that_is_read_otherwise_than_it_was_indexed_is_named(copied: Path) -> None:
    """Offsets are the stored article's; its copy may say something else where Markdown is read otherwise."""
    stored = copied / "articles.jsonl"
    stored.write_bytes(stored.read_bytes().replace(b"marks a pivotal moment", b"marks a pivotal minute"))
    forge(copied)
    (problem,) = index.check(copied)
    assert "article.md" in problem


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("passages.jsonl", b'"id":"p2"', b'"id":"p1"', "two passages of one id"),
        ("passages.jsonl", b'"id":"p2"', b'"id":"../p"', "no passage"),
        ("articles.jsonl", b"[0,", b"[2,", "without a paragraph"),
    ],
)
def test_what_would_break_the_page_does_not_load(
    copied: Path, name: str, old: bytes, new: bytes, message: str
) -> None:
    path = copied / name
    path.write_bytes(path.read_bytes().replace(old, new))
    forge(copied)
    with pytest.raises(IndexFolderError, match=message):
        index.load(copied)


def test_a_name_that_is_too_long_for_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="no such index folder"):
        index.load(tmp_path / ("a" * 300))
    with pytest.raises(IndexFolderError, match="File name too long"):
        index.build(SHIPPED / "article.md", tmp_path / ("a" * 300))


def test_a_link_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    for article, folder in ((loop, tmp_path / "new"), (SHIPPED / "article.md", loop)):
        with pytest.raises(qa.QaError, match=r"loop: cannot be read \(Too many levels of symbolic links"):
            qa.build(article, folder)
    with pytest.raises(qa.QaError, match="loop: cannot be written"):
        prepare(loop, SHIPPED)
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


@pytest.mark.parametrize("number", [np.nan, np.inf, 3e38, 0.9])
def test_vectors_that_are_no_unit_vectors_are_refused(copied: Path, number: float) -> None:
    forged = vectors(copied)
    forged[-1, 0] = number
    index._write_vectors(copied / "vectors.faiss", forged)
    forge(copied)
    with pytest.raises(IndexFolderError, match=r"vectors\.faiss: holds vectors that are not of length 1"):
        index.load(copied)


@pytest.mark.parametrize(
    "name", ["article.md", "articles.jsonl", "passages.jsonl", "vectors.faiss", *ENCODER]
)
@pytest.mark.parametrize("how", ["altered", "cut short", "missing"])
def test_a_file_that_does_not_fit_is_named(copied: Path, name: str, how: str) -> None:
    path = copied / name
    data = path.read_bytes()
    if how == "altered":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif how == "cut short":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.unlink()
    with pytest.raises(IndexFolderError) as raised:
        qa.load(copied)
    assert str(path) in str(raised.value)
    assert "ebuild" in str(raised.value)
    (problem,) = index.check(copied)
    assert str(path) in problem


def without_format(manifest: dict[str, object]) -> None:
    del manifest["format"]


def newer(manifest: dict[str, object]) -> None:
    manifest["format"] = 99


def older(manifest: dict[str, object]) -> None:
    manifest["format"] = 1


def leading_out(manifest: dict[str, object]) -> None:
    manifest["articles"] = ["../article.md"]


def endless(manifest: dict[str, object]) -> None:
    """Cut into passages of no token, an article would never end."""
    encoder = manifest["encoder"]
    assert isinstance(encoder, dict)
    encoder["window"] = 0


def boundless(manifest: dict[str, object]) -> None:
    manifest["encoder"]["window"] = 2**64  # type: ignore[index]


def another_prompt(manifest: dict[str, object]) -> None:
    manifest["encoder"]["query_prompt"] = "query: "  # type: ignore[index]


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (without_format, "Rebuild"),
        (newer, "Update"),
        (older, "Rebuild"),
        (leading_out, "Rebuild"),
        (another_prompt, "not as it was written"),
        (endless, "window"),
        (boundless, "window"),
    ],
)
def test_a_manifest_that_was_changed_is_refused(
    copied: Path, change: Callable[[dict[str, object]], None], advice: str
) -> None:
    path = copied / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    with pytest.raises(IndexFolderError, match=advice) as raised:
        qa.load(copied)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "nul\0", '{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(copied: Path, text: str) -> None:
    (copied / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(IndexFolderError, match=r"manifest\.json"):
        qa.load(copied)


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexFolderError, match="qa build"):
        qa.load(tmp_path / "nowhere")
    with pytest.raises(IndexFolderError, match="qa build"):
        qa.load(tmp_path)


def test_check_names_the_article_that_changed(copied: Path, tmp_path: Path) -> None:
    article = tmp_path / "article.md"
    article.write_bytes((SHIPPED / "article.md").read_bytes() + b"\nOne more.\n")
    (problem,) = index.check(copied, [article])
    assert str(article) in problem
    (problem,) = index.check(copied, [tmp_path / "gone.md"])
    assert "gone.md" in problem


def test_building_leaves_a_folder_with_other_files_alone(tmp_path: Path) -> None:
    kept = tmp_path / "thesis.docx"
    kept.write_text("years of work", encoding="utf-8")
    with pytest.raises(IndexFolderError, match="thesis"):
        qa.build(SHIPPED / "article.md", tmp_path)
    with pytest.raises(IndexFolderError, match="is a file"):
        qa.build(SHIPPED / "article.md", kept)
    assert kept.read_text(encoding="utf-8") == "years of work"


def test_a_web_app_with_a_manifest_of_its_own_is_no_index(tmp_path: Path) -> None:
    site = {"manifest.json": '{"name": "My app"}', "article.md": "mine", "reader/thesis.txt": "years of work"}
    for name, text in site.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(IndexFolderError, match="would be lost"):
        qa.build(SHIPPED / "article.md", tmp_path)
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in site} == site


@pytest.mark.parametrize("damage", [None, '{"format": 1}'])
def test_notes_within_an_index_are_nobodys_to_delete(copied: Path, damage: str | None) -> None:
    (copied / "encoder" / "notes.txt").write_text("mine", encoding="utf-8")
    if damage:
        (copied / "manifest.json").write_text(damage, encoding="utf-8")
    with pytest.raises(IndexFolderError, match=r"notes\.txt: is no part of an index"):
        index.refuse_foreign(copied)
    (copied / "encoder" / "notes.txt").unlink()
    (copied / ".DS_Store").write_bytes(b"left by a desktop that showed the folder")
    index.refuse_foreign(copied)


@pytest.mark.parametrize("times", [1, 2, 1000])
def test_an_index_that_is_replaced_while_it_loads_is_read_again(
    copied: Path, rebuilt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """The old article was loaded with the passages of the new one, and then one of two builds failed."""

    def meanwhile(*given: Any) -> Any:
        read.append(given)
        if len(read) <= times:
            copied.rename(tmp_path / f"old-{len(read)}")
            shutil.copytree(other if len(read) % 2 else rebuilt, copied)
        return passages(*given)

    (tmp_path / "other.md").write_text("# Another\n\nIt is about a ferry.", encoding="utf-8")
    other = tmp_path / "other"
    qa.build(tmp_path / "other.md", other)
    read: list[Any] = []
    passages = index.read_passages
    monkeypatch.setattr(index, "read_passages", meanwhile)
    if times == 1000:
        with pytest.raises(IndexFolderError, match="was rebuilt each time"):
            qa.load(copied)
    else:
        latest = index.load(other if times == 1 else rebuilt)
        assert qa.load(copied).index.articles == latest.articles


def test_a_tokenizer_cannot_say_that_questions_are_cut_to_a_word(copied: Path) -> None:
    path = copied / ENCODER[1]
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    tokenizer["truncation"] |= {"max_length": 8, "stride": 7}
    path.write_text(json.dumps(tokenizer), encoding="utf-8")
    forge(copied)
    question = "How many containers of munitions were sent to Russia by North Korea?"
    assert qa.load(copied).ask(question).to_dict() == qa.load(SHIPPED).ask(question).to_dict()


def test_a_model_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="empty"):
        (tmp_path / "empty").mkdir()
        qa.build(SHIPPED / "article.md", tmp_path / "index", model=str(tmp_path / "empty"))
    assert not (tmp_path / "index").exists()


def test_a_link_to_an_index_stays_a_link(tmp_path: Path, rebuilt: Path) -> None:
    folder = shutil.copytree(rebuilt, tmp_path / "real")
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    article = tmp_path / "short.txt"
    article.write_text("Snow fell on the harbour all night.", encoding="utf-8")
    qa.build(article, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert [a.text for a in index.load(folder).articles] == ["Snow fell on the harbour all night."]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "real", "short.txt"]


def test_several_articles_share_an_index(tmp_path: Path) -> None:
    snow, ferry = tmp_path / "snow.txt", tmp_path / "ferry.md"
    snow.write_text("Snow fell on the harbour all night.", encoding="utf-8")
    ferry.write_text("# The ferry\n\nThe ferry to Oslo leaves at noon.", encoding="utf-8")
    qa.build([snow, ferry], tmp_path / "index")
    bot = qa.load(tmp_path / "index")
    assert [p.id for p in bot.index.passages] == ["a1p1", "a2p1"]
    # Else "who leads Acme?" is answered with another company's head, and nobody sees of which it is.
    assert [p.heading for p in bot.index.passages] == ["snow", "The ferry"]
    assert bot.search("When does the ferry leave?")[0].article.title == "The ferry"
    assert index.check(tmp_path / "index", [snow, ferry]) == []
    assert index.check(tmp_path / "index", [ferry, snow]) != []


def test_an_article_that_changes_while_it_is_built_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    article = tmp_path / "a.md"
    article.write_text("It opened.", encoding="utf-8")
    cut = index.cut_all

    def edited(*given: Any) -> Any:
        article.write_text("It closed.", encoding="utf-8")
        return cut(*given)

    monkeypatch.setattr(index, "cut_all", edited)
    with pytest.raises(ArticleError, match=r"a\.md: changed while it was read"):
        qa.build(article, tmp_path / "index")


def test_an_article_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    snow = tmp_path / "snow.txt"
    snow.write_text("Snow fell on the harbour all night.", encoding="utf-8")
    with pytest.raises(ArticleError, match="twice"):
        qa.build([snow, tmp_path / "." / "snow.txt"], tmp_path / "index")


def test_an_article_without_a_title_is_named_after_its_file(tmp_path: Path) -> None:
    """The index keeps it as article.txt, which is no title to show on a page."""
    article = tmp_path / "Snow in April.txt"
    article.write_text("Snow fell on the harbour in April.\n\nNobody had seen that before.", encoding="utf-8")
    qa.build(article, tmp_path / "index")
    assert index.load(tmp_path / "index").articles[0].title == "Snow in April"
    assert index.check(tmp_path / "index", [article]) == []
    prepare(tmp_path / "space", tmp_path / "index")
    assert "# Snow in April\n" in (tmp_path / "space" / "README.md").read_text(encoding="utf-8")


def test_a_mount_point_is_refused_before_anything_is_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can take its place: all was embedded first, and then it could not be written."""
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == tmp_path)
    with pytest.raises(IndexFolderError, match=r"mount point.*Name a folder in it"):
        qa.build(SHIPPED / "article.md", tmp_path)


def test_a_model_without_a_window_is_refused(tmp_path: Path) -> None:
    """It ended in a traceback."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(SHIPPED / ENCODER[1]))
    static = StaticEmbedding(tokenizer, embedding_dim=8)
    SentenceTransformer(modules=[static], device="cpu").save(str(tmp_path / "static"))
    with pytest.raises(ModelError, match="no window"):
        qa.build(SHIPPED / "article.md", tmp_path / "index", model=str(tmp_path / "static"))
