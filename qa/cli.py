"""The command line: ``qa build | ask | chat | search | serve | deploy | feedback | eval | calibrate``.

Exit codes: 0 done, also where the article does not answer; 1 for what standard error says in one
line; 2 for a command that was typed wrongly; 130 for Ctrl-C.
"""

from __future__ import annotations

import json
import signal
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from qa.errors import QaError, QuestionError
from qa.terminal import INDENT, complain, plain, print_json, say, show_answer, show_passage

if TYPE_CHECKING:
    from qa.article import Article
    from qa.bot import Bot

QUESTIONS = Path("tests/questions")
PATH = click.Path(path_type=Path)


class Commands(click.Group):
    """The commands, with this package's errors in one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                # Where a terminal lacks a character, or sends none, its code is better than no answer.
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(ctx)
        except QaError as error:
            complain(str(error))
            raise click.exceptions.Exit(1) from error
        except (KeyboardInterrupt, click.Abort) as error:
            # As a shell tells it: 128 and the signal's number.
            raise click.exceptions.Exit(128 + signal.SIGINT) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def app() -> None:
    """Ask an article, and get its own words back, exactly, or be told that it does not say."""


index_folder = click.option(
    "--index",
    "-i",
    type=PATH,
    envvar="QA_INDEX",
    help="The index folder; without it, QA_INDEX, or the shipped article's.",
)
reader_name = click.option(
    "--reader", help="Read with another extractive question-answering model: a folder, or a name on the hub."
)
limit_of_a_set = click.option(
    "--limit",
    type=click.IntRange(min=1),
    help="Draw about so many questions from each set; others, about another article, are added.",
)
as_json_text = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@app.command()
@click.argument(
    "articles", metavar="[ARTICLE]...", nargs=-1, help="Markdown or plain text files, or http(s) addresses."
)
@click.argument("folder", type=PATH, help="The index folder, to write or to check.")
@click.option(
    "--model", default="all-MiniLM-L6-v2", help="A sentence-transformers model: a folder or a name."
)
@reader_name
@click.option("--float32", is_flag=True, help="Keep the models' weights whole.")
@click.option("--check", is_flag=True, help="Only say whether the index fits.")
def build(
    articles: tuple[str, ...], folder: Path, model: str, reader: str | None, float32: bool, check: bool
) -> None:
    """Build the index of one article or several, or check one that is there."""
    import qa
    from qa import index
    from qa.fetch import local

    if not articles and not check:
        raise click.BadParameter("name an article, then the folder for its index.", param_hint="ARTICLE")
    # Once the working folder is replaced, "." still means the old one, which is gone.
    place = folder.absolute()
    with local(*articles) as files:
        if check:
            if problems := index.check(folder, files):
                for problem in problems:
                    complain(problem)
                raise click.exceptions.Exit(1)
            click.echo(f"{folder}: fits.")
            return
        watched = sys.stderr.isatty()
        if watched:
            click.echo(f"{folder}: embedding, then exporting the questions' encoder ...", err=True)
        index.build(files, folder, model=model, reader=reader, int8=not float32, progress=watched)
    size = sum(file.stat().st_size for file in place.rglob("*"))
    bot = qa.load(place)
    click.echo(f"{folder}: {len(bot.index.passages)} passages, {size / 1e6:.1f} MB.")
    _examine(bot, str(folder))


@app.command()
@click.argument("question", help="What you want to know.")
@index_folder
@as_json_text
@click.option(
    "--history", type=PATH, help='The conversation so far: a JSON list of {"role": ..., "content": ...}.'
)
def ask(question: str, index: Path | None, as_json: bool, history: Path | None) -> None:
    """Answer a question in the article's own words."""
    import qa

    messages = _read_history(history) if history else []
    answer = qa.load(index).ask(question, history=messages)
    if as_json:
        print_json(answer.to_dict())
    else:
        show_answer(answer, question)


