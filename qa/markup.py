"""Markdown or plain text -> Article. Only building reads them: an index holds the article that came of it."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import category

import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

from qa.article import CELL_GAP, LANGUAGE, ROW_GAP, Article, Block, assemble
from qa.comments import without_comments
from qa.errors import ArticleError
from qa.plain import ends_sentence, plain_blocks, tidy

MAX_BYTES = 4_000_000
"""Largest article file that is read: about 650,000 words, more than War and Peace."""

MAX_LINES = 200_000
MAX_PARAGRAPH = 1_000_000
MAX_CELLS = 200_000
MAX_FRONT_MATTER = 64_000
"""Lines; characters of a paragraph; cells of tables; characters of front matter. These limits keep the time
and memory that a hostile article takes within bounds."""

LINES = ("title", "language", "author", "published", "source")
FIELDS = frozenset({*LINES, "questions"})
"""What front matter may say; the first five in a line each."""

KEY = re.compile(r"[a-z][\w-]*")
"""A field of front matter as programs write it."""

MAX_NESTING = 100_000
"""Deeper than Python's own limit goes: Markdown is never cut off in silence, it is refused."""

UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Unicode's categories of controls, format marks and blanks."""

MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")
"""How the names of Markdown files end."""

OTHER_MARKUP = {".mdx", ".qmd", ".rmd", ".rst", ".org", ".adoc", ".tex"}
WEB_PAGE = {".html", ".htm", ".xhtml"}
SIGNATURES = {
    b"{\\rtf": "rich text (RTF)",
    b"%pdf-": "a PDF",
    b"pk\3\4": "a word processor's document, or an archive",
    b"<!doctype html": "a web page",
    b"<html": "a web page",
}
"""How files begin that are often named as text and are none, in small letters."""

FIELD = re.compile(rf"(?:{'|'.join(sorted(FIELDS))})\s*:", re.IGNORECASE | re.MULTILINE)
"""A line of front matter that is meant for us."""

ATTRIBUTES = re.compile(r"\s*\{:?\s*[#.][^{}]*\}$")
"""What site generators take behind a heading for its anchor and its classes: ``{#costs}``."""

INTERVIEWER = re.compile(r"(?:Q|Question|Frage|Pregunta)\d*[:.] ")
"""How an interviewer's question begins."""


class _Parsed(NamedTuple):
    """A block of Markdown: a heading's level, or 0; its text; how deep in lists it stands, and in which.

    ``note`` is the label of the footnote that it is of, ``refers`` are the labels of those that it refers to.
    """

    level: int
    text: str
    depth: int
    outermost: int
    note: str
    refers: list[str]


def read_article(path: str | Path, title: str = "") -> Article:
    """Read a Markdown (``.md``, ``.markdown``, ``.mdown``, ``.mkd``) or plain text file, in UTF-8.

    Args:
        path: the file.
        title: what stands for a missing one; the file's name without its ending when empty.

    Raises:
        ArticleError: if the file cannot be read, is too large, is not UTF-8, or holds no text, or another
            program's document.
    """
    path = Path(path)
    if path.suffix.lower() in WEB_PAGE:
        raise ArticleError(
            f"{path}: is a web page, whose menus and markup are no article. Save its text as Markdown (.md), "
            "or name its address to `qa build`."
        )
    if path.suffix.lower() in OTHER_MARKUP:
        raise ArticleError(
            f"{path}: is neither Markdown nor plain text; its marks would be read as words. Save it as .md."
        )
    if path.exists() and not path.is_file() and not path.is_dir():
        raise ArticleError(f"{path}: is no plain file. Save the article as one, and name that.")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ArticleError(f"{path}: {size:,} bytes; at most {MAX_BYTES:,} are read. Split the article.")
        data = path.read_bytes()
    except OSError as error:
        raise ArticleError(f"{path}: cannot be read ({error.strerror}).") from error
    begins = data.removeprefix(BOM_UTF8)[:100].lstrip().lower()
    if kind := next((kind for signature, kind in SIGNATURES.items() if begins.startswith(signature)), None):
        raise ArticleError(
            f"{path}: is {kind}, whose marks would be read as words. Save its text in UTF-8 and try again."
        )
    if (zero := data.find(0)) >= 0:
        raise ArticleError(
            f"{path}: byte {zero} is zero, as in UTF-16. Save the article as text in UTF-8 and try again."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"{path}: byte {error.start} is not UTF-8. Save the article as text in UTF-8 and try again."
        ) from error
    markdown = path.suffix.lower() in MARKDOWN
    return parse_article(text, markdown=markdown, name=str(path), title=_line(title))


