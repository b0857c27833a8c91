"""Errors of this package. Each message names what is at fault and what to do about it."""


class QaError(Exception):
    """Anything that a user of this package can set right."""


class ArticleError(QaError):
    """An article cannot be read."""


class IndexFolderError(QaError):
    """An index folder is missing, damaged, or made by another version."""


class ModelError(QaError):
    """A model cannot be found, or is not the one that was asked for."""


class QuestionError(QaError):
    """A question, or the conversation before it, cannot be taken."""


class MissingError(QaError):
    """A package that only some of the work needs is not installed."""

    def __init__(self, work: str, package: str | None, extra: str) -> None:
        """Name the work, the package, and the extra of this one that brings it."""
        super().__init__(f"{work} needs {package}: pip install '.[{extra}]' in its checkout.")


def first_line(error: Exception) -> str:
    """Return the first line of what an error of another library says, or its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
