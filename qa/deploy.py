"""Index -> Hugging Face Space: everything that the chat needs there, and no more."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

import qa
from qa.article import Article
from qa.encoder import DEFAULT_MODEL, HUB
from qa.errors import MissingError, QaError
from qa.fetch import local
from qa.index import check
from qa.manifest import MANIFEST, OF_THE_DESKTOP, VECTORS, inside, read_manifest
from qa.rows import read_articles
from qa.staging import staged

if TYPE_CHECKING:
    from huggingface_hub.hf_api import SpaceInfo

PACKAGE = Path(qa.__file__).parent
BESIDE = ("app.py", "requirements.txt", "LICENSE", "NOTICE")
ENTRIES = {*BESIDE, "README.md", ".gitattributes", "qa", "index", *OF_THE_DESKTOP}
OF_A_SPACE = {"qa/bot.py", f"index/{VECTORS}"}
"""What tells a Space of ours: a program of somebody's own has an app.py and a README.md too."""

OF_A_NEW_SPACE = {"README.md", ".gitattributes"}
"""What the hub puts into a Space when it is made."""

REPO_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
PIN = re.compile(r"^gradio==(\S+)$", re.M)
MARKUP = re.compile(r"[\\`*_{}\[\]<>#|]")
HIDDEN = re.compile(r"<!--|(?<!~)~~(?!~)|^ {0,3}\[(?://|comment|_)\]:", re.MULTILINE)
"""How Markdown hides words: a comment, or what is struck out."""

PYTHON = "3.11"
LOG_IN = "Log in with a token that may write: hf auth login, or set HF_TOKEN."
ATTRIBUTES = "*.onnx filter=lfs diff=lfs merge=lfs -text\n*.faiss filter=lfs diff=lfs merge=lfs -text\n"

README = """
{headings}

Ask, and get the article's own words back, exactly, with the place they stand at, or be told that
it does not say. Nothing is generated, and nothing is sent elsewhere. Nothing that you ask is kept, unless you
send feedback on an answer and this Space is set up to keep that.

The program is under the Apache License 2.0 (`LICENSE`, `NOTICE`). The article in `index/` is not: its rights
are its author's.

For programs: `POST /api/ask` and `POST /api/search` take and return JSON (`/openapi.json` describes
them), `gradio_client` finds `/ask` and `/search`, and `/mcp` serves language models.
"""


class DeployError(QaError):
    """A Space cannot be written or sent."""


