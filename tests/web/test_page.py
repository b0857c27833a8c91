"""The page's parts that need no browser: offsets, escaping, links into a publisher's page, words."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa
from qa.article import Article, assemble
from qa.markup import parse_article
from qa.passages import Passage
from qa.settings import Settings
from qa.suggestions import candidates, suggestions
from qa.terminal import show_answer
from qa.web.desk import BusyError, Desk
from qa.web.fragment import text_fragment
from qa.web.metrics import Metrics
from qa.web.page import build_page, shown
from qa.web.reading import article_html
from qa.web.words import LANGUAGES, choose, words


class Blocks(HTMLParser):
    """Collects every tag's name, and the text of each block that names its offsets."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: dict[tuple[int, int], str] = {}
        self._at: tuple[int, int] | None = None
        self._block = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        if "data-start" in given:
            self._at = (int(given["data-start"] or ""), int(given["data-end"] or ""))
            self.texts[self._at] = ""
            self._block = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._block:
            self._at = None

    def handle_data(self, data: str) -> None:
        if self._at:
            self.texts[self._at] += data


def blocks(html: str) -> Blocks:
    found = Blocks()
    found.feed(html)
    found.close()
    return found


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=8))
def test_every_block_holds_the_articles_text_at_its_offsets(paragraphs: list[str]) -> None:
    try:
        article = parse_article("## Héading 🎉\n\n" + "\n\n".join(paragraphs) + "\n\nThe end.")
    except qa.QaError:
        return
    for (start, end), text in blocks(article_html(article)).texts.items():
        assert text == article.text[start:end].replace("\x00", "\ufffd")


def test_a_table_is_shown_as_one_and_holds_its_text_to_the_letter() -> None:
    article = parse_article(
        "| | 2024 | <b>2025</b> |\n|---|---|---|\n| Ferries | 1 & 2 | a\\|b |\n| Cruises | | |\n"
    )
    ((_, table),) = article.paragraphs
    html = article_html(article)
    found = blocks(html)
    assert found.texts == {(table.start, table.end): article.text}
    # Safari's keyboard reaches a box that scrolls only where it says so.
    assert '<div class="table" tabindex="0" role="group" aria-label="' in html
    assert (html.count("<tr>"), html.count("<th "), html.count("<td")) == (3, 3, 6)
    assert "b" not in found.tags


def test_figures_stand_below_each_other() -> None:
    rows = "| Riga | 3,600 | <5 % | $12 m | 2 euros |\n| Oslo | – | -12 % | $7 m | free |\n"
    html = article_html(parse_article(f"| City | Ships | Change | Cost | Ticket |\n|-|-|-|-|-|\n{rows}"))
    heads = re.findall(r"<th scope=\"col\"([^>]*)>", html)
    assert heads == ["", *[' class="figure"'] * 3, ""]


def test_a_list_is_shown_as_one_and_holds_its_text_to_the_letter() -> None:
    article = parse_article("It affects:\n\n- fish & <b>crabs</b>\n- ships | boats\n")
    ((_, listed),) = article.paragraphs
    html = article_html(article)
    found = blocks(html)
    assert found.texts == {(listed.start, listed.end): article.text}
    assert (html.count("<ul>"), html.count("<li>")) == (1, 2)
    assert not {"b", "table"} & set(found.tags)
    assert fragment(article.text, article=article) == "It affects:,ships | boats"


def test_html_in_an_article_stays_text() -> None:
    article = parse_article(
        '---\ntitle: "<b>T</b>"\nauthor: "<img src=x>"\nsource: "javascript:alert(1)"\n---\n\n'
        "## <svg onload=alert(1)>\n\n<script>alert(1)</script> and [a](javascript:alert(1))\n"
    )
    found = blocks(article_html(article))
    assert found.tags == {"article", "header", "h1", "h2", "p"}
    assert "javascript:" not in re.sub(r">[^<]*<", "><", article_html(article))


@pytest.mark.parametrize(
    "text", ["“Trade—not aid,” he said & left", "re-arm, re-think", "조선 중앙 통신", "a" * 300, "x " * 40]
)
def test_a_text_fragment_names_the_passages_own_words(text: str) -> None:
    article = assemble([(0, text.strip())], title="T", source="https://example.org/a?b=c")
    link = text_fragment(Passage("p1", "", 0, len(article.text), article), 0, len(article.text))
    address, _, named = link.partition("#:~:text=")
    assert address == "https://example.org/a?b=c"
    assert not set(named) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.~%,")
    start, *end = map(unquote, named.split(","))
    words = " ".join(text.split())
    assert words.startswith(start) and all(words.endswith(e) for e in end)


@pytest.mark.parametrize(
    "source", ["", "javascript:alert(1)", "data:text/html,x", "//example.org", "https://[", "a b"]
)
def test_what_is_no_web_address_is_never_a_link(source: str) -> None:
    article = assemble([(0, "words")], title="T", source=source)
    assert text_fragment(Passage("p1", "", 0, 5, article), 0, 5) == ""


