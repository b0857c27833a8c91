"""Reading an article: no word lost, and nothing in it obeyed."""

import os
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qa.article import Article, assemble
from qa.errors import ArticleError
from qa.markup import MAX_BYTES, UNSEEN, parse_article, read_article

ROOT = Path(__file__).parent.parent
GIVEN = ROOT.parent / "shared" / "article" / "article.txt"
SHIPPED = read_article(ROOT / "index" / "article.md")

given_text = pytest.mark.skipif(
    not GIVEN.exists(),
    reason="the given text is not part of the repository",
)


def outline(article: Article) -> list[tuple[str, list[str]]]:
    """Each heading with the paragraphs directly below it."""
    return [(s.heading, [article.text[p.start : p.end] for p in s.paragraphs]) for s in article.sections]


@given_text
def test_no_word_was_lost_added_or_changed() -> None:
    lines = [line.strip() for line in GIVEN.read_text(encoding="utf-8").splitlines()]
    kept = [line for line in lines if line and not line.startswith("- ")]
    assert SHIPPED.text.split("\n\n") == kept


def test_plain_text_shows_its_headings() -> None:
    assert outline(parse_article(SHIPPED.text, markdown=False)) == outline(SHIPPED)


def test_lines_that_were_broken_at_a_width_are_joined() -> None:
    broken = [
        "Flood closes the harbour bridge",
        "The harbour bridge was closed on Monday after a flood washed away two of",
        "its piers, and the mayor, Eva Lind, said to the newspapers of the whole",
        "Harbour Region that it would stay closed for a year, as she had heard at",
        "5 p.m.",
        "What it costs",
        "    (two crowns)",
        "A ferry takes people across the river every ten minutes, and costs two",
        "crowns.",
    ]
    article = parse_article("\n".join(broken), markdown=False)
    assert outline(article) == [
        (broken[0], [" ".join(broken[1:5])]),
        (broken[5], ["(two crowns)", " ".join(broken[7:])]),
    ]
    indented = "    The mayor, Eva Lind, said that it would stay closed\nfor a year.\n    A ferry runs."
    article = parse_article(indented, markdown=False)
    assert article.text == "The mayor, Eva Lind, said that it would stay closed for a year.\n\nA ferry runs."


@pytest.mark.parametrize(
    "lines",
    [
        ["The harbour opens tomorrow", "It opens at ten."],
        ["You need, to begin with:", "flour", "butter", "and three eggs."],
        [f"One paragraph is a line {'and goes on ' * 20}here.", "Costs", "It costs ten crowns."],
        ["The mayor gave the following reasons for closing it", "- it rained", "- it snowed"],
    ],
)
def test_lines_that_are_paragraphs_stay(lines: list[str]) -> None:
    assert parse_article("\n".join(lines), markdown=False).text.split("\n\n") == lines


def test_a_byline_and_a_date_head_nothing() -> None:
    lines = [
        "Flood closes the harbour bridge",
        "By Jane Doe",
        "Tuesday, 12 March 2024, 10:15 GMT",
        "It was closed on Monday.",
        "Photo: John Roe",
        "What it costs",
        "Ninety million.",
        "By Rail to Vienna",
        "That stays open.",
    ]
    assert outline(parse_article("\n\n".join(lines), markdown=False)) == [
        (lines[0], lines[1:5]),
        (lines[5], [lines[6]]),
        (lines[7], [lines[8]]),
    ]
    diary = ["The flood", "12 March 2024", "It rained.", "13 March 2024", "It snowed."]
    found = parse_article("\n\n".join(diary), markdown=False)
    assert [section.path for section in found.sections] == [
        ("The flood",),
        ("The flood", "12 March 2024"),
        ("13 March 2024",),
    ]


@pytest.mark.parametrize(
    ("line", "dated"),
    [
        ("March 12th, 2024", True),
        ("Published: 12 de marzo de 2024", True),
        ("12. März 2024 · 5 Minuten", True),
        ("2024-03-12", True),
        ("The flood of 2024", False),
        ("12 March 2024 flood", False),
        ("What it cost in 2024", False),
    ],
)
def test_a_date_is_told_from_a_heading_with_a_year(line: str, dated: bool) -> None:
    article = parse_article(f"The bridge\n\n{line}\n\nIt was closed.", markdown=False)
    assert (line in [section.heading for section in article.sections]) is not dated


