"""Conversations: what leans on earlier turns is understood with them, what does not is left alone."""

from collections import deque
from typing import Any
from unittest.mock import Mock

import pytest

import qa
from qa.bot import MOST_READ, NO_MORE, PLACE
from qa.followup import candidates
from qa.history import Message, wish_of


@pytest.fixture(scope="module")
def bot() -> qa.Bot:
    return qa.load()


def after(*questions: str) -> list[Message]:
    """A conversation in which these were asked."""
    return [
        turn
        for question in questions
        for turn in ({"role": "user", "content": question}, {"role": "assistant", "content": "..."})
    ]


def test_a_follow_up_is_read_with_what_it_leans_on(bot: qa.Bot) -> None:
    answer = bot.ask("And in return?", after("What is North Korea giving Russia?"))
    assert answer.quote is not None
    assert "advanced military technology" in answer.quote.text


def test_a_chain_of_follow_ups_reaches_back_to_the_question_that_stands_alone() -> None:
    history = after("How long did Putin stay?", "What do the sanctions target?", "Why?", "And who suffers?")
    meant = candidates("And how does it end?", history)[-1]
    assert meant.startswith("What do the sanctions target? Why? And who suffers?")
    assert "Putin" not in meant


def test_a_follow_up_is_read_after_what_was_answered() -> None:
    history: list[Message] = [{"role": "user", "content": "Who runs the port?"}]
    for quoted in ("the harbour board", "It is run by the harbour board."):
        whole = f"{quoted.removesuffix('.')}."
        read = candidates("How many members does it have?", history, lambda quoted=quoted: quoted)
        assert read[-1] == f"Who runs the port? {whole} How many members does it have?"
    long = candidates("How many members does it have?", history, lambda: "word " * 100)
    assert long[-1] == "Who runs the port? How many members does it have?"


def test_a_question_without_content_speaks_of_what_was_answered(bot: qa.Bot) -> None:
    asked = "What does this mean for Ukraine?"
    before: list[Message] = [{"role": "user", "content": asked}]
    told = bot.ask(asked).quote
    assert told is not None
    answer = bot.ask("Why?", [*before, {"role": "assistant", "content": told.text}])
    assert answer.question == f"{asked} “{told.text}” Why?"
    assert answer.passages[0].id == bot.ask(asked).passages[0].id
    # An address has the questions alone, and other clients say more than the quote.
    for other in (before, [*before, {"role": "assistant", "content": f"The article says: {told.text}"}]):
        assert bot.ask("Why?", other).to_dict() == answer.to_dict()


def test_a_bare_question_that_was_refused_is_not_taken_for_answered(bot: qa.Bot) -> None:
    before = [{"role": "user", "content": "Who signed the agreements?"}]
    for bare in ("When?", "Where?", "By whom?", "How much?", "Since when?"):
        answered = bot.ask(bare, before).quote is not None
        understood = bot.forms("Why?", [*before, {"role": "user", "content": bare}])[-1]
        assert ("“" in understood) == answered, bare


@pytest.mark.parametrize("said", ["who wrote it?", "When was it published?"])
def test_it_is_the_article_where_nothing_was_said_before(bot: qa.Bot, said: str) -> None:
    assert bot.ask(said).kind == "byline"
    assert bot.ask(said, after("What is the third agreement about?")).kind != "byline"


def test_nothing_is_read_after_an_answer_that_was_none(bot: qa.Bot) -> None:
    asked = "What did the UN say?"
    said = bot.ask(asked)
    assert said.quote is None
    history: list[Message] = [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": said.message},
    ]
    assert bot.ask("Why?", history).question == f"{asked} Why?"


@pytest.mark.parametrize(
    "question",
    [
        "Which sectors do the sanctions target?",
        "What is the dire need for?",
        "Which partnership agreement replaced the treaties that bound both?",
        "What did Kim promise when he signed?",
    ],
)
def test_a_change_of_subject_drags_nothing_along(bot: qa.Bot, question: str) -> None:
    history = after("How long did Putin stay in North Korea?")
    assert bot.ask(question, history).to_dict() == bot.ask(question).to_dict()


