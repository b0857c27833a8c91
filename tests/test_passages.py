"""Cutting an article: exact offsets, nothing left out, and nothing too long for the encoder."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from qa.article import Article
from qa.errors import ArticleError
from qa.markup import parse_article, read_article
from qa.passages import Passage, cut, sentences_of

ROOT = Path(__file__).parent.parent
WINDOW = 24


def shipped() -> Tokenizer:
    """The tokenizer that the shipped article was cut with."""
    tokenizer = Tokenizer.from_file(str(ROOT / "index" / "encoder" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def of_bytes() -> Tokenizer:
    """Every byte is a token, so that one character can take four."""
    vocabulary = {character: n for n, character in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def of_words() -> Tokenizer:
    """A small WordPiece vocabulary, in which a word's second half can cost more than the half alone."""
    vocabulary = {"[UNK]": 0, "able": 1, "un": 2, ".": 3}
    for letter in "abcdefghijklmnopqrstuvwxyz":
        vocabulary |= {letter: len(vocabulary), f"##{letter}": len(vocabulary) + 1}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


TOKENIZERS = {"shipped": shipped(), "bytes": of_bytes(), "words": of_words()}
text = st.text(st.characters(exclude_categories=["Cs"]))
prose = st.lists(
    st.sampled_from(
        ["unable", "Dr.", "able.", "No!", "“Yes.”", "一二三。", "\n", "\n\n", "\r\n", "## Head\n\n", "🎉"]
    )
    | text,
    min_size=1,
    max_size=60,
).map(" ".join)


def read(source: str, markdown: bool = True) -> Article | None:
    try:
        return parse_article(source, markdown=markdown)
    except ArticleError:
        return None


def covered(article: Article, passages: list[Passage]) -> bool:
    """Whether each character of a paragraph that is no blank lies in a passage."""
    inside = bytearray(len(article.text))
    for p in passages:
        inside[p.start : p.end] = b"\1" * (p.end - p.start)
    return all(
        inside[i] or article.text[i].isspace()
        for _, paragraph in article.paragraphs
        for i in range(paragraph.start, paragraph.end)
    )


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(deadline=None)
@given(source=prose, markdown=st.booleans(), prompt=st.sampled_from(["", "passage: "]))
def test_any_article_is_cut_exactly_wholly_and_within_the_window(
    name: str, source: str, markdown: bool, prompt: str
) -> None:
    article = read(source, markdown)
    if article is None:
        return
    tokenizer = TOKENIZERS[name]
    passages = cut(article, tokenizer, WINDOW, prompt)
    assert [p.id for p in passages] == [f"p{n}" for n in range(1, len(passages) + 1)]
    assert [p.start for p in passages] == sorted(p.start for p in passages)
    assert covered(article, passages)
    for p in passages:
        assert article.text[p.start : p.end] == p.text == p.text.strip()
        assert len(tokenizer.encode(prompt + p.in_context).ids) <= WINDOW
        for start, end in p.sentences:
            assert p.start <= start < end <= p.end


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_paragraph_of_100_000_words_is_cut_whole(name: str) -> None:
    words = " ".join(f"unable{'.' if n % 9 == 0 else ''}" for n in range(100_000))
    article = parse_article(f"## Head\n\n{words}")
    passages = cut(article, TOKENIZERS[name], 256)
    assert " ".join(p.text for p in passages) == words
    assert max(len(TOKENIZERS[name].encode(p.in_context).ids) for p in passages) <= 256


def test_a_word_without_end_is_cut() -> None:
    article = parse_article("x" * 50_000)
    for tokenizer in TOKENIZERS.values():
        passages = cut(article, tokenizer, 256)
        assert "".join(p.text for p in passages) == article.text
        assert max(len(tokenizer.encode(p.text).ids) for p in passages) <= 256


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_heading_longer_than_the_window_leaves_room_for_the_text(name: str) -> None:
    article = parse_article(f"# One\n\n# {'🎉 deep ' * 500}\n\nSome words.")
    (passage,) = cut(article, TOKENIZERS[name], WINDOW)
    assert passage.text == "Some words."
    assert len(TOKENIZERS[name].encode(passage.in_context).ids) <= WINDOW


