"""The JSON routes, access, limits, and what an operator sees, on a server that really runs."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from conftest import Start

import qa
from qa.errors import QaError
from qa.feedback import to_questions
from qa.questions import read_questions
from qa.settings import Settings
from qa.web import create_app
from qa.web.access import MAX_BODY, MCP_PATH
from qa.web.feedback import Feedback, FeedbackError, FeedbackFile
from qa.web.front import MOST_UNFETCHED, front
from qa.web.server import listen
from tests.faults.load import CONCURRENCY, QUEUE, burden
from tests.served import LOOPBACK, ROOT, Served

QUESTIONS = [
    row["question"]
    for row in map(json.loads, (ROOT / "tests/questions/questions.jsonl").read_text("utf-8").splitlines())
]

PARTS = [{"type": "text", "text": QUESTIONS[0]}]
AS_CHAT_APIS_PASS_IT = [
    [{"role": "user", "content": QUESTIONS[0]}, {"role": "assistant", "content": None}],
    [{"role": "user", "content": QUESTIONS[0]}, {"role": "assistant", "tool_calls": []}],
    [{"role": "user", "content": PARTS}, {"role": "tool", "content": "{}", "tool_call_id": "1"}],
]


def post(client: httpx.Client, path: str, **body: Any) -> httpx.Response:
    return client.post(path, json=body)


# What programs get


def test_the_routes_answer_as_the_package_does(client: httpx.Client, bot: qa.Bot) -> None:
    for question in QUESTIONS[:6]:
        assert post(client, "/api/ask", question=question).json() == bot.ask(question).to_dict()
        found = post(client, "/api/search", question=question, k=3).json()["passages"]
        assert found == [p.to_dict() for p in bot.search(question, k=3)]


def test_the_conversation_counts(client: httpx.Client, bot: qa.Bot) -> None:
    history = [
        {"role": "user", "content": "How many containers of munitions were sent?"},
        {"role": "assistant", "content": "11,000."},
    ]
    answer = post(client, "/api/ask", question="Why?", history=history).json()
    assert answer == bot.ask("Why?", history).to_dict()
    assert answer != post(client, "/api/ask", question="Why?").json()


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/ask", {"question": ""}, "question"),
        ("/api/ask", {"question": "zebra " * 1000}, "question"),
        ("/api/ask", {"question": ["zebra"]}, "question"),
        ("/api/ask", {"question": "zebra", "history": "zebra"}, "history"),
        ("/api/ask", {"question": "zebra", "history": [{"content": "zebra"}]}, "history"),
        ("/api/ask", {"question": "zebra", "temperature": 1}, "temperature"),
        ("/api/ask", {}, "question"),
        ("/api/search", {"question": "zebra", "k": 0}, "k"),
        ("/api/search", {"question": "zebra", "k": 10**9}, "k"),
    ],
)
def test_what_cannot_be_taken_is_named_and_not_repeated(
    client: httpx.Client, path: str, body: dict[str, Any], field: str
) -> None:
    response = client.post(path, json=body)
    assert response.status_code == 422
    assert field in response.json()["error"]
    assert "zebra" not in response.text


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 50_000, b"\xff\xfe", b'{"question": "\\ud800"}', b"null"])
def test_what_is_no_json_is_refused(client: httpx.Client, body: bytes) -> None:
    response = client.post("/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    told = response.json()["error"]
    assert "body" in told or told.startswith("question: "), "and no place in what was sent"


def test_json_that_is_sent_as_something_else_is_told_how(client: httpx.Client) -> None:
    body, headers = b'{"question": "Why?"}', {"Content-Type": "text/plain"}
    response = client.post("/api/ask", content=body, headers=headers)
    assert response.status_code == 422
    assert "content-type: application/json" in response.json()["error"]


@pytest.mark.parametrize("path", ["/api/ask", "/api/search"])
def test_who_opens_a_route_in_a_browser_is_told_how_to_ask(client: httpx.Client, path: str) -> None:
    for response in (client.get(path), client.put(path, json={})):
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert "openapi.json" in response.json()["error"]


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_a_probe_may_ask_for_the_head_alone(client: httpx.Client, path: str) -> None:
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("said", AS_CHAT_APIS_PASS_IT)
def test_a_conversation_is_taken_as_the_package_takes_it(
    client: httpx.Client, bot: qa.Bot, said: list[dict[str, Any]]
) -> None:
    answer = post(client, "/api/ask", question="Why?", history=said)
    assert answer.json() == bot.ask("Why?", said).to_dict()


def test_a_message_of_the_users_without_content_is_refused(client: httpx.Client) -> None:
    refused = post(client, "/api/ask", question="Why?", history=[{"role": "user"}])
    assert (refused.status_code, refused.json()["error"]) == (422, "history[0]: has no content.")


def test_a_large_body_is_refused_before_it_is_read(client: httpx.Client) -> None:
    for path in ("/api/ask", "/mcp", "/gradio_api/queue/join"):
        declared = client.post(path, content=b" " * (MAX_BODY + 1))
        assert (declared.status_code, declared.json()["error"]) == (413, "body: at most 1,000,000 bytes.")
        assert declared.headers["x-content-type-options"] == "nosniff"

        def pieces() -> Iterator[bytes]:
            for _ in range(MAX_BODY // 50_000 + 1):
                yield b" " * 50_000

        with contextlib.suppress(httpx.WriteError):  # It may hang up while we are still sending.
            assert client.post(path, content=pieces()).status_code == 413


def test_the_openapi_document_names_routes_and_types(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert {"/api/ask", "/api/search", "/healthz"} <= set(document["paths"])
    answer = document["components"]["schemas"]["AnswerModel"]["properties"]
    assert set(answer) == {"question", "verdict", "confidence", "quote", "passages", "message", "kind"}
    responses = document["paths"]["/api/ask"]["post"]["responses"]
    assert set(responses) == {"200", "401", "403", "413", "422", "503"}


def test_health_says_ready_and_which_index(client: httpx.Client, bot: qa.Bot) -> None:
    health = client.get("/healthz")
    assert (health.status_code, health.json()["status"]) == (200, "ready")
    assert len(health.json()["index"]) == 64
    assert health.json()["passages_version"] == bot.index.manifest.passages_version


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("component_server", {"session_hash": "a", "component_id": 999, "fn_name": "x", "data": 1}),
        ("component_server", {"session_hash": "a", "component_id": 1, "fn_name": "__class__", "data": 1}),
        ("component_server", {}),
        ("queue/join", {"data": [1], "fn_index": 99, "session_hash": "a"}),
        ("run/ask", {"data": [1], "fn_index": 99, "session_hash": "a"}),
        ("run/nothing", {"data": [1]}),
        ("call/nothing", {"data": [1]}),
        ("call/ask", {"data": None}),
        ("call/ask", []),
    ],
)
def test_no_call_to_gradio_is_a_fault_of_ours(client: httpx.Client, path: str, body: Any) -> None:
    response = client.post(f"/gradio_api/{path}", json=body)
    assert 400 <= response.status_code < 500
    assert "Traceback" not in response.text


def replies(client: httpx.Client, version: str) -> Callable[[str], Any]:
    """Return what asks as the page does that shows the passages of a version."""
    components = client.get("/config").json()["components"]
    (chat,) = (c["id"] for c in components if "reply" in (c["props"].get("server_fns") or ()))
    call = {"session_hash": "a", "component_id": chat, "fn_name": "reply"}

    def reply(question: str) -> Any:
        data = {"question": question, "passages_version": version}
        return client.post("/gradio_api/component_server/", json=call | {"data": data}).json()

    return reply


def test_the_pages_questions_are_held_to_the_queue_as_all_others(start: Start, bot: qa.Bot) -> None:
    served = start(concurrency="1", queue="2")
    with httpx.Client(base_url=served.url, timeout=60) as client:
        reply = replies(client, bot.index.manifest.passages_version)
        with ThreadPoolExecutor(60) as pool:
            answers = list(pool.map(reply, [QUESTIONS[0]] * 60))
    refused = [answer for answer in answers if answer == {"refused": "busy"}]
    assert 0 < len(refused) < 60
    assert all(answer["verdict"] for answer in answers if answer not in refused)


def test_a_page_that_shows_another_article_gets_no_answer(client: httpx.Client, bot: qa.Bot) -> None:
    """Its marks would stand on other words."""
    version = bot.index.manifest.passages_version
    assert replies(client, version)(QUESTIONS[0])["verdict"]
    assert replies(client, "0" * 64)(QUESTIONS[0]) == {"refused": "changed"}


def test_no_answer_waits_for_its_head_to_be_acknowledged() -> None:
    """Head and body are two packets, and the second was held back for 40 ms, Nagle's way."""
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_without_places_to_wait_an_idle_server_answers(start: Start) -> None:
    """Gradio's queue of 0 refused every call through its own client."""
    served = start(queue="0")
    with httpx.Client(base_url=served.url, timeout=30) as client:
        called = post(client, "/gradio_api/call/ask", data=[QUESTIONS[0], []])
        assert "event: complete" in client.get(f"/gradio_api/call/ask/{called.json()['event_id']}").text


