"""Makes the pictures in this folder: ``python -m docs.screenshots URL``, with a server at the URL.

Pictures differ a little with the machine's fonts. The ones here were made with URW's P052 and Inter
(Debian: fonts-urw-base35, fonts-inter).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parent
ANSWERED = "How many containers of munitions were sent?"
SEVERAL = "What did Putin and Kim Jong Un sign?"
GIVEN = "What is North Korea giving Russia?"
RELATED = "Is Kim Jong Un married?"
OFF_TOPIC = "How do I bake sourdough bread?"


def main(url: str) -> None:
    """Take every picture of a running server's page."""
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = _open(browser, url, 1280, 800)
        _take(page, "first")
        _ask(page, ANSWERED)
        page.locator(".turn .ref").first.press("Enter")
        _take(page, "answered")
        _ask(page, RELATED)
        _take(page, "related")
        _ask(page, OFF_TOPIC)
        _take(page, "off-topic")
        talk = _open(browser, url, 1280, 800)
        _ask(talk, GIVEN)
        _ask(talk, "And in return?")
        _take(talk, "follow-up")
        # As where the server restarts: what was typed is kept.
        talk.context.set_offline(True)
        talk.fill("#question", ANSWERED)
        talk.press("#question", "Enter")
        talk.wait_for_selector(".notice:not([hidden])")
        _take(talk, "unreachable")
        dark = _open(browser, url, 1280, 800, color_scheme="dark")
        _ask(dark, SEVERAL)
        _take(dark, "dark")
        phone = _open(browser, url, 390, 844, is_mobile=True, has_touch=True)
        phone.locator(".panes button").last.tap()
        _ask(phone, ANSWERED)
        _take(phone, "phone")
        phone.locator(".turn .ref").first.tap()
        _take(phone, "phone-article")
        browser.close()


def _open(browser: Browser, url: str, width: int, height: int, **options: object) -> Page:
    page = browser.new_context(  # type: ignore[arg-type]
        viewport={"width": width, "height": height}, locale="en-US", reduced_motion="reduce", **options
    ).new_page()
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
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860/")
