"""article-qa itself, answering: it searches, reads the passages, and judges."""

from collections.abc import Callable


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open the index folder."""
    import qa

    bot = qa.load(folder)

    def ask(question: str) -> str:
        answer = bot.ask(question)
        return answer.quote.text if answer.quote else answer.message

    return ask