@given_text
def test_the_given_text_shows_its_headings_and_takes_no_link_for_one() -> None:
    found = outline(read_article(GIVEN))
    assert [heading for heading, _ in found] == [heading for heading, _ in outline(SHIPPED)]
    kept = [(heading, [p for p in texts if not p.startswith("- ")]) for heading, texts in found]
    assert kept == outline(SHIPPED)


def test_headings_form_paths() -> None:
    article = parse_article("# Title\n\nLead.\n\n## A\n\n### B\n\nText.\n\n## C\n\nMore.")
    assert article.title == "Title"
    assert [s.path for s in article.sections] == [(), ("A",), ("A", "B"), ("C",)]
    for section in article.sections[1:]:
        assert article.text[section.start : section.end] == section.heading


@settings(deadline=None)
@given(st.text(alphabet="ab #\n-.", max_size=200), st.booleans())
def test_an_article_is_the_same_laid_out_again_from_its_blocks(text: str, markdown: bool) -> None:
    try:
        article = parse_article(f"Lead.\n\n{text}", markdown=markdown)
    except ArticleError:
        return
    assert assemble(article.blocks, title=article.title) == article


def test_html_stays_text() -> None:
    article = parse_article("<script>alert(1)</script>\n\n**Bold** words.")
    assert article.text == "<script>alert(1)</script>\n\nBold words."


def test_markup_goes_and_words_stay() -> None:
    article = parse_article("A [link](https://example.org) and ![a picture](x.png), `code`.\n\n- one\n- two")
    assert article.text == "A link and a picture, code.\n\none\n\ntwo"
    assert parse_article("Die Ver\u00adei\u00adni&shy;gung.").text == "Die Vereinigung."


def test_what_was_struck_out_is_left_out() -> None:
    article = parse_article("He paid ~~£50 ~~or~~ [less](/x)~~ £60, and `~~a~~` ~~ b.\n\n~~Gone.~~\n\nStays.")
    assert article.text == "He paid £60, and ~~a~~ ~~ b.\n\nStays."
    assert parse_article("~~a~~ b", markdown=False).text == "~~a~~ b"


def test_what_nobody_sees_is_no_paragraph() -> None:
    article = parse_article("Lead.\n\n\u200b\n\n\u00ad\u2060\n\nMore.")
    assert article.text == "Lead.\n\nMore."


def test_an_images_words_stay_without_their_marks() -> None:
    assert parse_article("![*A* map](m.png)").text == "A map"


def test_a_table_is_one_paragraph_with_a_line_for_each_row() -> None:
    article = parse_article(
        "Before.\n\n|  | 2024 | *2025* |\n|---|--:|---|\n| Ferries | 2,310 | 2,188 |\n| Cruises | 41 |\n\n"
        "After."
    )
    assert [article.text[p.start : p.end] for _, p in article.paragraphs] == [
        "Before.",
        "| 2024 | 2025\nFerries | 2,310 | 2,188\nCruises | 41 |",
        "After.",
    ]
    assert parse_article("| | |\n|-|-|\n| a \\| b | c |\n|  | |").text == "|\na|b | c", "an empty head is one"
    with pytest.raises(ArticleError, match="no paragraph"):
        parse_article("|  | |\n|---|--|\n|  | |")


def test_an_interviewers_question_heads_its_answer() -> None:
    article = parse_article(
        "## On the boat\n\n**Q: How long did it take?**\n\nA: Weeks.\n\n**Was she *ever* afraid?**\n\nNo.\n\n"
        "Q: Why?\n\n**Bold** words, and **more?**\n\n- **In a list?**\n\n## After\n\nWhy not?"
    )
    assert [(s.path[1:], len(s.paragraphs)) for s in article.sections if s.level == 2] == [
        (("Q: How long did it take?",), 1),
        (("Was she ever afraid?",), 1),
        (("Q: Why?",), 2),
    ]
    assert article.sections[-1].path == ("After",)


def test_a_heading_of_marks_alone_is_none() -> None:
    article = parse_article("# The harbour opens\n\nText.\n\n# # #")
    assert (article.title, article.text) == ("The harbour opens", "Text.")