@pytest.mark.parametrize(
    ("answer", "question", "meant"),
    [
        ("Eva Lind", "is she a doctor?", "is Eva Lind a doctor?"),
        ("the minister Eva de la Cruz", "And what is her plan?", "And what is Eva de la Cruz’s plan?"),
        ("Eva Lind", "Who asked her?", "Who asked Eva Lind?"),
        ("Eva Lind", "Who gave her the key?", "Who gave Eva Lind the key?"),
        ("Eva Lind", "What made her resign?", "What made Eva Lind resign?"),
        ("Eva Lind", "Who arrested her yesterday?", "Who arrested Eva Lind yesterday?"),
        ("Eva Lind", "Is she proud of her son?", "Is Eva Lind proud of her son?"),
        ("Eva Lind", "Did the mayor lose her seat?", None),
        ("The mayor of Bergen", "Is she a doctor?", None),
        ("Eva Lind’s", "What was her reason?", "What was Eva Lind’s reason?"),
        ("Dr. Eva Lind.", "is she a doctor?", "is Dr. Eva Lind a doctor?"),
        ("Eva Lind", "where is it?", None),
        ("Eva Lind and Piet Larsen", "is she a doctor?", None),
        ("the mayor", "is she a doctor?", None),
        ("Eva Lind. " * 8, "is she a doctor?", None),
    ],
)
def test_he_and_she_are_who_the_last_answer_names(answer: str, question: str, meant: str | None) -> None:
    asked = "Who runs the port?"
    history: list[Message] = [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
    assert candidates(question, history) == ([meant] if meant else [question, f"{asked} {question}"])
    if meant:
        # She is still spoken of after another question about her, and after thanks.
        said = ["Is she old?", "She is 40.", "thanks", "You are welcome."]
        history += [{"role": r, "content": c} for r, c in zip(["user", "assistant"] * 2, said, strict=True)]
        assert candidates(question, history) == [meant]
        del history[2:]
    history[0] = {"role": "user", "content": "Where does the port lie?"}
    assert candidates(question, history)[-1] == f"Where does the port lie? {question}"


def test_a_long_history_without_answers_is_not_read_whole(
    bot: qa.Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each "Why?" was answered again, and the one before it for that."""
    read = Mock(side_effect=bot.reader.read)
    monkeypatch.setattr(bot.reader, "read", read)
    bot.ask("Why?", after("What did they sign?", "Why?"))
    few = read.call_count
    read.reset_mock()
    bot.ask("Why?", after("What did they sign?", *["Why?"] * 8))
    assert read.call_count <= few


def test_she_may_be_whom_a_question_names_as_well_as_its_answer() -> None:
    """She was taken for who had hired her."""
    history: list[Message] = [
        {"role": "user", "content": "Who hired Maria Lopez?"},
        {"role": "assistant", "content": "John Smith"},
    ]
    assert candidates("When was she born?", history)[-1] == "Who hired Maria Lopez? When was she born?"
    history[0] = {"role": "user", "content": "Who is the mayor of New Bergen?"}
    assert candidates("When was he born?", history) == ["When was John Smith born?"]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Who is Agnes Wiik?", ["where does Agnes Wiik work?"]),
        ("Who is Agnes de la Cruz", ["where does Agnes de la Cruz work?"]),
        ("Who is Agnes Wiik’s sister?", None),
        ("Who is the mayor?", None),
        ("What did Russia demand?", None),
        ("When did Agnes Wiik resign in Riga?", ["where does Agnes Wiik work?"]),
        ("Did Agnes Wiik, the minister, resign?", ["where does Agnes Wiik work?"]),
        ("When did Agnes’s mother resign?", None),
        ("Does Norway trust Agnes Wiik?", None),
        ("When did the minister see Agnes?", None),
    ],
)
def test_he_and_she_are_who_was_asked_about(asked: str, meant: list[str] | None) -> None:
    """Another person's words came: "Who is Agnes Wiik?" was a question that was answered again."""
    history: list[Message] = [{"role": "user", "content": asked}]
    follow_up = "where does she work?"
    assert candidates(follow_up, history) == (meant or [follow_up, f"{asked} {follow_up}"])


def test_ordinals_point_into_what_was_listed(bot: qa.Bot) -> None:
    answer = bot.ask("And the third?", after("What is the first agreement about?"))
    assert answer.passages[0].heading.endswith("Technology and Military Exchange")


@pytest.mark.parametrize(
    ("before", "question", "meant"),
    [
        ("How long did the second war last?", "And the first?", "How long did the first war last?"),
        (
            "What was the first of the second treaty?",
            "And the third?",
            "What was the third of the second treaty?",
        ),
        ("What did the second one say last week?", "And the last?", "What did the last one say last week?"),
        ("What is the first treaty about?", "And the third again?", "What is the third treaty about?"),
    ],
)
def test_only_the_ordinal_that_is_asked_about_is_exchanged(before: str, question: str, meant: str) -> None:
    assert candidates(question, after(before))[-1] == meant


@pytest.mark.parametrize(
    "question",
    [
        "Which companies supply IT equipment to Russia?",
        "Why did the US attack Iran?",
        "Is it legal to sell arms to Russia?",
        "How long does it take to sail from Rajin to Dunai?",
        "Did Łukaszenka send his troops to Ukraine?",
        "Who is Öcalan?",
        "Who was bin Laden?",
    ],
)
def test_a_question_that_names_its_subject_is_never_touched(question: str) -> None:
    assert candidates(question, after("What did they sign?")) == [question]


def test_an_ordinal_follows_another_that_stood_for_a_question() -> None:
    history = after("What is the third agreement about?", "And the second?", "What about the fifth?")
    assert candidates("And the first?", history)[-1] == "What is the first agreement about?"
    assert candidates("When was it signed?", history)[-1].startswith("What is the fifth agreement about?")


def test_names_that_are_asked_about_in_turn_do_not_pile_up() -> None:
    history = after("How is Ukraine affected?", "And Japan?", "What about South Korea?")
    assert candidates("And the US?", history)[-1] == "How is Ukraine affected? And the US?"
    assert candidates("And economically?", history)[-1].endswith("What about South Korea? And economically?")
    assert candidates("And Japan?", after("And the US?"))[-1] == "And the US? And Japan?"


@pytest.mark.parametrize("question", ["Which ones exactly?", "In which newspaper exactly?", "Why exactly?"])
def test_a_word_of_emphasis_is_no_subject(question: str) -> None:
    assert len(candidates(question, after("Which neighbours protested?"))) == 2


@pytest.mark.parametrize(
    ("question", "leans"),
    [
        ("Could Russia help with that?", True),
        ("What did Kim say about this?", True),
        ("Did Putin say that?", True),
        ("What does the EU do about Russia and its sanctions on that?", False),
        ("Does Kim like it?", True),
        ("Why did Russia reject it?", True),
        ("Did Moscow deny it yet?", True),
        ("What is Russia doing about that?", True),
        ("WHO IS HE?", True),
        ("Why did Putin say that he needs it?", False),
        ("Which company that was sanctioned makes drones?", False),
        ("What is the treaty that was signed in Minsk called?", False),
    ],
)
def test_what_points_out_of_a_question_leans_behind_a_name(question: str, leans: bool) -> None:
    assert (len(candidates(question, after("What are the nuclear risks?"))) == 2) == leans


@pytest.mark.parametrize("question", ["How long does it last?", "When was the second one signed?"])
def test_what_asks_for_more_than_another_of_the_list_keeps_its_words(question: str) -> None:
    asked = "What is the first agreement?"
    assert candidates(question, after(asked))[-1] == f"{asked} {question}"


def test_the_last_turns_may_be_kept_in_a_deque() -> None:
    history = deque(after("Who signed?"), maxlen=20)
    assert candidates("And why?", history) == candidates("And why?", list(history))


def test_small_talk_is_nothing_to_lean_on(bot: qa.Bot) -> None:
    assert candidates("Sanctions?", after("Hello")) == ["Sanctions?"]
    assert candidates("And why?", after("Who signed?", "thanks"))[-1] == "Who signed? And why?"
    assert candidates("And why?", after("Who signed?", "ok", "no", "Danke!"))[-1] == "Who signed? And why?"
    asked = "How many containers of munitions were sent?"
    assert bot.ask("more", after(asked, "thank you")).to_dict() == bot.ask("more", after(asked)).to_dict()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("who are you?", "help"),
        ("Are you a robot?", "help"),
        ("help", "help"),
        ("ok", "okay"),
        ("Great!", "okay"),
        ("no", "okay"),
        ("Got it, thanks", "thanks"),
        ("Thank you for your help.", "thanks"),
        ("thanks, bye", "farewell"),
        ("Guten Tag", "greeting"),
        ("Who wrote this article?", "byline"),  # and not whom it speaks of
        ("author", "byline"),
        ("what is the headline?", "byline"),
        ("hello bot", "greeting"),
        ("Good morning, how are you?", "greeting"),
        ("thx a lot mate", "thanks"),
        ("That's helpful!", "okay"),
        ("great answer", "okay"),
        ("lol", "okay"),
        ("date of the article", "byline"),
        ("Where was this published?", "byline"),
        ("Who are the authors?", "byline"),
        ("what date was this article published", "byline"),
        ("What is the link to the original article?", "byline"),
        ("summary please", "about"),
        ("Can you give me a short summary?", "about"),
        ("summarise the article in one sentence", "about"),
        ("key takeaways", "about"),
        ("whats this about", "about"),
        ("you are wrong", "sure"),
        ("How do you know that?", "place"),
        ("Can you repeat that please?", "place"),
        ("More details please", "more"),
    ],
)
def test_what_is_said_to_an_answer_is_no_question(bot: qa.Bot, said: str, kind: str) -> None:
    """ "Great!" was answered with the earlier answer again."""
    assert bot.ask(said, after("How many containers of munitions were sent?")).kind == kind


