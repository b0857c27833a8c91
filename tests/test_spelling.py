"""Questions as people type them are understood as they meant them."""

import gc
import unicodedata
import weakref
from unittest.mock import Mock

import pytest

from qa.spelling import Spelling

ARTICLE = "Russia’s letter said that the sanctions on finance hurt. The U.S. sent munitions to Ukraine."


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling([ARTICLE], "en")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("why do the sanctons hurt", "why do the sanctions hurt"),
        ("Who sent munitons to ukrane?", "Who sent munitions to ukraine?"),
        ("becuase of what?", "because of what?"),
        ("What does Moscow say?", "What does Russia say?"),
        ("Is the Kremlin's letter long?", "Is Russia's letter long?"),
        ("What did Washington send?", "What did U.S. send?"),
    ],
)
def test_slips_are_set_right_and_names_are_the_articles(spelling: Spelling, typed: str, meant: str) -> None:
    assert spelling.correct(typed) == meant


@pytest.mark.parametrize(
    "question",
    [
        "Does punishing Russia hurt its pacts?",  # words that only the dictionary has
        "Is my neighbour's favourite programme honoured?",  # another spelling
        "How much capex is there, and for how menny?",  # what would become a "cape" and a "penny"
        "Who is Zelenskyy?",  # a name that nothing has
        "Who makes Shahed drones?",  # a name like a common word of the article's
        "What does Beijing say?",  # a name that the article has under no other form
        "qwzx 42 <b>",
        "",
    ],
)
def test_what_is_known_or_cannot_be_known_stays(spelling: Spelling, question: str) -> None:
    assert spelling.correct(question) == question


def test_an_accent_of_its_own_is_no_slip() -> None:
    composed = "What did Zelenský say about the résumé?"
    spelling = Spelling([unicodedata.normalize("NFD", composed)], "en")
    assert spelling.correct(composed) == composed


def test_a_flood_of_slips_is_set_right_in_part(spelling: Spelling) -> None:
    # Each is compared with all words that are known: two thousand letters of them took seconds.
    typed = " ".join(["sanctons"] * 100)
    assert "sanctions" in spelling.correct(typed) and "sanctons" in spelling.correct(typed)


@pytest.mark.parametrize(
    ("article", "language", "question"),
    [
        ("Kungen öppnade museet.", "sv", "När öppnade kunden museet?"),
        ("Prezydent odwiedził stolicę.", "pl", "Kto odwiedza stolica?"),
        ("러시아는 북한에게 식량을 주었다.", "ko", "러시아가 북한에서 무기를 받았나?"),
    ],
)
def test_without_a_dictionary_no_word_becomes_another(article: str, language: str, question: str) -> None:
    """A customer was taken for a king, and a Korean subject for its object."""
    assert Spelling([article], language).correct(question) == question


def test_a_question_in_english_about_another_languages_article_stays() -> None:
    article = "Der Hafen wurde im Oktober eröffnet. Wo die Stadt liegt, ist es hell."
    question = "When was the harbour opened, and where?"
    assert Spelling([article], "de").correct(question) == question


@pytest.mark.parametrize(
    "question",
    ["Who was George Washington?", "What did the Washington Post write?", "Was Jack London there?"],
)
def test_a_part_of_a_longer_name_stays(spelling: Spelling, question: str) -> None:
    assert spelling.correct(question) == question


@pytest.mark.parametrize(
    ("article", "question"),
    [
        ("About 68 million people live in France.", "How many people live in Paris?"),
        ("About 68 million people live in France.", "Who designed the Paris metro?"),
        (
            "About 68 million people live in France.",
            "Is Paris the capital of France, and who is mayor of Paris?",
        ),
        ("About 68 million people live in France.", "Which Paris hotel burned, and where is Paris?"),
        ("About two million people live in Paris.", "How many people live in France?"),
        ("The Kremlin stands in Moscow.", "How large is Russia?"),
        ("Germany has a population of 83 million people.", "What is Berlin's population?"),
        ("Germany has a population of 83 million people.", "When was Berlin founded?"),
        ("Germany has a population of 83 million people.", "How cold is Berlin in winter?"),
        ("The United States agreed.", "What did the Bank of America forecast?"),
        ("Russia attacked. Russia said so. The Kremlin denied it.", "What did the Kremlin deny?"),
    ],
)
def test_a_capital_is_no_country_where_a_place_is_meant(article: str, question: str) -> None:
    """People of Paris were counted as those of France, and it was 94 % sure."""
    assert Spelling([article], "en").correct(question) == question


