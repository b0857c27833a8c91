"""The interface's own words: one JSON file for each language, chosen by what the browser asks for."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
FALLBACK = "en"
LONGEST_HEADER = 1_000
RANGE = re.compile(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]{1,30})?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")


@cache
def words(language: str) -> dict[str, str]:
    """Return the interface's words by name, in one of ``LANGUAGES``; English for any other."""
    name = language if language in LANGUAGES else FALLBACK
    found: dict[str, str] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def choose(accept_language: str) -> str:
    """Return the language of ours that an Accept-Language header likes best, English if none."""
    liked = []
    for part in accept_language[:LONGEST_HEADER].split(","):
        if (found := RANGE.fullmatch(part)) and found[1].lower() in LANGUAGES:
            liked.append((float(found[2] or 1), found[1].lower()))
    best = max(liked, key=lambda pair: pair[0], default=(0.0, FALLBACK))
    return best[1] if best[0] > 0 else FALLBACK