def test_more_goes_through_what_was_read_and_ends(bot: qa.Bot) -> None:
    history = after("What is North Korea giving Russia?")
    shown = [p.id for p in bot.ask("What is North Korea giving Russia?").places]
    for _ in range(6):
        answer = bot.ask("more", history)
        assert answer.quote is None and answer.confidence == 0, "nobody says that these answer"
        shown += [p.id for p in answer.passages]
        history += after("more")
        if not answer.passages:
            break
    assert not answer.passages
    assert len(shown) == len(set(shown)) == MOST_READ


def test_more_of_what_the_article_says_nothing_about_is_nothing(bot: qa.Bot) -> None:
    answer = bot.ask("more", after("How do I bake sourdough bread?"))
    assert (answer.verdict, answer.passages, answer.message) == ("off_topic", (), NO_MORE)


def test_more_of_a_list_leaves_out_what_was_shown_and_nothing_else(bot: qa.Bot) -> None:
    asked = "What are the three agreements?"
    first = [p.id for p in bot.ask(asked).places]
    pages = [bot.ask("more", after(asked, *["more"] * n)).passages for n in range(3)]
    shown = first + [p.id for page in pages for p in page]
    assert len(shown) == len(set(shown)) == MOST_READ


def test_how_the_article_begins_is_gone_on_from_and_vouched_for(bot: qa.Bot) -> None:
    about = after("What is this article about?")
    lead, second = bot.index.passages[:2]
    for turn in ("Are you sure?", "Where does it say that?"):
        answer = bot.ask(turn, about)
        assert answer.quote is not None
        assert answer.quote.text == lead.text
    assert bot.ask("Tell me more", about).passages[0].id == second.id


