"""The plain JSON routes, for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from qa.answer import Kind, Verdict
from qa.bot import MAX_QUESTION
from qa.errors import QaError
from qa.web.access import error
from qa.web.desk import BusyError, Desk
from qa.web.feedback import Feedback, FeedbackError, FeedbackFile
from qa.web.metrics import Metrics

MAX_SEARCHED = 100
NOT_POST = ["GET", "HEAD", "PUT", "PATCH", "DELETE"]

Question = Annotated[
    str, Field(max_length=MAX_QUESTION, description="A question about the article, in plain words.")
]
Start = Annotated[int, Field(description="Where the words begin in the article's text, in characters.")]
End = Annotated[int, Field(description="Where they end.")]


class Turn(BaseModel):
    """A message of the conversation so far, as chat APIs pass it; its further fields are passed over."""

    role: str = Field(description="Who said it: user, assistant, or another, which is passed over.")
    content: str | list[str | dict[str, Any]] | None = Field(
        None, description="What was said: text, or parts with text. A call of a tool has none."
    )

    def to_message(self) -> dict[str, Any]:
        """Return it as :meth:`qa.Bot.ask` takes it: what was left out stays out."""
        return self.model_dump(exclude_unset=True)


History = Annotated[list[Turn], Field(max_length=1_000, description="The conversation so far, oldest first.")]


class AskRequest(BaseModel):
    """A question, and what was said before it."""

    model_config = ConfigDict(extra="forbid")

    question: Question
    history: History = []


class SearchRequest(BaseModel):
    """Words to look for."""

    model_config = ConfigDict(extra="forbid")

    question: Question
    k: int = Field(5, ge=1, le=MAX_SEARCHED, description="How many passages to return.")


class QuoteModel(BaseModel):
    """The article's exact words that answer."""

    text: str
    start: Start
    end: End
    article: str = Field(description="The article's title.")


class PassageModel(BaseModel):
    """A paragraph of the article, or a part of a long one."""

    id: str
    text: str
    heading: str = Field(description="The headings above it.")
    start: Start
    end: End
    score: float = Field(description="Ranks the passages found for one question; no probability.")
    article: str = Field(description="The article's title.")


class AnswerModel(BaseModel):
    """What the article says to a question."""

    question: str = Field(description="What was understood, after the history.")
    verdict: Verdict = Field(
        description="answered; related: the article touches on it and does not answer it; or off_topic."
    )
    confidence: float = Field(
        description="The calibrated probability, 0 to 1, that the first passage answers."
    )
    quote: QuoteModel | None = Field(description="The exact words; null unless answered.")
    passages: list[PassageModel] = Field(description="What comes closest, best first.")
    message: str = Field(description="The verdict in a sentence; the only words that are not the article's.")
    kind: Kind = Field(description="What the message says: verdict, or a wish (more, sure), or small talk.")


class PassagesModel(BaseModel):
    """What a search found, best first."""

    passages: list[PassageModel]


class Health(BaseModel):
    """Whether an answer can be given now."""

    status: Literal["ready", "busy", "starting"]
    index: str = Field(description="The index's version: the sha256 of its manifest.")
    passages_version: str = Field(description="Tells its passages from all others; feedback names it.")


class Refusal(BaseModel):
    """Why something was not done."""

    error: str


REFUSALS: dict[int | str, dict[str, object]] = {
    401: {"model": Refusal, "description": "The chat has a password (HTTP Basic), and it was not given."},
    403: {"model": Refusal, "description": "It was sent from another site's page."},
    413: {"model": Refusal, "description": "The body is too large."},
    422: {"model": Refusal, "description": "What was sent cannot be taken."},
}
OF_FEEDBACK = REFUSALS | {
    409: {"model": Refusal, "description": "The answer is from another index."},
    507: {"model": Refusal, "description": "There is no room for more."},
}
OF_QUESTIONS = REFUSALS | {
    503: {"model": Refusal, "description": "Too many are waiting; try again after Retry-After seconds."},
}


def routes(desk: Desk, version: str, metrics: Metrics, feedback: FeedbackFile | None) -> APIRouter:
    """Return the JSON routes, ``/healthz`` and ``/metrics``."""
    router = APIRouter()
    passages = desk.index.manifest.passages_version

    @router.post("/api/ask", response_model=AnswerModel, responses=OF_QUESTIONS, operation_id="ask")
    async def ask(asked: AskRequest) -> Response:
        """Answer a question in the article's own words, or say that it does not."""
        history = [turn.to_message() for turn in asked.history]
        answer = await desk.ask_async(asked.question, history)
        return JSONResponse(answer.to_dict())

    @router.post("/api/search", response_model=PassagesModel, responses=OF_QUESTIONS, operation_id="search")
    async def search(sought: SearchRequest) -> Response:
        """Return the passages that a search ranks first, without judging whether they answer."""
        passages = await desk.search_async(sought.question, sought.k)
        return JSONResponse({"passages": [passage.to_dict() for passage in passages]})

    # Else the page, which takes all addresses that are left, would say that there is nothing.
    async def not_allowed() -> Response:
        return error(405, "Ask with POST, and in JSON: /openapi.json says how.", {"Allow": "POST"})

    for path in ("/api/ask", "/api/search", *(["/api/feedback"] if feedback else ())):
        router.add_api_route(path, not_allowed, methods=NOT_POST, include_in_schema=False)

    @router.head("/healthz", include_in_schema=False)
    @router.get("/healthz", response_model=Health, responses={503: {"model": Health}}, operation_id="health")
    async def health(request: Request) -> Response:
        """Say ready only when an answer can be given."""
        ready = getattr(request.app.state, "ready", False)
        status = "starting" if not ready else "busy" if desk.full else "ready"
        return JSONResponse(
            {"status": status, "index": version, "passages_version": passages},
            200 if status == "ready" else 503,
            None if status == "ready" else {"Retry-After": str(desk.retry_after)},
        )

    @router.api_route("/metrics", methods=["GET", "HEAD"], include_in_schema=False)
    async def metrics_page() -> Response:
        return Response(metrics.page(), headers={"Content-Type": metrics.content_type})

    if feedback is not None:
        kept = feedback
        known = {passage.id for passage in desk.index.passages}

        @router.post(
            "/api/feedback",
            status_code=204,
            responses=OF_FEEDBACK,
            operation_id="feedback",
        )
        def give_feedback(given: Feedback) -> None:
            """Keep a thumb up or down on an answer, and perhaps a word. Nothing about who gave it."""
            # A passage of another index may have the same id, and a page stays open over a deploy.
            if given.passages_version != passages:
                raise HTTPException(409, "passages_version: is another index's; /healthz says this one's.")
            if not known.issuperset(given.passage_ids):
                raise QaError("passage_ids: names a passage that the index does not hold.")
            kept.append(given)

    return router


def refusal(problem: QaError) -> JSONResponse:
    """Turn one of the package's errors into a response."""
    if isinstance(problem, BusyError):
        return error(503, str(problem), {"Retry-After": str(problem.retry_after)})
    return error(507 if isinstance(problem, FeedbackError) else 422, str(problem))
