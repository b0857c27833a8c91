"""The bot behind its limits: so many questions at once, so many that wait, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil, inf
from threading import Lock
from time import perf_counter
from typing import TypeVar

from qa import stages
from qa.answer import Answer
from qa.bot import Bot
from qa.errors import QaError, QuestionError
from qa.history import Message
from qa.index import Index
from qa.passages import Passage
from qa.settings import Settings
from qa.web.metrics import Metrics

T = TypeVar("T")


class BusyError(QaError):
    """Too many questions are waiting already; ``retry_after`` seconds on they will have been answered."""

    def __init__(self, retry_after: int) -> None:
        """Say so, in words that a reader of the page can be shown."""
        self.retry_after = retry_after
        super().__init__("Many people are asking just now. Please try again in a moment.")


class Desk:
    """Takes questions as a :class:`qa.Bot` does, within the operator's limits.

    Answering is all computation, so a few threads, one to a core, do it for the page, the JSON routes
    and MCP alike; questions wait in order of arrival. An answer is the same whatever runs beside it.
    """

    def __init__(self, bot: Bot, settings: Settings, metrics: Metrics) -> None:
        """Open the desk."""
        self._bot = bot
        self._metrics = metrics
        self._max_question = settings.max_question
        self._concurrency = settings.concurrency
        self._places = settings.concurrency + settings.queue
        self._taken = 0
        self._until = inf
        self._usual = 0.0
        self._lock = Lock()
        self._pool = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="qa")
        metrics.watch(
            waiting=lambda: max(0, self._taken - self._concurrency),
            under_way=lambda: min(self._taken, self._concurrency),
        )

    @property
    def index(self) -> Index:
        """The bot's index."""
        return self._bot.index

    @property
    def full(self) -> bool:
        """Whether the next question would be refused."""
        return self._taken >= self._places or self._until < inf

    @property
    def retry_after(self) -> int:
        """Seconds until all that is taken now will have been answered, as fast as lately; 1 at least."""
        return max(1, ceil(self._taken * self._usual / self._concurrency))

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer as :meth:`qa.Bot.ask` does, from a thread that may wait.

        Raises:
            QuestionError: if the bot cannot take the question.
            BusyError: if too many are waiting.
        """
        return self._ask(question, history).result()

    def search(self, question: str, k: int = 5) -> tuple[Passage, ...]:
        """Search as :meth:`qa.Bot.search` does, from a thread that may wait.

        Raises:
            QuestionError: if the bot cannot take the question, or ``k``.
            BusyError: if too many are waiting.
        """
        return self._search(question, k).result()

    async def ask_async(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer without holding the event loop. Raises what :meth:`ask` raises."""
        return await asyncio.wrap_future(self._ask(question, history))

    async def search_async(self, question: str, k: int = 5) -> tuple[Passage, ...]:
        """Search without holding the event loop. Raises what :meth:`search` raises."""
        return await asyncio.wrap_future(self._search(question, k))

    def drain(self, seconds: float) -> None:
        """Take no more, and refuse what is still waiting after so many seconds."""
        self._until = perf_counter() + seconds

    def close(self) -> None:
        """Finish what is under way."""
        self._pool.shutdown()

    def attempt(self, question: str) -> Answer:
        """Answer a question that nobody has asked, as :meth:`ask` does, and do not count it as one."""
        return self._submit("ask", question, lambda: self._bot.ask(question)).result()

    def _ask(self, question: str, history: Sequence[Message]) -> Future[Answer]:
        def work() -> Answer:
            answer = self._bot.ask(question, history)
            self._metrics.answered(answer.verdict)
            return answer

        return self._submit("ask", question, work)

    def _search(self, question: str, k: int) -> Future[tuple[Passage, ...]]:
        return self._submit("search", question, lambda: self._bot.search(question, k))

    def _submit(self, stage: stages.Stage, question: str, work: Callable[[], T]) -> Future[T]:
        if isinstance(question, str) and len(question) > self._max_question:
            self._metrics.refused("question")
            raise QuestionError(
                f"question: {len(question):,} characters; ask in at most {self._max_question:,}."
            )
        with self._lock:
            if self.full:
                self._metrics.refused("busy")
                raise BusyError(self.retry_after)
            self._taken += 1
        arrived = perf_counter()

        def timed() -> T:
            begun = perf_counter()
            self._metrics.took("wait", begun - arrived)
            if begun > self._until:
                self._metrics.refused("busy")
                raise BusyError(self.retry_after)
            try:
                with stages.listening(self._metrics.took), stages.stage(stage):
                    return work()
            except QuestionError:
                self._metrics.refused("question")
                raise

            finally:
                took = perf_counter() - begun
                # Of the last ten or so, to follow what is asked.
                self._usual += (0.1 if self._usual else 1.0) * (took - self._usual)

        future = self._pool.submit(timed)
        future.add_done_callback(self._release)
        return future

    def _release(self, _: object = None) -> None:
        with self._lock:
            self._taken -= 1