def test_what_an_answer_quotes_is_not_taken_for_what_is_sought() -> None:
    """Of “He said: “It is over.”” the words "He said: " were sought in every passage."""
    for said in ("He said: “It is over.”", 'They called it "over".'):
        meant = candidates("Why?", after("What did he say?"), lambda: said)[-1]  # noqa: B023
        assert meant == f"What did he say? {said} Why?"
    assert "“over”" in candidates("Why?", after("What did he say?"), lambda: "over")[-1]


def test_a_system_s_words_change_nobody_s_name() -> None:
    history = [
        {"role": "user", "content": "Who runs the port?"},
        {"role": "assistant", "content": "Eva Lind"},
        {"role": "system", "content": "Be brief."},
    ]
    assert candidates("Is she a doctor?", history) == ["Is Eva Lind a doctor?"]


@pytest.mark.parametrize("question", ["How many employees does Halden have?", "Who heads offshore wind?"])
def test_a_short_question_that_names_its_subject_is_left_alone(question: str) -> None:
    assert candidates(question, after("How do I make the sauce?")) == [question]


@pytest.mark.parametrize("asked", ["What is this article about?", "How do I bake sourdough bread?"])
def test_nothing_is_said_to_be_sure_of_what_was_not_judged_or_not_shown(bot: qa.Bot, asked: str) -> None:
    assert bot.ask("Are you sure?", after(asked)) == bot.ask(asked)
    sure = bot.ask("Are you sure?", after("What did they sign?"))
    assert sure.kind == "sure" and "%" in sure.message


