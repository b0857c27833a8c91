"""What is quoted of what was read: no half words or marks, and as much as the question asks for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.extent import STATEMENT, YES_NO, compares_more, extent
from qa.markup import parse_article
from qa.passages import Passage, sentences_of
from qa.quote import mended

WHOLE = re.compile(r"\w+(?:[.,:/&'’-]\w+)*")


def widen(question: str, passage: Passage, start: int, end: int) -> tuple[int, int]:
    return mended(passage, *extent(question, passage, start, end))


def passage_of(text: str) -> Passage:
    article = parse_article(text, markdown=False)
    (place,) = (p for _, p in article.paragraphs)
    sentences = tuple(sentences_of(article, place.start, place.end))
    return Passage("p1", "", place.start, place.end, article, sentences)


def quoted(text: str, read: str, question: str = "Who?") -> str:
    passage = passage_of(text)
    start = passage.text.index(read)
    start, end = widen(question, passage, start, start + len(read))
    return passage.article.text[start:end]


@pytest.mark.parametrize(
    ("text", "read", "whole"),
    [
        ("It cost $3.5 million then.", "5 million", "$3.5 million"),
        ("It cost $3.5 million then.", "3", "$3.5"),
        ("They sent 11,000 containers.", "11", "11,000"),
        ("They sent 11,000 containers.", "000 containers", "11,000 containers"),
        ("Mr O’Neill spoke.", "Neill", "O’Neill"),
        ("It began on 9/11 there.", "9", "9/11"),
        ("It begins at 10:30 there.", "10", "10:30"),
        ("It is the U.S. that pays.", "U.S", "U.S."),
        ("The firm is AT&T now.", "AT", "AT&T"),
        ("Prices rose by 50%", "50", "50%"),
        ("It fell to -12 degrees.", "12 degrees", "-12 degrees"),
        ("It fell by −3.5% then.", "3.5", "−3.5%"),
        ("It lost -€40 million.", "€40 million", "-€40 million"),
        ("It cost ₩500 billion.", "500 billion", "₩500 billion"),
        ("It lasted 1914–18 there.", "1914", "1914–18"),
        ("The Senate – 100 members – sat.", "100 members", "100 members"),
        ("A U.S.-backed force came.", "backed force", "U.S.-backed force"),
        ("यह हिन्दी भाषा है", "हिन", "हिन्दी"),
        ("A two-day visit ended.", "day visit", "two-day visit"),
        ('He said "I will go" and went.', "I will", "I will"),
        ('He said "I will go" and went.', '"I will', '"I will go"'),
        ("They spoke of “one” and “two” there.", "one” and “two", "“one” and “two”"),
        ("It was (as “X said” once) over.", "(as “X", "(as “X said” once)"),
        ("He praised ‘a great’ friend.", "‘a", "‘a great’"),
        ("He praised 'a great' friend.", "a great'", "a great'"),
        ("Er nannte es „groß“ und ging.", "„groß", "„groß“"),
        ("Er nannte es »groß« und ging.", "groß«", "»groß«"),
        (
            "She said: “It is over. It never began.” Then she left.",
            "“It is over",
            "“It is over. It never began.”",
        ),
        ("She said: “It is over. It never began.” Then she left.", "” Then she", "Then she"),
        ("The workers’ rights and O’Brien’s.", "workers", "workers"),
        ("It strained Russia’s economy. Russia denied it.", "Russia’s", "Russia"),
        ("It strained Russia's economy. Russia denied it.", "strained Russia's", "strained Russia"),
        ("Moody's cut the rating to junk.", "Moody's", "Moody's"),
        ("He flew to St. John's today.", "St. John's", "St. John's"),
        ("It cost 500€ in May.", "500", "500€"),
        ("It was 20°C in May.", "20", "20°C"),
        ("It was rated AA+ by Fitch.", "AA", "AA+"),
        ("It strained Russia’s economy.", "Russia’s economy", "Russia’s economy"),
        ("He said it's fine.", "said it's", "said it's"),
        ('They replaced the 6" pipe with an 8" pipe.', '8" pipe', '8" pipe'),
        ('They replaced the 6" pipe with an 8" pipe.', "the 6", 'the 6"'),
        ("The gate is 3′ wide.", "3", "3′"),
        (
            "Write to press@brackwater.example.com today.",
            "@brackwater.example",
            "press@brackwater.example.com",
        ),
        (
            "See https://example.org/tunnel?id=5#drain.",
            "example.org",
            "https://example.org/tunnel?id=5#drain",
        ),
    ],
)
def test_words_numbers_and_marks_are_quoted_whole(text: str, read: str, whole: str) -> None:
    assert quoted(text, read) == whole


BALANCED = st.recursive(
    st.lists(st.sampled_from(["ferry", "3.5", "O’Neill", "two-day", "U.S.", "noon", "11,000", "50%"])).map(
        " ".join
    ),
    lambda inner: st.tuples(inner, st.sampled_from(["“”", "()", "[]", "«»", "‘’"]), inner, inner).map(
        lambda t: f"{t[0]} {t[1][0]}{t[2] or 'it'}{t[1][1]} {t[3]}"
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("How many cruises?", False),
        ("Which kind is the request about?", False),
        ("Which kind leaves at noon?", False),
        ("What does the ferry to Bucharest or Brest cost?", False),
        ("What is the largest number of cruises?", False),
        ("Which kinds are there?", True),
        ("Which kind came most often?", True),
        ("Which kind is the largest?", True),
        ("What is the average?", True),
        ("Largest kind?", True),
        ("TOTAL NUMBER?", True),
        ("How many ferries and cruises?", True),
    ],
)
def test_of_a_table_the_row_is_quoted_unless_rows_are_compared(question: str, whole: bool) -> None:
    article = parse_article("| Kind | 2025 |\n|---|---|\n| Ferries | 2,188 |\n| Cruises | 57 |")
    sentences = tuple(sentences_of(article, 0, len(article.text)))
    passage = Passage("p1", "", 0, len(article.text), article, sentences)
    start = article.text.index("57")
    begin, end = widen(question, passage, start, start + 2)
    assert article.text[begin:end] == (article.text if whole else "Cruises | 57")
    # A part of the table does not settle what all of its rows do together.
    part = replace(passage, start=sentences[1][0], sentences=sentences[1:])
    compares = whole and " and " not in question and question != "Which kinds are there?"
    assert (compares_more(question, passage), compares_more(question, part)) == (False, compares)


@pytest.mark.parametrize(
    ("read", "whole"),
    [
        ("affects", "It affects:\nfish and crabs\nSaid twice. Ships do not care."),
        ("crabs", "It affects:\nfish and crabs\nSaid twice. Ships do not care."),
        ("Ships", "Ships"),
    ],
)
def test_an_item_that_is_no_sentence_is_quoted_with_its_list(read: str, whole: str) -> None:
    article = parse_article("It affects:\n\n- fish and crabs\n- Said twice. Ships do not care.")
    sentences = tuple(sentences_of(article, 0, len(article.text)))
    passage = Passage("p1", "", 0, len(article.text), article, sentences)
    start = article.text.index(read)
    begin, end = widen("What?", passage, start, start + len(read))
    assert article.text[begin:end] == whole
    assert widen("What are they?", passage, start, start + len(read)) == (0, len(article.text))


def test_a_question_in_another_language_is_no_english_one() -> None:
    """ "Was" is "what" in German, and asked for the whole sentence."""
    article = parse_article("---\nlanguage: de\n---\n\nDas Land trug 1.350.000 €. Den Rest trug die Stadt.")
    passage = Passage("p1", "", 0, len(article.text), article, ((0, 27), (28, len(article.text))))
    start = article.text.index("1.350.000 €")
    assert widen("Was trug das Land?", passage, start, start + 11) == (start, start + 11)


@given(st.lists(BALANCED, min_size=1, max_size=3), st.data())
def test_no_quote_cuts_a_word_or_a_pair_of_marks(parts: list[str], data: st.DataObject) -> None:
    passage = passage_of("The end. ".join([*parts, "The end."]))
    text = passage.text
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    begin, stop = widen("Who?", passage, start, end)
    for word in WHOLE.finditer(text):
        assert word.end() <= begin or word.start() >= stop or (begin <= word.start() and word.end() <= stop)
    for opening, closing in ("“”", "()", "[]", "«»"):
        depth = 0
        for character in text[begin:stop]:
            depth += (character == opening) - (character == closing)
            assert depth >= 0
        assert depth == 0


@pytest.mark.parametrize(
    "question",
    [
        "Why did he come?",
        "And why?",
        "How did they react?",
        "What is the effect of the sanctions?",
        "What was the reason for the visit?",
        "What are the consequences?",
        "For what reason did he go?",
        "What will happen next?",
        "What is happening in Ukraine?",
        "What did it lead to?",
        "According to the article, why did he come?",
        "What led Russia to this?",
    ],
)
def test_a_question_for_a_statement_is_known(question: str) -> None:
    assert STATEMENT.match(question)
    assert quoted("Snow fell. The ferry left at noon because of it.", "because", question) == (
        "The ferry left at noon because of it."
    )


@pytest.mark.parametrize(
    "question", ["Did it leave?", "Won't it leave?", "Must he go?", "And is it true?", "Can’t they leave?"]
)
def test_a_question_for_yes_or_no_is_known(question: str) -> None:
    assert YES_NO.match(question)
    assert quoted("Snow fell. The ferry left at noon.", "ferry", question) == "The ferry left at noon."


@pytest.mark.parametrize("question", ["What did he add to the budget?", "What has he asked for?"])
def test_what_was_added_is_no_saying(question: str) -> None:
    assert quoted("Snow fell. He added two boats, as asked, at noon.", "two boats", question) == "two boats"


@pytest.mark.parametrize("question", ["What did Pichler say?", "And what has he told reporters since?"])
def test_what_was_said_is_quoted_and_not_that_it_was_said(question: str) -> None:
    said = "“A beaver reads no contract,” Pichler told reporters after the vote."
    assert quoted(f"Snow fell. {said}", "told reporters after the vote", question) == said


@pytest.mark.parametrize(
    "question",
    [
        "May 2024 saw what?",
        "Will Smith said what?",
        "Can you tell me when?",
        "How long?",
        "How many came?",
        "How deep is it?",
    ],
)
def test_a_question_for_a_fact_gets_no_more_than_that(question: str) -> None:
    assert quoted("Snow fell. The ferry left at noon.", "noon", question) == "noon"