def test_answers_that_nobody_fetches_are_not_kept(start: Start) -> None:
    """Anybody could fill the memory with them, until the server stopped."""
    served = start(concurrency="1", queue="0")
    unfetched = MOST_UNFETCHED + 60
    with httpx.Client(base_url=served.url, timeout=30) as client:
        calls = client.get("/config").json()["dependencies"]
        ask = next(call["id"] for call in calls if call["api_name"] == "ask")
        call = {"data": [1] * 9, "fn_index": ask, "session_hash": "one"}  # fails, and is kept all the same
        joined = 0
        while joined < unfetched:
            joined += client.post("/gradio_api/queue/join", json=call).status_code == 200
        kept = client.get("/gradio_api/queue/data", params={"session_hash": "one"}).text
        assert 0 < kept.count('"process_completed"') < MOST_UNFETCHED
        # Who fetches is answered.
        called = post(client, "/gradio_api/call/ask", data=[QUESTIONS[0], []])
        assert "event: complete" in client.get(f"/gradio_api/call/ask/{called.json()['event_id']}").text


def test_a_very_long_address_gets_the_page(server: Served) -> None:
    status, page = _raw(server, "GET", "/?q=" + "x" * 100_000)
    assert status == 200
    assert "gradio" in page


# Who may ask


