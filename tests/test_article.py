"""The shipped article: word for word what was given."""

from pathlib import Path

import pytest

from qa.article import parse_article, read_article

ROOT = Path(__file__).parent.parent
GIVEN = ROOT.parent / "shared" / "article" / "article.txt"


@pytest.mark.skipif(not GIVEN.exists(), reason="the given text is not part of the repository")
def test_no_word_was_lost_added_or_changed() -> None:
    lines = [line.strip() for line in GIVEN.read_text(encoding="utf-8").splitlines()]
    kept = [line for line in lines if line and not line.startswith("- ")]
    assert read_article(ROOT / "index" / "article.md").text.split("\n\n") == kept


def test_plain_text_shows_its_headings() -> None:
    body = read_article(ROOT / "index" / "article.md")
    again = parse_article(body.text, markdown=False)
    assert [s.path for s in again.sections] == [s.path for s in body.sections]


def test_html_stays_text() -> None:
    article = parse_article("<script>alert(1)</script>\n\n**Bold** words.")
    assert article.text == "<script>alert(1)</script>\n\nBold words."
