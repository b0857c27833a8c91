"""The training run: the same from one seed, the same after a kill, and never another's checkpoint."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, BertForQuestionAnswering, MPNetConfig, MPNetForQuestionAnswering

import training.learning
from qa.encoder import DEFAULT_MODEL
from qa.questions import QuestionRow, read_rows
from tests.tiny_reader import SIZE
from training import written
from training.average import average
from training.batches import Encoded, batches, tensors
from training.exchange import exchange
from training.learning import Recipe, learn, read, taught_loss
from training.mined import read_orders
from training.teacher import Teacher
from training.vectors import encoder

RECIPE = Recipe(seed=3, steps=10, batch=4, learning_rate=1e-2)


def example(number: int, group: int = -1) -> Encoded:
    rng = random.Random(number)
    length = rng.randint(6, 12)
    start = rng.choice([0, rng.randrange(4, length - 1)])
    types = [0] * 4 + [1] * (length - 4)
    return Encoded([rng.randrange(1, 30) for _ in range(length)], types, start, start, group)


def model() -> BertForQuestionAnswering:
    """A few thousand random weights, the same each time, with dropout."""
    torch.manual_seed(0)
    return BertForQuestionAnswering(BertConfig(vocab_size=30, **SIZE))


def schedule() -> list[list[Encoded]]:
    made = batches([example(n, group=n // 2) for n in range(40)], RECIPE.batch, random.Random(RECIPE.seed))
    return made[: RECIPE.steps]


DEV = [example(n) for n in range(100, 112)]


def weights(run: Path) -> bytes:
    return (run / "weights" / "model.safetensors").read_bytes()


class Killed(list[Any]):
    """Batches that end the run when the eighth is wanted."""

    def __getitem__(self, step: Any) -> Any:
        if step == 7:
            raise KeyboardInterrupt
        return super().__getitem__(step)


@pytest.fixture(autouse=True)
def often_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.learning, "SAVE_EVERY", 3)
    monkeypatch.setattr(training.learning, "LOG_EVERY", 1)


def test_one_seed_gives_the_same_weights_and_another_does_not(tmp_path: Path) -> None:
    for name in ("once", "again"):
        learn(tmp_path / name, RECIPE, model(), schedule(), DEV)
    learn(tmp_path / "other", Recipe(**{**vars(RECIPE), "seed": 4}), model(), schedule(), DEV)
    assert weights(tmp_path / "once") == weights(tmp_path / "again") != weights(tmp_path / "other")


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    learn(tmp_path / "whole", RECIPE, model(), schedule(), DEV)
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "killed", RECIPE, model(), Killed(schedule()), DEV)
    learn(tmp_path / "killed", RECIPE, model(), schedule(), DEV)
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")
    lines = [json.loads(line) for line in (tmp_path / "killed" / "log.jsonl").read_text().splitlines()]
    # It went on from the sixth step, the last that was saved.
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    """A few thousand random weights, which have something to say."""
    folder = tmp_path_factory.mktemp("teacher")
    torch.manual_seed(1)
    made = MPNetForQuestionAnswering(MPNetConfig(vocab_size=120, initializer_range=0.5, **SIZE))
    made.save_pretrained(folder)
    return Teacher(folder).eval()


def test_a_teacher_reads_the_tokens_that_the_reader_reads(teacher: Teacher) -> None:
    asked = Encoded([101, 7, 102, 8, 9, 102], [0, 0, 0, 1, 1, 1], 3, 4, -1)
    shorter = Encoded([101, 7, 102, 8, 102], [0, 0, 0, 1, 1], 3, 3, -1)
    fed = tensors([asked, shorter], "cpu")
    found = teacher(fed["input_ids"], fed["attention_mask"], fed["token_type_ids"])
    own = torch.tensor([[0, 11, 2, 12, 13, 2], [0, 11, 2, 12, 2, 1]])
    expected = teacher.model(input_ids=own, attention_mask=fed["attention_mask"])
    torch.testing.assert_close(found.start_logits, expected.start_logits)
    torch.testing.assert_close(found.end_logits, expected.end_logits)


def test_a_reader_that_is_taught_comes_nearer_to_its_teacher(tmp_path: Path, teacher: Teacher) -> None:
    fed = tensors(DEV, "cpu")
    apart = {}
    for name, taught_by in (("alone", None), ("taught", teacher)):
        learn(tmp_path / name, RECIPE, model(), schedule(), DEV, taught_by)
        learned = BertForQuestionAnswering.from_pretrained(tmp_path / name / "weights").eval()
        with torch.no_grad():
            apart[name] = float(taught_loss(read(learned, fed), read(teacher, fed)))
    assert apart["taught"] < apart["alone"]


def test_the_mean_of_runs_lies_between_them(tmp_path: Path) -> None:
    runs = []
    for seed in (1, 2, 3):
        torch.manual_seed(seed)
        BertForQuestionAnswering(BertConfig(vocab_size=30, **SIZE)).save_pretrained(
            tmp_path / f"{seed}/weights"
        )
        runs.append(tmp_path / str(seed))
    average(runs, tmp_path / "mean")
    states = [BertForQuestionAnswering.from_pretrained(run / "weights").state_dict() for run in runs]
    for name, mean in BertForQuestionAnswering.from_pretrained(tmp_path / "mean").state_dict().items():
        torch.testing.assert_close(mean, torch.stack([state[name] for state in states]).mean(0))


def test_a_checkpoint_of_another_recipe_is_not_gone_on_from(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path, RECIPE, model(), Killed(schedule()), DEV)
    with pytest.raises(ValueError, match=r"checkpoint\.pt: is of another recipe"):
        learn(tmp_path, Recipe(**{**vars(RECIPE), "learning_rate": 1e-3}), model(), schedule(), DEV)


@given(st.lists(st.integers(-1, 6), max_size=60), st.integers(4, 9))
def test_batches_hold_every_example_once_and_what_belongs_together(groups: list[int], size: int) -> None:
    groups = [g for g, count in Counter(groups).items() for _ in range(count if g < 0 else min(count, size))]
    encoded = [example(n, group) for n, group in enumerate(groups)]
    made = batches(encoded, size, random.Random(1))
    assert Counter(map(id, encoded)) == Counter(id(e) for batch in made for e in batch)
    assert all(len(batch) <= size for batch in made)
    for group in set(groups) - {-1}:
        assert sum(any(e.group == group for e in batch) for batch in made) == 1


PASSAGE = "Eva Lind opened the first bridge at Narvik in 1957; it had cost 12 million crowns."


@pytest.mark.parametrize(
    ("question", "altered"),
    [
        (
            "When was the first bridge opened?",
            {"When was the last bridge opened?", "When was the first bridge closed?"},
        ),
        ("How large was the bridge that she opened?", {"How large was the bridge that she closed?"}),
        (
            "Who opened a bridge at Narvik?",
            {"Who closed a bridge at Narvik?", "Who opened a bridge at Oslo?"},
        ),
        ("What cost at least 12 million?", None),
    ],
)
def test_an_exchanged_name_number_or_relation_is_none_that_the_passage_has(
    question: str, altered: set[str] | None
) -> None:
    made = {
        exchange(question, PASSAGE, ["Oslo", "Eva Lind", "1957"], random.Random(seed)) for seed in range(200)
    }
    made = {text for text in made if text and "n't" not in text}
    if altered is None:
        assert all(re.fullmatch(r"What cost at least \d\d million\?", text) for text in made)
        assert question not in made
    else:
        assert made == altered


def test_a_question_that_is_denied_already_is_not_denied_again() -> None:
    asked = "Why didn't the ferry sail?"
    assert all(exchange(asked, PASSAGE, [], random.Random(seed)) is None for seed in range(50))


def test_no_article_that_is_learned_from_is_held_out() -> None:
    names = {path.stem for path in written.FOLDER.glob("*.md")}
    held_out = {name for held in written.HELD_OUT.values() for name in held.split()}
    assert held_out <= names
    assert {written.part_of(name) for name in names - held_out} == {"train"}
    assert Counter(map(written.part_of, names)) == {
        "train": len(names - held_out),
        **{part: len(held.split()) for part, held in written.HELD_OUT.items()},
    }


def test_every_question_of_our_own_has_an_id_of_its_own() -> None:
    """What a run has learned is remembered by them."""
    ids = [row.id for path in written.FOLDER.glob("*.jsonl") for _, row in read_rows(path, QuestionRow)]
    assert len(ids) == len(set(ids))


def test_questions_that_an_earlier_run_knew_are_not_learned_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("bridge", "tunnel"):
        said = (f"The {name} opened in 1998.", f"Few use the {name}.", "It rains often.", "Ships pass.")
        (tmp_path / f"{name}.md").write_text("\n\n".join(said))
        asked = {
            "id": name,
            "question": f"When did the {name} open?",
            "answers": ["1998"],
            "answerable": True,
        }
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(asked))
    monkeypatch.setattr(written, "FOLDER", tmp_path)
    earlier = tmp_path / "mined.jsonl"
    earlier.write_text(json.dumps({"bridge": ["p2", "p3", "p4"]}))
    articles = written.searched("train", encoder(DEFAULT_MODEL).encode, read_orders(earlier))
    made = written.examples(articles, random.Random(1), None)
    assert {e.passage for e in made if e.start >= 0} == {"The tunnel opened in 1998."}


def test_a_follow_up_is_learned_as_the_chat_reads_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = (
        "The bridge was shut by a storm.",
        "The storm came from the north.",
        "It rains often.",
        "Ships pass.",
    )
    (tmp_path / "bridge.md").write_text("\n\n".join(said))
    first = {"id": "1", "question": "What shut the bridge?", "answers": ["a storm"], "answerable": True}
    then = {"id": "2", "question": "From where?", "answers": ["from the north"], "answerable": True}
    then |= {"history": [{"role": "user", "text": first["question"]}], "rewrite": "Where was the storm from?"}
    (tmp_path / "bridge.jsonl").write_text(f"{json.dumps(first)}\n{json.dumps(then)}")
    monkeypatch.setattr(written, "FOLDER", tmp_path)
    articles = written.searched("train", encoder(DEFAULT_MODEL).encode)
    made = [e for seed in range(8) for e in written.examples(articles, random.Random(seed), None)]
    assert "What shut the bridge? “a storm” From where?" in {e.question for e in made}


def test_a_follow_up_is_learned_after_the_answer_in_its_history(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "bridge.md").write_text(
        "A storm shut the bridge.\n\nIt rains often.\n\nShips pass.\n\nIt is old."
    )
    then = {"id": "1", "question": "Is it old?", "answers": ["It is old."], "answerable": True}
    said = [{"role": "user", "text": "What did it shut?"}, {"role": "assistant", "text": "the bridge"}]
    then |= {"history": said, "rewrite": "Is the bridge old?"}
    (tmp_path / "bridge.jsonl").write_text(json.dumps(then))
    monkeypatch.setattr(written, "FOLDER", tmp_path)
    articles = written.searched("train", encoder(DEFAULT_MODEL).encode)
    made = [e for seed in range(8) for e in written.examples(articles, random.Random(seed), None)]
    assert "What did it shut? the bridge. Is it old?" in {e.question for e in made}
