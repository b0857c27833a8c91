"""Ask an article, and get its own words back, exactly, or be told that it does not say."""

from qa.answer import Answer, Quote
from qa.bot import Bot, load
from qa.errors import QaError
from qa.index import build
from qa.passages import Passage

__all__ = ["Answer", "Bot", "Passage", "QaError", "Quote", "build", "load"]
