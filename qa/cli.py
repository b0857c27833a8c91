"""The command line: ``qa build | ask | chat | search | serve | deploy | feedback | eval | calibrate``.

Exit codes: 0 done, also where the article does not answer; 1 for what standard error says in one
line; 2 for a command that was typed wrongly; 130 for Ctrl-C.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from qa.errors import QaError, QuestionError
from qa.terminal import INDENT, complain, plain, print_json, say, show_answer, show_passage

QUESTIONS = Path("tests/questions")


class Commands(typer.core.TyperGroup):
    """The commands, with this package's errors in one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                # Where a terminal or a file lacks a character, its code is better than no answer.
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except QaError as error:
            complain(str(error))
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Ask an article, and get its own words back, exactly, or be told that it does not say.",
)

IndexFolder = Annotated[
    Path | None, typer.Option("--index", "-i", help="The index folder; without it, the shipped article's.")
]
ReaderName = Annotated[
    str | None,
    typer.Option(
        "--reader",
        help="Read with another extractive question-answering model: a folder, or a name on the hub.",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Questions drawn of a set; all without.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def build(
    *,
    articles: Annotated[
        list[Path] | None, typer.Argument(metavar="ARTICLE", help="Markdown or plain text files.")
    ] = None,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the index goes, or is.")],
    model: Annotated[
        str, typer.Option(help="A sentence-transformers model: a folder or a name.")
    ] = "all-MiniLM-L6-v2",
    reader: ReaderName = None,
    float32: Annotated[bool, typer.Option("--float32", help="Keep the models' weights whole.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the index fits.")] = False,
) -> None:
    """Build the index of one article or several, or check one that is there."""
    from qa import index
    from qa.manifest import PASSAGES

    named = list(articles or ())
    if check:
        if problems := index.check(folder, named):
            for problem in problems:
                complain(problem)
            raise typer.Exit(1)
        typer.echo(f"{folder}: fits.")
        return
    if not named:
        raise typer.BadParameter("name an article, then the folder for its index.", param_hint="ARTICLE")
    watched = sys.stderr.isatty()
    if watched:
        typer.echo(f"{folder}: embedding the article, then exporting its questions' encoder ...", err=True)
    index.build(named, folder, model=model, reader=reader, int8=not float32, progress=watched)
    size = sum(file.stat().st_size for file in folder.rglob("*"))
    rows = (folder / PASSAGES).read_text(encoding="utf-8").count("\n")
    typer.echo(f"{folder}: {rows} passages, {size / 1e6:.1f} MB.")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    index: IndexFolder = None,
    as_json: AsJson = False,
    history: Annotated[
        Path | None,
        typer.Option(help='The conversation so far: a JSON list of {"role": ..., "content": ...}.'),
    ] = None,
) -> None:
    """Answer a question in the article's own words."""
    import qa

    messages = _read_history(history) if history else []
    answer = qa.load(index).ask(question, history=messages)
    if as_json:
        print_json(answer.to_dict())
    else:
        show_answer(answer, question)


@app.command()
def chat(index: IndexFolder = None) -> None:
    """Talk with the article in the terminal. Ctrl-D ends."""
    import contextlib

    import qa

    with contextlib.suppress(ImportError):  # Windows has no readline, and edits lines without it.
        import readline  # noqa: F401
    bot = qa.load(index)
    for article in bot.index.articles:
        say(plain(article.title), style="bold")
        for starter in article.questions:
            say(plain(starter), style="dim", indent=INDENT)
    history: list[dict[str, str]] = []
    while True:
        try:
            question = input("\n> " if sys.stdin.isatty() else "")
        except EOFError:
            typer.echo()
            return
        if not question.strip():
            continue
        try:
            answer = bot.ask(question, history=history)
        except QaError as error:
            complain(str(error))
            continue
        show_answer(answer, question)
        said = answer.quote.text if answer.quote else answer.message
        history += [{"role": "user", "content": question}, {"role": "assistant", "content": said}]


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="Words or a question.")],
    index: IndexFolder = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Passages to show.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show the passages that a search finds, best first, without judging whether they answer."""
    import qa

    passages = qa.load(index).search(question, k)
    if as_json:
        print_json([p.to_dict() for p in passages])
    else:
        for number, passage in enumerate(passages, 1):
            show_passage(number, passage)


@app.command()
def serve(
    index: IndexFolder = None,
    host: Annotated[str | None, typer.Option(help="The address to listen at; 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 7860, and 0 takes a free one.")] = None,
    auth: Annotated[str | None, typer.Option(help="user:password; closes every route.")] = None,
    root_path: Annotated[str | None, typer.Option(help="The path under which a proxy serves this.")] = None,
    feedback: Annotated[
        Path | None, typer.Option(help="Keep readers' feedback in this folder; none is kept without.")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Questions under way; as many as there are cores, 4 at most.")
    ] = None,
    queue: Annotated[int | None, typer.Option(help="Questions that wait; 32, and more are refused.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of one model call; 1.")] = None,
    max_question: Annotated[int | None, typer.Option(help="Characters of a question; 2000.")] = None,
    allowed_origins: Annotated[
        str | None, typer.Option(help="Other sites whose pages may call this one, with commas between.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error; info.")] = None,
) -> None:
    """Start the web chat. Each option can also be a variable of the environment: QA_PORT for --port."""
    # Each option has its setting's name, and goes before the environment where it is given.
    given = {name: value for name, value in locals().items() if value is not None}
    from qa.web import serve as start  # first: it says what to install where something is missing
    from qa.settings import Settings  # isort: skip

    start(Settings(**given))


@app.command()
def deploy(
    space: Annotated[
        str | None, typer.Argument(metavar="OWNER/NAME", help="The Space to put the chat on.")
    ] = None,
    index: IndexFolder = None,
    article: Annotated[
        str | None, typer.Option(help="A file or an http(s) address: build its index first, and send that.")
    ] = None,
    dry_run: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write what would be sent here, and send nothing.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Make a new Space its owner's alone.")] = False,
) -> None:
    """Put the chat on Hugging Face Spaces, with the shipped article or another."""
    from qa import deploy
    from qa.bot import SHIPPED_INDEX

    if (space is None) == (dry_run is None):
        raise typer.BadParameter("name a Space, or a folder with --dry-run.", param_hint="OWNER/NAME")
    if article is not None and index is not None:
        raise typer.BadParameter("name an article or an index, not both.", param_hint="--article")
    with deploy.index_of(article) if article is not None else nullcontext(index or SHIPPED_INDEX) as source:
        if dry_run is not None:
            deploy.prepare(dry_run, source)
            typer.echo(f"{dry_run}: what a Space would get.")
        elif space is not None:
            typer.echo(deploy.deploy(space, source, private=private))


@app.command()
def feedback(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where readers' feedback was kept.")],
    questions: Annotated[Path, typer.Argument(metavar="FILE", help="The question set to write.")],
    index: IndexFolder = None,
) -> None:
    """Turn readers' feedback into a question set that eval reads."""
    from qa.bot import SHIPPED_INDEX
    from qa.web.feedback import index_version, to_questions

    settled, waiting = to_questions(folder, index_version(index or SHIPPED_INDEX), questions)
    typer.echo(f"{questions}: {settled} questions; {waiting} wait for a person to say what is right.")


