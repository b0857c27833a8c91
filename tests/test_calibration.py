"""Fitting the verdict: what follow-ups teach about themselves, and what no other question pays for."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from qa.bot import SHIPPED_INDEX
from qa.calibration import RANKS, Row, calibrate_index, fit
from qa.errors import IndexFolderError, ModelError, QaError
from qa.index import calibrate
from qa.manifest import read_manifest
from qa.reader import PACKAGED
from qa.verdict import FEATURES, TOPIC_FEATURES, Calibration, Signals
from training.calibrate import Collected, crossed

CLEAR, DOUBTFUL = 4.0, -4.0
TOPIC_THRESHOLD = 0.4


def signals(margin: float, follow_up: bool = False) -> Signals:
    return Signals(
        **dict.fromkeys({*FEATURES, *TOPIC_FEATURES}, 0.0) | {"margin": margin, "follow_up": float(follow_up)}
    )


def asked(margin: float, right_with: float, follow_up: bool = False) -> dict[float, Row]:
    """Return a question whose first passage is right with one rank's weight alone, if it has an answer."""
    answerable = margin > 0
    row = Row(signals(margin, follow_up), False, answerable, touches=True)
    return {rank: replace(row, right=answerable and rank == right_with) for rank in RANKS}


FIRST = [asked(margin, right_with=RANKS[0]) for margin in (CLEAR, DOUBTFUL) for _ in range(40)]
LATER = [
    asked(margin, right_with=RANKS[-1], follow_up=True) for margin in (CLEAR, DOUBTFUL) for _ in range(20)
]


def test_follow_ups_are_ranked_as_follow_ups_teach() -> None:
    fitted = fit([*FIRST, *LATER], TOPIC_THRESHOLD)
    assert (fitted.rank, fitted.follow_up_rank) == (RANKS[0], RANKS[-1])


def test_without_follow_ups_they_are_ranked_as_first_questions() -> None:
    fitted = fit(FIRST, TOPIC_THRESHOLD)
    assert (fitted.rank, fitted.follow_up_rank) == (RANKS[0], RANKS[0])


def test_first_questions_are_judged_as_if_no_follow_up_had_been_seen() -> None:
    alone, both = fit(FIRST, TOPIC_THRESHOLD), fit([*FIRST, *LATER], TOPIC_THRESHOLD)
    assert alone.answer_threshold == both.answer_threshold
    assert alone.answers(signals(CLEAR)) == both.answers(signals(CLEAR)) > 0.9


def test_a_calibration_is_not_put_into_an_index_that_was_rebuilt_meanwhile(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(SHIPPED_INDEX, folder)
    asked = read_manifest(folder)
    calibrate(folder, fit(FIRST, TOPIC_THRESHOLD), asked)
    rebuilt = (folder / "manifest.json").read_bytes()
    with pytest.raises(IndexFolderError, match="rebuilt"):
        calibrate(folder, fit(FIRST, TOPIC_THRESHOLD), asked)
    assert (folder / "manifest.json").read_bytes() == rebuilt


def drawn(seed: int) -> list[dict[float, Row]]:
    """Return questions of which the answerable have the higher margins, on the whole."""
    rng = np.random.default_rng(seed)
    rows = []
    for answerable in (True, False):
        for margin in rng.normal(1.5 if answerable else -1.5, 2.0, 300):
            row = Row(signals(float(margin)), answerable, answerable, touches=True)
            rows.append(dict.fromkeys(RANKS, row))
    return rows


def test_the_threshold_does_not_follow_chance() -> None:
    thresholds = [fit(drawn(seed), TOPIC_THRESHOLD).answer_threshold for seed in range(8)]
    assert max(thresholds) - min(thresholds) < 0.04
    assert np.mean(thresholds) == pytest.approx(0.5, abs=0.02)


def test_a_reader_that_cannot_tell_gets_a_threshold_too() -> None:
    alike = [dict.fromkeys(RANKS, Row(signals(0.0), False, n % 2 == 0, touches=True)) for n in range(80)]
    assert 0.2 <= fit(alike, TOPIC_THRESHOLD).answer_threshold <= 0.7


def test_too_few_questions_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.calibration.collect", lambda *_: pytest.fail("they are read"))
    row = {"id": "1", "question": "Who signed it?", "answerable": False, "part": "report"}
    (tmp_path / "questions.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(QaError, match=f"{tmp_path}, part 'choose': 0 questions with an answer"):
        calibrate_index(SHIPPED_INDEX, tmp_path, "choose")


@pytest.mark.parametrize("number", ["NaN", "1e999", "1" * 400])
def test_a_weight_that_is_no_number_is_refused(tmp_path: Path, number: str) -> None:
    path = tmp_path / "calibration.json"
    whole = json.loads((PACKAGED / "calibration.json").read_text(encoding="utf-8"))
    path.write_text(
        json.dumps(whole | {"rank": 0}).replace('"rank": 0', f'"rank": {number}'), encoding="utf-8"
    )
    with pytest.raises(ModelError, match=r"calibration\.json"):
        Calibration.load(path)


def test_what_a_fit_is_worth_is_told_of_articles_that_it_did_not_see() -> None:
    """Margins are right on ten articles and turned round on one, which is judged by what the ten teach."""
    collected = [
        Collected("ours", f"article {number}", asked(margin, right_with=RANKS[0]))
        for number in range(10)
        for margin in (CLEAR, DOUBTFUL)
        for _ in range(8)
    ]
    turned = [asked(margin, right_with=RANKS[0]) for margin in (CLEAR, DOUBTFUL) for _ in range(8)]
    for rows in turned:
        for rank, row in rows.items():
            rows[rank] = replace(row, signals=signals(-row.signals.margin))
    collected += [Collected("turned", "another article", rows) for rows in turned]
    _, ours, other = crossed(collected)
    assert ours == ["ours", "160", *["1.000"] * 6]
    assert other == ["turned", "16", "1.000", *["0.000"] * 5]