def test_only_long_paragraphs_are_cut_and_at_sentence_ends() -> None:
    article = read_article(ROOT / "index" / "article.md")
    tokenizer = TOKENIZERS["shipped"]
    whole = cut(article, tokenizer, 256)
    assert [(p.start, p.end) for p in whole] == [(p.start, p.end) for _, p in article.paragraphs]
    for p in cut(article, tokenizer, 80):
        assert p.text.endswith((".", "”"))


def test_a_table_is_cut_between_rows_and_each_is_a_sentence() -> None:
    rows = "".join(f"| Dr. No. {n} said so. Twice. | {n} |\n" for n in range(40))
    article = parse_article(f"# Title\n\n## Costs\n\n| Who | Times |\n|---|---|\n{rows}")
    passages = cut(article, TOKENIZERS["shipped"], 128)
    assert len(passages) > 2
    lines = [line for p in passages for line in p.text.split("\n")]
    assert lines == article.text.split("\n")[2:]
    assert [article.text[a:b] for p in passages for a, b in p.sentences] == lines
    assert [p.heading for p in passages] == ["Costs", *["Costs › Who | Times"] * (len(passages) - 1)]
    assert max(len(TOKENIZERS["shipped"].encode(p.in_context).ids) for p in passages) <= 128
    # By itself each row is read below the head, wherever it stands; the head is no row.
    rows_alone = [row for p in passages for row in p.rows]
    assert [row.text for row in rows_alone] == lines[1:]
    assert {row.heading for row in rows_alone} == {"Costs › Who | Times"}
    assert cut(parse_article("It rained. Twice."), TOKENIZERS["shipped"], 128)[0].rows == ()


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["It took approx. 40 minutes.", "Cllr. Jane Moss was there."]),
        ("en", ["It opened at 3 a.m. on May 3 and closed at 5 p.m. Friday.", "It opens at 10 a.m. EST."]),
        ("en", ["She left at 5 p.m. March 3.", "He left at 5 p.m.", "Then it rained."]),
        ("en", ["Atty. Gen. Roe cites Vol. 3 and Ch. 7.", "In Vol. 4 he does not."]),
        ("en", ["Foo plc. announced it.", "Bar Inc., its owner, agreed."]),
        ("en", ["We chose no.", "The others said yes."]),
        ("de", ["Am 1. Okt. 2024 begann es.", "Im 19. Jahrhundert war es anders."]),
        ("de", ["Es waren 12.", "Danach ging er."]),
    ],
)
def test_a_sentence_ends_at_no_abbreviation(language: str, sentences: list[str]) -> None:
    article = parse_article(f"---\nlanguage: {language}\n---\n\n{' '.join(sentences)}")
    (passage,) = cut(article, TOKENIZERS["shipped"], 256)
    found = [article.text[start:end].strip() for start, end in passage.sentences]
    assert " ".join(found) == " ".join(sentences)
    assert found == sentences


@pytest.mark.parametrize(
    ("language", "text"),
    [("pt-BR", "O Sr. Silva e a Sra. Costa vieram."), ("DE", "Am 3. Okt. kam sie an.")],
)
def test_a_regions_language_has_the_languages_abbreviations(language: str, text: str) -> None:
    article = parse_article(f"---\nlanguage: {language}\n---\n\n{text}")
    assert list(sentences_of(article, 0, len(article.text))) == [(0, len(text))]
    # Nor is a paragraph that is too long for one passage cut there.
    long = parse_article(f"---\nlanguage: {language}\n---\n\n{' '.join([text] * 6)}")
    for passage in cut(long, TOKENIZERS["shipped"], 24):
        assert passage.text.endswith(text)


def test_the_heading_path_is_no_part_of_the_text() -> None:
    article = parse_article("# One\n\n## Two\n\n### Three\n\nWords.\n\n# Four\n\nMore.")
    first, second = cut(article, TOKENIZERS["shipped"], 256)
    assert (first.heading, first.text) == ("One › Two › Three", "Words.")
    assert (second.heading, second.text) == ("Four", "More.")
