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