def test_a_list_is_one_paragraph_with_what_introduces_it() -> None:
    article = parse_article(
        "It affects:\n\n- fish\n\n  ```\n  ```\n- *ships*\n  1. big ones\n\nAfter.\n\n"
        "- Alone. Twice.\n- So too.\n\nIt has two ends: \n* one\n* another\n\n1. Another list.\n\n"
        "- For the sauce:\n  - butter\n  - flour\n- For the rest:\n  - eggs\n\n## Head:\n\n- under it"
    )
    assert [article.text[p.start : p.end] for _, p in article.paragraphs] == [
        "It affects:\nfish\nships\n1. big ones",
        "After.",
        "Alone. Twice.",
        "So too.",
        "It has two ends:\none\nanother",
        "1. Another list.",
        "For the sauce:\nbutter\nflour",
        "For the rest:\neggs",
        "under it",
    ]


def test_a_footnotes_mark_is_no_word_and_its_text_stays() -> None:
    article = parse_article(
        "It rose.[^1] So did he.[^b] `[^c]`\n\n[^1]: By a tenth.\n[^b]: Word\n\n    More."
    )
    assert article.text == "It rose. So did he. [^c]\n\nBy a tenth.\n\nWord\n\nMore."


def test_a_footnote_stands_in_the_section_that_refers_to_it() -> None:
    article = parse_article(
        "# Report\n\nOn the lead.[^1]\n\n"
        "## Costs[^c]\n\n| a[^t] | b |\n|--|--|\n| 1 | 2 |\n\n[^i]: In place.\n\n"
        "**Who pays?**\n\nThe city.[^w] Again.[^1]\n\n"
        "## End\n\nOver.[^e] And in place.[^i]\n\n"
        "[^w]: From taxes.[^x]\n[^1]: Of the lead.\n\n    More.\n[^c]: Of a heading.\n[^e]: Of the end.\n"
        "[^t]: Of a table.\n[^x]: Of a note.\n[^0]: Of nothing."
    )
    assert outline(article) == [
        ("", ["On the lead.", "Of the lead.", "More."]),
        ("Costs", ["a | b\n1 | 2", "In place.", "Of a heading.", "Of a table."]),
        ("Who pays?", ["The city. Again.", "From taxes.", "Of a note."]),
        ("End", ["Over. And in place.", "Of the end.", "Of nothing."]),
    ]


def test_a_heading_that_is_not_the_title_stays() -> None:
    article = parse_article("---\ntitle: Harbour\n---\n\n# The old pier burned in 1911\n\nText.")
    assert (article.title, article.sections[0].heading) == ("Harbour", "The old pier burned in 1911")
    assert parse_article("---\ntitle: Harbour\n---\n\n# Harbour\n\nText.").text == "Text."


def test_a_title_may_stand_below_a_picture() -> None:
    article = parse_article("![Workers](x.png)\n\n# The tunnel\n\nIt opened.\n\n## Costs\n\nTen.")
    assert (article.title, article.text.split("\n\n")[0]) == ("The tunnel", "Workers")
    assert [section.path for section in article.sections] == [(), ("Costs",)]
    named = parse_article("---\ntitle: The tunnel\n---\n\nA logo\n\n# The tunnel\n\nIt opened.")
    assert named.text == "A logo\n\nIt opened."
    for text in ("It opened.", "| a | b |\n|---|---|\n| 1 | 2 |"):
        below_text = parse_article(f"{text}\n\n# What it cost\n\nTen.", name="tunnel.md")
        assert (below_text.title, below_text.sections[1].heading) == ("tunnel", "What it cost")


@pytest.mark.parametrize("value", ["!!bool maybe", "!!timestamp soon", '!!int ""', '"\\ud83d story"'])
def test_any_title_is_a_title_or_none(value: str) -> None:
    article = parse_article(f"---\ntitle: {value}\n---\n\nText.", name="a  b .md")
    assert article.title in {"maybe", "soon", "a b", "? story"}