@pytest.mark.parametrize(
    ("article", "typed", "meant"),
    [
        ("They sent 11,000 containers.", "Was it 11000?", "Was it 11,000?"),
        ("They sent 11,000 containers.", "Was it 11 000?", "Was it 11,000?"),
        ("It carries 11000 cars.", "Is it 11,000 cars?", "Is it 11000 cars?"),
        ("The first visit in 24 years.", "Is it twenty-four years?", "Is it 24 years?"),
        ("A two-day visit.", "Was it a 2-day visit?", "Was it a two-day visit?"),
        # Not what the article has, or has in two ways, nor a year or a part of a name.
        ("They sent 11,000 containers.", "Was it 12000?", "Was it 12000?"),
        ("They sent 11,000, or 11000.", "Was it 11 000?", "Was it 11 000?"),
        ("It ended in 2022.", "Were it 2,022 men?", "Were it 2,022 men?"),
        ("Two leaders met.", "Is Phase 2 over?", "Is Phase 2 over?"),
        ("Two leaders met.", "what did it send 2 russia", "what did it send 2 russia"),
        ("It is 2 km long.", "Did the two leaders meet?", "Did the two leaders meet?"),
    ],
)
def test_a_number_is_written_as_the_article_does(article: str, typed: str, meant: str) -> None:
    assert Spelling([article], "en").correct(typed) == meant


@pytest.mark.parametrize("question", ["Is Moscow mentioned?", "Who said “Moscow”?", "How big is Moscow?"])
def test_a_name_that_is_asked_for_itself_stays(spelling: Spelling, question: str) -> None:
    assert spelling.correct(question) == question


def test_a_name_is_known_by_its_possessive() -> None:
    """ "Who is Kadyrov?" became "Who is Kadyrov’s?" where the article has no more than his envoy."""
    spelling = Spelling(["Kadyrov’s envoy met the ministers of both countries in the morning."], "en")
    assert spelling.correct("Who is Kadyrov?") == "Who is Kadyrov?"
    assert spelling.correct("Who is Kadyrof?") == "Who is Kadyrov?"


def test_a_spelling_goes_with_its_article() -> None:
    """Measuring a set makes one for each of hundreds of articles."""
    made = Spelling([ARTICLE], "en")
    assert made.correct("why do the sanctons hurt becuase") == "why do the sanctions hurt because"
    gone = weakref.ref(made)
    del made
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(
    ("question", "foreign"),
    [
        ("Wer schickte Waffen in die Ukraine?", True),
        ("¿Quién envió municiones a Ucrania?", True),
        ("Qui a envoyé la lettre?", True),
        ("¿Qué firmaron Putin y Kim?", True),
        ("Кто отправил письмо?", True),
        ("누가 편지를 보냈습니까?", True),
        ("谁写了这封信？", True),
        ("Who sent the letter?", False),
        ("wich munitons wer sendt to ukrane", False),  # in haste
        ("Was Fidesz mentioned by Die Zeit?", False),  # names of elsewhere
        ("asdf qwer zxcv", False),
        ("Rammstein?", False),
        ("São Paulo", False),
        ("Recep Tayyip Erdoğan", False),
        ("Is Ursula von der Leyen mentioned?", False),
        ("𝐖𝐡𝐨 𝐬𝐞𝐧𝐭 𝐭𝐡𝐞 𝐥𝐞𝐭𝐭𝐞𝐫?", False),
    ],
)
def test_a_question_in_another_language_is_told(spelling: Spelling, question: str, foreign: bool) -> None:
    assert spelling.is_foreign(question) == foreign


def test_many_unknown_words_are_not_all_looked_up(
    spelling: Spelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """660 such words took 12 seconds."""
    sought = Mock(return_value=False)
    monkeypatch.setattr("qa.spelling.in_dictionary", sought)
    words = " ".join(f"{a}{b}rk" for a in "bcdfghjklmnpqrstvwxz" for b in "bcdfghjklmnpqrstvwxz")
    assert not spelling.is_foreign(words)
    assert spelling.is_gibberish(words)
    assert len({call.args[0] for call in sought.call_args_list}) < 40


def test_an_article_is_asked_about_in_its_language_or_in_english() -> None:
    german = Spelling(["Die Fähre fährt nach Oslo, und der Hafen ist im Winter geschlossen."], "de")
    korean = Spelling(["배는 정오에 떠납니다. 항구는 겨울에 닫힙니다."], "ko")
    asked = ("Wann fährt die Fähre?", "When does the ferry leave?", "배는 언제 떠납니까?")
    assert [german.is_foreign(q) for q in asked] == [False, False, True]
    assert [korean.is_foreign(q) for q in asked] == [False, False, False]