def test_every_route_is_closed_by_a_password(start: Start, bot: qa.Bot) -> None:
    served = start(auth="reader:pass:word")
    settings = Settings(auth="reader:pass:word")
    app = create_app(bot, settings)
    paths = {"/", "/nowhere", *_paths(app.routes), *_paths(front(app.state.desk, settings).routes)}
    assert {"/api/ask", "/mcp", "/openapi.json", "/gradio_api/queue/join", "/metrics", "/config"} <= paths
    with httpx.Client(base_url=served.url, timeout=30) as client:
        for path in sorted(paths):
            for method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"):
                response = client.request(method, path)
                assert response.status_code == 401, (method, path)
                assert "Putin" not in response.text
        for wrong in ("reader:pass", "reader:", ":pass:word", "Reader:pass:word", "é:ü"):
            assert client.get("/", auth=httpx.BasicAuth(*wrong.split(":", 1))).status_code == 401
        for header in ("Basic", "Basic !!!", "Basic cmVhZGVy", "Bearer cmVhZGVyOnBhc3M6d29yZA==", "é"):
            refused = client.get("/", headers={"Authorization": header.encode()})
            assert refused.status_code == 401
        right = httpx.BasicAuth("reader", "pass:word")
        assert client.get("/", auth=right).status_code == 200
        answer = client.post("/api/ask", json={"question": QUESTIONS[0]}, auth=right)
        assert answer.json() == bot.ask(QUESTIONS[0]).to_dict()
    assert "pass:word" not in served.log()