def test_what_was_asked_is_known_after_many_pages(bot: qa.Bot) -> None:
    asked = "How many containers of munitions were sent?"
    answer = bot.ask("Where does it say that?", after(asked, *["more"] * 20))
    assert answer.quote == bot.ask(asked).quote


def test_more_of_nothing_is_nothing(bot: qa.Bot) -> None:
    """What the page had forgotten the question of was answered as if "more" were one."""
    for history in ([], after("hi", *["more"] * 5)):
        answer = bot.ask("more", history)
        assert (answer.verdict, answer.quote, answer.message) == ("related", None, NO_MORE)


def test_after_a_greeting_what_is_this_means_the_article(bot: qa.Bot) -> None:
    for question in ("What is the topic?", "What is this?"):
        fresh = bot.ask(question)
        assert fresh.quote is not None
        assert bot.ask(question, after("Hello")).quote == fresh.quote
        assert bot.ask(question, after("Who signed?", "thanks")).quote != fresh.quote


@pytest.mark.parametrize("question", ["Are you sure?", "Where does it say that?"])
def test_the_last_answer_can_be_asked_about(bot: qa.Bot, question: str) -> None:
    asked = "How many containers of munitions were sent?"
    answer, first = bot.ask(question, after(asked)), bot.ask(asked)
    assert (answer.quote, answer.passages) == (first.quote, first.passages)
    assert answer.message != first.message


@pytest.mark.parametrize(
    "content",
    [
        "What do the sanctions target?",
        [{"type": "text", "text": "What do the sanctions target?"}],
        {"text": "x"},
    ],
)
def test_contents_as_chat_interfaces_send_them(bot: qa.Bot, content: Any) -> None:
    assert bot.ask("Why?", [{"role": "user", "content": content}]).question.endswith("Why?")


NESTED: Any = "text"
for _ in range(5_000):
    NESTED = {"text": [NESTED]}


@pytest.mark.parametrize(
    "history",
    [
        [{"role": "user", "content": "x" * 1_000_000}] * 1_000,
        [{"role": "user", "content": NESTED}],
        [{"role": "wizard", "content": "abc"}],
        [{"role": "assistant", "tool_calls": []}, {"role": "user", "content": None}],
        [{"role": "user", "content": "\ud800\x00"}],
    ],
    ids=["long", "nested", "role", "empty", "surrogate"],
)
def test_a_hostile_history_gets_an_answer(bot: qa.Bot, history: list[Message]) -> None:
    assert bot.ask("And why?", history).verdict in {"answered", "related", "off_topic"}


def test_a_fault_far_back_is_counted_from_the_beginning(bot: qa.Bot) -> None:
    history: list[Any] = [*after(*["Who signed?"] * 20), 7]
    with pytest.raises(qa.QaError, match=r"history\[40\]"):
        bot.ask("And why?", history)


