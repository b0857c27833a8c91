"""The page in a real browser, as readers use it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import CHROMIUM_FLAGS, Start
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

import qa
from qa.bot import NO_MORE
from tests.served import Served, crowded, watched

ANSWERED = "How many containers of munitions were sent?"
RELATED = "Is Kim Jong Un married?"
OFF_TOPIC = "How do I bake sourdough bread?"
PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg/onload=window.pwned=1>",
    "\"'><body onpageshow=window.pwned=1>",
    "</textarea><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "{{constructor.constructor('window.pwned=1')()}} ${window.pwned=1} `${window.pwned=1}`",
    '[a](javascript:window.pwned=1) ![b](x"onerror="window.pwned=1)',
    "</script><script>window.pwned=1</script><!--",
    "<details open ontoggle=window.pwned=1>",
    "<a href='javas&#99;ript:window.pwned=1'>x</a>",
)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, server: Served) -> Iterator[Open]:
    """Open the page in a browser of its own; afterwards nothing failed in it, and it spoke to nobody else."""
    contexts, hosts, faults = [], set(), []

    def open_page(
        path: str = "/",
        url: str = server.url,
        ready: bool = True,
        hold: Callable[[Route], object] | None = None,
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "locale": "en-US"} | options
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.set_default_navigation_timeout(60_000)  # a server's first page waits for Gradio's import
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        if hold is not None:
            page.route("**/assets/**", hold)
        page.goto(url + path, wait_until="commit" if hold else "load")
        if ready:
            page.wait_for_selector("#question", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert hosts <= {"127.0.0.1", None}
    assert not faults


@pytest.fixture
def publish(visit: Open, start: Start, tmp_path: Path) -> Open:
    """Open the page of an article of one's own."""

    def open_article(text: str) -> Page:
        (tmp_path / "article.md").write_text(text, encoding="utf-8")
        qa.build(tmp_path / "article.md", tmp_path / "index")
        return visit(url=start(index=str(tmp_path / "index")).url)

    return open_article


def ask(page: Page, question: str) -> None:
    page.fill("#question", question)
    page.press("#question", "Enter")
    settled(page, question)


def settled(page: Page, question: str) -> None:
    last = page.locator(".turn").last
    expect(last.locator("h2")).to_have_text(question, timeout=20_000)
    expect(last).not_to_have_attribute("aria-busy", "true", timeout=20_000)


def marked(page: Page, kind: str) -> str:
    return str(
        page.evaluate(
            "k => [...document.querySelectorAll('mark.' + k)].map(m => m.textContent).join('')", kind
        )
    )


def faultless(page: Page) -> None:
    """Nothing that axe-core knows of stands in anybody's way."""
    results = Axe().run(page)
    assert not results.response["violations"], json.dumps(
        [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in results.response["violations"]], indent=1
    )


def test_an_answer_is_marked_exactly_and_leads_there_and_back(visit: Open, bot: qa.Bot) -> None:
    page = visit()
    ask(page, ANSWERED)
    answer = bot.ask(ANSWERED)
    assert answer.quote
    expect(page.locator(".turn blockquote")).to_have_text(answer.quote.text)
    assert marked(page, "quote") == answer.quote.text
    assert answer.passages[0].text == page.locator("#passage-1").text_content()
    number = page.locator(".turn .ref").first
    number.hover()
    expect(page.get_by_role("tooltip")).to_contain_text(answer.passages[0].text)
    number.click()
    expect(page.locator("#passage-1")).to_be_focused()
    expect(page.locator("mark.quote")).to_be_in_viewport()
    # The outline says in which section that is.
    expect(page.locator(".outline [aria-current]")).to_have_text(answer.passages[0].heading.split(" › ")[-1])
    page.get_by_role("button", name="Back to the answer").first.click()
    expect(number).to_be_focused()


def test_passages_of_one_answer_are_marked_together_and_replaced_by_the_next(
    visit: Open, bot: qa.Bot
) -> None:
    page = visit()
    text = page.locator(".reading article").inner_text()
    ask(page, RELATED)
    assert marked(page, "passage") == "".join(
        p.text for p in sorted(bot.ask(RELATED).passages, key=lambda p: p.start)
    )
    ask(page, OFF_TOPIC)
    page.get_by_role("button", name="Start over").click()
    assert page.locator("mark").count() == 0
    assert page.locator(".reading article").inner_text() == text


