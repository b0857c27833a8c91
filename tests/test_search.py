"""Searching: words, their forms and slips, and meaning, in one ranking."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa
from qa.search import Search, Stems
from qa.words import content_words, fold, visible

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bot() -> qa.Bot:
    return qa.load()


@pytest.fixture(scope="module")
def search(bot: qa.Bot) -> Search:
    return Search(bot.index)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many containers of munitions were sent?", "11,000"),
        ("TASS", "TASS"),
        ("nuclear proliferation", "nuclear proliferation"),
        ("mechanisms “not controlled by the West”", "not controlled by the West"),
        ('mechanisms "not controlled by the West"', "not controlled by the West"),
        ("illegitmate unilaterl restrictons", "illegitimate unilateral restrictions"),
    ],
)
def test_the_passage_with_the_words_comes_first(bot: qa.Bot, question: str, words: str) -> None:
    assert words in bot.search(question, 1)[0].text


def test_as_many_as_asked_for_best_first(bot: qa.Bot) -> None:
    found = bot.search("sanctions", 4)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert len({p.id for p in found}) == 4
    assert len(bot.search("sanctions", 10_000)) == len(bot.index.passages)
    with pytest.raises(qa.QaError, match="k: 0"):
        bot.search("sanctions", 0)


def test_quotation_marks_and_case_make_no_difference(search: Search) -> None:
    plain, typeset = search.score('putin\'s "first" visit'), search.score("Putin’s “FIRST” Visit")
    np.testing.assert_array_equal(plain.coverage, typeset.coverage)
    assert fold("Ｐutin’s") == fold("putin's")


def test_marks_that_nobody_sees_part_no_word(bot: qa.Bot) -> None:
    assert visible("North Ko\u00adrea\u200b \u202eand\x00Kim") == "North Korea and Kim"
    assert visible("Zelensky\u0301") == "Zelenský"
    assert content_words("Ver\u00adei\u00adni\u00adgung") == ["vereinigung"]
    assert content_words("İstanbul") == content_words("istanbul")
    plain = bot.ask("What did North Korea send?")
    assert bot.ask("What did North Ko\u00adrea send?") == plain


def test_letters_that_stand_for_a_name_are_content() -> None:
    assert content_words("What did the US say to us, and who at the WHO?") == ["us", "who"]
    assert content_words("WHAT DID THEY SAY TO US ABOUT SANCTIONS?") == ["sanctions"]


def test_what_is_contracted_says_as_much_as_what_is_not(search: Search) -> None:
    assert content_words("What’s it? They're here, it isn't; Putin’s letter") == [
        "putin's",
        "letter",
    ]
    short, long = search.score("Where's the letter?"), search.score("Where is the letter?")
    assert (short.unknown, short.coverage.max()) == (long.unknown, long.coverage.max())


def test_stems_follow_the_language() -> None:
    assert Stems("en")("agreements agreed") == Stems("en")("agreement agree")
    assert Stems("de-AT")("Häfen") == Stems("de")("Häfen")
    assert Stems("xx")("agreements") == ["agreements"]


@pytest.mark.parametrize("text", ["می\u200cخواهم بدانم", "👩\u200d🚀"])
def test_what_joins_words_and_pictures_stays(text: str) -> None:
    assert visible(text) == text
    assert visible(f"\u202e{text}\u200b") == text


def test_what_the_article_lacks_is_told(search: Search) -> None:
    assert search.score("How do I bake sourdough bread?").unknown > 0.5
    assert search.score("Which sectors do the sanctions target?").unknown < 0.5
    assert search.knows("North Korea")
    assert not search.knows("Reykjavík")


@settings(deadline=None, max_examples=60)
@given(question=st.text(max_size=300))
def test_any_text_is_searched_for_or_refused(bot: qa.Bot, question: str) -> None:
    try:
        found = bot.search(question, 3)
    except qa.QaError:
        return
    assert len(found) == 3
    assert all(np.isfinite(p.score) for p in found)