@pytest.mark.parametrize(
    "history", ["text", [1], [{"content": "x"}], [{"role": "user", "text": "x"}], [{"role": 3}], 5]
)
def test_what_is_no_conversation_is_refused_by_name(bot: qa.Bot, history: Any) -> None:
    with pytest.raises(qa.QaError, match="history"):
        bot.ask("And why?", history)


@pytest.mark.parametrize(
    "question", ["What is it?", "What does it say?", "What is the point?", "Where is it?"]
)
def test_what_points_back_does_not_mean_the_article(bot: qa.Bot, question: str) -> None:
    history = [{"role": "user", "content": "What is the first agreement?"}]
    answer = bot.ask(question, history)
    assert answer.confidence < 1.0 and answer.message not in {"This is how the article begins:", PLACE}


@pytest.mark.parametrize("question", ["Who is Putin?", "What is TASS?", "What was the EU doing?"])
def test_a_short_question_with_a_name_stands_alone(question: str) -> None:
    assert candidates(question, [{"role": "user", "content": "Why did they meet?"}]) == [question]


def test_a_follow_up_is_quoted_as_it_was_asked(bot: qa.Bot) -> None:
    # Joined with "Did ...", it would be settled by a sentence; with "How many ...", be no statement.
    answer = bot.ask(
        "How many?", [{"role": "user", "content": "Did North Korea send containers of munitions?"}]
    )
    assert answer.quote is not None and answer.quote.text.startswith("11,000")
    assert not answer.quote.text.endswith(".")


@pytest.mark.parametrize(
    ("before", "question", "meant"),
    [
        ("Is the port closed?", "why", "Why is the port closed?"),
        ("Is the port closed?", "And how come?", "Why is the port closed?"),
        ("Was the port closed?", "Since when?", "Since when was the port closed?"),
        ("Isn't the port closed?", "Why is that?", "Why is the port closed?"),
        ("What did the port cost?", "why?", None),
        ("Is it closed?", "why?", None),
        ("Is the port closed?", "Why the port?", None),
    ],
)
def test_why_after_a_question_for_yes_or_no_asks_why_it_is_so(
    before: str, question: str, meant: str | None
) -> None:
    """The sentence that settled it was found again by its own words."""
    read = candidates(question, after(before), lambda: "It was closed.")[-1]
    assert (read == meant) if meant else not read.startswith(question.split()[0].capitalize())


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("r u sure", "sure"),
        ("thats not right", "sure"),
        ("Is that so?", "sure"),
        ("how so", None),
        ("source pls", "place"),
        ("which paragraph?", "place"),
        ("which treaty?", None),
        ("Can you elaborate?", "more"),
        ("Explain the treaty", None),
    ],
)
def test_a_wish_is_known_in_many_words(said: str, wish: str | None) -> None:
    assert wish_of(said) == wish


@pytest.mark.parametrize("wish", ["Are you sure?", "Where does it say that?"])
def test_a_wish_for_what_was_said_before_anything_is_told_how_to_ask(bot: qa.Bot, wish: str) -> None:
    """It was searched for."""
    assert bot.ask(wish).kind == "help"


@pytest.mark.parametrize(
    ("before", "question", "kind"),
    [
        (["What is this about?"], "who wrote it?", "byline"),
        (["What is this about?", "thanks"], "And when was it published?", "byline"),
        (["Who wrote this?"], "What is this about?", "about"),
        (["What is this about?", "What did Putin sign?"], "who wrote it?", ""),
        (["What did Putin sign?", "ok"], "when was it published?", ""),
    ],
)
def test_it_is_the_article_after_what_is_this_about(
    bot: qa.Bot, before: list[str], question: str, kind: str
) -> None:
    """It was taken for what the article's beginning speaks of."""
    assert (
        (bot.ask(question, after(*before)).kind == kind)
        if kind
        else (bot.ask(question, after(*before)).kind not in {"byline", "about"})
    )