def prepare(folder: str | Path, index: str | Path) -> None:
    """Write a Space into a folder: exactly what :func:`deploy` sends.

    Args:
        folder: put in place in one step. One that holds anything but a Space is left alone.
        index: the index that the Space answers from; verified first.

    Raises:
        DeployError: if the folder holds other files, or cannot be written.
        IndexFolderError: if the index is none.
    """
    folder, index = Path(folder), Path(index)
    manifest = read_manifest(index)
    if problems := check(index):
        raise DeployError(problems[0])
    try:
        if foreign := _foreign(folder):
            raise DeployError(f"{foreign}: is no part of a Space, and would be lost. Name another folder.")
        # Where a link leads to the folder, it is what lies behind it that is replaced.
        with staged(folder.resolve()) as staging:
            shutil.copytree(
                PACKAGE, staging / "qa", ignore=shutil.ignore_patterns("__pycache__", ".*", "space")
            )
            for name in BESIDE:
                shutil.copyfile(_of_project(name), staging / name)
            for name in [MANIFEST, *manifest.files]:
                (staging / "index" / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(index / name, staging / "index" / name)
            if check(staging / "index"):
                raise DeployError(f"{index}: was replaced meanwhile. Try again.")
            readme = _readme(read_articles(staging / "index", manifest), manifest.encoder.model)
            (staging / "README.md").write_text(readme, encoding="utf-8")
            (staging / ".gitattributes").write_text(ATTRIBUTES, encoding="utf-8")
    except OSError as error:
        raise DeployError(f"{folder}: cannot be written ({error.strerror}).") from error


def unseen(index: Path) -> list[str]:
    """Return the articles in an index whose file holds words that the page leaves out."""
    written = [name for name in read_manifest(index).articles if name.endswith(".md")]
    return [name for name in written if HIDDEN.search(inside(index, name).read_text("utf-8", "replace"))]


def _foreign(folder: Path) -> Path | None:
    """Return something that a folder holds and a Space does not, if there is any."""
    try:
        held = [folder] if folder.is_file() else list(folder.iterdir())
    except FileNotFoundError:
        return None
    ours = ENTRIES if all((folder / name).exists() for name in OF_A_SPACE) else OF_THE_DESKTOP
    return next((entry for entry in held if entry.name not in ours), None)


def deploy(repo_id: str, index: str | Path, *, token: str | None = None, private: bool = False) -> str:
    """Put the chat on Hugging Face Spaces; return its address.

    A Space of ours that is there already gets a new commit; files that are no longer needed go.

    Args:
        repo_id: ``owner/name``.
        index: the index that the Space answers from.
        token: one that may write; the one that ``hf auth login`` keeps when not given.
        private: whether the Space is for its owner alone: a new one is made so, a public one refused.

    Raises:
        MissingError: if huggingface_hub is not installed.
        DeployError: if the name is none, or another program's; the hub refuses, or cannot be reached.
        IndexFolderError: if the index is none.
    """
    if not REPO_ID.fullmatch(repo_id):
        raise DeployError(f"{repo_id!r}: must be OWNER/NAME, as in huggingface.co/spaces/OWNER/NAME.")
    try:
        import httpx2  # what the hub's client speaks through
        from huggingface_hub import HfApi
        from huggingface_hub.errors import (
            HfHubHTTPError,
            HFValidationError,
            LocalTokenNotFoundError,
            RepositoryNotFoundError,
        )
    except ImportError as error:
        raise MissingError("Deploying", "huggingface_hub", "deploy") from error

    api = HfApi(token=token)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "space"
        prepare(folder, index)
        try:
            with suppress(RepositoryNotFoundError):
                _refuse_other(api.space_info(repo_id), private=private)
            space = api.create_repo(
                repo_id, repo_type="space", space_sdk="gradio", private=private, exist_ok=True
            )
            api.upload_folder(
                repo_id=repo_id,
                repo_type="space",
                folder_path=folder,
                commit_message="Deploy the chat with its article",
                delete_patterns=["qa/*", "index/*"],
            )
        except LocalTokenNotFoundError as error:
            raise DeployError(f"{repo_id}: {LOG_IN}") from error
        except HFValidationError as error:
            raise DeployError(f"{repo_id}: is no name that the hub takes ({error}).") from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            hint = f" {LOG_IN}" if status in {401, 403} else ""
            raise DeployError(f"{repo_id}: the hub refused ({status}).{hint}") from error
        except (httpx2.HTTPError, OSError) as error:
            raise DeployError(f"{repo_id}: the hub cannot be reached ({error}).") from error
        except (RuntimeError, ValueError) as error:
            # So the hub's client says that a large file cannot be sent, or has no room there.
            why = " ".join(str(error.__cause__ or error).split())
            raise DeployError(f"{repo_id}: cannot be sent ({why}). The Space holds what it held.") from error
    return str(space)


def _refuse_other(space: SpaceInfo, *, private: bool) -> None:
    """Refuse a Space that holds another program, or is public and should not be."""
    held = {file.rfilename for file in space.siblings or ()}
    if not held >= OF_A_SPACE and (foreign := sorted(held - OF_A_NEW_SPACE)):
        raise DeployError(
            f"{space.id}: holds {foreign[0]}, which is no part of this chat, and would be lost. "
            "Name another Space, or empty this one."
        )
    if private and not space.private:
        raise DeployError(
            f"{space.id}: is public, and deploying does not change that. "
            "Make it private in its settings, or name another Space."
        )


@contextmanager
def index_of(article: str | Path) -> Iterator[Path]:
    """Build the index of somebody's article in a folder that lasts as long as the block.

    Args:
        article: a file, or an http or https address, which is fetched.

    Raises:
        ArticleError, ModelError: if the article or the model cannot be used.
    """
    with tempfile.TemporaryDirectory() as temporary, local(str(article)) as files:
        qa.build(files, Path(temporary) / "index")
        yield Path(temporary) / "index"


def _of_project(name: str) -> Path:
    """Find a file that stands beside the package in a checkout, and inside it once installed."""
    for path in (PACKAGE / "space" / name, PACKAGE.parent / name):
        if path.is_file():
            return path
    raise DeployError(f"{name}: is missing from this installation. Reinstall article-qa.")


def _readme(articles: Sequence[Article], model: str) -> str:
    requirements = _of_project("requirements.txt").read_text(encoding="utf-8")
    pinned = PIN.search(requirements)
    if pinned is None:
        raise DeployError("requirements.txt: does not pin gradio.")
    on_hub = model if REPO_ID.fullmatch(model) and not Path(model).exists() else None
    head = {
        "title": articles[0].title[:80],
        "emoji": "📖",
        "colorFrom": "gray",
        "colorTo": "indigo",
        "sdk": "gradio",
        "sdk_version": pinned.group(1),
        "python_version": PYTHON,
        "app_file": "app.py",
        "short_description": "Ask an article and get its own words back, exactly",
        "license": "other",
        "suggested_hardware": "cpu-basic",
        "pinned": False,
        "tags": ["question-answering", "mcp-server"],
    }
    if on_hub or model == DEFAULT_MODEL:
        head["models"] = [on_hub or HUB + DEFAULT_MODEL]
    headings = "\n".join("# " + MARKUP.sub(r"\\\g<0>", article.title) for article in articles)
    front = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n{README.format(headings=headings)}"