def test_passages_without_a_heading_are_told_apart() -> None:
    """All were called the beginning of the article, on their buttons and in what is read out."""
    article = parse_article("# Ahle\n\nIt rained.\n\nThe mill stood under water for a week.")
    paragraphs = [p for _, p in article.paragraphs]
    for heading in ("", article.title):  # Where there are several articles, the title stands above all.
        named = [Passage("p1", heading, p.start, p.end, article, ()) for p in paragraphs]
        answer = qa.Answer("What fell?", "related", 0.2, None, tuple(named), "")
        names = [p["name"] for p in shown(answer, (article,))["passages"]]
        assert names == ["", "The mill stood under water …"]


def test_places_of_one_section_are_told_apart_by_their_words(bot: qa.Bot) -> None:
    article = parse_article("## Stops\n\nIt rained for weeks in all.\n\nThe mill stood under water.")
    parts = tuple(Passage("p", "Stops", p.start, p.end, article, score=1) for _, p in article.paragraphs)
    start = parts[0].start
    answer = replace(bot.ask("Who?"), quote=qa.Quote(start, start + 9, article), passages=parts)
    names = [p["name"] for p in shown(replace(answer, verdict="answered"), (article,))["passages"]]
    assert names == ["Stops: It rained for weeks in …", "Stops: The mill stood under water. …"]


def test_nothing_is_said_to_be_impossible_or_certain(bot: qa.Bot, capsys: pytest.CaptureFixture[str]) -> None:
    """The page said 99 at most, and 0; the message and the terminal said both 0 and 100."""
    question = "How many containers of munitions were sent?"
    answer = bot.ask(question)
    for confidence, percent in ((0.0037, 1), (0.5, 50), (0.9999, 99)):
        told = replace(answer, confidence=confidence)
        assert shown(told, bot.index.articles)["percent"] == told.percent == percent
        show_answer(told, question)
        assert f"{percent}% sure" in capsys.readouterr().out
    history = [{"role": "user", "content": "Is Kim Jong Un married?"}, {"role": "assistant", "content": ""}]
    unsure = bot.ask("Are you sure?", history)
    assert unsure.kind == "sure" and f" is {unsure.percent}%." in unsure.message


def test_a_source_with_a_fragment_of_its_own_keeps_it() -> None:
    article = assemble([(0, "a b")], title="T", source="https://example.org/#part")
    link = text_fragment(Passage("p1", "", 0, 3, article), 0, 3)
    assert link == "https://example.org/#part:~:text=a%20b"


def test_every_language_has_every_word_and_every_blank() -> None:
    assert len(LANGUAGES) >= 6
    for language in LANGUAGES:
        assert words(language).keys() == words("en").keys(), language
        for name, text in words(language).items():
            assert text.strip(), (language, name)
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", words("en")[name])), name


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("nl, ko;q=0.5, en;q=0.4", "ko"),
        ("en;q=0.1, zh-Hant-TW;q=0.9", "zh"),
        ("de;q=0, es;q=0.1", "es"),
        ("*", "en"),
        ("'; DROP TABLE, <script>, ru", "ru"),
        ("x" * 100_000, "en"),
    ],
)
def test_the_browsers_language_is_chosen(header: str, language: str) -> None:
    assert choose(header) == language


def test_the_named_endpoints_say_what_they_return(bot: qa.Bot) -> None:
    desk = Desk(bot, Settings(), Metrics())
    named = build_page(desk, Settings()).get_api_info()["named_endpoints"]
    desk.close()
    answer = named["/ask"]["returns"][0]["type"]
    assert set(answer["properties"]) == set(bot.ask("sanctions").to_dict())
    passage = named["/search"]["returns"][0]["type"]["items"]
    assert set(passage["properties"]) == set(bot.search("sanctions")[0].to_dict())


def test_suggestions_found_before_the_queue_was_full_are_given(bot: qa.Bot) -> None:
    class FullAfterTwo:
        index = bot.index
        asked = 0

        def ask(self, question: str) -> qa.Answer:
            self.asked += 1
            if self.asked == 3:
                raise BusyError(1)
            return bot.ask(question)

    full = FullAfterTwo()
    found = suggestions(full, [], 6)
    assert 1 <= len(found) <= 2
    # The third was not tried, and is when asked for again.
    assert len(suggestions(full, [], 6)) > len(found)


def test_a_suggestion_is_tried_for_each_article_that_could_answer_it(bot: qa.Bot) -> None:
    """Two articles may have a section of one name: what failed for the one was gone for the other."""
    said = "# {0}\n\n## Impact of the flood\n\n{0} lost its harbour, its school and its mill."
    articles = tuple(parse_article(said.format(name)) for name in ("Ahle", "Bremm"))

    class OfTheSecond:
        index = replace(bot.index, articles=articles)

        def ask(self, question: str) -> qa.Answer:
            _, paragraph = articles[1].paragraphs[0]
            passage = Passage("a2p1", "", paragraph.start, paragraph.end, articles[1], ())
            quote = qa.Quote(paragraph.start, paragraph.end, articles[1])
            return qa.Answer(question, "answered", 0.9, quote, (passage,), "")

    assert suggestions(OfTheSecond(), [], 3) == ["What is the impact of the flood?"]


