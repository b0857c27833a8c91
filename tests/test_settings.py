"""What an operator may set, and how a mistake is told."""

from __future__ import annotations

import pytest

from qa.cli import app
from qa.errors import QaError
from qa.settings import Settings


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QA_HOST", "QA_PORT", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "SPACE_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_an_argument_goes_before_the_environment_and_qa_before_gradio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (Settings().host, Settings().port) == ("127.0.0.1", 7860)
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7000")
    assert (Settings().host, Settings().port) == ("0.0.0.0", 7000)
    monkeypatch.setenv("QA_PORT", "8000")
    assert Settings().port == 8000
    assert Settings(port=9000).port == 9000
    monkeypatch.setenv("QA_PORT", "")
    assert Settings().port == 7000


def test_a_mistake_is_told_by_the_variable_that_it_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", "abc")
    with pytest.raises(QaError, match=r"port \(GRADIO_SERVER_PORT\)"):
        Settings()
    with pytest.raises(QaError, match=r"port \(QA_PORT\)"):
        Settings(port="xyz")
    with pytest.raises(QaError, match="host"):
        Settings(host="")


def test_origins_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_ALLOWED_ORIGINS", "https://a.example, http://b.example:8080")
    assert Settings().allowed_origins == ("https://a.example", "http://b.example:8080")


@pytest.mark.parametrize("address", ["https://A.example", "https://a.example:443"])
def test_an_origin_is_taken_as_browsers_write_it(address: str) -> None:
    assert Settings(allowed_origins=address).allowed_origins == ("https://a.example",)
    assert Settings(allowed_origins="http://[::1]:7860").allowed_origins == ("http://[::1]:7860",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "many"),
        ("port", "65536"),
        ("queue", "-1"),
        ("concurrency", "0"),
        ("threads", "0"),
        ("max_question", "100000"),
        ("auth", "nobody"),
        ("auth", ":word"),
        ("allowed_origins", "*"),
        ("allowed_origins", "friend.example"),
        ("allowed_origins", "https://friend.example/"),
        ("allowed_origins", "https://"),
        ("allowed_origins", "https://me@friend.example"),
        ("allowed_origins", "https://friend.example:x"),
        ("root_path", "article"),
        ("log_level", "loud"),
    ],
)
def test_a_mistake_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(QaError, match=rf"^{name} \(QA_{name.upper()}\): "):
        Settings(**{name: value})
    monkeypatch.setenv(f"QA_{name.upper()}", value)
    with pytest.raises(QaError, match=f"QA_{name.upper()}"):
        Settings()


def test_a_password_is_not_shown_even_in_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "secret" not in repr(Settings(auth="reader:secret"))
    with pytest.raises(QaError) as failed:
        Settings(auth="secret")
    assert "secret" not in str(failed.value)


def test_every_setting_is_an_option_of_serve() -> None:
    options = {option.name for option in app.commands["serve"].params}
    assert options == set(Settings.model_fields) - {"space_host"}
