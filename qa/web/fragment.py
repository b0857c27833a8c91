"""Links to where words stand on the publisher's page: text fragments."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote as percent
from urllib.parse import urlsplit

from qa.article import ROW_GAP, cells
from qa.passages import Passage

FRAGMENT_WORDS = 6
"""Words at each end of a passage that a text fragment names; a shorter one is named whole."""

LONGEST_FIELD = 500
"""Characters of a field, in percent signs and all, more than six words have: a longer one is no words."""

CONTEXT_WORDS = 3
"""Words before and after a quote that its text fragment names."""


def text_fragment(passage: Passage, start: int, end: int) -> str:
    """Return a link to where a stretch of a passage stands on the publisher's page, "" if that is unknown.

    ``start`` and ``end`` are offsets into the article. The link names what stands before and after it, which
    tells it from the same words elsewhere.

    Encoded as https://wicg.github.io/scroll-to-text-fragment/ asks: the dash, comma and ampersand
    part its fields, so in a word they are written with a percent sign, and quote() leaves the dash.
    """
    article = passage.article
    if not is_web_address(article.source):
        return ""

    def encode(words: Iterable[str]) -> str:
        return percent(" ".join(words), safe="").replace("-", "%2D")

    # A field matches within one block alone, and so are a table's cells and a list's items.
    table = bool(passage.table_head)

    def blocks(text: str) -> list[str]:
        rows = text.split(ROW_GAP)
        return [cell for row in rows for cell in cells(row)] if table else rows

    parts = [part.split() for part in blocks(article.text[start:end]) if part] or [[]]
    whole = len(parts) == 1 and len(parts[0]) <= 2 * FRAGMENT_WORDS
    ends = parts if whole else [parts[0][:FRAGMENT_WORDS], parts[-1][-FRAGMENT_WORDS:]]
    fields = list(map(encode, ends))
    first, last = passage.paragraph
    before, after = article.text[first:start], article.text[end:last]
    if table and before.endswith(ROW_GAP):
        # Rows begin alike: the last cell of the one above tells them apart.
        words_before = next((cell for cell in reversed(blocks(before)) if cell), "").split()
    else:
        # Only whole words: what is parted from the text by no blank is no word of its own.
        words_before = blocks(before)[-1].split() if before[-1:].isspace() else []
    words_after = blocks(after)[0].split() if after[:1].isspace() else []
    if words_before:
        fields.insert(0, f"{encode(words_before[-CONTEXT_WORDS:])}-")
    if words_after:
        fields.append(f"-{encode(words_after[:CONTEXT_WORDS])}")
    if max(map(len, fields)) > LONGEST_FIELD:
        return article.source
    address = article.source.partition(":~:")[0].removesuffix("#")
    return f"{address}{'' if '#' in address else '#'}:~:text={','.join(fields)}"


def is_web_address(source: str) -> bool:
    """Say whether a source is an http or https address, the only ones that become links."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
