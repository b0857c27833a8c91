"""What a message asks: without courtesies, emoji and doubled marks, and out of its frame."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa.smalltalk import kind_of
from qa.wording import out_of_frame, question_in, questions_in


@pytest.mark.parametrize(
    "typed",
    [
        "Who signed it?? !!",
        "Who signed it?!",
        "Who signed it? 🤔",
        "🙏🏽 Who signed it? :)",
        "Hi! Who signed it? Thanks!",
        "Good morning. Who signed it? Thank you very much!",
        "Who signed it, please?",
        "Who signed it...?",
        "Okay, got it. Who signed it?",
    ],
)
def test_a_question_is_read_without_what_stands_around_it(typed: str) -> None:
    assert question_in(typed) == "Who signed it?"


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("hi who signed it", "who signed it"),
        ("Hey, quick question: who signed it?", "who signed it?"),
        ("please tell me who signed it thx", "tell me who signed it"),
        ("how much did they get in thanks", "how much did they get in thanks"),
        ("No. 5 Squadron flew where?", "No. 5 Squadron flew where?"),
        ("What does 😂 mean?", "What does 😂 mean?"),
        ("What do U.S. officials say", "What do U.S. officials say"),
        ("What dislike do they have in common?", "What dislike do they have in common?"),
        ("Hello Kitty is what?", "Hello Kitty is what?"),
        ("11,000 containers?", "11,000 containers?"),
        ("Who plays Dr. No?", "Who plays Dr. No?"),
        ("Who is Jack F. Good?", "Who is Jack F. Good?"),
        ('Who said, "Thank you"?', 'Who said, "Thank you"?'),
        ("What happened in Cannes, Nice?", "What happened in Cannes, Nice?"),
        ("Who sings Please Please Please?", "Who sings Please Please Please?"),
    ],
)
def test_what_belongs_to_a_question_stays(typed: str, asked: str) -> None:
    assert question_in(typed) == asked


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("Thanks! That was very helpful.", "thanks"),
        ("No thanks", "thanks"),
        ("that's all, thank you", "thanks"),
        ("Hi, can you help me?", "help"),
        ("👍🏽", "okay"),
        ("cool, bye", "farewell"),
        ("Hi, what´s this about?", "about"),
        ("Hi! Who signed it?", None),
        ("?", None),
        ("", None),
    ],
)
def test_courtesies_beside_each_other_are_small_talk(typed: str, kind: str | None) -> None:
    assert kind_of(question_in(typed)) == kind


@pytest.mark.parametrize("part", ["." * 2, "!", "😀", "😀 ", "hi, ", "please ", "is a mentioned ", ":) "])
def test_a_long_message_is_parted_at_once(part: str) -> None:
    """A pattern that tried every way to part one of these would never come to an end."""
    long = part * (2_000 // len(part)) + "x"
    assert kind_of(out_of_frame(question_in(long))) is None


@settings(deadline=None)
@given(st.text(max_size=80))
def test_a_message_is_never_left_empty(typed: str) -> None:
    assert bool(question_in(typed).strip()) == bool(typed.strip())


@pytest.mark.parametrize(
    ("framed", "asked"),
    [
        ("Does the article mention the sanctions?", "What about the sanctions?"),
        ("does it say anything about China", "What about China?"),
        ("What does the author say about Kim?", "What about Kim?"),
        ("Is Vietnam mentioned in the article?", "What about Vietnam?"),
        ("Tell me about the technology part", "What about the technology part?"),
        ("Does the article mention how many were sent?", "How many were sent?"),
        ("Does the article say that Kim won?", "Kim won?"),
        ("Does the article say that?", "Does the article say that?"),
        ("does the article say why", "does the article say why"),
        ("Does the text say how long it took?", "How long it took?"),
        ("What does the article say regarding Kim?", "What about Kim?"),
        ("show me what it says about Kim", "What about Kim?"),
        ("Where does the article mention Kim?", "What about Kim?"),
        ("Which part of the article talks about Kim?", "What about Kim?"),
        ("Is there any mention of Kim?", "What about Kim?"),
        ("Do you know who signed it?", "Who signed it?"),
        ("I was wondering how long it took", "How long it took"),
        ("According to the article, why did Kim leave?", "Why did Kim leave?"),
        ("Can you tell me when Kim left?", "When Kim left?"),
        ("Who told me what Kim did?", "Who told me what Kim did?"),
        ("Isn't Kim there?", "Is Kim there?"),
        ("Wont Kim come?", "Will Kim come?"),
        ("Won’t Kim come?", "Will Kim come?"),
        ("Why isn't Kim there?", "Why isn't Kim there?"),
        ("Don't tell me.", "Don't tell me."),
        ("Kim left, didn't he?", "Kim left?"),
        ("Kim left, right?", "Kim left?"),
        ("Did Kim say no?", "Did Kim say no?"),
        ("Is it true that Kim left?", "Kim left?"),
        ("Does it mention Kim? And when?", "Does it mention Kim? And when?"),
        ("Does the article mention WHO?", "What about WHO?"),
        ("Does the article mention the U.S.?", "What about the U.S.?"),
        ("Is Russia mentioned in the article at all?", "What about Russia?"),
        ("Is Russia mentioned at all in the article?", "What about Russia?"),
        ("Are medical costs covered?", "Are medical costs covered?"),
        ("Is it mentioned?", "Is it mentioned?"),
        ("What does the treaty say about war?", "What does the treaty say about war?"),
    ],
)
def test_what_the_article_says_about_a_thing_is_asked_of_the_thing(framed: str, asked: str) -> None:
    assert out_of_frame(framed) == asked


def test_several_questions_are_told_apart() -> None:
    assert questions_in("Who is Biden? What was signed?") == ["Who is Biden?", "What was signed?"]
    for several in (
        ["Who is Dr. Lind?", "When did it begin?", "Where did they meet?"],
        ["In which city was it signed?", "Who signed it?"],
        ["Who leads the U.S. army?", "Who leads the navy?"],
    ):
        assert questions_in(" ".join(several)) == several
    for one in ("They met. What was signed?", "Wetten, dass? was hosted by whom in 2012?"):
        assert questions_in(one) == [one]


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Who came and when did it begin?", ["Who came?", "When did it begin?"]),
        ("What was signed, and how many ships were sent?", ["What was signed?", "How many ships were sent?"]),
        ("Who knew what he said and what it meant?", ["Who knew what he said and what it meant?"]),
        ("Who came and went?", ["Who came and went?"]),
        ("Did he know who came and who was ill?", ["Did he know who came and who was ill?"]),
    ],
)
def test_questions_that_and_joins_are_told_apart(typed: str, asked: list[str]) -> None:
    assert questions_in(typed) == asked


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("cool story bro", "okay"),
        ("This is useless!", "okay"),
        ("never mind", "okay"),
        ("What do you think of Putin?", "help"),
        ("What questions can I ask?", "help"),
        ("Do you like him", "help"),
        ("What do Russians think of Putin?", None),
        ("Is this article biased?", "byline"),
        ("What are the sources of the article?", "byline"),
        ("Is the treaty reliable?", None),
        ("Summarize the article in 3 bullet points.", "about"),
        ("Can I get an overview?", "about"),
        ("whats this about", "about"),
    ],
)
def test_what_is_said_to_a_chat_is_no_question(typed: str, kind: str | None) -> None:
    """Each was searched for: "What do you think of Putin?" was answered with his visit."""
    assert kind_of(typed) == kind