def test_the_verdicts_differ_in_words(visit: Open) -> None:
    page = visit()
    ask(page, RELATED)
    expect(page.locator(".turn.related .verdict")).to_have_text("The article does not answer this.")
    expect(page.locator(".turn.related blockquote")).to_have_count(0)
    ask(page, OFF_TOPIC)
    expect(page.locator(".turn.off_topic .verdict")).to_have_text("The article says nothing about this.")
    expect(page.locator(".turn.off_topic .question")).to_have_count(2)
    expect(page.locator(".turn.off_topic .refs")).to_have_count(0)


def test_turns_about_the_last_answer_are_told_from_questions(visit: Open) -> None:
    page = visit()
    ask(page, ANSWERED)
    last = page.locator(".turn").last
    ask(page, "are you sure?")
    expect(last.locator("details.sure")).to_have_attribute("open", "")
    ask(page, "where does it say that?")
    expect(last.locator(".verdict")).to_have_text("It says so here")
    ask(page, "more")
    expect(last.locator(".verdict")).to_have_text("What else the article says about this")
    expect(last.locator(".understood")).to_have_text(f"About: {ANSWERED}")
    assert last.locator("details.sure").count() == 0
    last.get_by_role("button", name="Copy", exact=True).click()
    assert "does not answer" not in page.evaluate("navigator.clipboard.readText()")
    ask(page, "more")
    ask(page, "more")
    expect(last.locator(".verdict")).to_have_text("Nothing else in the article comes close to this.")
    expect(last.locator(".understood")).to_have_text(f"About: {ANSWERED}")
    faultless(page)


def test_who_asks_for_the_title_is_told_it(visit: Open, bot: qa.Bot) -> None:
    """And what is not known of author and date, as programs are told."""
    page = visit(locale="de-DE")
    ask(page, "What is the title?")
    title = f"“{bot.index.articles[0].title}”"
    known = f"{title} · Verfasser nicht bekannt · Datum nicht bekannt · Quelle nicht bekannt"
    expect(page.locator(".turn .byline")).to_have_text(known)
    expect(page.locator(".turn .byline span")).to_have_attribute("lang", "en")
    expect(page.locator(".asking > [role=status]")).to_contain_text(known)
    faultless(page)


def test_neither_the_page_nor_the_server_calls_anybody(visit: Open, server: Served) -> None:
    page = visit()
    ask(page, ANSWERED)
    ask(page, OFF_TOPIC)
    page.reload()
    address = urlsplit(server.url)
    # That nothing is noted proves something only where a call would have been.
    call = f"import socket; socket.create_connection(({address.hostname!r}, {address.port}))"
    assert "127.0.0.1" not in server.called()
    subprocess.run([sys.executable, "-c", call], env=os.environ | watched(server.output), check=True)
    assert server.called() == {"127.0.0.1"}


def test_a_very_long_question_leaves_room_for_its_answer(visit: Open) -> None:
    page = visit()
    ask(page, f"{'In view of all that has happened so far, '.upper() * 30}what did they sign?")
    expect(page.locator(".turn .verdict")).to_be_in_viewport()


def test_an_article_from_right_to_left_is_set_so(publish: Open) -> None:
    page = publish(
        "---\ntitle: הספרייה החדשה\nlanguage: he\nsource: https://example.org/he\n---\n\n## הנמל\n\n"
        "הספרייה העירונית החדשה נפתחה ביום ראשון ליד הנמל.\n"
    )
    direction = "e => getComputedStyle(e).direction"
    assert page.locator(".reading article p").first.evaluate(direction) == "rtl"
    assert page.locator(".outline li").first.evaluate(direction) == "rtl"
    ask(page, "מתי הספרייה נפתחה?")
    assert page.locator(".turn h2").evaluate(direction) == "rtl"
    assert page.locator(".masthead").evaluate(direction) == "ltr"
    ask(page, "more")
    expect(page.locator(".turn .verdict").last).to_have_text(NO_MORE)
    faultless(page)


