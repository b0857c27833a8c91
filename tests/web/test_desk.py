"""The desk: how many questions at once, and when one that found no place may come again."""

import threading
import time

import pytest

import qa
from qa.settings import Settings
from qa.web.desk import BusyError, Desk
from qa.web.metrics import Metrics


class SlowBot(qa.Bot):
    """A bot that takes its time: as long as a gate is closed, and at least a tenth of a second."""

    def __init__(self, like: qa.Bot, gate: threading.Event) -> None:
        super().__init__(like.index, like.reader, like.calibration)
        self._gate = gate

    def search(self, question: str, k: int = 5) -> tuple[qa.Passage, ...]:
        time.sleep(0.1)
        self._gate.wait()
        return ()


def test_a_refused_question_may_come_again_when_the_queue_will_have_been_answered(bot: qa.Bot) -> None:
    gate = threading.Event()
    gate.set()
    desk = Desk(SlowBot(bot, gate), Settings(concurrency=1, queue=30), Metrics())
    try:
        assert desk.retry_after == 1
        desk.search("ferry")
        gate.clear()
        waiting = [desk._search("ferry", 5) for _ in range(31)]
        with pytest.raises(BusyError) as refused:
            desk.search("ferry")
        # 31 before it, of a tenth of a second and a little each.
        assert 3 <= refused.value.retry_after <= 15
        gate.set()
        assert [future.result() for future in waiting] == [()] * 31
        assert desk.retry_after == 1
    finally:
        gate.set()
        desk.close()


def test_what_nobody_has_asked_is_not_counted(bot: qa.Bot) -> None:
    metrics = Metrics()
    desk = Desk(bot, Settings(), metrics)
    try:
        assert desk.attempt("What did they sign?") == bot.ask("What did they sign?")
        assert b"qa_questions_total{" not in metrics.page()
        desk.ask("What did they sign?")
        assert b'qa_questions_total{verdict="answered"} 1.0' in metrics.page()
    finally:
        desk.close()
