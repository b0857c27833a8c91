"""``python -m qa``: the command line without installing the package."""

from qa.cli import app

app(prog_name="qa")
