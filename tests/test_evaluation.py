"""Measures with known results on small made-up outcomes; reading sets; what an evaluation writes."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import qa
from qa.answer import Answer, Quote
from qa.article import Article
from qa.cli import QUESTIONS
from qa.errors import QaError
from qa.evaluation import Examiner, Given, Outcome
from qa.measures import calibration_error, exact_match, measure, risk_coverage, token_f1
from qa.passages import Passage
from qa.questions import FOREIGN, Document, Question, draw, read_documents, read_questions
from qa.report import print_tables, save

TEXT = "The ferry leaves at noon. It is red. The harbour froze in 1904."
ARTICLE = Article("Ferry", TEXT, ())
FIRST = Passage("p1", "", 0, 36, ARTICLE, ((0, 25), (26, 36)))
SECOND = Passage("p2", "", 37, len(TEXT), ARTICLE, ((37, len(TEXT)),))


def outcome(
    answer: str = "noon",
    quote: str = "",
    confidence: float = 0.0,
    passages: Sequence[Passage] = (FIRST, SECOND),
    given: Given | None = None,
    kind: str = "",
) -> Outcome:
    """A question that p1 answers, or, without an answer, none; asked, and answered with a quote or not."""
    question = Question(
        id="1",
        text="When?",
        gold=frozenset({"p1"} if answer else ()),
        answers=(answer,) if answer else (),
        answerable=bool(answer),
        kind=kind,
        verdict="answered" if answer else None,
    )
    at = TEXT.find(quote)
    found = Quote(at, at + len(quote), ARTICLE) if quote else None
    verdict = "answered" if quote else "related"
    return Outcome(
        question, Answer("When?", verdict, confidence, found, tuple(passages), ""), seconds=0.1, given=given
    )


def values(outcomes: Sequence[Outcome]) -> dict[str, float]:
    return {name: interval.value for name, interval in measure(outcomes).values.items()}


def test_a_perfect_bot_has_perfect_measures() -> None:
    right = [outcome(quote="noon", confidence=1.0, given=Given("noon", 1.0)) for _ in range(6)]
    silent = [outcome(answer="", given=Given("red", -1.0)) for _ in range(4)]
    strange = [outcome(answer="", kind=FOREIGN) for _ in range(3)]
    found = values(right + silent + strange)
    ones = (
        "hit@1",
        "MRR",
        "nDCG@10",
        "AUROC",
        "balanced accuracy",
        "answered",
        "refused",
        "passage and verdict",
    )
    ones += ("plain refused", "plain refused at 95 %", "exact match", "F1", "sentence")
    ones += ("given: F1", "given: exact match", "given: F1 of answers", "given: AUROC")
    assert {name: found[name] for name in ones} == dict.fromkeys(ones, 1.0)
    assert found["calibration error"] == 0
    assert found["ms"] == pytest.approx(100)
    # Answering the four at last is wrong however sure the six were: (1/7 + 2/8 + 3/9 + 4/10) / 10.
    assert found["risk-coverage area"] == pytest.approx((1 / 7 + 2 / 8 + 3 / 9 + 4 / 10) / 10)


def test_the_worst_bot_has_the_worst_measures() -> None:
    wrong = [outcome(confidence=0.0, passages=[SECOND]) for _ in range(5)]
    claimed = [outcome(answer="", quote="1904", confidence=1.0, passages=[SECOND]) for _ in range(5)]
    found = values(wrong + claimed)
    zeros = ("hit@1", "hit@5", "MRR", "nDCG@10", "AUROC", "balanced accuracy", "exact match", "F1")
    assert {name: found[name] for name in zeros} == dict.fromkeys(zeros, 0.0)
    assert found["risk-coverage area"] == 1
    assert found["calibration error"] == pytest.approx(0.5)


def test_what_a_set_cannot_tell_is_left_out(
    capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    answerable = measure([outcome(quote="noon", confidence=0.9)] * 3)
    silent = measure([outcome(answer="")] * 3)
    nothing = measure([])
    assert "AUROC" not in answerable.values
    assert "hit@1" not in silent.values
    assert silent.values["refused"].value == 1
    assert nothing.values == {}
    print_tables({"answerable": answerable, "silent": silent, "nothing": nothing})
    shown = capsys.readouterr().out
    assert "nan" not in shown
    row = next(line for line in shown.splitlines() if "hit@1" in line)
    assert [cell.strip() for cell in row.strip("|\n ").split("|")] == [
        "hit@1",
        "1.000 (1.000–1.000)",
        "-",
        "-",
    ]
    assert not recwarn.list


def test_many_sets_are_rows_and_nothing_is_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    found = measure([outcome(quote="noon", confidence=0.9), outcome(answer="")])
    print_tables({f"a set with a rather long name, number {n}": found for n in range(6)})
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert shown.count("| a set with a rather long name, number 5 |") == 3


def test_intervals_hold_the_value_and_narrow_with_more_questions() -> None:
    few = measure([outcome(quote="noon"), outcome(passages=[SECOND])] * 5).values["hit@1"]
    many = measure([outcome(quote="noon"), outcome(passages=[SECOND])] * 100).values["hit@1"]
    for interval in (few, many):
        assert interval.low <= interval.value == 0.5 <= interval.high
    assert many.high - many.low < few.high - few.low
    assert measure([outcome(quote="noon"), outcome(passages=[SECOND])] * 5).values["hit@1"] == few


def test_ties_count_alike_whatever_their_order() -> None:
    confidence = np.full(40, 0.5)
    right = np.arange(40) < 20
    for order in (right, right[::-1]):
        assert calibration_error(confidence, order) == pytest.approx(0)
        coverage, risk = risk_coverage(confidence, order)
        np.testing.assert_allclose(risk, 0.5)
        assert coverage[-1] == 1


def test_risk_rises_with_coverage_where_the_sure_ones_are_right() -> None:
    coverage, risk = risk_coverage(np.array([0.1, 0.9, 0.8, 0.2]), np.array([False, True, True, False]))
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(risk, [0, 0, 1 / 3, 1 / 2])


@pytest.mark.parametrize(
    ("found", "gold", "exact", "f1"),
    [
        ("The  Ferry!", "ferry", 1, 1),
        ("at noon", "noon", 0, 2 / 3),
        ("noon noon", "noon", 0, 2 / 3),
        ("well-known", "wellknown", 1, 1),
        ("“noon”", "noon", 1, 1),
        ("red", "noon", 0, 0),
        ("", "", 1, 1),
        ("", "noon", 0, 0),
    ],
)
def test_quotes_are_scored_as_squads_script_does(found: str, gold: str, exact: float, f1: float) -> None:
    assert exact_match(found, gold) == exact
    assert token_f1(found, gold) == pytest.approx(f1)


def test_a_quote_must_stand_in_the_sentence_that_answers() -> None:
    assert values([outcome(quote="leaves")])["sentence"] == 1
    assert values([outcome(quote="red")])["sentence"] == 0
    assert values([outcome(quote="1904", passages=[SECOND, FIRST])])["sentence"] == 0


def test_a_refusal_counts_in_f1_and_the_given_passage_is_scored_apart() -> None:
    refused = outcome(given=Given("noon", -0.5))
    found = values([refused, outcome(answer="")])
    assert found["F1"] == 0.5
    assert found["given: F1 of answers"] == 1
    assert found["given: F1"] == 0


def write(folder: Path, questions: list[dict], corpus: list[dict] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    if corpus is not None:
        (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)), encoding="utf-8")
    return folder


def asked(number: int, **more: object) -> dict:
    return {
        "id": str(number),
        "question": "When?",
        "doc_id": "a",
        "passage_ids": ["a1"],
        "answerable": True,
    } | more


CORPUS = [
    {"doc_id": "a", "title": "A_ferry", "passages": [{"id": "a1", "text": "It leaves at noon."}]},
    {
        "doc_id": "b",
        "title": "B",
        "passages": [{"id": "b1", "text": "Snow fell."}, {"id": "b2", "text": "It froze."}],
    },
]


def test_a_document_is_its_passages_word_for_word(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", [asked(1), asked(2, doc_id="b", passage_ids=["b2"])], CORPUS)
    first, second = read_documents(folder)
    assert [p.text for p in (*first.passages, *second.passages)] == [
        "It leaves at noon.",
        "Snow fell.",
        "It froze.",
    ]
    assert first.article.title == "A ferry"
    assert [d.article.title for d in read_documents(folder, lambda title: title == "B")] == ["B"]


def test_a_document_s_passages_that_hold_an_answer_are_right_where_a_row_names_none(tmp_path: Path) -> None:
    rows = [asked(1, doc_id="b", passage_ids=None, answers=["froze"])]
    (document,) = read_documents(write(tmp_path / "set", rows, CORPUS))
    assert document.questions[0].gold == {"b2"}


def test_questions_about_no_document_are_about_all_of_them(tmp_path: Path) -> None:
    rows = [asked(1, doc_id=None, passage_ids=["a1", "b2"])]
    (whole,) = read_documents(write(tmp_path / "set", rows, CORPUS))
    assert [p.heading for p in whole.passages] == ["A ferry", "B", "B"]
    # Where a passage that answers is left out, so is the question.
    (part,) = read_documents(tmp_path / "set", lambda title: title == "B")
    assert part.questions == ()


@pytest.mark.parametrize(
    ("questions", "corpus", "named"),
    [
        ([{"id": "1", "question": "?"}], CORPUS, "questions.jsonl:1: .*`answerable`"),
        ([asked(1), []], CORPUS, "questions.jsonl:2: Expected `object`"),
        ([asked(1, passage_ids=None, answers=["thawed"])], CORPUS, "questions.jsonl: question 1: answers or"),
        ([asked(1, passage_ids=["b1"])], CORPUS, "questions.jsonl: question 1: answers or passage_ids"),
        ([asked(1, answers="11,000")], CORPUS, r"questions.jsonl:1: .*\$.answers"),
        ([asked(1, answers=[""])], CORPUS, r"questions.jsonl:1: .*\$.answers"),
        ([asked(1, answerable=None)], CORPUS, r"questions.jsonl:1: .*\$.answerable"),
        ([asked(1, doc_id=["a"])], CORPUS, r"questions.jsonl:1: .*\$.doc_id"),
        ([asked(1, source_passage=["a1"])], CORPUS, r"questions.jsonl:1: .*\$.source_passage"),
        ([asked(1, verdict="yes")], CORPUS, r"questions.jsonl:1: .*\$.verdict"),
        ([asked(1, part=5)], CORPUS, r"questions.jsonl:1: .*\$.part"),
        ([asked(1, answer_spans=[["a1", "a", 3]])], CORPUS, r"questions.jsonl:1: .*\$.answer_spans"),
        ([asked(1, history=[{"role": "user", "text": 5}])], CORPUS, r"questions.jsonl:1: .*\$.history"),
        ([asked(1)], [{"doc_id": "a", "passages": [{"id": "a1"}]}], "corpus.jsonl:1: .*`text`"),
        ([asked(1)], [{"doc_id": "a", "passages": [{"id": "a1", "text": None}]}], "corpus.jsonl:1: .*text"),
    ],
)
def test_a_row_that_lacks_something_is_named(
    tmp_path: Path, questions: list, corpus: list, named: str
) -> None:
    with pytest.raises(QaError, match=named):
        list(read_documents(write(tmp_path / "set", questions, corpus)))


def test_our_own_sets_are_read() -> None:
    for folder in (QUESTIONS, QUESTIONS / "conversations"):
        assert sum(map(len, read_questions(folder / "questions.jsonl").values())) > 150


def test_a_set_in_another_encoding_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "set", [asked(1)], CORPUS)
    (folder / "questions.jsonl").write_bytes('{"question": "Müller?"}'.encode("latin-1"))
    with pytest.raises(QaError, match=r"questions\.jsonl: is not UTF-8"):
        list(read_documents(folder))


def test_a_draw_is_the_same_each_time_and_adds_other_articles_questions(tmp_path: Path) -> None:
    rows = [asked(n) for n in range(30)] + [asked(n, doc_id="b", passage_ids=["b1"]) for n in range(30, 60)]
    documents = list(read_documents(write(tmp_path / "set", rows, CORPUS)))
    drawn = draw(documents, 20)
    assert drawn == draw(documents, 20)
    own = [q for d in drawn for q in d.questions if q.kind != FOREIGN]
    strange = [q for d in drawn for q in d.questions if q.kind == FOREIGN]
    assert len(own) == 20
    assert strange
    assert not any(q.answerable or q.gold for q in strange)
    every = [q.id for d in draw(documents) for q in d.questions if q.kind != FOREIGN]
    assert sorted(every) == sorted(row["id"] for row in rows)


def test_gold_passages_are_those_that_hold_an_answer(tmp_path: Path) -> None:
    row = {"id": "1", "question": "When?", "answerable": True, "answers": ["noon"]}
    (question,) = read_questions(write(tmp_path / "set", [row]) / "questions.jsonl", [FIRST, SECOND])[None]
    assert question.gold == {"p1"}
    assert Document(ARTICLE, (FIRST, SECOND), (question,)).questions == (question,)


@pytest.mark.parametrize(("answer", "gold"), [("it", {"p2"}), ("eave", {"p1"}), ("1904", {"p2"})])
def test_an_answer_within_a_word_counts_only_where_it_stands_nowhere_else(
    tmp_path: Path, answer: str, gold: set[str]
) -> None:
    article = Article("Ferry", "He waited: the ferry leaves. And it froze in 1904.", ())
    passages = [Passage("p1", "", 0, 28, article, ()), Passage("p2", "", 29, 50, article, ())]
    row = {"id": "1", "question": "When?", "answerable": True, "answers": [answer]}
    (question,) = read_questions(write(tmp_path / "set", [row]) / "questions.jsonl", passages)[None]
    assert question.gold == gold


@pytest.mark.parametrize(("text", "problem"), [(" ", "empty"), ("a " * 9_999, "characters")])
def test_a_question_that_cannot_be_asked_is_named(tmp_path: Path, text: str, problem: str) -> None:
    examiner = Examiner(qa.load())
    row = {"id": "n7", "question": text, "answerable": False}
    with pytest.raises(QaError, match=f"n7.*{problem}"):
        list(examiner.ask(examiner.documents(write(tmp_path / "set", [row]))))


@pytest.mark.parametrize("wrong", [{"answers": ["Noon"]}, {"passage_ids": ["p9"]}, {}])
def test_an_answer_that_stands_nowhere_is_named(tmp_path: Path, wrong: dict) -> None:
    row = {"id": "1", "question": "When?", "answerable": True, "part": None, "kind": None} | wrong
    path = write(tmp_path / "set", [row]) / "questions.jsonl"
    with pytest.raises(QaError, match="none is in the article"):
        read_questions(path, [FIRST, SECOND])
    (question,) = read_questions(path)[None]
    assert (question.part, question.kind) == ("", ""), "as if it were not there"


def test_a_part_is_kept_to_where_a_set_has_articles_of_its_own(tmp_path: Path) -> None:
    rows = [asked(1, part="choose"), asked(2, part="report"), asked(3)]
    folder = write(tmp_path / "set", rows, CORPUS)
    examiner = Examiner(qa.load())
    kept = [
        [q.id for d in examiner.documents(folder, part) for q in d.questions] for part in ("choose", "report")
    ]
    assert kept == [["1", "3"], ["2", "3"]]


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_measures_and_picture_are_written(tmp_path: Path, suffix: str) -> None:
    measured = {
        "set": measure([outcome(quote="noon", confidence=0.9), outcome(answer="")]),
        "empty": measure([]),
    }
    save(measured, tmp_path / "m.json", tmp_path / f"p{suffix}")
    found = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    assert found["set"]["measures"]["AUROC"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert found["empty"] == {"questions": 0, "answerable": 0, "measures": {}}
    assert (tmp_path / f"p{suffix}").stat().st_size > 1000
    with pytest.raises(QaError, match="nowhere"):
        save(measured, tmp_path / "nowhere" / "m.json", None)
