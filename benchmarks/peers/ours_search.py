"""article-qa, searching alone: what the peers do."""

from collections.abc import Callable


def load(folder: str, model: str) -> Callable[[str], str]:
    """Open the index folder."""
    import qa

    bot = qa.load(folder)

    def search(question: str) -> str:
        return bot.search(question)[0].text

    return search
