"""Links to where words stand on the publisher's page: text fragments."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote as percent
from urllib.parse import urlsplit

from qa.article import BETWEEN_CELLS, ROW_GAP, is_table

FRAGMENT_WORDS = 6
"""Words at each end of a passage that a text fragment names; a shorter one is named whole."""

CONTEXT_WORDS = 3
"""Words before and after a quote that its text fragment names."""


def text_fragment(source: str, text: str, before: str = "", after: str = "") -> str:
    """Return a link to where ``text`` stands on the publisher's page, or "" if ``source`` is no web address.

    ``before`` and ``after`` are what surrounds it, which tells it from the same words elsewhere.

    Encoded as https://wicg.github.io/scroll-to-text-fragment/ asks: the dash, comma and ampersand
    part its fields, so in a word they are written with a percent sign, and quote() leaves the dash.
    """
    if not is_web_address(source):
        return ""

    def encode(words: Iterable[str]) -> str:
        return percent(" ".join(words), safe="").replace("-", "%2D")

    # A field matches within one block alone, and so are a table's cells and a list's items.
    rows = text.split(ROW_GAP)
    parts = [cell for row in rows for cell in BETWEEN_CELLS.split(row)[::2]] if is_table(text) else rows
    cells = [part.split() for part in parts if part] or [[]]
    whole = len(cells) == 1 and len(cells[0]) <= 2 * FRAGMENT_WORDS
    ends = cells if whole else [cells[0][:FRAGMENT_WORDS], cells[-1][-FRAGMENT_WORDS:]]
    fields = list(map(encode, ends))
    before = BETWEEN_CELLS.split(before.split(ROW_GAP)[-1])[-1]
    after = BETWEEN_CELLS.split(after.split(ROW_GAP)[0])[0]
    # Only whole words: what is parted from the text by no blank is no word of its own.
    if before[-1:].isspace() and (words_before := before.split()[-CONTEXT_WORDS:]):
        fields.insert(0, f"{encode(words_before)}-")
    if after[:1].isspace() and (words_after := after.split()[:CONTEXT_WORDS]):
        fields.append(f"-{encode(words_after)}")
    address = source.partition(":~:")[0].removesuffix("#")
    return f"{address}{'' if '#' in address else '#'}:~:text={','.join(fields)}"


def is_web_address(source: str) -> bool:
    """Say whether a source is an http or https address, the only ones that become links."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