@app.command("eval")
def evaluate(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help="Folders with questions.jsonl; tests/questions without any."),
    ] = None,
    index: IndexFolder = None,
    part: Annotated[
        str, typer.Option(help="Only the questions of this part; those without a part always count.")
    ] = "report",
    reader: ReaderName = None,
    limit: Limit = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the measures here.")] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="Also draw risk by coverage, and reliability: .svg, .png or .pdf."),
    ] = None,
) -> None:
    """Ask the questions of sets that nothing was chosen on, and print the measures.

    A set without corpus.jsonl is asked about the index; of one with it, each question is asked about its
    own article, indexed for the time. Brackets hold 95 % bootstrap intervals; - stands where a set cannot
    tell. docs/quality.md says what each measure is.
    """
    import qa
    from qa import report

    report.check_picture(picture)
    named = folders or [QUESTIONS, QUESTIONS / "conversations"]
    measured = report.evaluate(qa.load(index, reader=reader), named, part, limit)
    report.print_tables(measured)
    report.save(measured, json_file, picture)


@app.command()
def calibrate(
    index: Annotated[
        Path, typer.Argument(metavar="INDEX", help="The index folder, with a reader of its own.")
    ],
    questions: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A set, half of whose questions have no answer, about.")
    ],
    part: Annotated[str, typer.Option(help="Only questions of this part, and those of none.")] = "choose",
    limit: Limit = None,
) -> None:
    """Fit an index's confidence to its reader, on questions that it is not measured on later."""
    from qa.calibration import calibrate_index

    count = calibrate_index(index, questions, part, limit)
    typer.echo(f"{index}: calibrated on {count} questions of {questions}.")


def _read_history(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise QuestionError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise QuestionError(f"{path}: is not JSON.") from error
    if not isinstance(found, list):
        raise QuestionError(f'{path}: must be a list of messages: [{{"role": "user", "content": "..."}}].')
    return found