def test_front_matter_is_read_and_obeys_nobody() -> None:
    lines = [
        "title: A",
        "published: 2024-06-20",
        "author: [A. One, B. Two]",
        "language: no",
        "source: 0x" + "f" * 5_000,
        "Questions:",
        "  - Who?",
    ]
    article = parse_article("\n".join(["", " ", "---", *lines, "---", "", "Text."]))
    assert (article.title, article.published, article.author) == ("A", "2024-06-20", "A. One, B. Two")
    assert (article.language, article.source[:4]) == ("no", "0xff"), "no value of YAML's own"
    assert article.questions == ("Who?",)
    hostile = "---\ntitle: !!python/object/apply:os.getcwd ''\nauthor: !!python/name:os.sep ''\n---\n\nText."
    assert (parse_article(hostile).title, parse_article(hostile).author) == ("article", "")


@pytest.mark.parametrize("field", ["title: [a]", "language: [de]", "source: {a: b}", "author: [a, [b]]"])
def test_a_field_that_is_no_text_is_refused_and_not_dropped(field: str) -> None:
    with pytest.raises(ArticleError, match=rf"{field.partition(':')[0]} must be a line of text"):
        parse_article(f"---\n{field}\n---\n\nText.")


def test_a_title_with_a_colon_is_told_of_its_line_and_the_remedy() -> None:
    with pytest.raises(ArticleError, match=r"line 2: .* must stand in quotes"):
        parse_article("---\ntitle: Before: and after\n---\n\nText.")


def test_a_rule_on_top_is_no_front_matter() -> None:
    assert parse_article("---\n\nText.").text == "Text."
    correction = "Correction: an earlier version misstated the year."
    assert parse_article(f"---\n{correction}\n---\n\nText.").text == f"{correction}\n\nText."
    note = "This story was updated on Monday."
    assert parse_article(f"---\n\n{note}\n\n---\n\nText.").text == f"{note}\n\nText."
    assert parse_article("---\nlayout: post\n---\n\nText.").text == "Text."
    headed = parse_article("---\n\n# The Harbour\n\n---\n\nIt cost 90 million.\n")
    assert (headed.title, headed.text) == ("The Harbour", "It cost 90 million.")


def test_front_matter_cannot_multiply_its_values() -> None:
    block = f"x: &a {'A' * 10_000}\nquestions: [{', '.join(['*a'] * 1_000)}]"
    with pytest.raises(ArticleError, match="alias"):
        parse_article(f"---\n{block}\n---\n\nText.")
    assert parse_article('---\ntitle: "2 * 3"\n---\n\nText.').title == "2 * 3"


def test_a_table_that_grows_when_it_is_read_is_refused() -> None:
    """Two kilobytes became 200,000 characters: a row has as many cells as the head."""
    grown = f"|{'a|' * 500}\n|{'-|' * 500}\n" + "|b|\n" * 500
    with pytest.raises(ArticleError, match="cells"):
        parse_article(f"Text.\n\n{grown}")
    assert parse_article("Text.\n\n| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 2_000).text


def test_front_matter_that_cannot_be_read_is_refused_and_not_dropped() -> None:
    with pytest.raises(ArticleError, match="front matter"):
        parse_article("---\ntitle: [\n---\n\nText.")
    with pytest.raises(ArticleError, match=r"TOML.*key: value"):
        parse_article('+++\ntitle = "Hello"\n+++\n\nText.')


@pytest.mark.parametrize(
    "top",
    [
        '"We are glad," said the mayor.',
        "The mayor said: it is good.",
        "**Update:** it was opened.",
        "*By Jane Doe*",
        "- A",
        "note: the mayor has resigned",
        "A\n\nB: c: d",
    ],
)
def test_an_article_between_two_rules_is_text(top: str) -> None:
    """It was refused as bad YAML, or taken for fields of another program and dropped without a word."""
    words = re.findall(r"\w+", top)
    article = parse_article(f"---\n\n{top}\n\n---\n\nText.")
    assert re.findall(r"\w+", article.text) == [*words, "Text"]
    if not top.startswith("note"):
        assert re.findall(r"\w+", parse_article(f"---\n{top}\n---\n\nText.").text) == [*words, "Text"]


def test_a_heading_below_a_rule_is_one() -> None:
    article = parse_article("---\n\nIt rained.\n\nCosts\n---\n\nIt cost 90 million.")
    assert [section.heading for section in article.sections] == ["", "Costs"]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("3. October is the day of the feast.", "3. October is the day of the feast."),
        ("1. FC Köln won.", "1. FC Köln won."),
        ("7) See rule 5.\n8) Pay.", "7) See rule 5.\n\n8) Pay."),
        ("The rules:\n\n5. Pay.\n6. Leave.", "The rules:\n5. Pay.\n6. Leave."),
        ("1. Pay.\n2. Leave.", "Pay.\n\nLeave."),
        ("- 1986. The ferry sank.\n- It rained.", "1986. The ferry sank.\n\nIt rained."),
    ],
)
def test_a_number_that_may_be_meant_stays(markdown: str, text: str) -> None:
    """Markdown takes it for the count of a list: a date lost its day, and a sentence its year."""
    assert parse_article(markdown).text == text