def parse_article(text: str, *, markdown: bool = True, name: str = "article", title: str = "") -> Article:
    """Turn text into an Article; ``name`` stands in error messages, ``title`` or it for a missing title.

    Raises:
        ArticleError: if the front matter is no YAML mapping, its language no code, or there is no paragraph.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ArticleError(f"{name}: character {error.start} is half of a surrogate pair.") from error
    meta, body = _front_matter(text, name) if markdown else ({}, text)
    _refuse_endless(body, name, markdown=markdown)
    try:
        found = _markdown_blocks(body) if markdown else plain_blocks(body)
        # What is left of some editors' blank lines are marks that nobody sees, and no words.
        blocks = [
            (level, text)
            for level, text in found
            if not UNSEEN.issuperset(map(category, text))
            # Nor is a heading of marks alone one: press releases end with "# # #".
            and (not level or any(map(str.isalnum, text)))
        ]
    except RecursionError as error:
        raise ArticleError(
            f"{name}: its Markdown is nested too deeply. Flatten its lists or quotes."
        ) from error
    fields = {field: _field(meta, field, name) for field in LINES}
    own = fields.pop("title")
    if (language := fields.pop("language")) and not LANGUAGE.fullmatch(language):
        raise ArticleError(f"{name}: language {language[:40]!r} is no code such as en or pt-BR.")
    levels = [level for level, _ in blocks if level]
    # Above the title a picture may stand, or another line that is no sentence.
    on_top = (i for i, (level, text) in enumerate(blocks) if level or ROW_GAP in text or ends_sentence(text))
    top = next(on_top, 0)
    if blocks and blocks[top][0] == 1 and levels.count(1) == 1 and own in {"", blocks[top][1]}:
        # A single first-level heading on top is the title, not a section.
        own = blocks.pop(top)[1]
    questions = meta.get("questions") or []
    if not isinstance(questions, list) or not all(isinstance(question, str) for question in questions):
        raise ArticleError(
            f"{name}: questions must be a list of texts, a line each. One with a colon must stand in quotes."
        )
    article = assemble(
        blocks,
        title=own or title or _line(Path(name).stem) or "article",
        language=language or "en",
        **fields,
        questions=tuple(filter(None, map(_line, questions))),
    )
    if not any(section.paragraphs for section in article.sections):
        raise ArticleError(f"{name}: holds no paragraph of text.")
    return article


def _refuse_endless(body: str, name: str, *, markdown: bool) -> None:
    """Refuse what would take minutes, or gigabytes, to parse."""
    if (lines := body.count("\n")) > MAX_LINES:
        raise ArticleError(f"{name}: {lines:,} lines; at most {MAX_LINES:,} are read. Split the article.")
    if not markdown:
        return
    blocks = re.split(r"\n[ \t]*\n", body)
    if (longest := max(map(len, blocks))) > MAX_PARAGRAPH:
        raise ArticleError(
            f"{name}: a paragraph of {longest:,} characters; at most {MAX_PARAGRAPH:,} are read. "
            "Part it with blank lines."
        )
    # Each row of a table gets as many cells as its head has.
    cells = sum(max(line.count("|") for line in block.split("\n")) * block.count("\n") for block in blocks)
    if cells > MAX_CELLS:
        raise ArticleError(f"{name}: tables of {cells:,} cells; at most {MAX_CELLS:,} are read. Part them.")


def _front_matter(text: str, name: str) -> tuple[dict[str, Any], str]:
    handler = YAMLHandler()
    begun = text.lstrip()
    if begun.startswith("+++\n") and "\n+++" in begun:
        raise ArticleError(
            f"{name}: its front matter is TOML (+++). Write it as `key: value` lines between ---."
        )
    try:
        block, body = handler.split(begun) if handler.detect(begun) else ("", text)
    except ValueError:
        # A line of dashes on top that no other one closes is a rule, not front matter.
        return {}, text
    # A rule on top stands above a blank line, as front matter does not.
    ruled = bool(block) and not begun.split("\n", 2)[1].strip()
    instead = text if ruled else f"{block}\n\n{body}"
    try:
        mapping = _mapping(handler, block, name)
    except ArticleError:
        if ruled or not FIELD.search(block):
            return {}, instead
        raise
    fields = {key.lower(): value for key, value in mapping.items()}
    ours = not FIELDS.isdisjoint(fields)
    anothers = bool(mapping) and all(map(KEY.fullmatch, mapping)) and not ruled
    if block.strip() and not ours and not anothers:
        # "Correction: ...", "# The title" or a sentence between two rules is text, and not to be lost.
        return {}, instead
    return fields, body


def _mapping(handler: YAMLHandler, block: str, name: str) -> dict[str, Any]:
    """Return the keys and values of front matter; none where it is a text."""
    if len(block) > MAX_FRONT_MATTER:
        raise ArticleError(f"{name}: its front matter is longer than {MAX_FRONT_MATTER:,} characters.")
    try:
        # This loader makes text of every value ("language: no" is Norwegian) and obeys no tag. Not the one
        # in C: brackets in brackets overflow its stack, and that ends the process.
        meta = handler.load(block, Loader=yaml.BaseLoader)
        aliases = "*" in block and any(
            isinstance(t, yaml.AliasToken) for t in yaml.scan(block, yaml.BaseLoader)
        )
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        raise ArticleError(
            f"{name}: the front matter is not YAML{place}: {str(error).splitlines()[0]}. "
            'A value with a colon in it must stand in quotes: title: "Before: and after".'
        ) from error
    if aliases:
        raise ArticleError(f"{name}: its front matter repeats a value by an alias (*). Write it out.")
    return {str(key): value for key, value in meta.items()} if isinstance(meta, dict) else {}


def _markdown_blocks(body: str) -> Iterator[Block]:
    """Yield each block of Markdown, markup taken off.

    What a colon introduces completes its sentence: a list is one paragraph with it, a line for each item.
    """
    lines: list[str] = []
    begun, inside = 0, None  # how deep what introduces stands, and in which list what it introduces
    for level, text, depth, outermost, *_ in _with_notes(list(_parsed(body))):
        if not text:
            continue
        if lines and not level and depth > begun and inside in {None, outermost}:
            lines.append(text)
            inside = outermost
            continue
        if lines:
            yield 0, ROW_GAP.join(lines)
            lines = []
        if text.endswith((":", "：")) and not level:
            lines, begun, inside = [text], depth, None
        else:
            yield level, text
    if lines:
        yield 0, ROW_GAP.join(lines)


def _with_notes(blocks: Sequence[_Parsed]) -> Iterator[_Parsed]:
    """Yield each footnote at the end of the section that refers to it first, if it stands in a later one."""
    notes: dict[str, list[_Parsed]] = {}
    for block in blocks:
        if block.note:
            notes.setdefault(block.note, []).append(block)
    due: list[str] = []

    def told() -> Iterator[_Parsed]:
        for label in due:  # which grows while a note refers to others
            for block in notes.pop(label, ()):
                due.extend(block.refers)
                yield block
        due.clear()

    for block in blocks:
        if block.note:
            yield from notes.pop(block.note, ())
            continue
        if block.level:
            yield from told()
        yield block
        due += block.refers
    yield from told()


def _parsed(body: str) -> Iterator[_Parsed]:
    """Yield the blocks in the order in which they are written."""
    # HTML stays visible as the text it is: an article is untrusted.
    options = {"html": False, "maxNesting": MAX_NESTING}
    # Inline markup is parsed apart, so that its many tokens are held for one block at a time.
    blocks, inline = (
        MarkdownIt("commonmark", options)
        .use(footnote_plugin, inline=False, move_to_end=False)
        .use(without_comments)
        for _ in range(2)
    )
    blocks.enable("table").disable("inline")
    inline.enable("strikethrough")
    env: dict[str, Any] = {}
    level = depth = outermost = 0
    above = 1  # the level of the latest heading
    rows: list[list[str]] | None = None
    note = ""
    refers: list[str] = []
    number = ""  # of a list's item, until its first words
    tokens = blocks.parse(body, env)
    told = _numbers(tokens)
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "heading_close":
            level = 0
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            outermost += not depth
            depth += 1
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            depth -= 1
        elif token.type == "list_item_open":
            number = told.get(place, "")
        elif token.type == "table_open":
            rows = []
        elif token.type == "tr_open" and rows is not None:
            rows.append([])
        elif token.type == "table_close" and rows is not None:
            yield _Parsed(0, _table(rows), depth, outermost, note, refers)
            rows, refers = None, []
        elif token.type == "footnote_reference_open":
            note = token.meta["label"]
        elif token.type == "footnote_reference_close":
            note = ""
        elif token.type == "inline":
            (parsed,) = inline.parseInline(token.content, env)
            text = tidy(_inline_text(parsed))
            refers += [c.meta["label"] for c in parsed.children or () if c.type == "footnote_ref"]
            above = level or above
            if rows is not None:
                # With blanks around it, a bar of its own would part cells.
                rows[-1].append(re.sub(r" ?\| ?", "|", text))
                continue
            if level:
                text = ATTRIBUTES.sub("", text)
            text, number = f"{number} {text}".strip(), ""
            asked = not level and not depth and _asks(parsed, text)
            yield _Parsed(min(above + 1, 6) if asked else level, text, depth, outermost, note, refers)
            refers = []
        elif token.type in {"fence", "code_block"}:
            yield _Parsed(0, tidy(token.content), depth, outermost, note, [])


def _numbers(tokens: Sequence[Token]) -> dict[int, str]:
    """Return the numbers that items of lists are told by, by the places of their tokens.

    A list that counts from 1 says by its order what its numbers say. One that begins elsewhere, or has one
    item, may be a date, a year or a rule that is spoken of: "3. October", "1986. The ferry sank".
    """
    told: dict[int, str] = {}
    lists: list[list[int]] = []
    for place, token in enumerate(tokens):
        if token.type in {"ordered_list_open", "bullet_list_open"}:
            lists.append([])
        elif token.type == "list_item_open":
            lists[-1].append(place)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            items = lists.pop()
            if token.type == "ordered_list_close" and (len(items) == 1 or int(tokens[items[0]].info) != 1):
                told |= {item: tokens[item].info + tokens[item].markup for item in items}
    return told


def _asks(paragraph: Token, text: str) -> bool:
    """Say whether a paragraph is an interviewer's question, which heads its answer: bold, or after a Q."""
    if not text.endswith(("?", "？")):
        return False
    children = [child for child in paragraph.children or () if child.content.strip() or child.nesting]
    bold = [child.type for child in children[:1] + children[-1:]] == ["strong_open", "strong_close"]
    return bool(INTERVIEWER.match(text)) or (bold and sum(c.type == "strong_open" for c in children) == 1)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table, a line for each row that holds something, and for its head, even if it is empty."""
    filled = [row for row in rows if any(row)]
    head = rows[:1] if filled and len(rows[0]) > 1 and not any(rows[0]) else []
    return ROW_GAP.join(CELL_GAP.join(row).strip() for row in [*head, *filled])


def _inline_text(token: Token) -> str:
    parts = []
    struck = 0
    for child in token.children or ():
        if child.tag == "s":
            struck += child.nesting
        elif struck:
            continue  # What was struck out was withdrawn.
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append("\n" if child.type == "softbreak" else " ")
        else:
            # Of an image, the words that stand for it.
            parts.append(_inline_text(child) if child.type == "image" else child.content)
    return "".join(parts)


def _field(meta: dict[str, Any], field: str, name: str) -> str:
    """Return a field of the front matter as one line; of several authors, all."""
    value = meta.get(field, "")
    if field == "author" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    if not isinstance(value, str):
        raise ArticleError(
            f"{name}: {field} must be a line of text. One with a bracket must stand in quotes."
        )
    return _line(value)


def _line(text: str) -> str:
    """Return a text as one line."""
    # An escape in YAML, and a file's name, can hold half of a surrogate pair.
    return tidy(text.encode("utf-8", "replace").decode())