def _paths(routes: Any, prefix: str = "") -> Iterator[str]:
    """Yield the path of every route, those of mounted apps and included routers too."""
    for route in routes:
        path = prefix + (getattr(route, "path", None) or "")
        inner = getattr(route, "original_router", None) or getattr(route, "app", None)
        while inner is not None and not hasattr(inner, "routes"):
            inner = getattr(inner, "app", None)
        if hasattr(route, "methods"):
            yield path.replace("{", "").replace("}", "")
        elif inner is not None:
            yield from _paths(inner.routes, path)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "", "http://[", "http://127.0.0.1:1", "http://localhost"]
)
def test_other_sites_are_refused_everywhere(client: httpx.Client, origin: str) -> None:
    body = {"question": QUESTIONS[0]}
    for path in ("/api/ask", "/api/search", "/mcp", "/gradio_api/queue/join", "/gradio_api/call/ask"):
        response = client.post(path, json=body, headers={"Origin": origin})
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers
    for path in ("/", "/config", "/healthz", "/metrics", "/openapi.json"):
        assert client.get(path, headers={"Origin": origin}).status_code == 403
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.options("/api/ask", headers=preflight).headers


def test_the_page_itself_is_no_other_site(client: httpx.Client, server: Served) -> None:
    response = client.post("/api/ask", json={"question": QUESTIONS[0]}, headers={"Origin": server.url})
    assert response.status_code == 200


def test_a_site_that_the_operator_names_may_ask(start: Start) -> None:
    friend = "https://friend.example"
    served = start(allowed_origins=f"{friend}, http://other.example:8080", auth="reader:word")
    preflight = {
        "Origin": friend,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization",
    }
    with httpx.Client(base_url=served.url, timeout=30, headers={"Origin": friend}) as client:
        allowed = client.options("/api/ask", headers=preflight)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == friend
        response = client.post(
            "/api/ask", json={"question": QUESTIONS[0]}, auth=httpx.BasicAuth("reader", "word")
        )
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == friend
        assert client.post("/api/ask", json={"question": "x"}).status_code == 401
        evil = client.get("/healthz", headers={"Origin": "https://friend.example.evil.example"})
        assert evil.status_code == 403


def test_a_name_that_was_pointed_at_this_machine_is_refused(client: httpx.Client) -> None:
    rebound = {"Host": "evil.example:7860", "Origin": "http://evil.example:7860"}
    assert client.post("/api/ask", json={"question": "x"}, headers=rebound).status_code == 403
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"Host": "localhost", "X-Forwarded-Host": "["}).status_code == 403
    assert client.get("/healthz", headers={"Host": "localhost:1234"}).status_code == 200


@pytest.mark.parametrize("host", ["LOCALHOST", "127.0.1.1", "127.1"])
def test_however_this_machine_is_named_it_answers_to_its_own_names_alone(start: Start, host: str) -> None:
    with httpx.Client(base_url=start(host=host).url) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz", headers={"Host": "evil.example:7860"}).status_code == 403


def test_behind_the_proxy_of_a_space_the_page_is_its_own(start: Start) -> None:
    served = start(SPACE_HOST="somebody-article.hf.space", SPACE_ID="somebody/article", host="0.0.0.0")
    own = {"Origin": "https://somebody-article.hf.space", "Host": "10.0.0.7:7860"}
    body = {"question": QUESTIONS[0]}
    url = served.url.replace("0.0.0.0", "127.0.0.1") + "/api/ask"
    assert httpx.post(url, json=body, headers=own, timeout=30).status_code == 200
    other = own | {"Origin": "https://somebody-else.hf.space"}
    assert httpx.post(url, json=body, headers=other, timeout=30).status_code == 403