def test_the_anchor_of_a_heading_is_no_word() -> None:
    article = parse_article("Text.\n\n## Costs of {it} {#costs .wide}\n\nNinety {#million}.")
    assert [section.heading for section in article.sections] == ["", "Costs of {it}"]
    assert article.text.endswith("Ninety {#million}.")


def test_broken_lines_of_chinese_and_japanese_get_no_blank() -> None:
    for markdown in (True, False):
        assert parse_article("这是第一行\n这是第二行。\n\nTwo\nlines.", markdown=markdown).text == (
            "这是第一行这是第二行。\n\nTwo lines."
        )


def test_files_that_are_neither_markdown_nor_text_are_refused(tmp_path: Path) -> None:
    for name in ("story.mdx", "story.rst"):
        (tmp_path / name).write_text("Text.", encoding="utf-8")
        with pytest.raises(ArticleError, match="neither Markdown nor plain text"):
            read_article(tmp_path / name)
    (tmp_path / "story.mkd").write_text("## Heading\n\n*Text.*", encoding="utf-8")
    assert read_article(tmp_path / "story.mkd").text.endswith("\n\nText.")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    """Nothing was said but that the index cannot be written."""
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(ArticleError, match="no plain file"):
        read_article(tmp_path / "pipe.md")


@pytest.mark.parametrize("questions", ["Who?", "\n  - Who?\n  - Why: of all?", "\n  one: Who?"])
def test_questions_that_are_no_list_of_texts_are_refused_and_not_dropped(questions: str) -> None:
    with pytest.raises(ArticleError, match=r"essay\.md: questions must be a list"):
        parse_article(f"---\nquestions: {questions}\n---\n\nText.", name="essay.md")


def test_what_an_editor_hid_is_not_published() -> None:
    hidden = "<!-- TODO: ask a lawyer\n\n- is *this*\n\nlibel? -->\n\nSaid <!-- by <!-- whom\never --> here."
    assert parse_article(f"{hidden}\n\n> <!-- a\n> b -->\n> c").text == "Said here.\n\nc"
    within = "Text.\n<!-- b\n\nc -->\n\n- item\n<!-- d\n\ne --> behind\n\n> quoted\n> <!-- f\n>\n> g -->"
    assert parse_article(f"{within}\n\na<!--->b").text == "Text.\n\nitem\n\nbehind\n\nquoted\n\nab"
    back = "[one <!-- a --> two <!-- b --> three](/x)\n\n> <!-- c\n>\n> d -->\n> four\n<!-- e -->"
    assert parse_article(back).text == "one two three\n\nfour"
    assert parse_article("|a|b|\n|-|-|\n|c|d|\n<!-- e\n\nf -->").text == "a | b\nc | d"
    shown = "If `<!-- a -->` and <!-- b then <!-- c."
    code = "```\n<!-- d -->\n```"
    assert parse_article(f"{shown}\n\n{code}").text == "If <!-- a --> and <!-- b then <!-- c.\n\n<!-- d -->"
    assert parse_article("a <!-- b --> c", markdown=False).text == "a <!-- b --> c"


MARKS = st.sampled_from(
    ["<!--", "-->", "<!-->", "[", "](/u)", "*", "\n", "\n\n", "\n> ", "\n- ", "\n  ", "\n[^1]: "]
)