@app.command()
@index_folder
def chat(index: Path | None) -> None:
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
            click.echo()
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
@click.argument("question", help="Words or a question.")
@index_folder
@click.option("-k", type=click.IntRange(min=1), default=5, help="Passages to show.")
@as_json_text
def search(question: str, index: Path | None, k: int, as_json: bool) -> None:
    """Show the passages that a search finds, best first, without judging whether they answer."""
    import qa

    passages = qa.load(index).search(question, k)
    if as_json:
        print_json([p.to_dict() for p in passages])
    else:
        for number, passage in enumerate(passages, 1):
            show_passage(number, passage)


@app.command()
@index_folder
@click.option("--host", help="The address to listen at; 127.0.0.1.")
@click.option("--port", type=int, help="The port; 7860, and 0 takes a free one.")
@click.option("--auth", help="user:password; closes every route.")
@click.option("--root-path", help="The path under which a proxy serves this.")
@click.option("--feedback", type=PATH, help="Keep readers' feedback in this folder; none is kept without.")
@click.option("--concurrency", type=int, help="Questions under way; as many as there are cores, 4 at most.")
@click.option("--queue", type=int, help="Questions that wait; 32, and more are refused.")
@click.option("--threads", type=int, help="Passages read at once; one a core, four at most.")
@click.option("--max-question", type=int, help="Characters of a question; 2000.")
@click.option("--allowed-origins", help="Other addresses whose pages may call this: its own behind a proxy.")
@click.option("--log-level", help="debug, info, warning or error; info.")
def serve(**options: Any) -> None:
    """Start the web chat. Each option can also be a variable of the environment: QA_PORT for --port."""
    # Each option has its setting's name, and goes before the environment where it is given.
    given = {name: value for name, value in options.items() if value is not None}
    from qa.web import serve as start  # first: it says what to install where something is missing
    from qa.settings import Settings  # isort: skip

    start(Settings(**given))


@app.command()
@click.argument("space", metavar="[OWNER/NAME]", required=False, help="The Space to put the chat on.")
@index_folder
@click.option("--article", help="A file or an http(s) address: build its index first, and send that.")
@click.option(
    "--dry-run", metavar="FOLDER", type=PATH, help="Write what would be sent here, and send nothing."
)
@click.option("--private", is_flag=True, help="Make a new Space its owner's alone; refuse a public one.")
def deploy(
    space: str | None, index: Path | None, article: str | None, dry_run: Path | None, private: bool
) -> None:
    """Put the chat on Hugging Face Spaces, with the shipped article or another."""
    import qa
    from qa import deploy
    from qa.bot import index_folder_of

    if (space is None) == (dry_run is None):
        raise click.BadParameter("name a Space, or --dry-run FOLDER instead.", param_hint="OWNER/NAME")
    named = click.get_current_context().get_parameter_source("index") is ParameterSource.COMMANDLINE
    if article is not None and named:
        raise click.BadParameter("name an article or an index, not both.", param_hint="--article")
    with deploy.index_of(article) if article is not None else nullcontext(index) as built:
        source = index_folder_of(built)
        for name in deploy.unseen(source):
            complain(f"{name}: has comments or struck-out words: no page shows them, the Space's files do.")
        if article is not None:
            _examine(qa.load(source), article)
        if dry_run is not None:
            deploy.prepare(dry_run, source)
            click.echo(f"{dry_run}: what a Space would get.")
        elif space is not None:
            click.echo(deploy.deploy(space, source, private=private))


@app.command()
@click.argument("folder", type=PATH, help="Where readers' feedback was kept.")
@click.argument(
    "questions",
    metavar="FILE",
    type=PATH,
    help="The set to write: questions.jsonl in a folder, which eval takes.",
)
@index_folder
def feedback(folder: Path, questions: Path, index: Path | None) -> None:
    """Turn readers' feedback into a question set; only what was said of answers from this index counts."""
    from qa.bot import index_folder_of
    from qa.feedback import to_questions, waiting_file
    from qa.manifest import read_manifest

    manifest = read_manifest(index_folder_of(index))
    made = to_questions(folder, manifest.passages_version, questions)
    click.echo(f"{questions}: {made.settled} questions.")
    click.echo(f"{waiting_file(questions)}: {made.waiting}, for a person to say what is right.")
    if made.too_long:
        complain(f"{folder}: {made.too_long} questions are too long to be asked again, and left out.")
    if made.of_another_index:
        complain(f"{folder}: {made.of_another_index} entries are about another index, and left out.")