def test_a_list_and_a_table_are_laid_out_and_marked(publish: Open) -> None:
    page = publish(
        "The barrage affects, says the board:\n\n- the migration of salmon\n- the ferries to Norholm\n\n"
        "| Year | Ferries |\n|---|---|\n| 2023 | 4,100 |\n| 2024 | 3,600 |\n"
    )
    ask(page, "What does the barrage affect?")
    items = ["the migration of salmon", "the ferries to Norholm"]
    assert page.locator(".turn blockquote li").all_inner_texts() == items
    assert page.locator(".reading li mark.quote:visible").all_inner_texts() == items
    columns = page.locator(".reading th").evaluate_all("cells => cells.map(cell => cell.clientWidth)")
    ask(page, "How many ferries were there in 2024?")
    row = ["2024", "3,600"]
    assert page.locator(".turn blockquote").last.locator("th, td").all_inner_texts() == [
        "Year",
        "Ferries",
        *row,
    ]
    assert page.locator(".reading td mark.quote:visible").all_inner_texts() == row
    # Neither the passage's number nor the way back moves a column.
    assert page.locator(".reading :is(th, td) > .back").count() == 1
    assert page.locator(".reading th").evaluate_all("cells => cells.map(cell => cell.clientWidth)") == columns
    page.locator(".turn").last.get_by_role("button", name="Copy as Markdown").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "> | Year | Ferries |\n> | ---: | ---: |\n> | 2024 | 3,600 |\n" in copied
    ask(page, "How many ferries were there in each year?")
    years = page.locator(".turn blockquote").last.locator("td:first-child").all_inner_texts()
    assert years == ["2023", "2024"]
    faultless(page)


def test_a_part_of_a_long_table_is_shown_below_its_head(publish: Open) -> None:
    """The first of its rows stood where a head does."""
    stops = [f"Stop {n}" if n != 61 else "Old Harbour" for n in range(1, 91)]
    rows = "".join(f"| {stop} | {1900 + n} | {n * 37 % 410 + 12} |\n" for n, stop in enumerate(stops, 1))
    page = publish(f"## Stops\n\n| Stop | Opened | Passengers |\n|---|---|---|\n{rows}")
    ask(page, "When was the stop at the Old Harbour opened?")
    assert page.locator(".turn blockquote td:first-child").all_inner_texts() == ["Old Harbour"]
    assert page.locator(".turn blockquote th").all_inner_texts() == ["Stop", "Opened", "Passengers"]
    faultless(page)
    ask(page, "Which stop has the most passengers?")  # All rows settle that, and a part holds some.
    expect(page.locator(".turn").last).to_have_class("turn related")


def test_suggestions_lead_on(visit: Open) -> None:
    page = visit()
    ask(page, ANSWERED)
    further = page.locator(".turn .question")
    expect(further).to_have_count(3, timeout=30_000)
    question = further.first.inner_text()
    further.first.click()
    settled(page, question)
    expect(page.locator(".turn").last).to_have_class("turn answered")


def test_an_address_opens_on_its_question_and_passage(visit: Open) -> None:
    page = visit()
    ask(page, ANSWERED)
    page.get_by_role("button", name="Copy a link to passage 1").click()
    address = page.evaluate("navigator.clipboard.readText()")
    other = visit(address.removeprefix(page.url.rstrip("/")), ready=False)
    settled(other, ANSWERED)
    expect(other.locator("#passage-1")).to_be_focused()
    other.get_by_role("button", name="Start over").click()
    other.reload()
    expect(other.locator(".welcome")).to_be_visible()
    expect(other.locator(".turn")).to_have_count(0)


def test_an_address_keeps_its_question_to_the_browser(visit: Open) -> None:
    """The browser sent it along, and a proxy's log held it."""
    page = visit()
    ask(page, ANSWERED)
    page.get_by_role("button", name="Copy link", exact=True).click()
    address = page.evaluate("navigator.clipboard.readText()")
    ask(page, RELATED)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    # Where the page is open already, too.
    page.evaluate("address => { location.href = address; }", address)
    expect(page.locator(".turn")).to_have_count(1, timeout=60_000)
    settled(page, ANSWERED)
    assert sent and not any("munitions" in url for url in sent)


def test_the_address_of_a_follow_up_opens_on_the_same_answer(visit: Open) -> None:
    page = visit()
    ask(page, "What is North Korea giving Russia?")
    ask(page, "And in return?")
    said = page.locator(".turn").last.locator(".verdict, blockquote").all_inner_texts()
    page.locator(".turn").last.get_by_role("button", name="Copy link").click()
    address = page.evaluate("navigator.clipboard.readText()")
    page = visit(address.removeprefix(page.url.rstrip("/")), ready=False)
    settled(page, "And in return?")
    assert page.locator(".turn .verdict, .turn blockquote").all_inner_texts() == said
    # A link to a place in the article is one on this page, whatever its address.
    page.get_by_role("link", name="Sanctions and Isolation").click()
    expect(page.get_by_role("heading", name="Sanctions and Isolation")).to_be_focused()
    here = page.locator(".outline [aria-current]")
    expect(here).to_have_text("Sanctions and Isolation")
    # Even the last one, which no scrolling brings to the top.
    page.locator(".outline a").last.click()
    expect(here).to_have_text(page.locator(".outline a").last.inner_text())
    assert page.locator(".turn").count() == 1


