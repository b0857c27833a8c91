"""What an operator watches, in Prometheus form. Nothing here ever sees a question's text."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

# They double the lines, to say when each counter first counted.
disable_created_metrics()  # type: ignore[no-untyped-call]

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """The counters of one server."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Begin at zero, in a registry of its own: two servers of one process do not mix."""
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._questions = Counter("qa_questions", "Questions answered.", ["verdict"], registry=registry)
        self._refusals = Counter("qa_refusals", "Requests refused.", ["reason"], registry=registry)
        self._requests = Counter("qa_requests", "HTTP requests.", ["route", "status"], registry=registry)
        self._seconds = Histogram(
            "qa_stage_seconds", "Time by stage.", ["stage"], registry=registry, buckets=SECONDS
        )
        self._waiting = Gauge("qa_waiting", "Questions that wait for a free place.", registry=registry)
        self._under_way = Gauge("qa_under_way", "Questions under way.", registry=registry)

    def answered(self, verdict: str) -> None:
        """Count an answer."""
        self._questions.labels(verdict).inc()

    def refused(self, reason: str) -> None:
        """Count a refusal: ``busy``, ``question``, ``access`` or ``origin``."""
        self._refusals.labels(reason).inc()

    def served(self, route: str, status: int) -> None:
        """Count a finished HTTP request by its route's pattern."""
        self._requests.labels(route, status).inc()

    def took(self, stage: str, seconds: float) -> None:
        """Record how long a stage took."""
        self._seconds.labels(stage).observe(seconds)

    def watch(self, waiting: Callable[[], int], under_way: Callable[[], int]) -> None:
        """Take the queue's length and the questions under way from where they are known."""
        self._waiting.set_function(waiting)
        self._under_way.set_function(under_way)

    def page(self) -> bytes:
        """Return all of it as a Prometheus server reads it."""
        return generate_latest(self._registry)
