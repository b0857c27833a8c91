"""Asking the shipped article: exact words, or a plain no."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import qa
from qa.bot import MOST_READ
from qa.extent import SEVERAL


@pytest.fixture(scope="module")
def bot() -> qa.Bot:
    return qa.load()


def test_gibberish_is_no_question(tmp_path: Path) -> None:
    """Of short passages one was always near enough to be quoted."""
    (tmp_path / "recipe.md").write_text(
        "80 g butter\n\n2 tbsp. olive oil\n\nMake the béchamel:", encoding="utf-8"
    )
    qa.build(tmp_path / "recipe.md", tmp_path / "index")
    bot = qa.load(tmp_path / "index")
    for question in ("asdf qwer zxcv", "Xqzt vlompf?"):
        answer = bot.ask(question)
        assert (answer.verdict, answer.quote, answer.confidence) == ("off_topic", None, 0.0)
    assert bot.ask("How much butter?").verdict == "answered"


def test_answer_is_the_articles_own_words(bot: qa.Bot) -> None:
    answer = bot.ask("How many containers of munitions were sent?")
    assert answer.verdict == "answered"
    assert answer.quote is not None
    assert "11,000" in answer.quote.text
    assert answer.quote.article.text[answer.quote.start : answer.quote.end] == answer.quote.text
    for passage in answer.passages:
        assert passage.article.text[passage.start : passage.end] == passage.text
    json.dumps(answer.to_dict())


def test_a_question_about_something_else_is_refused(bot: qa.Bot) -> None:
    assert bot.ask("How do I bake sourdough bread?").verdict == "off_topic"
    assert bot.ask("Is Kim Jong Un married?").verdict != "answered"


@pytest.mark.parametrize("question", ["{}?? !!", "Hi! {}", "{} 🤔 thanks!", "{} Who is Eva Lind?"])
def test_what_stands_around_a_question_changes_no_answer(bot: qa.Bot, question: str) -> None:
    plain = bot.ask("What did Putin and Kim sign?")
    answer = bot.ask(question.format("What did Putin and Kim sign?"))
    assert answer.verdict == "answered"
    assert (answer.quote, answer.confidence) == (plain.quote, plain.confidence)


def test_of_two_questions_the_one_that_is_answered_is(bot: qa.Bot) -> None:
    answer = bot.ask("Who is Eva Lind? What did Putin and Kim sign?")
    assert (answer.verdict, answer.question) == ("answered", "What did Putin and Kim sign?")


def test_what_is_mentioned_is_shown_and_what_is_not_is_denied(bot: qa.Bot) -> None:
    answer = bot.ask("Does the article mention sanctions?")
    assert answer.verdict == "answered"
    assert answer.quote is not None
    assert "sanctions" in answer.quote.text
    assert bot.ask("Does the article mention Vietnam?").quote is None


def test_an_article_is_told_by_its_first_sentence(tmp_path: Path) -> None:
    """A blog begins with a picture's words."""
    page = "# The tunnel\n\n![Workers at the mouth](hero.jpg)\n\nThe tunnel was closed on Monday.\n"
    (tmp_path / "tunnel.md").write_text(page, encoding="utf-8")
    qa.build(tmp_path / "tunnel.md", tmp_path / "index")
    quote = qa.load(tmp_path / "index").ask("What is this about?").quote
    assert quote is not None
    assert quote.text == "The tunnel was closed on Monday."


@pytest.mark.parametrize("question", ["x" * 2_000, "zebra " * 300, "qwertyuiop asdfghjkl"])
def test_gibberish_is_refused_whatever_the_reader_makes_of_it(bot: qa.Bot, question: str) -> None:
    assert bot.ask(question).verdict == "off_topic"


@pytest.mark.parametrize("question", ["Wann hat Putin Nordkorea besucht?", "푸틴은 언제 북한을 방문했나요?"])
def test_a_question_that_cannot_be_read_is_not_said_to_have_no_answer(bot: qa.Bot, question: str) -> None:
    answer = bot.ask(question)
    assert (answer.kind, answer.quote, answer.passages) == ("language", None, ())
    assert "another language" in answer.message


def test_a_question_that_cannot_be_read_is_not_read_a_turn_later(bot: qa.Bot) -> None:
    """ "Are you sure?" judged it, and quoted something."""
    german = "Wann hat Putin Nordkorea besucht?"
    history = [{"role": "user", "content": text} for text in ("What did they sign?", german)]
    for wish in ("Are you sure?", "more", "How do you know?"):
        assert bot.ask(wish, history).kind == "language"
    assert bot.forms("Why?", history) == bot.forms("Why?", history[:1])


def test_an_index_of_several_languages_refuses_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "ship.md").write_text("The ship stays in port today.", encoding="utf-8")
    (tmp_path / "schiff.md").write_text(
        "---\nlanguage: de\n---\n\nDas Schiff bleibt heute im Hafen.", encoding="utf-8"
    )
    qa.build([tmp_path / "ship.md", tmp_path / "schiff.md"], tmp_path / "index")
    assert qa.load(tmp_path / "index").ask("Warum bleibt das Schiff heute liegen?").kind != "language"


@pytest.mark.parametrize("question", ["who?", "when?", "what is the source?", "asdf qwer"])
def test_what_the_article_is_not_about_it_does_not_answer_surely(bot: qa.Bot, question: str) -> None:
    answer = bot.ask(question)
    assert answer.verdict != "answered"
    assert answer.confidence <= bot.calibration.answer_threshold


@pytest.mark.parametrize(
    "question",
    [
        "Isn't North Korea sanctioned?",
        "Putin visited North Korea, didn't he?",
        "Is it true that Putin visited NK?",
    ],
)
def test_a_question_for_yes_or_no_is_answered_in_any_dress(bot: qa.Bot, question: str) -> None:
    """The plain ones were answered, and these refused."""
    answer = bot.ask(question)
    assert answer.quote is not None
    assert answer.quote.text.endswith(".")