def test_each_mark_leads_back_to_its_own_number(visit: Open) -> None:
    page = visit()
    ask(page, ANSWERED)
    page.locator(".reading .back").first.click()
    expect(page.locator(".turn .ref").first).to_be_focused()
    ask(page, RELATED)
    page.locator(".turn").last.locator(".ref").first.press("Enter")
    page.get_by_role("button", name="Back to the answer (2)").click()
    expect(page.locator(".turn").last.locator(".ref").nth(1)).to_be_focused()
    page.locator(".turn").last.get_by_role("button", name="Copy", exact=True).click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("The article does not answer this.")


WORDS = "“Élan, the 4,200-ton ship” — said Зоя, harbour-master — “left at noon & sank.”"


class Publisher(BaseHTTPRequestHandler):
    """A publisher's own page: the words stand twice in it, the second time far down."""

    def do_GET(self) -> None:
        body = f"<p>{WORDS[:40]}</p><div style='height: 4000px'></div><p>On Friday {WORDS} That was all.</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_a_passage_links_to_its_very_words_on_the_publishers_page(publish: Open) -> None:
    publisher = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    threading.Thread(target=publisher.serve_forever, daemon=True).start()
    try:
        source = f"http://127.0.0.1:{publisher.server_port}/news?id=1"
        page = publish(f"---\ntitle: The ship\nsource: {source}\n---\n\nOn Friday {WORDS} That was all.\n")
        ask(page, "When did the ship leave?")
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Passage 1 on the publisher’s page").click()
        opened.value.wait_for_load_state()
        opened.value.wait_for_function("scrollY > 1000")
    finally:
        publisher.shutdown()
        publisher.server_close()


@pytest.mark.parametrize(
    "named",
    ["#q=", "#q=%FF%00%E0%A4", "#passage=p9", f"#q={quote(ANSWERED)}&passage=p999999", "?q=" + "x" * 100_000],
)
def test_a_broken_address_opens_a_normal_page(visit: Open, named: str) -> None:
    page = visit(f"/{named}")
    expect(page.locator("#question")).to_be_visible()
    expect(page.locator(".reading h1")).to_be_visible()


def test_copying_gives_quote_heading_and_link(visit: Open, bot: qa.Bot) -> None:
    page = visit()
    ask(page, ANSWERED)
    answer = bot.ask(ANSWERED)
    assert answer.quote
    heading = answer.passages[0].heading
    page.get_by_role("button", name="Copy", exact=True).click()
    text = page.evaluate("navigator.clipboard.readText()")
    assert f"“{answer.quote.text}”" in text and heading in text and "#q=How+many" in text
    page.get_by_role("button", name="Copy as Markdown").click()
    markdown = page.evaluate("navigator.clipboard.readText()")
    assert markdown.startswith(f"> {answer.quote.text}\n") and "](<http://127.0.0.1" in markdown
    expect(page.locator(".asking > [role=status]")).to_have_text("Copied")


def test_copying_the_old_way_keeps_the_focus(visit: Open) -> None:
    """At an address without TLS there is no clipboard to write to."""
    page = visit()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    ask(page, ANSWERED)
    copy = page.get_by_role("button", name="Copy", exact=True)
    copy.press("Enter")
    expect(page.locator(".asking > [role=status]")).to_have_text("Copied")
    expect(copy).to_be_focused()


def test_a_question_that_stands_alone_is_shared_alone(visit: Open) -> None:
    page = visit()
    ask(page, RELATED)
    ask(page, ANSWERED.replace("many ", "many  "))
    last = page.locator(".turn").last
    expect(last.locator(".understood")).to_have_count(0)
    last.get_by_role("button", name="Copy link", exact=True).click()
    expect(page.locator(".asking > [role=status]")).to_have_text("Copied")
    assert "after=" not in page.evaluate("navigator.clipboard.readText()")


def test_starting_over_waits_for_no_answer(visit: Open) -> None:
    page = visit()
    ask(page, RELATED)
    page.route("**/component_server/", lambda route: None)
    page.fill("#question", OFF_TOPIC)
    page.press("#question", "Enter")
    expect(page.locator(".turn")).to_have_count(2)
    page.click(".over")
    page.unroute("**/component_server/")
    ask(page, ANSWERED)
    expect(page.locator(".turn blockquote")).to_be_visible()