@settings(deadline=None)
@given(st.lists(MARKS | st.just("word"), min_size=1, max_size=25))
def test_no_word_goes_that_no_comment_holds(parts: list[str]) -> None:
    text = " ".join(f"{part}{n}" if part == "word" else part for n, part in enumerate([*parts, "word"]))
    seen = text
    while (start := seen.find("<!--")) >= 0 and (end := seen.find("-->", start + 2)) >= 0:
        seen = f"{seen[:start]} {seen[end + 3 :]}"
    found = set(re.findall(r"word\d+", parse_article(text).text))
    assert found >= set(re.findall(r"word\d+", seen))


@pytest.mark.parametrize("text", ["", " \n\n ", "# Only a heading", "---\ntitle: A\n---\n"])
def test_an_article_without_text_is_refused(text: str) -> None:
    with pytest.raises(ArticleError, match=r"essay\.md: holds no paragraph"):
        parse_article(text, name="essay.md")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin.md"
    latin.write_bytes("Café and more".encode("latin-1"))
    large = tmp_path / "large.txt"
    large.write_bytes(b"x" * (MAX_BYTES + 1))
    for path in (latin, large, tmp_path / "missing.md", tmp_path):
        with pytest.raises(ArticleError, match=path.name):
            read_article(path)


def test_a_web_page_is_refused_with_what_to_do(tmp_path: Path) -> None:
    page = tmp_path / "story.HTML"
    page.write_text("<p>Trade fell.</p>", encoding="utf-8")
    with pytest.raises(ArticleError, match="as Markdown"):
        read_article(page)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (rb"{\rtf1\ansi The bridge was {\b closed} on Monday.\par}", "RTF"),
        (b"%PDF-1.4 The bridge was closed.", "PDF"),
        (b"PK\3\4 The bridge was closed.", "word processor"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><title>The bridge</title>", "web page"),
        (b"<html><p>The bridge was closed.</p></html>", "web page"),
        ("The bridge was closed.".encode("utf-16-le"), "byte 1 is zero"),
    ],
)
def test_what_is_no_text_is_refused_whatever_its_name(tmp_path: Path, data: bytes, said: str) -> None:
    for name in ("bridge.txt", "bridge.md"):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(ArticleError, match=rf"{name}: .*{said}.* in UTF-8"):
            read_article(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "marked.txt"
    path.write_text("Some words stand here.", encoding="utf-8-sig")
    assert read_article(path).text == "Some words stand here."


@settings(deadline=None)
@given(st.text(), st.booleans())
def test_any_text_is_an_article_or_an_error(text: str, markdown: bool) -> None:
    try:
        article = parse_article(text, markdown=markdown)
    except ArticleError:
        return
    for section, paragraph in article.paragraphs:
        assert article.text[paragraph.start : paragraph.end].strip()
        if section.path:
            assert article.text[section.start : section.end] == section.heading


def seen(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in UNSEEN)


@settings(deadline=None)
@example("\xad")  # Nothing, where it breaks no word.
@example("A line\r\U00018cd6")  # A letter that Python's Unicode does not know yet.
@given(st.text(st.characters(exclude_categories=["Cs"])).filter(str.strip))
def test_plain_text_keeps_every_character_that_is_no_blank(text: str) -> None:
    try:
        article = parse_article(text, markdown=False)
    except ArticleError:
        return
    assert seen(article.text) == seen(text)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a line", "# Head", "two words  ", "> quote", ""]), min_size=1))
def test_line_ends_make_no_difference(lines: list[str]) -> None:
    def read(end: str) -> Article | None:
        try:
            return parse_article(end.join([*lines, "", "Last."]))
        except ArticleError:
            return None

    assert read("\n") == read("\r\n") == read("\r")


@pytest.mark.parametrize("blank", ["\n", " \n", "\t\n \n"])
def test_blank_lines_without_end_are_read_at_once(blank: str) -> None:
    # A pattern that looked for the last of them took minutes for four kilobytes.
    article = parse_article(f"Snow fell. {blank * 60_000}", markdown=False)
    assert article.text == "Snow fell."


@pytest.mark.parametrize("language", ["日本", "e" * 300, "../en", "en_US"])
def test_a_language_that_is_no_code_is_named(language: str) -> None:
    with pytest.raises(ArticleError, match="language"):
        parse_article(f"---\nlanguage: {language}\n---\nSnow fell.")