def test_suggestions_are_answered_each_by_a_passage_not_shown(bot: qa.Bot) -> None:
    shown = ["p1", "p10"]
    found = suggestions(bot, shown, 3)
    assert len(found) == 3
    passages = []
    for question in found:
        answer = bot.ask(question)
        assert answer.verdict == "answered", question
        passages.append(answer.passages[0].id)
    assert len(set(passages)) == 3 and not set(passages) & set(shown)


def test_headings_and_labels_become_questions() -> None:
    article = parse_article(
        "## The Impact on Harbour Trade\n\nTrade fell. The harbour lost trade.\n\n"
        "## The Role of Norline\n\nThe company sails there.\n\n"
        "## Crew\n\nNight Watch: the watch is kept in pairs. Each watch lasts four hours.\n\n"
        "Q: Is it hard?\n\nA: It is for some of us, when nights are long.\n"
    )
    asked = [c.wordings[0] for c in candidates(article)]
    assert asked == [
        "What is the impact on harbour trade?",
        "What is the role of Norline?",
        "What does the article say about the night watch?",
        "Is it hard?",
    ]


@pytest.mark.parametrize(
    "heading",
    [
        "What It Cost",
        "How the Deal Was Struck",
        "Not What We Expected",
        "Editor’s note",
        "References",
        "5 things to know",
        "Timeline",
    ],
)
def test_a_heading_that_names_no_thing_becomes_no_question(heading: str) -> None:
    article = parse_article(f"## {heading}\n\nThe ferry left at noon, and the snow fell all night.")
    assert [c.wordings for c in candidates(article) if c.wordings] == []


def test_who_is_quoted_is_no_subject() -> None:
    article = parse_article("The harbour’s mayor said: “We will rebuild it, stone by stone, in two years.”")
    assert [c.wordings for c in candidates(article) if c.wordings] == []


def test_a_tables_head_stands_above_each_of_its_parts(bot: qa.Bot) -> None:
    table = "Year | Ships\n2023 | 410\n2024 | 2,310"
    article = parse_article(table.replace("\n", "\n--- | ---\n", 1))
    assert article.text == table
    below = "Trade › Year | Ships"
    parts = [Passage("p1", "Trade", 0, 23, article), Passage("p2", below, 24, len(table), article)]
    answer = replace(bot.ask("Who?"), verdict="related", quote=None, passages=tuple(parts))
    first, later = shown(answer, (article,))["passages"]
    assert [(p["name"], p["heading"]) for p in (first, later)] == [("Trade", "Trade")] * 2
    head = {"head": ["Year", "Ships"], "figures": [0, 1]}
    assert first["layout"] == head | {"rows": [["2023", "410"]]}
    assert later["layout"] == head | {"rows": [["2024", "2,310"]]}
    # A head that was too long to be read with it is shown all the same, and no row takes its place.
    parts[1] = replace(parts[1], heading="Trade")
    (same,) = shown(replace(answer, passages=(parts[1],)), (article,))["passages"]
    assert same["layout"] == later["layout"]


def fragment(words: str, text: str = "", *, article: Article | None = None) -> str:
    """Return what a link to words of a text, or of an article, names."""
    article = article or assemble([(0, text)], title="T")
    article = replace(article, source="https://example.org/a")
    start = article.text.index(words)
    passage = Passage("p1", "", 0, len(article.text), article)
    return unquote(text_fragment(passage, start, start + len(words)).partition("#:~:text=")[2])


def test_what_is_no_word_is_no_fragment() -> None:
    article = assemble([(0, "w" * 200_000)], title="T", source="https://example.org/a")
    assert text_fragment(Passage("p1", "", 0, 200_000, article), 0, 200_000) == article.source


def test_a_quotes_fragment_names_what_surrounds_it() -> None:
    said = "Kim has sent Russia 11,000 containers, they say"
    assert fragment("11,000", said) == "has sent Russia-,11,000,-containers, they say"


def test_a_tables_fragment_names_whole_cells_and_the_one_above() -> None:
    """Rows that begin alike, "4" and "4" say, led to the first of them."""
    table = "| Kind of ship | 2024\nFerries | 2,310\nCruise ships | 41"
    assert fragment(table, table) == "Kind of ship,41"
    assert fragment("Cruise ships | 41", table) == "2,310-,Cruise ships,41"
    assert fragment("2,310", table) == "2,310"


def test_the_front_matters_questions_are_answered(bot: qa.Bot) -> None:
    for article in bot.index.articles:
        for question in article.questions:
            assert bot.ask(question).verdict == "answered", question
