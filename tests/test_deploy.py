"""A Space: written, sent to a hub that speaks the calls used, and started as Spaces start one."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
import yaml
from gradio_client import Client

import qa
from qa.bot import SHIPPED_INDEX
from qa.deploy import index_of, prepare, unseen
from qa.errors import QaError
from qa.fetch import MAX_PAGE, fetch
from qa.markup import read_article

ROOT = Path(__file__).parents[1]
QUESTION = "How many containers of munitions were sent?"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def front_matter(readme: str) -> dict[str, Any]:
    found = yaml.safe_load(readme.split("---\n")[1])
    assert isinstance(found, dict)
    return found


# What is written


def test_the_folder_holds_what_is_needed_and_no_more(tmp_path: Path) -> None:
    prepare(tmp_path / "space", SHIPPED_INDEX)
    files = contents(tmp_path / "space")
    assert {name.split("/")[0] for name in files} == {
        ".gitattributes",
        "LICENSE",
        "NOTICE",
        "README.md",
        "app.py",
        "index",
        "qa",
        "requirements.txt",
    }
    assert not [name for name in files if "__pycache__" in name or name.endswith(".pyc")]
    for name in ("app.py", "requirements.txt", "qa/bot.py", "qa/model/model.onnx", "index/manifest.json"):
        assert files[name] == (ROOT / name).read_bytes()
    front = front_matter(files["README.md"].decode())
    assert front["sdk"] == "gradio"
    assert f"gradio=={front['sdk_version']}" in files["requirements.txt"].decode().splitlines()
    assert isinstance(front["python_version"], str)
    assert front["app_file"] in files
    # The program has a licence; somebody's article is not given one.
    assert front["license"] == "other"
    assert front["models"] == ["sentence-transformers/all-MiniLM-L6-v2"]
    assert 0 < len(front["short_description"]) <= 60
    assert front["title"] == qa.load().index.articles[0].title


def test_every_requirement_is_pinned(tmp_path: Path) -> None:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    for line in lines:
        assert not line or line.startswith("#") or re.match(r"[\w.-]+==[\w.]+(; |$)", line), line


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "novel.txt").write_text("chapter one")
    with pytest.raises(QaError, match=r"novel\.txt"):
        prepare(folder, SHIPPED_INDEX)
    assert contents(folder) == {"novel.txt": b"chapter one"}
    with pytest.raises(QaError, match=r"novel\.txt"):
        prepare(folder / "novel.txt", SHIPPED_INDEX)


def test_somebodys_own_program_is_left_alone(tmp_path: Path) -> None:
    """A program of Gradio's has the same names in it as a Space."""
    for name in ("app.py", "README.md", "requirements.txt"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(QaError, match="would be lost"):
        prepare(tmp_path, SHIPPED_INDEX)
    assert set(contents(tmp_path).values()) == {b"mine"}
    for name in ("index/manifest.json", "qa/mine.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("{}")
    with pytest.raises(QaError, match="would be lost"):
        prepare(tmp_path, SHIPPED_INDEX)


def test_a_folder_is_named_in_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "space").mkdir()
    monkeypatch.chdir(tmp_path / "space")
    prepare(".", SHIPPED_INDEX)
    assert (tmp_path / "space" / "app.py").is_file()
    (tmp_path / "link").symlink_to("space")
    prepare(tmp_path / "link", SHIPPED_INDEX)
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("address", ["http://[x", "https://"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(QaError, match=re.escape(address)), index_of(address):
        pass


def test_a_space_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = tmp_path / "space"
    prepare(folder, SHIPPED_INDEX)
    first = contents(folder)
    (folder / "qa" / "old.py").write_text("gone = True")
    prepare(folder, SHIPPED_INDEX)
    assert contents(folder) == first
    assert [path.name for path in tmp_path.iterdir()] == ["space"]


def test_a_damaged_index_is_not_sent(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED_INDEX, tmp_path / "index")
    with (tmp_path / "index" / "article.md").open("a") as file:
        file.write("x")
    with pytest.raises(QaError, match=r"article\.md"):
        prepare(tmp_path / "space", tmp_path / "index")
    assert not (tmp_path / "space").exists()


@pytest.mark.parametrize("title", ["A: b - c", "# <b>*x*</b>", "{{ a }} [b](c)", "- '\"", "日本 🎌", "no"])
def test_no_title_breaks_the_readme(tmp_path: Path, title: str) -> None:
    from qa.deploy import _readme

    article = tmp_path / "article.md"
    article.write_text(
        f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n\nA paragraph.\n", encoding="utf-8"
    )
    readme = _readme([read_article(article)] * 2, "owner/model")
    assert front_matter(readme)["title"] == title
    assert front_matter(readme)["models"] == ["owner/model"]
    body = readme.split("---\n")[2]
    assert "<b>" not in body.replace("\\<b\\>", "")
    assert len(re.findall("^# ", body, re.M)) == 2, "each article is named"


# What is sent


class Hub(http.server.BaseHTTPRequestHandler):
    """The few calls that deploying makes, answered as the hub does."""

    server: HubServer

    def do_GET(self) -> None:
        if self.path.startswith("/api/spaces/") and self.headers["Authorization"] != "Bearer hf_right":
            self._answer({"error": "Invalid username or password."}, 401)
        elif self.path == "/api/spaces/somebody/article" and self.server.space is None:
            self._answer({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
        elif self.path == "/api/spaces/somebody/article":
            self._answer({"id": "somebody/article"} | self.server.space)
        else:
            self._answer([] if "/tree/" in self.path else {})

    def do_PUT(self) -> None:
        body = self._body()
        self.server.large[hashlib.sha256(body).hexdigest()] = body
        self._answer({}, 404 if self.server.refuses == "file" else 200)

    def do_POST(self) -> None:
        body = self._body()
        where = self.path.partition("?")[0]
        if self.headers["Authorization"] != "Bearer hf_right":
            self._answer({"error": "Invalid username or password."}, 401)
        elif where == "/api/repos/create" and self.server.space is not None:
            self._answer({"url": f"{self.server.address}/spaces/somebody/article"}, 409)
        elif where == "/api/repos/create":
            self.server.created.append(json.loads(body))
            self._answer({"url": f"{self.server.address}/spaces/somebody/article"})
        elif where == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif where == "/api/spaces/somebody/article/preupload/main":
            files = json.loads(body)["files"]
            mode = {True: "lfs", False: "regular"}
            self._answer(
                {
                    "files": [
                        {
                            "path": f["path"],
                            "uploadMode": mode[f["path"].endswith((".onnx", ".faiss"))],
                            "shouldIgnore": False,
                        }
                        for f in files
                    ]
                }
            )
        elif where == "/spaces/somebody/article.git/info/lfs/objects/batch":
            objects = json.loads(body)["objects"]
            for found in objects:
                if self.server.refuses == "size":
                    found["error"] = {"code": 507, "message": "no room is left"}
                found["actions"] = {"upload": {"href": f"{self.server.address}/put/{found['oid']}"}}
            self._answer({"objects": objects})
        elif where == "/api/spaces/somebody/article/commit/main":
            self.server.commits.append([json.loads(line) for line in body.splitlines()])
            self._answer(
                {"commitUrl": f"{self.server.address}/spaces/somebody/article/commit/1", "commitOid": "1"}
            )
        else:
            self._answer({"error": f"no such call: {where}"}, 404)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def _answer(self, found: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(found).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class HubServer(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hub)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.space: dict[str, Any] | None = None
        self.refuses = ""
        self.created: list[dict[str, Any]] = []
        self.commits: list[list[dict[str, Any]]] = []
        self.large: dict[str, bytes] = {}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    server = HubServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def qa_deploy(hub: str, *arguments: str, token: str = "hf_right") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "HF_ENDPOINT": hub,
        "HF_HUB_OFFLINE": "0",  # whatever whoever runs the tests has set
        "HF_TOKEN": token,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    command = [sys.executable, "-m", "qa", "deploy", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


def test_what_is_sent_is_what_the_dry_run_writes(hub: HubServer, tmp_path: Path) -> None:
    done = qa_deploy(hub.address, "somebody/article", "--private")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{hub.address}/spaces/somebody/article"
    (created,) = hub.created
    assert (created["name"], created["organization"], created["type"], created["sdk"]) == (
        "article",
        "somebody",
        "space",
        "gradio",
    )
    assert created.get("private") or created.get("visibility") == "private"
    (commit,) = hub.commits
    sent = {}
    for line in commit:
        value = line["value"]
        if line["key"] == "file":
            sent[value["path"]] = base64.b64decode(value["content"])
        elif line["key"] == "lfsFile":
            sent[value["path"]] = hub.large[value["oid"]]
    assert qa_deploy(hub.address, "--dry-run", str(tmp_path / "space")).returncode == 0
    assert sent == contents(tmp_path / "space")


def space_of(*names: str, private: bool = False) -> dict[str, Any]:
    return {"private": private, "siblings": [{"rfilename": name} for name in names]}


NEW = (".gitattributes", "README.md")
OURS = (*NEW, "app.py", "qa/bot.py", "index/vectors.faiss", "notes.txt")
OTHERS = (*NEW, "app.py", "requirements.txt", "qa/mine.py", "index/data.csv")


@pytest.mark.parametrize(
    ("space", "arguments", "said"),
    [
        (space_of(*OTHERS), [], "holds app.py"),
        (space_of(*OTHERS, private=True), ["--private"], "holds app.py"),
        (space_of(*NEW), ["--private"], "is public"),
        (space_of(*OURS), ["--private"], "is public"),
        (space_of(*NEW), [], ""),
        (space_of(*OURS), [], ""),
        (space_of(*OURS, private=True), ["--private"], ""),
    ],
)
def test_a_space_of_somebodys_own_is_left_alone_and_a_public_one_is_not_taken_for_private(
    hub: HubServer, space: dict[str, Any], arguments: list[str], said: str
) -> None:
    hub.space = space
    done = qa_deploy(hub.address, "somebody/article", *arguments)
    assert said in done.stderr
    assert (done.returncode, done.stderr.count("\n"), len(hub.commits)) == ((1, 1, 0) if said else (0, 0, 1))


def test_words_that_no_page_shows_are_named_before_they_are_published(tmp_path: Path) -> None:
    """A Space holds the article's file: with its comments and all that was struck out."""
    article = tmp_path / "ferry.md"
    for text, hidden in (
        ("The ferry leaves.", []),
        ("The ferry <!-- says Mr X --> leaves.", ["article.md"]),
        ("The ferry leaves.\n\n[//]: # (says Mr X)", ["article.md"]),
    ):
        article.write_text(f"# Ferries\n\n{text}\n", encoding="utf-8")
        with index_of(article) as index:
            assert unseen(index) == hidden


def test_what_goes_wrong_is_said_in_a_line(hub: HubServer) -> None:
    closed = "http://127.0.0.1:9"
    for where, name, token, said in (
        (hub.address, "somebody/article", "hf_wrong", "hf auth login"),
        (hub.address, "article", "hf_right", "OWNER/NAME"),
        (hub.address, "../../etc", "hf_right", "OWNER/NAME"),
        (hub.address, "owner/my--space", "hf_right", "is no name that the hub takes"),
        (closed, "somebody/article", "hf_right", "cannot be reached"),
    ):
        done = qa_deploy(where, name, token=token)
        assert done.returncode == 1
        assert said in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr
    assert hub.commits == []


@pytest.mark.parametrize(("refuses", "said"), [("file", "404"), ("size", "no room is left")])
def test_a_large_file_that_cannot_be_sent_is_said_in_a_line(hub: HubServer, refuses: str, said: str) -> None:
    hub.refuses = refuses
    done = qa_deploy(hub.address, "somebody/article")
    assert (done.returncode, done.stderr.count("\n"), hub.commits) == (1, 1, [])
    assert "somebody/article: cannot be sent (" in done.stderr and said in done.stderr


# Somebody else's article


class Site(http.server.BaseHTTPRequestHandler):
    """A publisher's pages."""

    pages: ClassVar[dict[str, tuple[str, bytes]]] = {}

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/article")
        elif self.path == "/to-file":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
        elif self.path == "/around":
            self.send_response(302)
            self.send_header("Location", "/around")
        elif self.path == "/endless":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(MAX_PAGE // 100_000 + 100):
                    self.wfile.write(b" " * 100_000)
            return
        elif self.path == "/packed":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Encoding", "br")
        elif self.path in self.pages:
            kind, data = self.pages[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        else:
            self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


HARBOUR = """<!doctype html><html lang="en"><head><title>The harbour opens</title>
<meta name="author" content="The editors"><script>alert(1)</script></head>
<body><nav><a href="/">Home</a><a href="/sport">Sport</a></nav><article><h1>The harbour opens</h1>
<p>The new harbour opened on Tuesday after eleven years of work, and the first ship to enter it was a small
ferry with two hundred passengers on board, the mayor said.</p>
<h2>What it cost</h2>
<p>Building it cost four hundred million crowns, which is twice what had been planned, because the ground
turned out to be softer than the surveyors had expected it to be.</p>
<table><tr><th>Year</th><th>Ships</th></tr><tr><td>2023</td><td>410</td></tr></table></article>
<footer>Imprint and cookies</footer></body></html>"""


MARKED = """<!doctype html><html lang="en"><head><title>The tunnel</title></head>
<body><article><h1>The tunnel</h1>
<p>It carries <i>10<sup>6</sup></i> litres of H<sub>2</sub>O an hour,<sup><a href="#n1">[1]</a></sup>
since the 1<sup>st</sup> of May,<a href="#n2"><sup>2</sup></a> and it is <u>closed</u> to all who walk, ride
or drive through the mountain by night, when a<sup>2<sub>3</sub></sup> is measured.</p>
<p>The engineers of the national road office gave the council two reasons for closing it at night:</p>
<ol><li>It rained a lot.</li><li>The pumps failed.<ul><li>both of them</li><li>for a week</li></ul></li></ol>
<p>What the works on the tunnel cost in the two years is told by the report of the council.</p>
<table><tr><td>2018</td><td>$90 million</td></tr><tr><td>2019</td><td>$120 million | net</td></tr></table>
</article></body></html>"""


@pytest.fixture
def site() -> Iterator[str]:
    Site.pages = {
        "/article": ("text/html; charset=utf-8", HARBOUR.encode()),
        "/text": ("text/markdown", b"# The harbour\n\nIt opened on Tuesday.\n"),
        "/plain": ("text/plain", b"Costs\nIt cost four hundred million crowns.\nThe city pays."),
        "/latin": ("text/plain; charset=iso-8859-1", "Café and more stood there.".encode("latin-1")),
        "/german": ("text/html", HARBOUR.replace('lang="en"', 'lang="de-AT"').encode()),
        "/polish": (
            "text/html; charset=iso-8859-2",
            HARBOUR.replace("the mayor said", "powiedziała Żółć, która wie, że most będzie kosztował").encode(
                "iso-8859-2"
            ),
        ),
        "/region": ("text/html", HARBOUR.replace('lang="en"', 'lang="de_AT"').encode()),
        "/undefined": ("text/html; charset=undefined", HARBOUR.encode()),
        "/undefined.txt": ("text/plain; charset=undefined", b"It opened on Tuesday."),
        "/odd": ("text/html", HARBOUR.replace('lang="en"', 'lang="see below"').encode()),
        "/marked": ("text/html", MARKED.encode()),
        "/image": ("image/png", b"\x89PNG"),
        "/empty": ("text/html", b"<html><body></body></html>"),
    }
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_of_a_page_the_article_is_kept(site: str, tmp_path: Path) -> None:
    article = read_article(fetch(f"{site}/moved", tmp_path))
    assert article.title == "The harbour opens"
    assert article.author == "The editors"
    assert article.source == f"{site}/article"
    assert "four hundred million crowns" in article.text
    assert article.text.endswith("Year | Ships\n2023 | 410")
    assert [section.heading for section in article.sections if section.heading] == ["What it cost"]
    for other in ("Sport", "cookies", "alert"):
        assert other not in article.text
    assert "Tuesday" in read_article(fetch(f"{site}/text", tmp_path)).text
    plain = read_article(fetch(f"{site}/plain", tmp_path))
    assert [section.heading for section in plain.sections] == ["Costs"]
    assert plain.title == "plain", "without a title of its own it is named after its address"
    assert read_article(fetch(f"{site}/latin", tmp_path)).text == "Café and more stood there."
    assert "Żółć, która wie, że most będzie" in read_article(fetch(f"{site}/polish", tmp_path)).text


def test_what_markdown_lacks_is_read_in_a_page_all_the_same(site: str, tmp_path: Path) -> None:
    first, reasons, _, table = read_article(fetch(f"{site}/marked", tmp_path)).text.split("\n\n")
    assert "carries 10⁶ litres of H₂O an hour, since the 1st of May, and it is closed to all" in first
    assert "a2₃ is measured" in first
    assert reasons.split("\n")[1:] == ["It rained a lot.", "The pumps failed.", "both of them", "for a week"]
    assert table == "|\n2018 | $90 million\n2019 | $120 million|net"


def test_a_charset_that_is_none_is_guessed(site: str, tmp_path: Path) -> None:
    assert "softer" in read_article(fetch(f"{site}/undefined", tmp_path)).text


def test_a_password_in_an_address_is_not_published(site: str, tmp_path: Path) -> None:
    own = site.replace("//", "//alice:secret@")
    assert read_article(fetch(f"{own}/article", tmp_path)).source == f"{site}/article"


@pytest.mark.parametrize(
    ("path", "language"), [("/article", "en"), ("/german", "de-AT"), ("/region", "de-AT"), ("/odd", "en")]
)
def test_a_pages_language_is_kept(site: str, tmp_path: Path, path: str, language: str) -> None:
    assert read_article(fetch(f"{site}{path}", tmp_path)).language == language


@pytest.mark.parametrize(
    "path",
    [
        "/undefined.txt",
        "/to-file",
        "/around",
        "/endless",
        "/packed",
        "/image",
        "/empty",
        "/nowhere",
        ":1/article",
    ],
)
def test_what_is_no_article_is_named(site: str, tmp_path: Path, path: str) -> None:
    with pytest.raises(QaError, match=re.escape(path)):
        fetch(f"{site}{path}" if path.startswith("/") else f"http://127.0.0.1{path}", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_index_is_built_of_a_page(site: str, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "qa",
        "build",
        f"{site}/article",
        f"{site}/text",
        str(tmp_path / "index"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [a.title for a in qa.load(tmp_path / "index").index.articles] == [
        "The harbour opens",
        "The harbour",
    ]


def test_a_page_becomes_a_space(site: str, tmp_path: Path) -> None:
    done = qa_deploy(
        "http://127.0.0.1:9", "--article", f"{site}/article", "--dry-run", str(tmp_path / "space")
    )
    assert done.returncode == 0, done.stderr
    assert front_matter((tmp_path / "space/README.md").read_text("utf-8"))["title"] == "The harbour opens"
    answer = qa.load(tmp_path / "space/index").ask("How much did the harbour cost?")
    assert any("four hundred million" in passage.text for passage in answer.passages)


def test_what_building_warns_of_is_said_before_an_article_is_published(tmp_path: Path) -> None:
    article = tmp_path / "fähre.md"
    front = "language: de\nquestions:\n  - Wie heißt der König?"
    article.write_text(f"---\n{front}\n---\nDie Fähre fährt um zwölf.", encoding="utf-8")
    done = qa_deploy("http://127.0.0.1:9", "--article", str(article), "--dry-run", str(tmp_path / "space"))
    assert done.returncode == 0
    assert f"{article}: the packaged reader learned from English alone" in done.stderr
    assert "'Wie heißt der König?': is offered to readers, and not answered" in done.stderr


# Started as Spaces start one


def pythons() -> list[str]:
    """Return this Python, and the newest other one at hand that the package is made for."""
    newer = [f"python3.{minor}" for minor in range(20, 10, -1) if minor != sys.version_info.minor]
    usable = (
        path
        for name in newer
        if (path := shutil.which(name))
        and not subprocess.run([path, "-c", ""], capture_output=True).returncode
    )
    return [sys.executable, *([found] if (found := next(usable, None)) else [])]


def plain(requirement: str) -> str:
    """Write a requirement as all of them can be compared."""
    return requirement.lower().replace("_", "-")


@pytest.mark.slow
@pytest.mark.parametrize("python", pythons())
def test_a_space_starts_in_a_new_environment_and_answers(python: str, tmp_path: Path) -> None:
    folder = tmp_path / "space"
    prepare(folder, SHIPPED_INDEX)
    subprocess.run([python, "-m", "venv", tmp_path / "env"], check=True)
    own = tmp_path / "env/bin/python"
    version = front_matter((folder / "README.md").read_text("utf-8"))["sdk_version"]
    # What Spaces install for a Gradio app: its requirements, and these beside them.
    beside = [f"gradio[oauth,mcp]=={version}", "uvicorn>=0.14.0", "websockets>=10.4", "spaces"]
    install = [own, "-m", "pip", "install", "--quiet", "--quiet", "-r", folder / "requirements.txt", *beside]
    subprocess.run(install, check=True, timeout=900)
    subprocess.run([own, "-m", "pip", "check"], check=True)
    freeze = subprocess.run([own, "-m", "pip", "freeze"], check=True, capture_output=True, text=True)
    installed = {plain(line) for line in freeze.stdout.splitlines()}
    pinned = (folder / "requirements.txt").read_text("utf-8").splitlines()
    assert {plain(line) for line in pinned if "==" in line and ";" not in line} <= installed
    assert not [p for p in installed if p.startswith(("torch==", "transformers==", "sentence-transformers"))]
    size = sum(p.stat().st_size for p in (tmp_path / "env").rglob("*") if p.is_file() and not p.is_symlink())
    assert size < 700_000_000

    before = contents(folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    output = tmp_path / "output.txt"
    environment = {
        "PATH": f"{own.parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "SYSTEM": "spaces",
        "SPACE_ID": "somebody/article",
        "SPACE_HOST": "somebody-article.hf.space",
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": "0",
        "GRADIO_SSR_MODE": "true",
    }
    with output.open("wb") as file:
        space = subprocess.Popen(
            [own, "app.py"], cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 120
        while not (found := re.search(r"running on http://0\.0\.0\.0:(\d+)", output.read_text("utf-8"))):
            assert space.poll() is None and time.monotonic() < deadline, output.read_text("utf-8")
            time.sleep(0.1)
        url = f"http://127.0.0.1:{found[1]}"
        while httpx.get(f"{url}/healthz", timeout=30).json()["status"] != "ready":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        answer = Client(url, verbose=False, httpx_kwargs={"timeout": 60}).predict(QUESTION, api_name="/ask")
        assert answer == qa.load().ask(QUESTION).to_dict()
    finally:
        space.terminate()
        space.wait(timeout=10)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)
    assert {k: v for k, v in contents(folder).items() if "__pycache__" not in k} == before
