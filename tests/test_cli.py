"""The command line as a person or a script meets it."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import qa
from qa.bot import MOST_READ

ROOT = Path(__file__).parent.parent
QUESTION = "How many containers of munitions were sent?"
BARE = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}


def run(*arguments: str, typed: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qa", *arguments],
        cwd=ROOT,
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=BARE | {"COLUMNS": "100"} | environment,
    )


def in_terminal(*arguments: str, **environment: str) -> str:
    """What a terminal of 100 columns would get."""
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm-256color", "COLUMNS": "100", **environment}
    process = subprocess.Popen(
        [sys.executable, "-m", "qa", *arguments],
        cwd=ROOT,
        stdout=theirs,
        stderr=theirs,
        env=BARE | environment,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux tells that the other side has closed
            break
        if not part:
            break
        shown += part
    process.wait()
    os.close(ours)
    return shown.decode()


def test_ask_prints_the_quote_and_where_it_stands() -> None:
    done = run("ask", QUESTION)
    assert (done.returncode, done.stderr) == (0, "")
    assert "11,000" in done.stdout
    assert "Technology and Military Exchange · characters " in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_what_the_package_returns() -> None:
    done = run("ask", QUESTION, "--json")
    assert json.loads(done.stdout) == qa.load().ask(QUESTION).to_dict()
    done = run("search", "sanctions", "-k", "2", "--json")
    assert json.loads(done.stdout) == [p.to_dict() for p in qa.load().search("sanctions", 2)]


def test_an_honest_no_is_no_error() -> None:
    done = run("ask", "How do I bake sourdough bread?")
    assert done.returncode == 0
    assert "says nothing about this" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["ask", ""], "question"),
        (["ask", QUESTION, "--index", "nowhere"], "nowhere"),
        (["ask", QUESTION, "--history", "nowhere.json"], "nowhere.json"),
        (["ask", QUESTION, "--history", "README.md"], "README.md"),
        (["eval", "nowhere"], "nowhere"),
        (["eval", "--json", "nowhere/measures.json"], "nowhere/measures.json: its folder is missing"),
        (["build", "nowhere.md", "new-index"], "nowhere.md"),
        (["build", "http://127.0.0.1:1/story", "new-index"], "http://127.0.0.1:1/story: cannot be fetched"),
        (["build", "--check", "nowhere"], "nowhere"),
        (["serve", "--port", "70000"], "port"),
        (["serve", "--index", "nowhere"], "nowhere"),
    ],
)
def test_an_error_is_one_line_that_names_what_is_wrong(arguments: list[str], named: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["asc", QUESTION],
        ["ask", QUESTION, "--jsn"],
        ["search", "x", "-k", "0"],
        ["build", "i"],
        ["eval", "--index", "index"],
    ],
)
def test_a_command_typed_wrongly_exits_with_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage" in done.stderr


def test_help_says_what_each_command_does() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("build", "ask", "chat", "search", "serve", "eval", "deploy"):
        assert command in done.stdout
        assert run(command, "--help").returncode == 0


def test_history_is_the_conversation(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    said = [{"role": "user", "content": "What does North Korea send to Russia?"}]
    path.write_text(json.dumps(said), encoding="utf-8")
    done = run("ask", "why does it?", "--history", str(path), "--json")
    assert json.loads(done.stdout) == qa.load().ask("why does it?", history=said).to_dict()


def test_chat_goes_on_after_an_error_and_ends_with_the_input() -> None:
    long = "x" * 3000
    done = run("chat", typed=f"\n{long}\n{QUESTION}\n")
    assert done.returncode == 0
    assert "3,000 characters" in done.stderr
    assert "11,000" in done.stdout


def test_chat_shows_each_passage_once_when_asked_for_more() -> None:
    done = run("chat", typed=f"{QUESTION}\n" + "more\n" * 6)
    places = re.findall(r"characters (\d+) to", done.stdout)
    assert len(places) == len(set(places)) == MOST_READ


def test_chat_ends_quietly_on_ctrl_c() -> None:
    chat = subprocess.Popen(
        [sys.executable, "-u", "-m", "qa", "chat"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=BARE,
        # What runs in the background of a script is started with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with chat:
        assert chat.stdin and chat.stdout
        chat.stdin.write(f"{QUESTION}\n".encode())
        chat.stdin.flush()
        while b"11,000" not in chat.stdout.readline():
            assert chat.poll() is None
        chat.send_signal(signal.SIGINT)
        _, told = chat.communicate(timeout=60)
    assert (chat.returncode, told) == (130, b"")


def test_a_terminal_gets_colour_unless_it_says_no() -> None:
    assert "\x1b[" in in_terminal("search", "sanctions", "-k", "1")
    assert "\x1b[3" not in in_terminal("ask", QUESTION, NO_COLOR="1")
    lines = re.sub(r"\x1b\[\d+m", "", in_terminal("search", "sanctions", "-k", "1")).splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) > 3


def test_an_article_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.text import Text

    from qa.terminal import plain, print_json

    assert plain("\x1b]0;owned\x07 and \x9b2J") == " ]0;owned  and  2J"
    assert len(plain("a\x1bb")) == 3, "offsets hold"
    print_json("\x9b2J\x7f")
    assert capsys.readouterr().out == '"\\u009b2J\\u007f"\n'
    assert Text(plain("[bold]")).plain == "[bold]"


def test_a_title_cannot_drive_the_terminal(tmp_path: Path) -> None:
    """What is said of an article holds its title, and was printed as it stands."""
    article = tmp_path / "ship.md"
    article.write_text('---\ntitle: "Nice \\e[2J title"\n---\nThe ship sailed.', encoding="utf-8")
    assert run("build", str(article), str(tmp_path / "index")).returncode == 0
    done = run("ask", "-i", str(tmp_path / "index"), "What is the title?")
    assert "Nice  [2J title" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_stream_without_the_characters_gets_their_codes() -> None:
    done = run("search", "sanctions", "-k", "1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "\\u203a" in done.stdout


def test_what_is_typed_in_another_encoding_is_a_question_like_others() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "qa", "chat"], cwd=ROOT, input=b"Gr\xfc\xdfe?\n", capture_output=True, env=BARE
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_that_leaves_early_gets_no_traceback() -> None:
    done = subprocess.run(
        f"{sys.executable} -m qa search sanctions | head -c 1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr


def test_build_and_check(tmp_path: Path) -> None:
    article = tmp_path / "ferry.txt"
    article.write_text("The ferry to Oslo leaves at noon.", encoding="utf-8")
    done = run("build", str(article), str(tmp_path / "index"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passages" in done.stdout
    assert run("build", "--check", str(article), str(tmp_path / "index")).returncode == 0
    article.write_text("The ferry to Oslo leaves at one.", encoding="utf-8")
    done = run("build", "--check", str(article), str(tmp_path / "index"))
    assert done.returncode == 1
    assert str(article) in done.stderr
    done = run("ask", "When does the ferry leave?", "--index", str(tmp_path / "index"))
    assert "noon" in done.stdout


def test_a_link_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    done = run("build", "index/article.md", str(tmp_path / "loop"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Too many levels of symbolic links" in done.stderr


def test_a_build_shows_what_its_front_matters_questions_get(tmp_path: Path) -> None:
    """They are offered to readers: one that was answered wrongly, or not at all, was first seen by them."""
    article = tmp_path / "ferry.md"
    questions = ["When does the ferry to Oslo leave?", "Who is the queen of Spain?", "so " * 900]
    listed = "".join(f"  - {question}\n" for question in questions)
    article.write_text(f"---\nquestions:\n{listed}---\nThe ferry to Oslo leaves at noon.", encoding="utf-8")
    done = run("build", str(article), str(tmp_path / "index"))
    assert done.returncode == 0
    assert re.search(r"When does the ferry to Oslo leave\? “(at )?noon” \(", done.stdout)
    assert "'Who is the queen of Spain?': is offered to readers, and not answered" in done.stderr
    assert "2,000" in done.stderr


def test_a_build_says_where_the_reader_is_out_of_its_language(tmp_path: Path) -> None:
    article = tmp_path / "fähre.md"
    article.write_text("---\nlanguage: de\n---\nDie Fähre fährt um zwölf.", encoding="utf-8")
    done = run("build", str(article), str(tmp_path / "index"))
    assert done.returncode == 0
    assert "English alone" in done.stderr and "--reader" in done.stderr


def test_a_build_says_that_an_article_is_in_another_language(tmp_path: Path) -> None:
    """It is taken for English where it does not say, and questions about it were set right into English."""
    article = tmp_path / "hafen.md"
    article.write_text(
        "Der Hafen wurde gestern nach langen Jahren wieder eröffnet. Viele Gäste kamen, obwohl es stark "
        "regnete, und sahen zu, wie die erste Fähre langsam anlegte. Danach wurde gefeiert und getanzt.",
        encoding="utf-8",
    )
    done = run("build", str(article), str(tmp_path / "index"))
    assert done.returncode == 0
    assert "does not look like 'en'" in done.stderr
    asked = run(
        "ask", "Wann wurde der Hafen eröffnet und wie viele kamen?", "-i", str(tmp_path / "index"), "--json"
    )
    assert json.loads(asked.stdout)["question"] == "Wann wurde der Hafen eröffnet und wie viele kamen?"


def test_eval_measures_a_set(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "question": QUESTION, "answerable": True, "answers": ["11,000 containers"]},
        {"id": "2", "question": "Is Kim Jong Un married?", "answerable": False, "answers": []},
    ]
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    done = run("eval", str(tmp_path), "--json", str(tmp_path / "measures.json"))
    assert done.returncode == 0, done.stderr
    assert "hit@1" in done.stdout
    assert done.stderr == "", "no progress bar in a pipe"
    assert json.loads((tmp_path / "measures.json").read_text(encoding="utf-8"))


def test_a_set_without_questions_of_the_part_is_named(tmp_path: Path) -> None:
    row = {"id": "1", "question": QUESTION, "answerable": False, "answers": [], "part": "choose"}
    (tmp_path / "questions.jsonl").write_text(json.dumps(row), encoding="utf-8")
    done = run("eval", str(tmp_path))
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr and "--part" in done.stderr


def test_asking_imports_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys; from qa.cli import app;"
        "app(['ask', 'What did they sign?', '--json'], standalone_mode=False);"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'gradio', 'fastapi', 'pydantic',"
        "'sklearn', 'rich'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize(
    "command", [["ask", QUESTION], ["search", "sheep"], ["deploy", "--dry-run", "space"]]
)
def test_the_environment_names_the_index_for_every_command(tmp_path: Path, command: list[str]) -> None:
    """Only serve read it: the others answered from the shipped article, and deploy published that."""
    place = tmp_path / "mine"
    arguments = [str(tmp_path / a) if a == "space" else a for a in command]
    asked = run(*arguments, QA_INDEX=str(place))
    assert (asked.returncode, asked.stdout) == (1, "")
    assert f"{place}: no such index folder" in asked.stderr