def test_below_a_path_of_a_proxy(start: Start, bot: qa.Bot) -> None:
    served = start(root_path="/articles/one")
    for prefix in ("", "/articles/one"):  # Some proxies take the path off, some leave it on.
        url = f"{served.url}{prefix}"
        asked = httpx.post(f"{url}/api/ask", json={"question": QUESTIONS[0]}, timeout=30)
        assert asked.json() == bot.ask(QUESTIONS[0]).to_dict()
        assert httpx.get(f"{url}/", timeout=30).status_code == 200
        root = httpx.get(f"{url}/config", timeout=30).json()["root"]
        assert urlsplit(root).path == "/articles/one"
        assert httpx.get(f"{url}/gradio_api/file=app.py", timeout=30).status_code == 404
        httpx.post(f"{url}/mcp", json={}, timeout=30)
    metrics = httpx.get(f"{served.url}/metrics", timeout=30).text
    assert f'qa_requests_total{{route="{MCP_PATH}",status="406"}} 2.0' in metrics


def test_a_path_of_a_proxy_that_begins_another_takes_nothing_off_it(start: Start) -> None:
    """Below "/a", what the page loads from "/assets" was not found."""
    served = start(root_path="/a")
    script = re.search(r"assets/index-[\w-]+\.js", httpx.get(f"{served.url}/", timeout=30).text)
    assert script
    for prefix in ("", "/a"):
        assert httpx.get(f"{served.url}{prefix}/{script.group()}", timeout=30).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=index/manifest.json",
        "/gradio_api/file/app.py",
        "/gradio_api/file=app.py",
        "/file=app.py",
        "/static/../../../../app.py",
        "/static/%2e%2e/%2e%2e/%2e%2e/requirements.txt",
        "/static/..%2f..%2f..%2fapp.py",
        "/assets/..%5c..%5capp.py",
        "/assets//etc/passwd",
        "/svelte/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/%00",
        "/gradio_api/proxy=https://huggingface.co/",
        "/gradio_api/upload",
        "/gradio_api/custom_component/1/client/component/..%2f..%2fapp.py",
        "/gradio_api/deep_link",
        "/gradio_api/vibe-code",
        "/monitoring",
        "/login",
        "/app.py",
        "/index/article.md",
        "/qa/bot.py",
        "/docs",
    ],
)
def test_no_file_is_served_that_the_page_does_not_need(server: Served, path: str) -> None:
    for method in ("GET", "POST"):
        status, body = _raw(server, method, path)
        assert status in {400, 403, 404, 405}, (method, path)
        assert "root:" not in body and "import qa" not in body and "Traceback" not in body


