"""Makes the pictures in this folder: ``python -m docs.screenshots``, which starts the servers that it needs.

Pictures differ a little with the machine's fonts. The ones here were made with URW's P052 and Inter
(Debian: fonts-urw-base35, fonts-inter).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

import qa
from tests.served import crowded, start_server

FOLDER = Path(__file__).parent
ANSWERED = "How many containers of munitions were sent?"
SEVERAL = "What did Putin and Kim Jong Un sign?"
GIVEN = "What is North Korea giving Russia?"
RELATED = "Is Kim Jong Un married?"
OFF_TOPIC = "How do I bake sourdough bread?"
HEBREW = """---
title: הספרייה החדשה
language: he
---

הספרייה העירונית החדשה נפתחה ביום ראשון ליד הנמל.

## הבניין

הבניין נבנה במשך שלוש שנים ויש בו מקום לארבעים אלף ספרים.
"""


def main() -> None:
    """Take a picture of every state of the page."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        with _served() as url:
            _answers(browser, url)
            _phone(browser, url)
        with _served(concurrency="1", queue="0") as url:
            _full(browser, url)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "article.md").write_text(HEBREW, encoding="utf-8")
            qa.build(place / "article.md", place / "index")
            with _served(index=str(place / "index")) as url:
                page = _open(browser, url, 1280, 800)
                page.fill("#question", "מתי הספרייה נפתחה?")
                page.press("#question", "Enter")
                page.wait_for_selector(".turn:last-child:not([aria-busy])")
                _take(page, "right-to-left")
        with tempfile.TemporaryDirectory() as folder, _served(feedback=folder) as url:
            page = _open(browser, url, 1280, 800)
            _ask(page, ANSWERED)
            page.get_by_role("button", name="This was right").click()
            _take(page, "feedback")
        browser.close()


def _answers(browser: Browser, url: str) -> None:
    page = _open(browser, url, 1280, 800)
    _take(page, "first")
    _ask(page, ANSWERED)
    page.locator(".turn .ref").first.press("Enter")
    _take(page, "answered")
    _ask(page, RELATED)
    _take(page, "related")
    page.locator(".turn:last-child .ref").nth(1).press("Enter")
    _take(page, "marks")
    _ask(page, OFF_TOPIC)
    _take(page, "off-topic")
    talk = _open(browser, url, 1280, 800)
    _ask(talk, GIVEN)
    _ask(talk, "And in return?")
    _take(talk, "follow-up")
    talk.locator(".turn:last-child .ref").first.hover()
    _take(talk, "preview")
    waiting = _open(browser, url, 1280, 800)
    waiting.route("**/component_server/", lambda route: None)
    waiting.fill("#question", ANSWERED)
    waiting.press("#question", "Enter")
    waiting.wait_for_selector(".working")
    _take(waiting, "working")
    # As where the server restarts: what was typed is kept.
    talk.context.set_offline(True)
    talk.fill("#question", ANSWERED)
    talk.press("#question", "Enter")
    talk.wait_for_selector(".notice:not([hidden])")
    _take(talk, "unreachable")
    dark = _open(browser, url, 1280, 800, color_scheme="dark")
    _ask(dark, SEVERAL)
    _take(dark, "dark")
    tablet = _open(browser, url, 1024, 768)
    _ask(tablet, SEVERAL)
    _take(tablet, "tablet")
    german = _open(browser, url, 1280, 800, locale="de-DE")
    _ask(german, ANSWERED)
    _take(german, "german")


def _phone(browser: Browser, url: str) -> None:
    phone = _open(browser, url, 390, 844, is_mobile=True, has_touch=True)
    phone.locator(".panes button").last.tap()
    _ask(phone, ANSWERED)
    _take(phone, "phone")
    phone.locator(".turn .ref").first.tap()
    _take(phone, "phone-article")
    dark = _open(browser, url, 390, 844, is_mobile=True, has_touch=True, color_scheme="dark")
    dark.locator(".panes button").last.tap()
    _ask(dark, RELATED)
    _take(dark, "phone-dark")


def _full(browser: Browser, url: str) -> None:
    """Ask where all places are taken, until a question finds none."""
    page = _open(browser, url, 1280, 800)
    _ask(page, ANSWERED)
    with crowded(url, ANSWERED):
        while not page.locator(".notice").is_visible():
            page.fill("#question", SEVERAL)
            page.press("#question", "Enter")
            page.wait_for_selector('.send[aria-disabled="false"]')
        _take(page, "full")


@contextmanager
def _served(**settings: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as scratch:
        served = start_server(Path(scratch) / "output.txt", **settings)
        try:
            yield served.url
        finally:
            served.stop()


def _open(browser: Browser, url: str, width: int, height: int, **options: object) -> Page:
    page = browser.new_context(  # type: ignore[arg-type]
        **{"viewport": {"width": width, "height": height}, "locale": "en-US", "reduced_motion": "reduce"}
        | options
    ).new_page()
    page.set_default_timeout(60_000)
    page.goto(url)
    page.wait_for_selector("#question", state="attached")
    return page


def _ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.wait_for_selector(".turn:last-child:not([aria-busy]) .offer")


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(300)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    # A palette is a third of the size, and nobody sees the difference on text.
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(200).save(path, optimize=True)


if __name__ == "__main__":
    main()
