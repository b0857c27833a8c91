"""Address -> article file: the one place where something is fetched, and only when the operator asks."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from time import monotonic
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from qa.article import LANGUAGE
from qa.errors import ArticleError, MissingError
from qa.markup import MARKDOWN

MAX_PAGE = 10_000_000
"""Bytes of a page: markup and scripts outweigh the words many times."""

SECONDS = 20
LONGEST = 60
"""Seconds without a word from the server, and for all of a page."""

REDIRECTS = 5
LONGEST_NAME = 60
HTML = {"text/html", "application/xhtml+xml"}
DIGITS = {
    "sup": str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"),
    "sub": str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋"),
}
"""Raised and lowered, as Unicode has them."""

TABLE = re.compile(r"(?:^\|.*\n?)+", re.M)
RULE = re.compile(r"\|[-|]+\s")
"""What stands below the head of a table."""

NESTED = re.compile(r"^ +(?=- |\d+\. )", re.M)
"""What stands before an item of a list that is within another."""

TEXT = {"text/plain", "text/markdown", "text/x-markdown"}


def is_address(article: str) -> bool:
    """Say whether an article was named by its address on the web, not by a file."""
    return article.lower().startswith(("http://", "https://"))


@contextmanager
def local(*articles: str) -> Iterator[list[Path]]:
    """Yield the files of articles; what is named by an address is fetched, and there until the block ends.

    Raises:
        MissingError, ArticleError: as :func:`fetch`.
    """
    with tempfile.TemporaryDirectory() as temporary:
        files = []
        for number, article in enumerate(articles):
            folder = Path(temporary) / str(number)
            folder.mkdir()
            files.append(fetch(article, folder) if is_address(article) else Path(article))
        yield files


def fetch(address: str, folder: Path) -> Path:
    """Fetch an article and write it into a folder: its words, headings, lists and tables.

    Of an HTML page the article alone is kept, without menus, scripts and comments; its title, author,
    date and address go into the front matter. Markdown and plain text are kept as they are.

    Args:
        address: http or https; redirects are followed, to these alone.
        folder: where the file goes.

    Raises:
        MissingError: if trafilatura or httpx is not installed.
        ArticleError: if the address cannot be fetched, is too large, or holds no article.
    """
    try:
        import httpx
        import trafilatura
    except ImportError as error:
        raise MissingError(f"{address}: fetching a page", error.name, "deploy") from error
    try:
        # Not brotli: a kilobyte of it can hold a hundred megabytes, unpacked before they could be counted.
        with httpx.Client(
            follow_redirects=True,
            max_redirects=REDIRECTS,
            timeout=SECONDS,
            headers={"Accept-Encoding": "gzip"},
        ) as client:
            kind, charset, data, final = _read(client, address)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise ArticleError(f"{address}: cannot be fetched ({error or type(error).__name__}).") from error
    path = folder / "article.md"
    if kind in TEXT:
        named = urlsplit(final).path
        markdown = kind != "text/plain" or named.lower().endswith(MARKDOWN)
        # Without a title of its own it is shown under its file's name.
        stem = re.sub(r"[^\w.-]+", "-", PurePosixPath(unquote(named)).stem).strip("-.")
        path = folder / f"{stem[:LONGEST_NAME] or 'article'}{'.md' if markdown else '.txt'}"
        try:
            path.write_text(data.decode(charset or "utf-8-sig"), encoding="utf-8", newline="")
        except (UnicodeError, LookupError) as error:
            raise ArticleError(f"{address}: is not the {charset or 'utf-8'} that it should be.") from error
        return path
    page = trafilatura.load_html(_decoded(data, charset))
    if page is not None:
        _without_tags(page)
    if page is None or not (
        body := trafilatura.extract(page, url=final, output_format="markdown", include_comments=False)
    ):
        raise ArticleError(f"{address}: no article is found on that page. Save its text as a file instead.")
    about = trafilatura.extract_metadata(page, default_url=final)
    language = str(page.get("lang") or "").replace("_", "-")
    title = about.title or urlsplit(final).hostname or "Article"
    fields = {
        "title": title,
        "author": about.author,
        "published": about.date,
        "language": language if LANGUAGE.fullmatch(language) else "en",
        "source": final,
    }
    head = yaml.safe_dump({name: value for name, value in fields.items() if value}, allow_unicode=True)
    # In a numbered list an item of another is indented further than it is here.
    body = NESTED.sub(r"\g<0>\g<0>", TABLE.sub(_with_head, body))
    path.write_text(f"---\n{head}---\n\n{body}\n", encoding="utf-8")
    return path


def _without_tags(page: Any) -> None:
    """Write what is raised, lowered or underlined as Markdown can; the mark of a footnote is no word."""
    for element in reversed(list(page.iter("sup", "sub", "u"))):  # the innermost first
        if element.tag == "sup" and element.xpath("(.//a | ancestor::a)[contains(@href, '#')]"):
            element.drop_tree()
            continue
        digits = DIGITS.get(element.tag, {})
        text = element.text_content().strip()
        if text and all(ord(character) in digits for character in text):
            del element[:]
            element.text = text.translate(digits)
        element.drop_tag()


def _with_head(table: re.Match[str]) -> str:
    """Put an empty head above the rows of a table that has none: without one they are no table."""
    first, _, below = table[0].partition("\n")
    if RULE.match(below):
        return table[0]
    columns = len(re.findall(r"(?<!\\)\|", first)) - 1
    return f"|{' |' * columns}\n|{'-|' * columns}\n{table[0]}"


def _decoded(data: bytes, charset: str | None) -> str | bytes:
    """Decode a page as its server says; as it is, to be guessed, where that says nothing or does not fit."""
    try:
        return data.decode(charset) if charset else data
    except (UnicodeError, LookupError):
        return data


def _read(client: httpx.Client, address: str) -> tuple[str, str | None, bytes, str]:  # type: ignore[name-defined]  # noqa: F821
    """Return the content type, the charset if it is stated, the bytes, and where redirects led to."""
    began = monotonic()
    with client.stream(
        "GET", address, headers={"Accept": "text/html, text/markdown, text/plain"}
    ) as response:
        response.raise_for_status()
        # A password in an address is nobody else's business, and a source is published.
        final = str(response.url.copy_with(username="", password=""))
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not is_address(final) or kind not in HTML | TEXT:
            raise ArticleError(f"{address}: is {kind or 'of no stated type'}; a page or a text is needed.")
        packed = response.headers.get("content-encoding", "identity").lower()
        if packed not in {"identity", "gzip"}:
            raise ArticleError(f"{address}: is packed with {packed}, which was not asked for.")
        parts, size = [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > MAX_PAGE:
                raise ArticleError(f"{address}: is larger than {MAX_PAGE:,} bytes.")
            if monotonic() - began > LONGEST:
                raise ArticleError(f"{address}: takes longer than {LONGEST} seconds.")
            parts.append(part)
    return kind, response.charset_encoding, b"".join(parts), final