@pytest.mark.parametrize("question", ["Does the article mention South Korea?", "Who is Vladimir Lenin?"])
def test_whom_the_article_lacks_is_not_taken_for_who_is_called_alike(bot: qa.Bot, question: str) -> None:
    """North Korea was the answer, and "President"."""
    assert bot.ask(question).verdict != "answered"


@pytest.mark.parametrize("name", ["north korea", "Kim Jong Un", "and North Korea?", "TASS"])
def test_a_name_alone_gets_a_sentence_about_it(bot: qa.Bot, name: str) -> None:
    """ "north korea" was answered with "Russia"."""
    answer = bot.ask(name)
    if answer.quote is not None:
        assert answer.quote.text[-1] in ".”"
        assert len(answer.quote.text.split()) > 8


def test_of_several_questions_the_first_is_answered_though_the_next_leans_on_it(bot: qa.Bot) -> None:
    both = bot.ask("What did Putin sign? And why?")
    assert both.to_dict() == bot.ask("What did Putin sign?").to_dict()


def test_are_you_sure_after_a_refusal_speaks_of_the_refusal(bot: qa.Bot) -> None:
    asked = "What did the UN say about North Korea?"
    refused = bot.ask(asked)
    assert refused.verdict == "related"
    said = bot.ask("Are you sure?", [{"role": "user", "content": asked}])
    assert "does not seem to answer it" in said.message
    assert f"{refused.confidence:.0%}" in said.message
    assert (said.kind, said.to_dict()["kind"]) == ("sure", "sure")


def test_who_wrote_the_articles_is_said_where_it_is_known(bot: qa.Bot, tmp_path: Path) -> None:
    (tmp_path / "ship.md").write_text("---\nauthor: The editors\npublished: 2026-11-28\n---\n\nIt sank.")
    qa.build(tmp_path / "ship.md", tmp_path / "index")
    said = qa.load(tmp_path / "index").ask("Who wrote this article?").message
    assert "The editors" in said
    assert "2026-11-28" in said
    assert "“ship”" in qa.load(tmp_path / "index").ask("What is the title?").message


def test_no_row_of_a_part_of_a_table_is_said_to_be_likely_the_most(tmp_path: Path) -> None:
    rows = "".join(f"| Quay {chr(65 + n % 26)}{n} and its sheds | {n * 37 % 101} |\n" for n in range(60))
    text = f"| Place | Ships in the year |\n|---|---|\n{rows}"
    (tmp_path / "table.md").write_text(text, encoding="utf-8")
    qa.build(tmp_path / "table.md", tmp_path / "index")
    bot = qa.load(tmp_path / "index")
    answer = bot.ask("Which place has the most ships?")
    assert answer.verdict != "answered"
    assert answer.confidence <= bot.calibration.answer_threshold


@pytest.mark.parametrize("question", ["Which issues did they discuss?", "What are the agreements?"])
def test_what_asks_for_several_things_is_known(question: str) -> None:
    assert SEVERAL.search(question)
    assert not SEVERAL.search("What is its effect?")


def test_the_parts_of_a_list_are_looked_for_in_several_sections(bot: qa.Bot) -> None:
    shown = [passage.heading for passage in bot.ask("What are the three agreements?").passages]
    assert {heading.partition(" › ")[2] for heading in shown} >= {
        "Comprehensive Strategic Partnership Agreement",
        "Joint Opposition to Sanctions",
        "Technology and Military Exchange",
    }
    assert len(set(shown[:4])) == 4, "each section's best before its others"
    one = [passage.heading for passage in bot.ask("Why did Russia need munitions?").passages]
    assert len(set(one)) < 5


def test_each_of_several_articles_is_told_about(tmp_path: Path) -> None:
    for name in ("harbour", "station"):
        (tmp_path / f"{name}.md").write_text(f"# The {name}\n\nThe {name} opened.\n", encoding="utf-8")
    qa.build([tmp_path / "harbour.md", tmp_path / "station.md"], tmp_path / "index")
    about = qa.load(tmp_path / "index").ask("What is this about?")
    assert [p.text for p in about.places] == ["The harbour opened.", "The station opened."]


@pytest.mark.parametrize("question", ["", "   ", "\x00\x07", "x" * 10_000])
def test_what_is_no_question_is_refused_by_name(bot: qa.Bot, question: str) -> None:
    with pytest.raises(qa.QaError, match="question"):
        bot.ask(question)


@pytest.mark.parametrize(
    "question", ["🎉🎉", "<script>alert(1)</script>", "\ud800 what?", "x " * 999, "ß" * 2000]
)
def test_odd_questions_get_an_answer(bot: qa.Bot, question: str) -> None:
    assert bot.ask(question).verdict in {"answered", "related", "off_topic"}


def test_a_long_question_is_read_with_fewer_passages(bot: qa.Bot) -> None:
    # Its words are read again with each passage: with many they took three seconds.
    short, long = (bot.look(question)[0].readings for question in ("Who met whom?", "harbour " * 240))
    assert 5 <= len(long) < len(short) == MOST_READ


def test_an_answer_is_the_same_however_many_passages_are_read_at_once(bot: qa.Bot) -> None:
    several = qa.load(threads=3)
    for question in ("How many containers were sent?", "Is Kim Jong Un married?", "wat did putin get"):
        assert several.ask(question) == bot.ask(question)


def test_answering_imports_neither_torch_nor_transformers() -> None:
    program = (
        "import sys, qa; qa.load().ask('What did they sign?'); "
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