def test_the_theme_is_the_systems_until_chosen_and_is_kept(visit: Open) -> None:
    page = visit(color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Use the light theme").click()
    assert page.evaluate(background) != dark
    page.reload()
    expect(page.get_by_role("button", name="Use the dark theme")).to_be_visible()


def test_on_a_phone_article_and_chat_are_one_tap_apart(visit: Open) -> None:
    page = visit(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    expect(page.locator(".reading h1")).to_be_visible()
    expect(page.locator("#question")).to_be_hidden()
    page.get_by_role("button", name="Questions", exact=True).tap()
    expect(page.locator(".reading h1")).to_be_hidden()
    ask(page, ANSWERED)
    page.get_by_role("button", name="Article", exact=True).tap()
    expect(page.locator("mark.quote")).to_be_in_viewport()
    page.get_by_role("button", name="Questions", exact=True).tap()
    page.locator(".turn .ref").first.tap()
    expect(page.locator("mark.quote")).to_be_in_viewport()
    page.get_by_role("button", name="Back to the answer").first.tap()
    expect(page.locator(".turn .ref").first).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_keyboard_alone_does_all_of_it(visit: Open) -> None:
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the skip link
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type(ANSWERED)
    page.keyboard.press("Enter")
    settled(page, ANSWERED)
    number = page.locator(".turn .ref").first
    expect(page.locator(".turn .question")).to_have_count(3, timeout=30_000)
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if number.evaluate("e => e === document.activeElement"):
            break
    expect(page.get_by_role("tooltip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#passage-1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(number).to_be_focused()


def test_each_answer_is_announced_once(visit: Open) -> None:
    page = visit()
    page.evaluate(
        """() => {
            window.said = [];
            window.tongues = [];
            const region = document.querySelector('.asking > [role=status]');
            const said = new MutationObserver(() => {
                window.said.push(region.textContent);
                window.tongues.push(...[...region.querySelectorAll('[lang]')].map(e => e.lang));
            });
            said.observe(region, {childList: true, subtree: true, characterData: true});
        }"""
    )
    for question in (ANSWERED, OFF_TOPIC, RELATED):
        ask(page, question)
    said = [text for text in page.evaluate("window.said") if text != "Reading the article…"]
    assert len(said) == 3
    # The article's words in its own language, its headings too, and no sentence ended twice.
    tongues = page.evaluate("window.tongues")
    assert set(tongues) == {"en"} and len(tongues) > 1 and ".." not in said[0]
    assert "11,000" in said[0] and said[1] == "The article says nothing about this."


def test_the_interface_speaks_the_browsers_language_and_the_article_its_own(visit: Open) -> None:
    page = visit(locale="de-DE")
    assert page.evaluate("document.documentElement.lang") == "de"
    ask(page, OFF_TOPIC)
    expect(page.locator(".turn .verdict")).to_have_text("Dazu sagt der Artikel nichts.")
    assert page.locator(".reading article").get_attribute("lang") == "en"


def test_axe_finds_nothing_in_any_state(visit: Open) -> None:
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme, reduced_motion="reduce")
        faultless(page)
        ask(page, ANSWERED)
        expect(page.locator(".turn .question")).to_have_count(3, timeout=30_000)
        page.locator(".turn details").click()
        faultless(page)
        page.locator(".turn .ref").first.focus()
        page.keyboard.press("Enter")
        faultless(page)
        ask(page, RELATED)
        ask(page, OFF_TOPIC)
        faultless(page)
        page.fill("#question", "x" * 3_000)
        page.press("#question", "Enter")
        expect(page.locator(".notice")).to_be_visible()
        faultless(page)
        page.locator(".turn.answered .ref").first.hover()
        expect(page.get_by_role("tooltip")).to_be_visible()
        faultless(page)
        phone = visit(color_scheme=scheme, viewport={"width": 390, "height": 844}, is_mobile=True)
        faultless(phone)
        phone.click('.panes [data-pane="chat"]')
        faultless(phone)
        ask(phone, ANSWERED)
        faultless(phone)
        phone.locator(".turn .ref").first.click()
        faultless(phone)


def test_axe_finds_nothing_while_it_works_and_where_the_server_is_gone(visit: Open) -> None:
    page = visit(reduced_motion="reduce")
    held: list[Route] = []
    page.route("**/component_server/", lambda route: held.append(route))
    page.fill("#question", ANSWERED)
    page.click(".send")
    expect(page.locator(".working")).to_be_visible()
    expect(page.locator(".asking > [role=status]")).to_have_text("Reading the article…")
    faultless(page)
    # Pressing it again does nothing, and it keeps the focus.
    expect(page.locator(".send")).to_have_attribute("aria-disabled", "true")
    page.press("#question", "Enter")
    page.focus(".send")
    assert len(held) == 1
    held.pop().abort()
    expect(page.locator(".notice")).to_contain_text("cannot be reached")
    faultless(page)
    page.unroute("**/component_server/")
    page.click(".send")
    settled(page, ANSWERED)
    expect(page.locator(".send")).to_be_focused()


def test_long_words_are_broken_on_a_narrow_screen(visit: Open) -> None:
    page = visit(viewport={"width": 320, "height": 640})
    page.click('.panes [data-pane="chat"]')
    ask(page, ANSWERED)
    ask(page, f"What is said about that at https://example.org/{'a' * 180}?")
    for pane in (".talk", ".foot", ".understood", ".reading"):
        assert page.evaluate(
            "p => [...document.querySelectorAll(p)].every(e => e.scrollWidth <= e.clientWidth)", pane
        ), pane


def test_the_button_is_reached_on_a_very_low_screen(visit: Open) -> None:
    page = visit(viewport={"width": 320, "height": 256})
    page.click('.panes [data-pane="chat"]')
    page.fill("#question", "word " * 500)
    page.press("#question", "Enter")
    expect(page.locator(".notice")).to_be_visible()
    page.locator(".send").scroll_into_view_if_needed()
    expect(page.locator(".send")).to_be_in_viewport(ratio=1)


def test_text_can_be_doubled(visit: Open) -> None:
    page = visit(viewport={"width": 640, "height": 400}, device_scale_factor=2)
    page.click('.panes [data-pane="chat"]')
    ask(page, ANSWERED)
    expect(page.locator(".turn blockquote")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_article_can_be_read_before_the_chat_has_loaded(visit: Open) -> None:
    held: list[Route] = []
    came = threading.Event()
    page = visit(ready=False, hold=lambda route: route.continue_() if came.is_set() else held.append(route))
    heading = page.get_by_role("heading", name="Strategic Realignment")
    expect(page.locator(".reading h1")).to_be_in_viewport()
    expect(page.get_by_text("The question field is loading")).to_be_in_viewport()
    page.get_by_role("link", name="Strategic Realignment").click()
    expect(heading).to_be_in_viewport()
    before = heading.bounding_box()
    assert held and page.locator("#question").count() == 0
    came.set()
    for route in held:
        route.continue_()
    page.wait_for_selector("#question")
    assert heading.bounding_box() == before


@pytest.mark.parametrize("hold", [lambda route: route.abort(), lambda route: None], ids=["fails", "stalls"])
def test_a_chat_that_does_not_load_is_said_and_offers_to_be_reloaded(
    visit: Open, hold: Callable[[Route], object]
) -> None:
    page = visit(ready=False, hold=hold)
    said = page.locator(".loading[role=status]")
    expect(said).to_contain_text("The question field has not loaded.", timeout=40_000)
    faultless(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the skip link
    expect(page.locator(".asking")).to_be_focused()
    page.unroute("**/assets/**")
    page.get_by_role("button", name="Reload the page").click()
    expect(page.locator("#question")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("width", [390, 1280])
def test_the_article_is_there_without_any_script(visit: Open, bot: qa.Bot, width: int) -> None:
    page = visit(java_script_enabled=False, ready=False, viewport={"width": width, "height": 800})
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.locator(".loading")).to_be_empty()
    text = page.locator(".reading article").inner_text()
    for passage in bot.index.passages:
        assert passage.text in text
    expect(page.locator(".reading h1")).to_be_visible()


def test_a_long_question_is_named_and_kept(visit: Open) -> None:
    page = visit()
    page.fill("#question", "x" * 2_500)
    page.press("#question", "Enter")
    expect(page.locator(".notice")).to_contain_text("2,500 characters")
    # Counted as the server counts: a character beyond the first plane is one.
    page.fill("#question", "𝒳" * 1_999 + "?")
    page.press("#question", "Enter")
    expect(page.locator(".turn .verdict")).to_have_text("The article says nothing about this.")
    page.fill("#question", "x" * 2_500)
    page.press("#question", "Enter")
    assert page.input_value("#question") == "x" * 2_500


def test_a_restart_is_said_and_the_conversation_goes_on(visit: Open, start: Start) -> None:
    server = start()
    page = visit(url=server.url)
    ask(page, ANSWERED)
    server.stop()
    page.fill("#question", OFF_TOPIC)
    page.press("#question", "Enter")
    expect(page.locator(".notice")).to_contain_text("cannot be reached")
    assert page.input_value("#question") == OFF_TOPIC
    start(port=str(urlsplit(server.url).port))
    page.press("#question", "Enter")
    settled(page, OFF_TOPIC)
    expect(page.locator(".turn")).to_have_count(2)


def test_a_page_that_is_open_while_the_article_changes_asks_to_be_reloaded(
    visit: Open, start: Start, tmp_path: Path
) -> None:
    """The new answer was marked in the old article, and a thumb on the old one kept for the new."""
    server = start(feedback=str(tmp_path))
    page = visit(url=server.url)
    ask(page, ANSWERED)
    words = marked(page, "quote")
    server.stop()
    timetable = "# Ferries\n\nA return ticket to Norholm costs 20 crowns.\n"
    (tmp_path / "article.md").write_text(timetable, encoding="utf-8")
    qa.build(tmp_path / "article.md", tmp_path / "index")
    port = str(urlsplit(server.url).port)
    start(port=port, index=str(tmp_path / "index"), feedback=str(tmp_path))
    page.get_by_role("button", name="This was right").click()
    expect(page.locator(".rate [role=status]")).to_contain_text("has changed since you opened this page")
    assert not (tmp_path / "feedback.jsonl").read_text("utf-8")
    question = "What does a return ticket to Norholm cost?"
    page.fill("#question", question)
    page.press("#question", "Enter")
    expect(page.locator(".notice")).to_contain_text("has changed since you opened this page", timeout=60_000)
    assert (marked(page, "quote"), page.input_value("#question")) == (words, question)
    reload = page.get_by_role("button", name="Reload the page")
    expect(reload).to_be_focused()
    faultless(page)
    reload.press("Enter")
    settled(page, question)
    assert marked(page, "quote") == "20 crowns"


def test_a_full_queue_gets_a_friendly_line_and_keeps_the_question(visit: Open, start: Start) -> None:
    server = start(concurrency="1", queue="0")
    page = visit(url=server.url)
    with crowded(server.url, ANSWERED):
        for _ in range(10):
            page.fill("#question", RELATED)
            page.press("#question", "Enter")
            expect(page.locator(".send")).to_be_enabled(timeout=20_000)
            if page.locator(".notice").is_visible():
                break
        expect(page.locator(".notice")).to_contain_text("Yours is kept")
        assert page.input_value("#question") == RELATED
    ask(page, RELATED)


def test_a_question_that_got_no_answer_is_asked_again_as_it_was(visit: Open) -> None:
    """An offered question stands alone; asked a second time, it was read with what was said before."""
    page = visit()
    ask(page, ANSWERED)
    offered = page.locator(".offer .question").first
    question = offered.inner_text()
    page.context.set_offline(True)
    offered.click()
    expect(page.locator(".notice")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    with page.expect_request("**/component_server/") as sent:
        page.press("#question", "Enter")
    assert '"history":[]' in (sent.value.post_data or "")
    settled(page, question)


def test_an_answer_that_never_comes_can_be_left(visit: Open) -> None:
    page = visit()
    page.route("**/component_server/", lambda route: None)
    page.fill("#question", ANSWERED)
    page.press("#question", "Enter")
    page.get_by_role("button", name="Start over").click()
    page.unroute("**/component_server/")
    ask(page, RELATED)


def test_phones_do_not_enlarge_the_page_when_a_field_is_touched(visit: Open) -> None:
    page = visit(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    size = page.locator("#question").evaluate("field => parseFloat(getComputedStyle(field).fontSize)")
    assert size >= 16


class Proxy(BaseHTTPRequestHandler):
    """Passes everything on to ``target`` under that server's own name, as nginx does unless told not to."""

    target = ""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        answer = httpx.request(
            self.command,
            self.target + self.path,
            headers=headers,
            content=self.rfile.read(length),
            timeout=30,
        )
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in {"content-length", "content-encoding", "transfer-encoding", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_behind_a_proxy_that_asks_under_another_name_all_is_answered(visit: Open, start: Start) -> None:
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{proxy.server_port}"
    Proxy.target = start(allowed_origins=address).url
    try:
        page = visit(url=address)
        ask(page, ANSWERED)
        expect(page.locator(".turn blockquote")).to_be_visible()
    finally:
        proxy.shutdown()
        proxy.server_close()


def test_feedback_is_sent_where_the_operator_keeps_it(visit: Open, start: Start, tmp_path: Path) -> None:
    page = visit(url=start(feedback=str(tmp_path)).url)
    ask(page, ANSWERED)
    page.get_by_role("button", name="This was right").click()
    expect(page.locator(".rate input")).to_be_focused()
    expect(page.locator(".rate [role=status]")).to_have_text("Thank you.")
    faultless(page)
    page.keyboard.type("Just so <b>")
    page.keyboard.press("Enter")
    expect(page.locator(".rate")).to_have_text("Thank you.")
    expect(page.locator(".rate span")).to_be_focused()
    faultless(page)
    rows = [json.loads(line) for line in (tmp_path / "feedback.jsonl").read_text("utf-8").splitlines()]
    # The thumb was kept before a word was typed.
    given = [(row["question"], row["helpful"], row["comment"]) for row in rows]
    assert given == [(ANSWERED, True, ""), (ANSWERED, True, "Just so <b>")]
    # That it refuses is what readers may know better.
    ask(page, OFF_TOPIC)
    expect(page.locator(".turn").last.get_by_role("button", name="This was right")).to_be_visible()


def test_a_comment_stays_until_it_is_kept(visit: Open, start: Start, tmp_path: Path) -> None:
    """It was thrown away where the thumb before it had not been kept."""
    page = visit(url=start(feedback=str(tmp_path)).url)
    ask(page, ANSWERED)
    page.route("**/api/feedback", lambda route: route.abort())
    page.get_by_role("button", name="This was right").click()
    told = page.locator(".rate [role=status]")
    expect(told).to_contain_text("could not be saved")
    page.locator(".rate input").fill("Just so")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".rate input")).to_have_value("Just so")
    expect(told).to_contain_text("could not be saved")
    page.unroute("**/api/feedback")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".rate")).to_have_text("Thank you.")
    (row,) = map(json.loads, (tmp_path / "feedback.jsonl").read_text("utf-8").splitlines())
    assert (row["question"], row["helpful"], row["comment"]) == (ANSWERED, True, "Just so")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of an article full of payloads, with characters of two UTF-16 units before the answer."""
    folder = tmp_path_factory.mktemp("hostile")
    lines = ["---", f"title: {json.dumps(PAYLOADS[7])}", f"author: {json.dumps(PAYLOADS[1])}"]
    lines += [
        "source: https://example.org/article",
        f"questions: [{json.dumps(PAYLOADS[2] + '?')}]",
        "---",
        "",
    ]
    for number, payload in enumerate(PAYLOADS):
        lines += [
            f"## Part {number} {payload}",
            "",
            f"🎉𝒳 {payload} stands in this paragraph of part {number}.",
            "",
        ]
    lines += [
        "## The factory",
        "",
        f"🎉🎉𝒳 {PAYLOADS[1]} The factory in Lindau makes 4,200 clocks a year.",
        "",
    ]
    (folder / "article.md").write_text("\n".join(lines), encoding="utf-8")
    qa.build(folder / "article.md", folder / "index")
    return folder / "index"


def test_nothing_in_a_question_or_an_article_ever_runs(visit: Open, start: Start, hostile: Path) -> None:
    ran: list[str] = []
    page = visit(url=start(index=str(hostile)).url)
    # Told of at once, in every page to come: a payload's own mark would be gone with its page.
    page.context.expose_function("told", lambda place: ran.append(place))
    watch = "Object.defineProperty(window, 'pwned', { set: () => window.told(location.href) })"
    page.add_init_script(watch)
    page.evaluate(watch)
    question = "How many clocks does the factory in Lindau make a year?"
    ask(page, question)
    quote_text = page.locator(".turn blockquote").inner_text()
    assert "4,200" in quote_text and marked(page, "quote") == quote_text.strip("“”")
    page.get_by_role("button", name="Copy as Markdown").click()
    ask(page, "Who wrote this?")
    assert PAYLOADS[1] in page.locator(".turn .byline").inner_text()
    for payload in PAYLOADS:
        page.locator(".turn .ref").last.hover()
        ask(page, payload)
        assert page.locator(".turn h2").last.inner_text().split() == payload.split()
        for ref in page.locator(".turn").last.locator(".ref").all():
            ref.focus()
    for payload in PAYLOADS:
        page.goto(page.url.split("?")[0] + "?q=" + quote(payload))
        settled(page, payload)
        assert page.locator(".desk :is(script, iframe, img, svg, object)").count() == 0
    assert not ran
    page.evaluate("window.pwned = 1")
    page.wait_for_timeout(200)
    assert len(ran) == 1  # what watches does see
    sources = page.evaluate("[...document.querySelectorAll('.asking a, .reading a')].map(a => a.protocol)")
    assert set(sources) <= {"http:", "https:"}