@app.command("eval")
@click.argument(
    "folders",
    metavar="[FOLDER]...",
    type=PATH,
    nargs=-1,
    help="Folders with questions.jsonl; tests/questions without any.",
)
@index_folder
@click.option(
    "--part", default="report", help="Only the questions of this part; those without a part always count."
)
@reader_name
@limit_of_a_set
@click.option("--json", "json_file", type=PATH, help="Also write the measures here.")
@click.option("--picture", type=PATH, help="Also draw risk by coverage, and reliability: .svg, .png or .pdf.")
def evaluate(
    folders: tuple[Path, ...],
    index: Path | None,
    part: str,
    reader: str | None,
    limit: int | None,
    json_file: Path | None,
    picture: Path | None,
) -> None:
    """Ask the questions of sets that nothing was chosen on, and print the measures.

    A set without corpus.jsonl is asked about the index; of one with it, each question is asked about its
    own article, indexed for the time. Brackets hold 95 % bootstrap intervals; - stands where a set cannot
    tell. docs/quality.md says what each measure is.
    """
    import qa
    from qa import report

    if index is not None and not folders:
        raise click.BadParameter("name a folder with questions about that index.", param_hint="FOLDER")
    report.check_outputs(json_file, picture)
    named = folders or [QUESTIONS, QUESTIONS / "conversations"]
    measured = report.evaluate(qa.load(index, reader=reader), named, part, limit)
    report.print_tables(measured)
    report.save(measured, json_file, picture)


@app.command()
@click.argument("index", type=PATH, help="The index folder.")
@click.argument(
    "questions",
    metavar="FOLDER",
    type=PATH,
    help="A question set; about half of its questions should have no answer.",
)
@click.option("--part", default="choose", help="Only questions of this part, and those of none.")
@limit_of_a_set
def calibrate(index: Path, questions: Path, part: str, limit: int | None) -> None:
    """Fit an index's confidence to its reader, on questions that it is not measured on later."""
    from qa.calibration import calibrate_index

    count = calibrate_index(index, questions, part, limit)
    click.echo(f"{index}: calibrated on {count} questions of {questions}.")


def _examine(bot: Bot, name: str) -> None:
    """Show what the questions of the front matter get, and complain of languages that answers suffer from."""
    from qa.spelling import Spelling

    for article in bot.index.articles:
        for question in article.questions:
            _show_starter(bot, article, question)
        if not Spelling([article.text], article.language).in_its_language:
            complain(
                f"{name}: {article.title!r} does not look like {article.language!r}. "
                "Name its language in the front matter (language: de), and build again."
            )
    foreign = sorted({a.language for a in bot.index.articles if a.primary_language != "en"})
    if foreign and bot.reader.packaged:
        complain(
            f"{name}: the packaged reader learned from English alone. In {', '.join(foreign)} it quotes "
            "exactly, but often the wrong words, and is sure of them; `qa build --reader` names another."
        )


def _show_starter(bot: Bot, article: Article, question: str) -> None:
    """Show what a question of the front matter gets: readers are offered it."""
    where = f"{article.title}: questions: {question!r}"
    try:
        answer = bot.ask(question)
    except QuestionError as error:
        complain(f"{where}: {error}")
        return
    if answer.quote is None or answer.quote.article is not article:
        complain(f"{where}: is offered to readers, and not answered. Reword it, or leave it out.")
    else:
        say(f"{plain(question)} “{plain(answer.quote.text)}” ({answer.percent}% sure)", indent=INDENT)


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