def _raw(server: Served, method: str, path: str) -> tuple[int, str]:
    """Send a path as it is: httpx would tidy its dots away, and has a limit of its own."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request(method, path)
    response = connection.getresponse()
    body = response.read().decode("utf-8", "replace")
    connection.close()
    return response.status, body


def test_every_response_has_the_headers_that_a_space_needs(client: httpx.Client) -> None:
    for response in (
        client.get("/"),
        client.get("/nowhere"),
        post(client, "/api/ask", question="Who?"),
        client.get("/config"),
        client.get("/", headers={"Origin": "https://evil.example"}),
    ):
        policy = response.headers["content-security-policy"]
        assert "frame-ancestors 'self' https://huggingface.co https://*.hf.space" in policy
        assert "x-frame-options" not in response.headers
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-request-id"]
        assert "set-cookie" not in response.headers


# What an operator sees


def test_metrics_count_and_neither_they_nor_the_log_hold_a_question(start: Start) -> None:
    served = start(log_level="debug")
    word = f"zyx{secrets.token_hex(6)}"
    with httpx.Client(base_url=served.url, timeout=30) as client:
        before = _metrics(client)
        post(client, "/api/ask", question=QUESTIONS[0])
        post(client, "/api/ask", question=f"How do I bake {word} bread?")
        post(client, "/api/ask", question=word, history=[{"role": "user", "content": word}])
        post(client, "/api/ask", question=word, k=word)
        post(client, "/api/search", question=word)
        client.post("/api/ask", content=f'{{"question": "{word}')
        client.get("/", params={"q": word})
        client.get(f"/{word}")
        post(client, "/mcp", question=word)
        # What is wrong with these calls is told by a library, in their own words.
        for arguments, number in ((word, {}), (word, {"id": 1}), ({"question": word}, {})):
            params = {"name": "ask_article", "arguments": arguments}
            called = {"jsonrpc": "2.0", "method": "tools/call", "params": params} | number
            client.post("/mcp", json=called, headers={"Accept": "application/json, text/event-stream"})
        for data in ([word], [word, {word: word}], [word] * 9, [None]):
            event = post(client, "/gradio_api/call/ask", data=data).json()["event_id"]
            assert "event: error" in client.get(f"/gradio_api/call/ask/{event}").text
        after = _metrics(client)
        text = client.get("/metrics").text
    assert after['qa_questions_total{verdict="answered"}'] == 1
    assert _asked(after) == 3
    assert after['qa_stage_seconds_count{stage="ask"}'] == 5
    assert after['qa_stage_seconds_count{stage="search"}'] == 1
    assert after['qa_stage_seconds_count{stage="wait"}'] == 6
    # Two questions and the one search came through; the third leans on another and is read in two forms.
    assert after['qa_stage_seconds_count{stage="read"}'] >= 2
    assert (
        after['qa_stage_seconds_count{stage="encode"}'] == after['qa_stage_seconds_count{stage="score"}'] >= 3
    )
    parts = sum(after[f'qa_stage_seconds_sum{{stage="{part}"}}'] for part in ("encode", "score", "read"))
    whole = sum(after[f'qa_stage_seconds_sum{{stage="{route}"}}'] for route in ("ask", "search"))
    assert 0 < parts < whole
    assert after['qa_requests_total{route="/api/ask",status="422"}'] == 2
    assert after['qa_refusals_total{reason="question"}'] == 4
    assert before["qa_waiting"] == after["qa_waiting"] == after["qa_under_way"] == 0
    log = served.log()
    assert word not in text and word not in log
    lines = [json.loads(line) for line in log.splitlines()]
    asked = [line for line in lines if line.get("route") == "/api/ask"]
    assert [line["status"] for line in asked] == [200, 200, 200, 422, 422]
    assert len({line["request"] for line in asked}) == 5


def _metrics(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {name: float(v) for name, v in (n.rsplit(" ", 1) for n in lines if not n.startswith("#"))}


def _asked(metrics: dict[str, float]) -> float:
    return sum(value for name, value in metrics.items() if name.startswith("qa_questions_total"))


def test_nothing_leaves(start: Start) -> None:
    """Every address that the server looks up or calls, from start to stop, is loopback."""
    served = start(SPACE_ID="somebody/article")
    with httpx.Client(base_url=served.url, timeout=30) as client:
        client.get("/")
        client.get("/config")
        client.get("/gradio_api/startup-events")
        post(client, "/api/ask", question=QUESTIONS[0])
    time.sleep(1)
    served.stop()
    assert served.called() <= LOOPBACK


def test_a_setting_that_cannot_be_is_named_in_one_line(start: Start, server: Served) -> None:
    taken = server.url.rpartition(":")[2]
    for settings, named in (
        ({"port": taken}, f"127.0.0.1:{taken}"),
        ({"queue": "many"}, "QA_QUEUE"),
        ({"feedback": "/proc/none"}, "QA_FEEDBACK"),
        ({"host": "203.0.113.1"}, "203.0.113.1"),
        ({"host": "ä..x"}, "no such host"),
    ):
        with pytest.raises(AssertionError) as failed:
            start(**settings)
        assert named in str(failed.value)
        assert "Traceback" not in str(failed.value)


# Feedback


def test_without_a_folder_there_is_no_feedback(client: httpx.Client) -> None:
    assert client.post("/api/feedback", json={"question": "Who?"}).status_code == 404


def test_feedback_becomes_a_question_set(start: Start, tmp_path: Path, bot: qa.Bot) -> None:
    folder = tmp_path / "kept"
    served = start(feedback=str(folder))
    version = bot.index.manifest.passages_version
    good, bad, mixed = QUESTIONS[:3]
    with httpx.Client(base_url=served.url, timeout=30) as client:

        def give(question: str, helpful: bool, **more: Any) -> int:
            answer = post(client, "/api/ask", question=question).json()
            given = {
                "question": question,
                "verdict": answer["verdict"],
                "passage_ids": [p["id"] for p in answer["passages"]],
                "passages_version": version,
                "helpful": helpful,
            }
            return client.post("/api/feedback", json=given | more).status_code

        assert give(good, True) == give(bad, False, comment=" not quite\nthis ") == 204
        assert give(mixed, True) == give(mixed, False) == give("How do I bake bread?", True) == 204
        # Its answer is always the opening, which says nothing of search and reader.
        assert give("What is this about?", True) == 204
        for wrong in (
            {"comment": "x" * 501},
            {"passage_ids": ["../p1"]},
            {"passage_ids": ["p999"]},
            {"verdict": "perhaps"},
            {"verdict": "answered", "passage_ids": []},
            {"address": "me"},
        ):
            assert give(good, True, **wrong) == 422
        # Said of another index's answer, it would settle what this one has to answer.
        assert give(good, True, passages_version="0" * 64) == 409
        # A follow-up is kept with what it leans on.
        feedback("x" * 2_900)
    rows = [json.loads(line) for line in (folder / "feedback.jsonl").read_text("utf-8").splitlines()]
    assert [row["question"] for row in rows] == [
        *[good, bad, mixed, mixed, "How do I bake bread?"],
        "What is this about?",
    ]
    assert all(
        set(row) == {"question", "verdict", "passage_ids", "helpful", "comment", "passages_version"}
        for row in rows
    )
    # One that is too long to be asked again with what it leans on.
    with (folder / "feedback.jsonl").open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(rows[0] | {"question": "x" * 2_900}) + "\n")
    out = tmp_path / "questions.jsonl"
    command = [sys.executable, "-m", "qa", "feedback", str(folder), str(out)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        f"{out}: 3 questions.",
        f"{tmp_path / 'questions.unlabelled.jsonl'}: 2, for a person to say what is right.",
    ]
    assert "1 questions are too long" in done.stderr
    assert to_questions(folder, version, out) == (3, 2, 0, 1)
    read = read_questions(out, bot.index.passages)[None]
    assert [(q.text, q.answerable, q.verdict) for q in read] == [
        (good, True, "answered"),
        ("How do I bake bread?", False, "off_topic"),
        ("What is this about?", True, "about"),
    ]
    assert read[0].gold == {bot.ask(good).passages[0].id}
    waiting = (tmp_path / "questions.unlabelled.jsonl").read_text("utf-8")
    assert bad in waiting and mixed in waiting and "not quite\\nthis" in waiting
    # What a person has decided, or written, is not written over, wherever it stands.
    written = out.read_text("utf-8")
    unlabelled = tmp_path / "questions.unlabelled.jsonl"
    decided = {"answerable": True, "passage_ids": ["p7"]}
    for changed in (
        written.replace('"feedback-1"', '"feedback-1", "part": "choose"'),
        written + json.dumps(json.loads(waiting.splitlines()[0]) | decided) + "\n",
    ):
        out.write_text(changed, encoding="utf-8")
        with pytest.raises(QaError, match=r"questions\.jsonl"):
            to_questions(folder, version, out)
    out.write_text(written, encoding="utf-8")
    unlabelled.write_text(waiting.replace("null", "false"), encoding="utf-8")
    with pytest.raises(QaError, match=r"unlabelled\.jsonl"):
        to_questions(folder, version, out)
    unlabelled.unlink()
    with pytest.raises(QaError, match="name a file"):
        to_questions(folder, version, Path("/"))
    with pytest.raises(QaError, match="another index"):
        to_questions(folder, "0" * 64, out)
    assert out.read_text("utf-8") == written
    out.write_text('{"id": "1", "question": "Who?", "answerable": false}\n', encoding="utf-8")
    with pytest.raises(QaError, match=r"questions\.jsonl"):
        to_questions(folder, version, out)
    assert "Who?" in out.read_text(encoding="utf-8")


def feedback(question: str) -> Feedback:
    """Return a thumb up on an answer that shows no passage."""
    return Feedback(question=question, verdict="related", passage_ids=[], passages_version="v", helpful=True)


def test_feedback_from_many_threads_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [FeedbackFile(tmp_path) for _ in range(2)]

    def give(number: int) -> None:
        files[number % 2].append(feedback(f"{number} " + "é" * 900))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(give, range(400)))
    lines = files[0].path.read_text("utf-8").splitlines()
    assert {json.loads(line)["question"].split()[0] for line in lines} == {str(n) for n in range(400)}
    monkeypatch.setattr("qa.web.feedback.MAX_FILE", files[0].path.stat().st_size + 10)
    with pytest.raises(FeedbackError, match="full"):
        give(1)
    assert len(files[0].path.read_text("utf-8").splitlines()) == 400


# Load


def test_twice_the_load_gives_right_answers_or_clean_refusals(start: Start, bot: qa.Bot) -> None:
    served = start(queue=str(QUEUE), concurrency=str(CONCURRENCY))
    counts, wrong = burden(served, bot, seconds=8)
    # A server still warms up in its first seconds; that it then holds no more is for the long form to say.
    assert not [fault for fault in wrong if not fault.startswith("memory")]
    assert counts["question: right"] and counts["question: refused"]
    with httpx.Client(base_url=served.url, timeout=30) as client:
        assert client.get("/healthz").json()["status"] == "ready"
        counted = _metrics(client)
    refused = {name: count for name, count in counts.items() if name.endswith("refused")}
    # Gradio's own queue refuses some before they come to the desk, which counts.
    own = sum(count for name, count in refused.items() if not name.startswith("Gradio"))
    assert own <= counted['qa_refusals_total{reason="busy"}'] <= sum(refused.values())
    assert counted["qa_waiting"] == counted["qa_under_way"] == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_requests_finish_and_is_soon_over(
    start: Start, bot: qa.Bot, stop: signal.Signals
) -> None:
    served = start(concurrency="1", queue="100")
    right = {question: bot.ask(question).to_dict() for question in QUESTIONS[:8]}

    def visitor(question: str) -> bool:
        response = httpx.post(f"{served.url}/api/ask", json={"question": question}, timeout=30)
        if response.status_code == 503:
            assert response.headers["retry-after"]
            return False
        assert response.json() == right[question]
        return True

    with (
        ThreadPoolExecutor(40) as pool,
        httpx.Client(base_url=served.url, timeout=30) as client,
        # A page that is open somewhere holds such a stream for as long as it is.
        httpx.stream("GET", f"{served.url}/gradio_api/heartbeat/watching", timeout=30),
    ):
        visits = [pool.submit(visitor, question) for question in 5 * list(right)]
        seen = _metrics(client)
        while (done := _asked(seen)) + seen["qa_waiting"] + seen["qa_under_way"] < len(visits):
            seen = _metrics(client)
        begun = time.monotonic()
        served.process.send_signal(stop)
        answered = sum(visit.result() for visit in visits)
        # Three seconds are given to what is under way; the rest is room for a busy machine.
        served.process.wait(timeout=10)
        assert time.monotonic() - begun < 8
    assert (
        answered > done < len(visits)
    )  # What was under way got its answer; what had to wait too long, a refusal.
    assert "Traceback" not in served.log()
